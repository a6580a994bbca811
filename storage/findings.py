"""问题: what was found, as it now stands; every change of a field goes through `change` and so into history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage import history
from storage.db import Reader, Row, Transaction, Value

COLUMNS = (
    "no, place_id, item_id, object, description, cause, measure, horizon, due, mechanism, unit, responsible, result,"
    " source, state, reporter_id, verifier_id, opened_at, closed_at, recurrences, extensions, version, rev"
)
CHANGEABLE = frozenset(
    [
        "item_id",
        "object",
        "description",
        "cause",
        "measure",
        "horizon",
        "due",
        "mechanism",
        "unit",
        "responsible",
        "result",
        "source",
        "state",
        "verifier_id",
        "closed_at",
        "recurrences",
        "extensions",
    ]
)


@dataclass(frozen=True, slots=True)
class Finding:
    no: int
    place_id: str
    item_id: str
    object: str
    description: str
    cause: str
    measure: str
    horizon: str
    due: str | None  # ISO date
    mechanism: str
    unit: str
    responsible: str
    result: str
    source: str
    state: str
    reporter_id: int
    verifier_id: int | None
    opened_at: str
    closed_at: str | None
    recurrences: int
    extensions: int
    version: str
    rev: int


def subject(no: int) -> str:
    return f"finding/{no}"


def _finding(row: Row) -> Finding:
    return Finding(*row)


def next_no(tx: Reader) -> int:
    """The number the next finding gets. Sure, because only one transaction writes at a time."""
    return tx.number("SELECT seq FROM sqlite_sequence WHERE name = 'findings'") + 1


def get(tx: Reader, no: int) -> Finding | None:
    row = tx.one(f"SELECT {COLUMNS} FROM findings WHERE no = ?", (no,))
    return _finding(row) if row else None


def at(tx: Reader, place_id: str, item_id: str) -> list[Finding]:
    """Live findings of a place and an item, oldest first."""
    sql = f"SELECT {COLUMNS} FROM findings WHERE place_id = ? AND item_id = ? AND state <> 'void' ORDER BY no"
    return [_finding(row) for row in tx.all(sql, (place_id, item_id))]


def of_place(tx: Reader, place_id: str) -> list[Finding]:
    sql = f"SELECT {COLUMNS} FROM findings WHERE place_id = ? AND state <> 'void' ORDER BY no"
    return [_finding(row) for row in tx.all(sql, (place_id,))]


def live(tx: Reader) -> list[Finding]:
    return [
        _finding(row) for row in tx.all(f"SELECT {COLUMNS} FROM findings WHERE state <> 'void' ORDER BY no")
    ]


def of_reporter(tx: Reader, person_id: int, limit: int = 200) -> list[Finding]:
    sql = f"SELECT {COLUMNS} FROM findings WHERE reporter_id = ? AND state <> 'void' ORDER BY no DESC LIMIT ?"
    return [_finding(row) for row in tx.all(sql, (person_id, limit))]


def open_finding(tx: Transaction, fields: Mapping[str, Value], cause: history.Cause, now: datetime) -> int:
    """Insert a draft; return its number. `fields`: place_id, item_id, description, source, version, and what is known."""
    values = {**fields, "state": "draft", "reporter_id": cause.person_id, "opened_at": now.isoformat()}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    no = tx.insert(f"INSERT INTO findings ({names}) VALUES ({marks})", tuple(values.values()))
    after = {
        name: value for name, value in values.items() if name not in ("version", "opened_at", "reporter_id")
    }
    history.add(tx, cause, (subject(no), "opened"), ({}, after), now)
    return no


def change(
    tx: Transaction, no: int, fields: Mapping[str, Value], cause: history.Cause, now: datetime
) -> bool:
    """Set columns of a finding; False when nothing changed."""
    old = get(tx, no)
    assert old is not None, f"finding {no} does not exist"
    new = {name: value for name, value in fields.items() if getattr(old, name) != value}
    if not new:
        return False
    assert new.keys() <= CHANGEABLE, f"not changeable: {sorted(new.keys() - CHANGEABLE)}"
    sets = ", ".join(f"{name} = ?" for name in new)
    tx.run(f"UPDATE findings SET {sets}, rev = rev + 1 WHERE no = ?", (*new.values(), no))
    action = f"became {new['state']!s}" if "state" in new else "changed"
    history.add(tx, cause, (subject(no), action), ({name: getattr(old, name) for name in new}, new), now)
    return True
