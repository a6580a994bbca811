"""What comes along with a message: noted as evidence, to be fetched later; where it belongs is decided after the turn."""

from __future__ import annotations

import json
from datetime import datetime

from bot.chat import Said
from bot.dialogue.parsing.normalise import as_kept, normalise
from bot.engine.origin import Origin
from storage import evidence
from storage.db import Transaction, Value
from storage.history import record

LARGEST = 2**62  # bytes: what a sender may claim and SQLite can hold


def keep_media(tx: Transaction, origin: Origin, what: Said, now: datetime) -> tuple[int, ...]:
    """The evidence that a message brings, by its numbers; none for mere words."""
    given: dict[str, Value]
    if what.media is not None:
        media = what.media
        given = {
            "kind": media.kind,
            "name": as_kept(media.name),
            "mimetype": media.mimetype,
            "size": min(max(media.size, 0), LARGEST),
            "url": media.url,
            "key": json.dumps(dict(media.key)) if media.key else None,
        }
    elif what.geo_uri:
        given = {"kind": "location", "url": normalise(what.geo_uri)}
    else:
        return ()
    with record(tx, origin.action("send"), now) as written:
        return (evidence.add(written, {**given, "room_id": origin.room.room_id}),)
