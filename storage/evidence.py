"""What people sent along: photos, voice, files and places on the map, bound to findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage import history
from storage.db import Reader, Row, Transaction, Value

_COLUMNS = (
    "id, finding_no, person_id, room_id, event_id, kind, name, mimetype, size, url, key, sha256, state, at"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    id: int
    finding_no: int | None
    person_id: int
    room_id: str
    event_id: str
    kind: str
    name: str
    mimetype: str
    size: int
    url: str
    key: dict[str, object] | None
    sha256: str | None
    state: str
    at: str


def _evidence(row: Row) -> Evidence:
    fields = dict(row)
    fields["key"] = json.loads(fields["key"]) if fields["key"] else None
    return Evidence(**fields)


def subject(evidence_id: int) -> str:
    return f"evidence/{evidence_id}"


def get(tx: Reader, evidence_id: int) -> Evidence | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM evidence WHERE id = ?", (evidence_id,))
    return _evidence(row) if row else None


def of_finding(tx: Reader, no: int) -> list[Evidence]:
    sql = f"SELECT {_COLUMNS} FROM evidence WHERE finding_no = ? AND state <> 'withdrawn' ORDER BY id"
    return [_evidence(row) for row in tx.all(sql, (no,))]


def counts(tx: Reader) -> dict[int, int]:
    """Finding number -> pieces of evidence."""
    sql = "SELECT finding_no, count(*) FROM evidence WHERE finding_no IS NOT NULL AND state <> 'withdrawn' GROUP BY 1"
    return {row[0]: row[1] for row in tx.all(sql)}


def waiting(tx: Reader, limit: int) -> list[Evidence]:
    return [
        _evidence(row)
        for row in tx.all(
            f"SELECT {_COLUMNS} FROM evidence WHERE state = 'waiting' ORDER BY id LIMIT ?", (limit,)
        )
    ]


def twin(tx: Reader, piece: Evidence, sha256: str) -> Evidence | None:
    """The same content bound to another finding; `piece` is bound to one."""
    sql = f"SELECT {_COLUMNS} FROM evidence WHERE sha256 = ? AND id <> ? AND state = 'stored' AND finding_no <> ? ORDER BY id LIMIT 1"
    row = tx.one(sql, (sha256, piece.id, piece.finding_no))
    return _evidence(row) if row else None


def add(tx: Transaction, fields: Mapping[str, Value], cause: history.Cause, now: datetime) -> int:
    """`fields`: room_id, kind, and of name, mimetype, size, url, key (JSON) what there is. Locations need no fetching."""
    state = "stored" if fields["kind"] == "location" else "waiting"
    values = {
        **fields,
        "person_id": cause.person_id,
        "event_id": cause.event_id,
        "state": state,
        "at": now.isoformat(),
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    evidence_id = tx.insert(f"INSERT INTO evidence ({names}) VALUES ({marks})", tuple(values.values()))
    after = {"kind": values["kind"], "name": values.get("name", ""), "finding_no": None, "state": state}
    history.add(tx, cause, (subject(evidence_id), "came"), ({}, after), now)
    return evidence_id


def change(
    tx: Transaction, evidence_id: int, fields: Mapping[str, Value], cause: history.Cause, now: datetime
) -> None:
    """Bind, unbind or withdraw: `finding_no` and `state` are what changes here."""
    old = get(tx, evidence_id)
    assert old is not None, f"evidence {evidence_id} does not exist"
    new = {name: value for name, value in fields.items() if getattr(old, name) != value}
    if new:
        sets = ", ".join(f"{name} = ?" for name in new)
        tx.run(f"UPDATE evidence SET {sets} WHERE id = ?", (*new.values(), evidence_id))
        history.add(
            tx,
            cause,
            (subject(evidence_id), "changed"),
            ({name: getattr(old, name) for name in new}, new),
            now,
        )


def stored(tx: Transaction, evidence_id: int, content: tuple[str, int, str]) -> None:
    """The file lies under its SHA-256: (sha256, size in bytes, mimetype as its content shows)."""
    tx.run(
        "UPDATE evidence SET sha256 = ?, size = ?, mimetype = ?, state = 'stored' WHERE id = ? AND state = 'waiting'",
        (*content, evidence_id),
    )


def lost(tx: Transaction, evidence_id: int, why: str) -> None:
    tx.run(
        "UPDATE evidence SET state = 'gone', why = ? WHERE id = ? AND state = 'waiting'", (why, evidence_id)
    )
