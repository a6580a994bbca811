"""What the bot will say and do, in order. The row's number decides the transaction id: a send repeated is the same send.

Rule: `not_before` is kept in UTC, so that its text sorts as its time does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from storage import rooms
from storage.db import Reader, Row, Transaction

STRANGER = "stranger "  # before a room: what strangers are told there holds up nobody else
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to send or do. Without a room it goes to the person's direct room, which is found or opened.

    Of what waits for one room the higher `priority` goes first, equals in the order they were written. What points at
    another row (`reaction_to_row`) has the priority and `not_before` of that row.
    """

    room_id: str | None = None
    person_id: int | None = None
    content: Mapping[str, object] = field(default_factory=dict)  # event content; of a ledger its scope
    act: str = "message"  # message | ledger | join | leave
    type: str = "m.room.message"
    about: str | None = None  # JSON: the question or finding that a reply to it speaks of
    reason: str = (
        "reply"  # reply | notice | reminder | digest | room | instead (of a reply that nobody takes)
    )
    priority: int = 0
    not_before: datetime | None = None  # it holds up nothing until then
    stranger: bool = False  # for somebody outside our tables


# Homeservers remember transaction ids for twelve hours at least. Age is told by the injected clock, which in service is
# the real one; where it is not, and a row seems to come from the future, its age counts as unknown: it is looked up.
REMEMBERED = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row on its way out."""

    id: int
    room_id: str | None
    person_id: int | None
    act: str
    type: str
    content: dict[str, object]
    about: str | None
    reason: str
    priority: int
    not_before: str | None
    written_at: str

    @property
    def ready_at(self) -> datetime:
        """Since when it may have been sent."""
        return datetime.fromisoformat(self.not_before or self.written_at)

    def is_remembered(self, now: datetime, device_since: datetime | None) -> bool:
        """Whether the homeserver would know its transaction id: of its memory, and of the device that we are."""
        if device_since is not None and self.ready_at <= device_since:
            return False
        return timedelta(0) <= now - self.ready_at < REMEMBERED


_COLUMNS = "id, room_id, person_id, act, type, content, about, reason, priority, not_before, written_at"
_UNSENT = "sent_at IS NULL AND failed IS NULL"
_READY = f"{_UNSENT} AND (not_before IS NULL OR not_before <= ?)"


def _row(row: Row) -> OutboxRow:
    fields = dict(row)
    fields["content"] = json.loads(fields["content"])
    return OutboxRow(**fields)


def add(tx: Transaction, out: Outgoing, now: datetime) -> int:
    """Write it; return the row's number."""
    return tx.insert(
        "INSERT INTO outbox (room_id, person_id, act, type, content, about, reason, priority, not_before, written_at, stranger)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            out.room_id,
            out.person_id,
            out.act,
            out.type,
            _encode(dict(out.content)),
            out.about,
            out.reason,
            out.priority,
            _utc(out.not_before) if out.not_before else None,
            now.isoformat(),
            int(out.stranger),
        ),
    )


def asked_by(tx: Reader, event_id: str) -> str | None:
    """What one of our own messages was about; None when it is not ours or about nothing."""
    value = tx.value("SELECT about FROM outbox WHERE event_id = ?", (event_id,))
    return str(value) if value is not None else None


def is_ours(tx: Reader, event_id: str) -> bool:
    return tx.value("SELECT 1 FROM outbox WHERE event_id = ?", (event_id,)) is not None


def message_of(tx: Reader, row_id: int) -> OutboxRow | None:
    """A message of ours in words, sent or on its way; None when it can never be sent, or is something else."""
    sql = f"SELECT {_COLUMNS} FROM outbox WHERE id = ? AND act = 'message' AND type = 'm.room.message' AND failed IS NULL"
    row = tx.one(sql, (row_id,))
    return _row(row) if row else None


def thread_of(tx: Reader, event_id: str) -> str:
    """The root of the thread in which one of our own messages stands; empty where it stands in none."""
    text = tx.value("SELECT content FROM outbox WHERE event_id = ?", (event_id,))
    relation = json.loads(str(text)).get("m.relates_to") if text is not None else None
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.thread":
        return ""
    return str(relation["event_id"])


def event_of(tx: Reader, row_id: int) -> str | None:
    """The event id of a row that was sent."""
    value = tx.value("SELECT event_id FROM outbox WHERE id = ?", (row_id,))
    return str(value) if value is not None else None


def reminders_since(tx: Reader, person_id: int, since: str) -> int:
    """How many messages nobody had asked for were written to a person since then."""
    sql = "SELECT count(*) FROM outbox WHERE person_id = ? AND reason = 'reminder' AND written_at >= ?"
    return tx.number(sql, (person_id, since))


def unsent(tx: Reader, now: datetime, limit: int = 500) -> list[OutboxRow]:
    """What may be sent now, in the order in which it should be sent."""
    sql = f"SELECT {_COLUMNS} FROM outbox WHERE {_READY} ORDER BY priority DESC, id LIMIT ?"
    return [_row(row) for row in tx.all(sql, (_utc(now), limit))]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What must be known of a row to decide whether it is its turn."""

    id: int
    queue: str  # its room, "person N": a direct room that must be opened first, or "stranger ROOM"
    act: str
    stranger: bool


def waiting(tx: Reader, now: datetime) -> Iterator[Waiting]:
    """Everything that may be sent now, in the order in which it should be sent. What goes to a person stands in the
    queue of their room."""
    sql = (
        f"SELECT id, room_id, person_id, act, stranger FROM outbox WHERE {_READY} ORDER BY priority DESC, id"
    )
    queues: dict[int, str] = {}
    for number, room_id, person_id, act, stranger in tx.each(sql, (_utc(now),)):
        if room_id is None and person_id is not None and person_id not in queues:
            queues[person_id] = rooms.direct(tx, person_id) or f"person {person_id}"
        queue = room_id or queues.get(person_id, f"row {number}")
        yield Waiting(number, f"{STRANGER}{queue}" if stranger else queue, act, bool(stranger))


def late(tx: Reader, since: datetime, now: datetime) -> list[Waiting]:
    """What may be sent now and was written, or might have been sent, before `since`."""
    numbers = {row.id for row in unsent(tx, now, limit=-1) if row.ready_at < since}
    return [row for row in waiting(tx, now) if row.id in numbers]


def failed_since(tx: Reader, since: datetime) -> dict[str, int]:
    """Why rows for people that were written since then could never be sent -> how many."""
    sql = "SELECT failed, written_at FROM outbox WHERE failed IS NOT NULL AND stranger = 0"
    found: dict[str, int] = {}
    for why, written_at in tx.each(sql):
        if datetime.fromisoformat(written_at) >= since:
            found[why] = found.get(why, 0) + 1
    return found


def rows(tx: Reader, numbers: Sequence[int]) -> list[OutboxRow]:
    """These rows, in this order."""
    sql = f"SELECT {_COLUMNS} FROM outbox WHERE id IN (SELECT value FROM json_each(?))"
    found = {row["id"]: _row(row) for row in tx.all(sql, (json.dumps(list(numbers)),))}
    return [found[number] for number in numbers]


def next_time(tx: Reader, now: datetime) -> datetime | None:
    """When the earliest of the rows that must not be sent yet may be."""
    sql = f"SELECT min(not_before) FROM outbox WHERE not_before > ? AND {_UNSENT}"
    value = tx.value(sql, (_utc(now),))
    return datetime.fromisoformat(str(value)) if value is not None else None


def rooms_with_unsent(tx: Reader, now: datetime) -> set[str]:
    """The rooms into which something may be on its way."""
    sql = f"SELECT DISTINCT room_id FROM outbox WHERE {_READY} AND room_id IS NOT NULL"
    return {row[0] for row in tx.all(sql, (_utc(now),))}


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def device_since(tx: Reader) -> datetime | None:
    """When the bot became the device it is; None: it has always been. The homeserver remembers transaction ids a device."""
    at = tx.value("SELECT value FROM meta WHERE key = 'device_since'")
    return datetime.fromisoformat(str(at)) if at is not None else None


def is_new_device(tx: Transaction, now: datetime) -> None:
    """What is unsent from before may have been sent by another device: it is looked for before it is sent again."""
    tx.run(
        "INSERT INTO meta (key, value) VALUES ('device_since', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (now.isoformat(),),
    )


def instance(tx: Reader) -> str:
    return str(tx.value("SELECT value FROM meta WHERE key = 'instance'"))


def sent(tx: Transaction, row_id: int, event_id: str | None, now: datetime) -> None:
    tx.run("UPDATE outbox SET sent_at = ?, event_id = ? WHERE id = ?", (now.isoformat(), event_id, row_id))


def set_room(tx: Transaction, row_id: int, room_id: str) -> None:
    tx.run("UPDATE outbox SET room_id = ? WHERE id = ?", (room_id, row_id))


def send_elsewhere(tx: Transaction, room_id: str, person_id: int) -> None:
    """What is still to be said to a person in this room goes to their direct room, whichever that is by then."""
    sql = f"UPDATE outbox SET room_id = NULL WHERE room_id = ? AND person_id = ? AND type = 'm.room.message' AND {_UNSENT}"
    tx.run(f"{sql} AND act IN ('message', 'ledger')", (room_id, person_id))


def failed(tx: Transaction, row_id: int, why: str) -> None:
    tx.run("UPDATE outbox SET failed = ? WHERE id = ?", (why, row_id))


def give_up(tx: Transaction, queue: str, why: str) -> int:
    """What strangers would have been told in a room is never sent; how many rows."""
    sql = f"UPDATE outbox SET failed = ? WHERE room_id = ? AND stranger = 1 AND {_UNSENT}"
    return tx.run(sql, (why, queue.removeprefix(STRANGER)))


def begin_waiting_anew(tx: Transaction, now: datetime) -> None:
    """What waits for a time, and was written later than it is now, stems from before the clock was set back: it waits
    as long as it was meant to, from now on."""
    sql = f"SELECT id, not_before, written_at FROM outbox WHERE not_before > ? AND {_UNSENT}"
    for number, not_before, written_at in tx.all(sql, (_utc(now),)):
        written = datetime.fromisoformat(written_at)
        if written > now:
            later = _utc(now + (datetime.fromisoformat(not_before) - written))
            values = (later, now.isoformat(), number)
            tx.run("UPDATE outbox SET not_before = ?, written_at = ? WHERE id = ?", values)
