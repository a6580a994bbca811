"""The append-only history: one action is one thing somebody did, with the fields it changed.

Rule: an action's hash seals the hash before it, its own header and a salted digest of each of its changes. Words live in
changes only, so they can be erased (salt and values gone, digest kept) and the chain still holds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from storage.db import Reader, Row, Transaction, Value

Fields = Mapping[str, Value]
SALT = 16  # bytes
HEAD = 16  # hex digits of a hash that are shown to people
GENESIS = b""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Action:
    """Who did what, when, by which message or file. `at` is the sender's time; `version` the checklist in force."""

    verb: str
    person_id: int | None
    at: datetime
    version: str
    ref: str | None = None  # event id, or name of a file
    source: str = "chat"  # chat | ledger | roster | cli | system
    on_behalf_of: int | None = None
    reason: str = ""
    undoes: int | None = None


def unsigned(action: Action) -> Action:
    """The same without a trace to whose it is: neither the person nor the message."""
    return replace(action, person_id=None, on_behalf_of=None, ref=None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change is about. `part` is the item of a check, else empty."""

    kind: str  # check | finding | evidence | place | unit | person | grant | hand_in | export | feedback | action
    id: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that an action changed; both values are None once they are erased."""

    action: int
    verb: str
    ref: str | None
    person_id: int | None
    subject: Subject
    field: str
    before: Value
    after: Value
    erased: bool
    on_behalf_of: int | None = None


class Record:
    """Gathers the changes of one action; `record` makes it and writes it."""

    def __init__(self, tx: Transaction, action: Action, now: datetime) -> None:
        self.tx, self.action, self.now = tx, action, now
        self._changes: list[tuple[Subject, str, Value, Value]] = []

    def changed(self, subject: Subject, before: Fields, after: Fields) -> None:
        """Note each field of `after`; `before` holds the values they had, None where there was none."""
        for name, value in after.items():
            self._changes.append((subject, name, before.get(name), value))

    def write(self) -> int | None:
        """Append the action with what it changed; return its seq. None when it changed nothing."""
        if not self._changes:
            return None
        last = self.tx.one("SELECT seq, hash FROM actions ORDER BY seq DESC LIMIT 1")
        seq = last[0] + 1 if last else 1
        if self.action.reason:
            self._changes.append((Subject("action", str(seq)), "reason", None, self.action.reason))
        sealed = [_sealed(*change) for change in self._changes]
        of = self.action
        header = (
            seq,
            of.at.isoformat(),
            self.now.isoformat(),
            of.person_id,
            of.on_behalf_of,
            of.source,
            of.ref,
            of.verb,
            of.undoes,
            of.version,
        )
        seen = seal(last[1] if last else GENESIS, header, [row[-1] for row in sealed])
        self.tx.run(
            "INSERT INTO actions (seq, at, received_at, person_id, on_behalf_of, source, ref, verb, undoes, version, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*header, seen),
        )
        self.tx.run_each(
            "INSERT INTO changes (action, n, kind, subject, part, field, before, after, salt, digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(seq, n, *row) for n, row in enumerate(sealed)],
        )
        self._changes = []
        return int(seq)


def _sealed(subject: Subject, field: str, before: Value, after: Value) -> tuple[Any, ...]:
    """A row of changes: what changed, its salt, and last its digest."""
    salt = secrets.token_bytes(SALT)
    row = (subject.kind, subject.id, subject.part, field, before, after)
    return (*row, salt, change_digest(salt, row))


@contextmanager
def record(tx: Transaction, action: Action, now: datetime) -> Iterator[Record]:
    """An action to be written when the block ends."""
    gathered = Record(tx, action, now)
    yield gathered
    gathered.write()


def change_digest(salt: bytes, row: Sequence[Value]) -> bytes:
    """SHA-256 over the salt and (kind, subject, part, field, before, after) as compact JSON."""
    return hashlib.sha256(salt + _encode(row).encode("utf-8", "surrogatepass")).digest()


def seal(last: bytes, header: Sequence[Value], digests: Sequence[bytes]) -> bytes:
    """SHA-256 over the hash before, the header as compact JSON and the digests of the changes."""
    text = _encode(header).encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"".join((last, text, *digests))).digest()


def head(tx: Reader) -> str:
    """`seq:head`, the anchor of everything so far: "1234:9f3c0a1b2c3d4e5f"; "0:" before the first action."""
    last = tx.one("SELECT seq, hash FROM actions ORDER BY seq DESC LIMIT 1")
    return f"{last[0]}:{last[1].hex()[:HEAD]}" if last else "0:"


def last_received(tx: Reader) -> datetime | None:
    """When the newest action was taken in, by our own clock."""
    value = tx.value("SELECT received_at FROM actions ORDER BY seq DESC LIMIT 1")
    return datetime.fromisoformat(str(value)) if value is not None else None


def last_seq(tx: Reader) -> int:
    return tx.number("SELECT max(seq) FROM actions")


_CHANGE = (
    "SELECT c.action, a.verb, a.ref, a.person_id, c.kind, c.subject, c.part, c.field, c.before, c.after,"
    " c.salt IS NULL, a.on_behalf_of FROM changes c JOIN actions a ON a.seq = c.action"
)


def _change(row: Row) -> Change:
    subject = Subject(row[4], row[5], row[6])
    return Change(row[0], row[1], row[2], row[3], subject, row[7], row[8], row[9], bool(row[10]), row[11])


def of_refs(tx: Reader, refs: Sequence[str]) -> list[Change]:
    """Every field that these messages changed, the latest first; what took something back is not theirs."""
    marks = ", ".join("?" * len(refs))
    sql = f"{_CHANGE} WHERE a.ref IN ({marks}) AND a.undoes IS NULL ORDER BY c.action DESC, c.n DESC"
    return [_change(row) for row in tx.all(sql, tuple(refs))]


def writer(tx: Reader, subject: Subject, field: str) -> Change | None:
    """The change that a field owes its value to: the last one that was neither taken back nor took something back."""
    sql = (
        f"{_CHANGE} WHERE c.kind = ? AND c.subject = ? AND c.part = ? AND c.field = ? AND a.undoes IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM actions ua JOIN changes u ON u.action = ua.seq WHERE ua.undoes = c.action"
        " AND u.kind = c.kind AND u.subject = c.subject AND u.part = c.part AND u.field = c.field)"
        " ORDER BY c.action DESC, c.n DESC LIMIT 1"
    )
    row = tx.one(sql, (subject.kind, subject.id, subject.part, field))
    return _change(row) if row else None


def reason(tx: Reader, subject: Subject) -> str:
    """Why the subject came into the state it is in; empty when nobody said, or the words were erased."""
    last = writer(tx, subject, "state")
    sql = "SELECT after FROM changes WHERE action = ? AND kind = 'action' AND field = 'reason'"
    return str(tx.value(sql, (last.action,)) or "") if last else ""


def others_since(tx: Reader, subject: Subject, seq: int, person_id: int | None) -> bool:
    """Whether somebody else, or the system, did anything with the subject after this action."""
    sql = (
        "SELECT 1 FROM changes c JOIN actions a ON a.seq = c.action WHERE c.kind = ? AND c.subject = ? AND c.part = ?"
        " AND c.action > ? AND a.person_id IS NOT ? LIMIT 1"
    )
    return tx.value(sql, (subject.kind, subject.id, subject.part, seq, person_id)) is not None


def erase(tx: Transaction, what: Sequence[tuple[int, int]], action: Action, now: datetime) -> int | None:
    """Erase the words of changes, each named by (action, n), under an action that says so; return its seq."""
    with_words = Record(tx, action, now)
    for seq, n in what:
        with_words.changed(Subject("change", str(seq), str(n)), {"words": "kept"}, {"words": "erased"})
        tx.run(
            "UPDATE changes SET before = NULL, after = NULL, salt = NULL WHERE action = ? AND n = ?", (seq, n)
        )
    return with_words.write()
