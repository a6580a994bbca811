"""The rooms the bot is in, and how far the homeserver's stream has been taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Row, Transaction


@dataclass(frozen=True, slots=True)
class Room:
    room_id: str
    kind: str  # direct | group | unit | county
    person_id: int | None
    encrypted: bool
    state: str  # invited | joined | left
    unit_id: str | None = None


_ROOM = "SELECT room_id, kind, person_id, encrypted, state, unit_id FROM rooms"


def _room(row: Row) -> Room:
    return Room(row[0], row[1], row[2], bool(row[3]), row[4], row[5])


def get(tx: Reader, room_id: str) -> Room | None:
    row = tx.one(f"{_ROOM} WHERE room_id = ?", (room_id,))
    return _room(row) if row else None


def joined(tx: Reader) -> list[Room]:
    return [_room(row) for row in tx.all(f"{_ROOM} WHERE state = 'joined'")]


def county(tx: Reader) -> str | None:
    value = tx.value("SELECT room_id FROM rooms WHERE kind = 'county' AND state = 'joined'")
    return str(value) if value is not None else None


def direct(tx: Reader, person_id: int) -> str | None:
    """The direct room to write to a person in: the one they last spoke in, else the newest."""
    value = tx.value(
        "SELECT rooms.room_id FROM rooms LEFT JOIN sessions spoken"
        " ON spoken.room_id = rooms.room_id AND spoken.person_id = rooms.person_id"
        " WHERE rooms.person_id = ? AND rooms.kind = 'direct' AND rooms.state = 'joined'"
        " ORDER BY spoken.changed_at DESC, rooms.changed_at DESC LIMIT 1",
        (person_id,),
    )
    return str(value) if value is not None else None


def keep(tx: Transaction, room: Room, now: datetime) -> None:
    """Record a room as it now is. A room once known as the county's stays that."""
    tx.run(
        "INSERT INTO rooms (room_id, kind, person_id, encrypted, state, changed_at, unit_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id) DO UPDATE SET unit_id = excluded.unit_id,"
        " kind = CASE rooms.kind WHEN 'county' THEN 'county' ELSE excluded.kind END, person_id = excluded.person_id,"
        " encrypted = max(rooms.encrypted, excluded.encrypted), state = excluded.state, changed_at = excluded.changed_at",
        (
            room.room_id,
            room.kind,
            room.person_id,
            int(room.encrypted),
            room.state,
            now.isoformat(),
            room.unit_id,
        ),
    )


def set_county(tx: Transaction, room_id: str, now: datetime) -> None:
    """This room, and no other, is the county's."""
    tx.run("UPDATE rooms SET kind = 'group' WHERE kind = 'county' AND room_id <> ?", (room_id,))
    tx.run(
        "INSERT INTO rooms (room_id, kind, state, changed_at) VALUES (?, 'county', 'joined', ?) ON CONFLICT (room_id) DO UPDATE SET"
        " kind = 'county', person_id = NULL, state = 'joined'",
        (room_id, now.isoformat()),
    )


def set_state(tx: Transaction, room_id: str, state: str, now: datetime) -> None:
    tx.run("UPDATE rooms SET state = ?, changed_at = ? WHERE room_id = ?", (state, now.isoformat(), room_id))


def position(tx: Reader) -> str | None:
    value = tx.value("SELECT next_batch FROM position")
    return str(value) if value is not None else None


def set_position(tx: Transaction, next_batch: str, now: datetime) -> None:
    tx.run(
        "INSERT INTO position (id, next_batch, at) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " next_batch = excluded.next_batch, at = excluded.at",
        (next_batch, now.isoformat()),
    )


def heard_at(tx: Reader) -> datetime | None:
    """When the homeserver last told us something; None before the first time."""
    value = tx.value("SELECT at FROM position")
    return datetime.fromisoformat(str(value)) if value is not None else None
