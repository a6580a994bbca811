"""Every event taken in, and where each person stands in each room."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Seen:
    event_id: str
    room_id: str
    person_id: int | None
    at: str
    kind: str
    question: str | None  # the question it answered, as JSON
    opened_questions: tuple[str, ...]  # the questions it brought up, as JSON
    state: str


def take(tx: Transaction, event: tuple[str, str, str, str], person_id: int | None) -> bool:
    """(event id, room id, ISO time, kind). True when it is new; False when it was taken in before."""
    sql = (
        "INSERT INTO inbox (event_id, room_id, at, kind, person_id) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (event_id) DO NOTHING"
    )
    return tx.run(sql, (*event, person_id)) == 1


def get(tx: Reader, event_id: str) -> Seen | None:
    row = tx.one(
        "SELECT event_id, room_id, person_id, at, kind, question, opened_questions, state FROM inbox WHERE event_id = ?",
        (event_id,),
    )
    return (
        Seen(**{**dict(row), "opened_questions": tuple(json.loads(row["opened_questions"] or "[]"))})
        if row
        else None
    )


def settling(tx: Reader, original: Seen, question: str) -> list[str]:
    """The later messages of the same person there that answered this very question and still count."""
    sql = (
        "SELECT event_id FROM inbox WHERE person_id = ? AND room_id = ? AND question = ? AND state = 'done'"
        " AND event_id <> ? ORDER BY seq"
    )
    values = (original.person_id, original.room_id, question, original.event_id)
    return [row[0] for row in tx.all(sql, values)]


def latest_effective(tx: Reader, person_id: int, room_id: str) -> str | None:
    """The last message of a person here that changed something and was not taken back."""
    value = tx.value(
        "SELECT event_id FROM inbox WHERE person_id = ? AND room_id = ? AND state = 'done'"
        " AND EXISTS (SELECT 1 FROM history WHERE history.event_id = inbox.event_id"
        " AND (subject LIKE 'check/%' OR subject LIKE 'finding/%' OR subject LIKE 'evidence/%')"
        " AND action NOT LIKE 'restored%') ORDER BY seq DESC LIMIT 1",
        (person_id, room_id),
    )
    return str(value) if value is not None else None


def answered(tx: Transaction, event_id: str, question: str | None, opened_questions: Sequence[str]) -> None:
    """Keep which question an event answered and which it brought up."""
    kept = json.dumps(opened_questions, ensure_ascii=False) if opened_questions else None
    tx.run(
        "UPDATE inbox SET question = ?, opened_questions = ? WHERE event_id = ?", (question, kept, event_id)
    )


def set_state(tx: Transaction, event_id: str, state: str) -> None:
    tx.run("UPDATE inbox SET state = ? WHERE event_id = ?", (state, event_id))


def set_kind(tx: Transaction, event_id: str, kind: str) -> None:
    tx.run("UPDATE inbox SET kind = ? WHERE event_id = ?", (kind, event_id))


def load_state(tx: Reader, room_id: str, person_id: int) -> tuple[str, str] | None:
    """(state JSON, when it last changed), None before the first word."""
    row = tx.one(
        "SELECT state, changed_at FROM conversations WHERE room_id = ? AND person_id = ?",
        (room_id, person_id),
    )
    return (row[0], row[1]) if row else None


def save_state(tx: Transaction, where: tuple[str, int], state: str, now: datetime) -> None:
    tx.run(
        "INSERT INTO conversations VALUES (?, ?, ?, ?) ON CONFLICT (room_id, person_id) DO UPDATE SET"
        " state = excluded.state, changed_at = excluded.changed_at",
        (*where, state, now.isoformat()),
    )


def newest_state(tx: Reader, person_id: int) -> str | None:
    """The state of the conversation in which this person spoke last, in whatever room."""
    sql = "SELECT state FROM conversations WHERE person_id = ? ORDER BY changed_at DESC LIMIT 1"
    value = tx.value(sql, (person_id,))
    return str(value) if value is not None else None


def last_spoke(tx: Reader, person_id: int) -> str | None:
    value = tx.value("SELECT max(changed_at) FROM conversations WHERE person_id = ?", (person_id,))
    return str(value) if value is not None else None


def keep_unreadable(
    tx: Transaction, event: tuple[str, str, str, str], key: tuple[str, object], now: datetime
) -> None:
    """(event id, room id, sender, ISO time), (session id, source)."""
    session_id, source = key
    tx.run(
        "INSERT INTO unreadable VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING",
        (*event, session_id, json.dumps(source), now.isoformat()),
    )


@dataclass(frozen=True, slots=True)
class Unread:
    event_id: str
    room_id: str
    sender: str
    at: str
    session_id: str
    source: dict[str, object]
    came_at: str
    told_at: str | None


def unreadable(tx: Reader) -> list[Unread]:
    rows = tx.all(
        "SELECT event_id, room_id, sender, at, session_id, source, came_at, told_at FROM unreadable ORDER BY at"
    )
    return [Unread(**{**dict(row), "source": json.loads(row["source"])}) for row in rows]


def tell_unreadable(tx: Transaction, event_id: str, now: datetime) -> None:
    tx.run("UPDATE unreadable SET told_at = ? WHERE event_id = ?", (now.isoformat(), event_id))


def drop_unreadable(tx: Transaction, event_id: str) -> None:
    """It was read after all, or its sender took it back."""
    tx.run("DELETE FROM unreadable WHERE event_id = ?", (event_id,))


def keep_early(tx: Transaction, event: tuple[str, str, str, str, str], words: str | None) -> None:
    """(event id, target, room id, sender, ISO time) of an edit (words) or a redaction (None) before its message."""
    tx.run("INSERT INTO early VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (*event, words))


def take_early(tx: Transaction, target: str, sender: str) -> list[tuple[str, str | None]]:
    """(event id, words) of what came before its message, oldest first; forgets them."""
    rows = tx.all(
        "SELECT event_id, words FROM early WHERE target = ? AND sender = ? ORDER BY at, rowid",
        (target, sender),
    )
    if rows:
        tx.run("DELETE FROM early WHERE target = ?", (target,))
    return [(row[0], row[1]) for row in rows]
