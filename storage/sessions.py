"""Where each person stands in each room, as JSON, and what an event finds when it arrives there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known when an event comes in. `session` is JSON, `changed_at` when it last changed."""

    room: Room | None
    session: str | None
    changed_at: str | None
    seen: bool  # the event was taken in before
    early: bool  # an edit or deletion of it came before it


def arrival(tx: Reader, event_id: str, room_id: str, person_id: int | None) -> Arrival:
    """Everything in one look."""
    row = tx.one(
        "SELECT r.kind, r.person_id, r.encrypted, r.state, r.unit_id, r.others, s.state, s.changed_at,"
        " EXISTS (SELECT 1 FROM inbox WHERE event_id = :event), EXISTS (SELECT 1 FROM early_edits WHERE target = :event)"
        " FROM (SELECT 1) LEFT JOIN rooms r ON r.room_id = :room"
        " LEFT JOIN sessions s ON s.room_id = :room AND s.person_id = :person",
        {"event": event_id, "room": room_id, "person": person_id},
    )
    assert row is not None, "a row without a table"
    room = Room(room_id, row[0], row[1], bool(row[2]), row[3], row[4], row[5]) if row[0] else None
    return Arrival(room, row[6], row[7], bool(row[8]), bool(row[9]))


def load(tx: Reader, room_id: str, person_id: int) -> tuple[str, str] | None:
    """(state JSON, when it last changed), None before the first word."""
    sql = "SELECT state, changed_at FROM sessions WHERE room_id = ? AND person_id = ?"
    row = tx.one(sql, (room_id, person_id))
    return (row[0], row[1]) if row else None


def save(tx: Transaction, room_id: str, person_id: int, state: str, now: datetime) -> None:
    tx.run(
        "INSERT INTO sessions (room_id, person_id, state, changed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (room_id, person_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
        (room_id, person_id, state, now.isoformat()),
    )


def newest(tx: Reader, person_id: int) -> str | None:
    """The state of the session in which this person spoke last, in whatever room."""
    sql = "SELECT state FROM sessions WHERE person_id = ? ORDER BY changed_at DESC LIMIT 1"
    value = tx.value(sql, (person_id,))
    return str(value) if value is not None else None


def last_spoke(tx: Reader, person_id: int) -> str | None:
    value = tx.value("SELECT max(changed_at) FROM sessions WHERE person_id = ?", (person_id,))
    return str(value) if value is not None else None
