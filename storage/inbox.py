"""Every event taken in: the key that makes "twice" impossible, and what each message answered and brought up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Seen:
    """One event. `question` and `opened_questions` are questions as JSON."""

    event_id: str
    room_id: str
    person_id: int | None
    at: str
    kind: str  # said | edited | redacted | reacted | unreadable
    question: str | None = None  # which one it answered
    opened_questions: tuple[str, ...] = ()  # which ones it brought up
    state: str = "done"  # done | withdrawn | failed | ignored
    reply: int | None = None  # the outbox row it was answered with
    thread: str = ""  # the root of the thread it stands in
    edits: str | None = None  # of an edit: the message it is of
    words: str | None = None  # of what recorded something


def add(tx: Transaction, seen: Seen) -> None:
    """Note an event; again, when it is read anew, what became of it this time."""
    tx.run(
        "INSERT INTO inbox (event_id, room_id, person_id, at, kind, question, opened_questions, state, reply, thread,"
        " edits, words)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO UPDATE SET kind = excluded.kind,"
        " question = excluded.question, opened_questions = excluded.opened_questions, state = excluded.state,"
        " reply = excluded.reply, edits = excluded.edits, words = excluded.words",
        (
            seen.event_id,
            seen.room_id,
            seen.person_id,
            seen.at,
            seen.kind,
            seen.question,
            _dump(seen.opened_questions),
            seen.state,
            seen.reply,
            seen.thread,
            seen.edits,
            seen.words,
        ),
    )


def get(tx: Reader, event_id: str) -> Seen | None:
    row = tx.one(
        "SELECT event_id, room_id, person_id, at, kind, question, opened_questions, state, reply, thread,"
        " edits, words FROM inbox WHERE event_id = ?",
        (event_id,),
    )
    if row is None:
        return None
    opened = tuple(json.loads(row["opened_questions"] or "[]"))
    return Seen(**{**dict(row), "opened_questions": opened})


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
        " AND EXISTS (SELECT 1 FROM actions a JOIN changes c ON c.action = a.seq WHERE a.ref = inbox.event_id"
        " AND a.undoes IS NULL AND c.kind IN ('check', 'finding', 'evidence', 'hand_in')) ORDER BY seq DESC LIMIT 1",
        (person_id, room_id),
    )
    return str(value) if value is not None else None


def answered(tx: Transaction, event_id: str, question: str | None, opened: Sequence[str]) -> None:
    """Keep anew which question an event answered and which it brought up."""
    sql = "UPDATE inbox SET question = ?, opened_questions = ?, state = 'done' WHERE event_id = ?"
    tx.run(sql, (question, _dump(opened), event_id))


def edits_in_force(tx: Reader, original: str) -> list[Seen]:
    """The edits of a message that were taken and not deleted, the newest last."""
    sql = "SELECT event_id FROM inbox WHERE edits = ? AND words IS NOT NULL AND state = 'done' ORDER BY seq"
    return [seen for row in tx.all(sql, (original,)) if (seen := get(tx, row[0])) is not None]


def set_words(tx: Transaction, event_id: str, words: str | None) -> None:
    tx.run("UPDATE inbox SET words = ? WHERE event_id = ?", (words, event_id))


def forget_words(tx: Transaction, original: str) -> None:
    """A message was deleted: neither its words nor those of its edits are kept."""
    tx.run("UPDATE inbox SET words = NULL WHERE event_id = ? OR edits = ?", (original, original))


def set_state(tx: Transaction, event_id: str, state: str) -> None:
    tx.run("UPDATE inbox SET state = ? WHERE event_id = ?", (state, event_id))


def set_kind(tx: Transaction, event_id: str, kind: str) -> None:
    tx.run("UPDATE inbox SET kind = ? WHERE event_id = ?", (kind, event_id))


def _dump(questions: Sequence[str]) -> str | None:
    return json.dumps(questions, ensure_ascii=False) if questions else None
