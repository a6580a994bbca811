"""Rooms into which nothing gets at the moment: how often it was tried, since when, and when it is tried again.

Rule: kept on disk so that a restart does not try all of them at once; a room that takes something again is forgotten here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Stuck:
    """`queue`: a room, or "person N" for a direct room that cannot be opened, "stranger ROOM"; `row`: of the outbox, which is on its way."""

    queue: str
    row: int
    tries: int
    since: datetime
    next_try: datetime

    def rests(self, now: datetime, longest: float) -> float:
        """Seconds until it is tried again; 0 now, also when the clock was set back meanwhile."""
        seconds = (self.next_try - now).total_seconds()
        return seconds if 0 < seconds <= longest else 0.0


def every(tx: Reader) -> dict[str, Stuck]:
    """Queue -> what is known of it."""
    rows = tx.all("SELECT queue, row, tries, since, next_try FROM stuck")
    return {
        row[0]: Stuck(row[0], row[1], row[2], datetime.fromisoformat(row[3]), datetime.fromisoformat(row[4]))
        for row in rows
    }


def keep(tx: Transaction, known: Stuck) -> None:
    """Once more nothing got through."""
    tx.run(
        "INSERT INTO stuck (queue, row, tries, since, next_try) VALUES (?, ?, ?, ?, ?) ON CONFLICT (queue) DO UPDATE SET"
        " row = excluded.row, tries = excluded.tries, since = excluded.since, next_try = excluded.next_try",
        (known.queue, known.row, known.tries, known.since.isoformat(), known.next_try.isoformat()),
    )


def over(tx: Transaction, queue: str) -> None:
    tx.run("DELETE FROM stuck WHERE queue = ?", (queue,))
