"""The append-only history: every change with before and after, each row sealed with the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Row, Transaction, Value

Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Cause:
    """Who and which message brought a change about; `undoing` when it takes an earlier one back."""

    person_id: int | None
    event_id: str | None
    undoing: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    seq: int
    at: str
    person_id: int | None
    event_id: str | None
    subject: str
    action: str
    before: dict[str, Value]
    after: dict[str, Value]


def add(
    tx: Transaction, cause: Cause, what: tuple[str, str], fields: tuple[Fields, Fields], now: datetime
) -> None:
    """`what` is (subject, action); `fields` are (before, after), only those that changed."""
    subject, action = what
    action = f"restored: {action}" if cause.undoing else action
    before, after = (json.dumps(dict(f), ensure_ascii=False, sort_keys=True) for f in fields)
    last = tx.value("SELECT hash FROM history ORDER BY seq DESC LIMIT 1")
    row = (now.isoformat(), cause.person_id, cause.event_id, subject, action, before, after)
    tx.run("INSERT INTO history VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, seal(str(last or ""), row)))


def seal(last: str, row: tuple[Value, ...]) -> str:
    text = json.dumps([last, *row], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _change(row: Row) -> Change:
    values = dict(row)
    del values["hash"]
    return Change(**{**values, "before": json.loads(values["before"]), "after": json.loads(values["after"])})


def of_event(tx: Reader, event_id: str) -> list[Change]:
    """Everything a message brought about, latest first."""
    return [
        _change(row)
        for row in tx.all("SELECT * FROM history WHERE event_id = ? ORDER BY seq DESC", (event_id,))
    ]


def of_subject(tx: Reader, subject: str) -> list[Change]:
    return [
        _change(row) for row in tx.all("SELECT * FROM history WHERE subject = ? ORDER BY seq", (subject,))
    ]


def first_broken(tx: Reader) -> int | None:
    """The number of the first row whose seal does not fit; None when the whole chain is sound."""
    last = ""
    for row in tx.all("SELECT * FROM history ORDER BY seq"):
        if row["hash"] != seal(last, tuple(row)[1:8]):
            return int(row["seq"])
        last = str(row["hash"])
    return None
