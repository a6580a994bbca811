"""How long something that cannot be sent or fetched is tried again, whatever the clock says meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST_WISH = 600.0  # seconds, of a server that wants us to wait; one beyond it is a mistake of somebody's
# Given up after so long, if it was tried often enough for it (a clock set forward is no reason), or after so many tries.
GIVE_UP, ENOUGH_TRIES, MOST_TRIES = timedelta(days=3), 20, 200


def is_hopeless(tries: int, since: datetime, now: datetime) -> bool:
    """Whether what was tried so often since then is given up."""
    return tries >= MOST_TRIES or (tries >= ENOUGH_TRIES and now - since > GIVE_UP)
