"""What people sent along: photos, voice, files and places on the map, bound to findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.db import Reader, Row, Transaction, Value
from storage.history import Record, Subject

_COLUMNS = "id, finding_no, person_id, room_id, event_id, kind, name, mimetype, size, url, key, sha256, state, at, tries, first_try"


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
    tries: int = 0  # how often fetching it failed
    first_try: str | None = None  # when it first did, by our clock


def _evidence(row: Row) -> Evidence:
    fields = dict(row)
    fields["key"] = json.loads(fields["key"]) if fields["key"] else None
    return Evidence(**fields)


def subject(evidence_id: int) -> Subject:
    return Subject("evidence", str(evidence_id))


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


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is fetched on one `day` (ISO): files and bytes a person, bytes in all."""

    day: str
    files: int
    bytes: int
    bytes_in_all: int


_HOST = "substr(url, 7, instr(substr(url, 7) || '/', '/') - 1)"  # of mxc://host/id


def due(tx: Reader, now: datetime, longest: float, limits: Limits) -> list[Evidence]:
    """What may be fetched now: new before what failed, everybody's first before anybody's second. A time to wait for that
    is longer than the `longest` (seconds) stems from before the clock was set back."""
    if tx.number("SELECT sum(bytes) FROM fetched WHERE day = ?", (limits.day,)) >= limits.bytes_in_all:
        return []
    sql = (
        f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY person_id, {_HOST} ORDER BY tries, id) AS nth"
        " FROM evidence WHERE state = 'waiting' AND (next_try IS NULL OR next_try <= ? OR next_try > ?)"
        " AND person_id NOT IN (SELECT person_id FROM fetched WHERE day = ? AND (files >= ? OR bytes >= ?)))"
        " ORDER BY tries > 0, nth, id LIMIT 100"
    )
    latest = now + timedelta(seconds=longest)
    values = (_utc(now), _utc(latest), limits.day, limits.files, limits.bytes)
    return [_evidence(row) for row in tx.all(sql, values)]


def count_waiting(tx: Reader) -> int:
    return tx.number("SELECT count(*) FROM evidence WHERE state = 'waiting'")


@dataclass(frozen=True, slots=True)
class Troubles:
    """How many files wait although fetching them failed, and how many were never to be had."""

    failing: int
    gone: int


def troubles(tx: Reader) -> Troubles:
    failing = tx.number("SELECT count(*) FROM evidence WHERE state = 'waiting' AND tries > 0")
    return Troubles(failing, tx.number("SELECT count(*) FROM evidence WHERE state = 'gone'"))


def failed(tx: Transaction, evidence_id: int, wait: float, now: datetime) -> None:
    """It could not be fetched; in so many seconds it is tried again."""
    tx.run(
        "UPDATE evidence SET tries = tries + 1, first_try = coalesce(first_try, ?), next_try = ? WHERE id = ?",
        (now.isoformat(), _utc(now + timedelta(seconds=wait)), evidence_id),
    )


def fetched(tx: Transaction, person_id: int, size: int, limits: Limits) -> bool:
    """Count a file of so many bytes; whether it is the one that fills the person's share of the day."""
    before = _share(tx, person_id, limits)
    tx.run(
        "INSERT INTO fetched (day, person_id, files, bytes) VALUES (?, ?, 1, ?) ON CONFLICT (day, person_id) DO UPDATE SET"
        " files = files + 1, bytes = bytes + excluded.bytes",
        (limits.day, person_id, size),
    )
    return not before and _share(tx, person_id, limits)


def _share(tx: Reader, person_id: int, limits: Limits) -> bool:
    sql = "SELECT 1 FROM fetched WHERE day = ? AND person_id = ? AND (files >= ? OR bytes >= ?)"
    return tx.value(sql, (limits.day, person_id, limits.files, limits.bytes)) is not None


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def duplicate(tx: Reader, piece: Evidence, sha256: str) -> Evidence | None:
    """The same content bound to another finding; `piece` is bound to one."""
    sql = f"SELECT {_COLUMNS} FROM evidence WHERE sha256 = ? AND id <> ? AND state = 'stored' AND finding_no <> ? ORDER BY id LIMIT 1"
    row = tx.one(sql, (sha256, piece.id, piece.finding_no))
    return _evidence(row) if row else None


def on_finding(tx: Reader, no: int) -> bool:
    """Whether any evidence belongs to a finding."""
    return tx.value("SELECT 1 FROM evidence WHERE finding_no = ? AND state <> 'withdrawn'", (no,)) is not None


def add(record: Record, given: Mapping[str, Value]) -> int:
    """`given`: room_id, kind, and of name, mimetype, size, url, key (JSON) what there is. Locations need no fetching."""
    of = record.action
    values: dict[str, Value] = {
        **given,
        "person_id": of.person_id,
        "event_id": of.ref,
        "state": "stored" if given["kind"] == "location" else "waiting",
        "at": of.at.isoformat(),
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    evidence_id = record.tx.insert(f"INSERT INTO evidence ({names}) VALUES ({marks})", tuple(values.values()))
    sealed = {name: values[name] for name in ("kind", "name", "state") if values.get(name)}
    record.changed(subject(evidence_id), {}, sealed)
    return evidence_id


def change(record: Record, evidence_id: int, given: Mapping[str, Value]) -> bool:
    """Bind, unbind or withdraw: `finding_no` and `state` are what changes here. False when nothing changed."""
    old = get(record.tx, evidence_id)
    assert old is not None, f"evidence {evidence_id} does not exist"
    new = {name: value for name, value in given.items() if getattr(old, name) != value}
    if new:
        sets = ", ".join(f"{name} = ?" for name in new)
        record.tx.run(f"UPDATE evidence SET {sets} WHERE id = ?", (*new.values(), evidence_id))
        record.changed(subject(evidence_id), {name: getattr(old, name) for name in new}, new)
    return bool(new)


@dataclass(frozen=True, slots=True)
class Content:
    """What a fetched file is: where it lies, how large it is in bytes, its type as its content shows."""

    sha256: str
    size: int
    mimetype: str


def stored(record: Record, evidence_id: int, content: Content) -> None:
    """The file lies under its SHA-256."""
    record.tx.run(
        "UPDATE evidence SET sha256 = ?, size = ?, mimetype = ?, state = 'stored' WHERE id = ? AND state = 'waiting'",
        (content.sha256, content.size, content.mimetype, evidence_id),
    )
    _settled(record, evidence_id)


def lost(record: Record, evidence_id: int, why: str) -> None:
    record.tx.run(
        "UPDATE evidence SET state = 'gone', why = ? WHERE id = ? AND state = 'waiting'", (why, evidence_id)
    )
    _settled(record, evidence_id)


def _settled(record: Record, evidence_id: int) -> None:
    """Seal what became of a file that was waited for; one that was taken back meanwhile stays as it is."""
    now = get(record.tx, evidence_id)
    if now is not None and now.state in ("stored", "gone"):
        found = {"state": now.state, **({"sha256": now.sha256} if now.sha256 else {})}
        record.changed(subject(evidence_id), {"state": "waiting"}, found)
