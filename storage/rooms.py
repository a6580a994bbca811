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
    others: int | None = None  # how many are in it beside us; None: not known
    space: bool = False  # no room to talk in
    predecessor: str = ""  # the room that its own creation says it replaces
    successor: str = ""  # the room that a tombstone in it names

    @property
    def learnt(self) -> bool:
        """Whether its members are known."""
        return self.others is not None


_ROOM = "SELECT room_id, kind, person_id, encrypted, state, unit_id, others, space, predecessor, successor FROM rooms"


def _room(row: Row) -> Room:
    return Room(row[0], row[1], row[2], bool(row[3]), row[4], row[5], row[6], bool(row[7]), row[8], row[9])


def get(tx: Reader, room_id: str) -> Room | None:
    row = tx.one(f"{_ROOM} WHERE room_id = ?", (room_id,))
    return _room(row) if row else None


def joined(tx: Reader) -> list[Room]:
    return [_room(row) for row in tx.all(f"{_ROOM} WHERE state = 'joined'")]


def unlearnt(tx: Reader) -> list[str]:
    """Rooms we are in without knowing who else is."""
    return [row[0] for row in tx.all("SELECT room_id FROM rooms WHERE state = 'joined' AND others IS NULL")]


def county(tx: Reader) -> str | None:
    value = tx.value("SELECT room_id FROM rooms WHERE kind = 'county' AND state = 'joined'")
    return str(value) if value is not None else None


def direct(tx: Reader, person_id: int) -> str | None:
    """The direct room to write to a person in: the one they last spoke in, else the newest."""
    return _direct(tx, person_id, "spoken.changed_at DESC, rooms.changed_at DESC")


def private(tx: Reader, person_id: int) -> str | None:
    """The direct room for what others must not read: rather an encrypted one, else as `direct`."""
    return _direct(tx, person_id, "rooms.encrypted DESC, spoken.changed_at DESC, rooms.changed_at DESC")


def _direct(tx: Reader, person_id: int, order: str) -> str | None:
    value = tx.value(
        "SELECT rooms.room_id FROM rooms LEFT JOIN sessions spoken"
        " ON spoken.room_id = rooms.room_id AND spoken.person_id = rooms.person_id"
        " WHERE rooms.person_id = ? AND rooms.kind = 'direct' AND rooms.state = 'joined'"
        f" ORDER BY {order} LIMIT 1",
        (person_id,),
    )
    return str(value) if value is not None else None


def keep(tx: Transaction, room: Room, now: datetime) -> None:
    """Record a room as it now is. A room once known as the county's stays that; what it was made as never changes."""
    tx.run(
        "INSERT INTO rooms (room_id, kind, person_id, encrypted, state, changed_at, unit_id, others, space, predecessor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id) DO UPDATE SET unit_id = excluded.unit_id,"
        " kind = CASE rooms.kind WHEN 'county' THEN 'county' ELSE excluded.kind END, person_id = excluded.person_id,"
        " encrypted = max(rooms.encrypted, excluded.encrypted), state = excluded.state, changed_at = excluded.changed_at,"
        " others = excluded.others, space = max(rooms.space, excluded.space),"
        " predecessor = iif(rooms.predecessor = '', excluded.predecessor, rooms.predecessor)",
        (
            room.room_id,
            room.kind,
            room.person_id,
            int(room.encrypted),
            room.state,
            now.isoformat(),
            room.unit_id,
            room.others,
            int(room.space),
            room.predecessor,
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


def name_successor(tx: Transaction, room_id: str, successor: str) -> None:
    """A tombstone in this room names another. Nothing else of either room changes by that."""
    tx.run("UPDATE rooms SET successor = ? WHERE room_id = ?", (successor, room_id))


def is_named_successor(tx: Reader, room_id: str) -> bool:
    """Whether a tombstone in a room that we know names this one."""
    return tx.value("SELECT 1 FROM rooms WHERE successor = ?", (room_id,)) is not None


def replaced_by(tx: Reader, room_id: str) -> str | None:
    """The room of the county that has taken this one's place, however often: each two of them name each other."""
    value = tx.value(
        "WITH RECURSIVE line (room_id, kind) AS (SELECT room_id, kind FROM rooms WHERE room_id = ?"
        " UNION SELECT new.room_id, new.kind FROM line JOIN rooms old ON old.room_id = line.room_id"
        " JOIN rooms new ON new.room_id = old.successor AND new.predecessor = old.room_id)"
        " SELECT room_id FROM line WHERE kind = 'county' AND room_id <> ?",
        (room_id, room_id),
    )
    return str(value) if value is not None else None


def succeed(tx: Transaction, old: Room, new: Room, now: datetime) -> None:
    """`new` takes the place of `old`, whose kind and unit it has from now on, but for a person: that shows by itself."""
    tx.run(
        "UPDATE rooms SET state = 'left', changed_at = ? WHERE room_id = ?", (now.isoformat(), old.room_id)
    )
    if old.kind in ("county", "unit"):
        tx.run("UPDATE rooms SET kind = 'group', unit_id = NULL WHERE room_id = ?", (old.room_id,))
        sql = "UPDATE rooms SET kind = ?, unit_id = ?, person_id = NULL WHERE room_id = ?"
        tx.run(sql, (old.kind, old.unit_id, new.room_id))


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
