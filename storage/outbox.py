"""What the bot will say and do, in order. The row's number decides the transaction id: a send repeated is the same send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Row, Transaction

_COLUMNS = "id, room_id, person_id, act, type, content, about, initiated, written_at"


@dataclass(frozen=True, slots=True)
class Outgoing:
    id: int
    room_id: str | None
    person_id: int | None
    act: str  # message | ledger | join | leave
    type: str
    content: dict[str, object]
    about: str | None
    initiated: bool
    written_at: str


def _outgoing(row: Row) -> Outgoing:
    fields = dict(row)
    fields["content"] = json.loads(fields["content"])
    fields["initiated"] = bool(fields["initiated"])
    return Outgoing(**fields)


def put(
    tx: Transaction,
    to: tuple[str | None, int | None],
    act: tuple[str, str],
    content: Mapping[str, object],
    now: datetime,
) -> int:
    """`to` is (room id, person id): without a room, the person's direct room. `act` is (act, event type)."""
    return tx.insert(
        "INSERT INTO outbox (room_id, person_id, act, type, content, written_at) VALUES (?, ?, ?, ?, ?, ?)",
        (*to, *act, json.dumps(content, ensure_ascii=False), now.isoformat()),
    )


def about(tx: Transaction, row_id: int, question: str | None) -> None:
    """Keep which question or finding a reply to this message speaks of."""
    tx.run("UPDATE outbox SET about = ? WHERE id = ?", (question, row_id))


def mark_initiated(tx: Transaction, row_id: int) -> None:
    tx.run("UPDATE outbox SET initiated = 1 WHERE id = ?", (row_id,))


def asked_by(tx: Reader, event_id: str) -> str | None:
    """What one of our own messages was about; None when it is not ours or about nothing."""
    value = tx.value("SELECT about FROM outbox WHERE event_id = ?", (event_id,))
    return str(value) if value is not None else None


def is_ours(tx: Reader, event_id: str) -> bool:
    return tx.value("SELECT 1 FROM outbox WHERE event_id = ?", (event_id,)) is not None


def initiated_since(tx: Reader, person_id: int, since: str) -> int:
    sql = "SELECT count(*) FROM outbox WHERE person_id = ? AND initiated = 1 AND written_at >= ?"
    return tx.number(sql, (person_id, since))


def unsent(tx: Reader, after: int, limit: int = 500) -> list[Outgoing]:
    sql = f"SELECT {_COLUMNS} FROM outbox WHERE sent_at IS NULL AND failed IS NULL AND id > ? ORDER BY id LIMIT ?"
    return [_outgoing(row) for row in tx.all(sql, (after, limit))]


def instance(tx: Reader) -> str:
    return str(tx.value("SELECT value FROM meta WHERE key = 'instance'"))


def sent(tx: Transaction, row_id: int, event_id: str | None, now: datetime) -> None:
    tx.run("UPDATE outbox SET sent_at = ?, event_id = ? WHERE id = ?", (now.isoformat(), event_id, row_id))


def set_room(tx: Transaction, row_id: int, room_id: str) -> None:
    tx.run("UPDATE outbox SET room_id = ? WHERE id = ?", (room_id, row_id))


def failed(tx: Transaction, row_id: int, why: str) -> None:
    tx.run("UPDATE outbox SET failed = ? WHERE id = ?", (why, row_id))
