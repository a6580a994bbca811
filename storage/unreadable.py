"""Encrypted events whose key has not come: kept as they are, and read again when it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Unread:
    event_id: str
    room_id: str
    sender: str
    at: str
    session_id: str
    source: Mapping[str, object]
    came_at: str
    told_at: str | None = None


_COLUMNS = "event_id, room_id, sender, at, session_id, source, came_at, told_at"


def keep(tx: Transaction, unread: Unread) -> None:
    tx.run(
        f"INSERT INTO unreadable ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING",
        (
            unread.event_id,
            unread.room_id,
            unread.sender,
            unread.at,
            unread.session_id,
            json.dumps(dict(unread.source)),
            unread.came_at,
        ),
    )


def every(tx: Reader) -> list[Unread]:
    rows = tx.all(f"SELECT {_COLUMNS} FROM unreadable ORDER BY at")
    return [Unread(**{**dict(row), "source": json.loads(row["source"])}) for row in rows]


def told(tx: Transaction, event_id: str, now: datetime) -> None:
    """Its sender was asked to send it again."""
    tx.run("UPDATE unreadable SET told_at = ? WHERE event_id = ?", (now.isoformat(), event_id))


def drop(tx: Transaction, event_id: str) -> None:
    """It was read after all, or its sender took it back."""
    tx.run("DELETE FROM unreadable WHERE event_id = ?", (event_id,))
