"""Units and places, with the time they are valid for: merged or renamed ones stay, under what replaced them."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader, Row, Value
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Place:
    id: str
    name: str
    kind: str  # village | township | department
    unit_id: str
    unit: str  # the unit's name


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    name: str
    kind: str  # township | department


COLUMNS = "places.id AS place_id, places.name AS place, places.kind, places.unit_id, units.name AS unit"
_PLACE = f"SELECT {COLUMNS} FROM places JOIN units ON units.id = places.unit_id"
_VALID = "places.until IS NULL"
_TABLES = {"unit": "units", "place": "places"}
_LENT = "\n"  # ends the name of a unit while another takes it over: no name in a file has a line break


def _place(row: Row) -> Place:
    return Place(*row)


def get(tx: Reader, place_id: str) -> Place:
    row = tx.one(f"{_PLACE} WHERE places.id = ?", (place_id,))
    assert row is not None, f"place {place_id} was deleted"
    return _place(row)


def every(tx: Reader) -> list[Place]:
    """All valid places, without those for practice, in roster order."""
    sql = f"{_PLACE} WHERE {_VALID} AND NOT places.practice ORDER BY units.rank, places.rank"
    return [_place(row) for row in tx.all(sql)]


def unit(tx: Reader, unit_id: str) -> Unit:
    row = tx.one("SELECT id, name, kind FROM units WHERE id = ?", (unit_id,))
    assert row is not None, f"unit {unit_id} was deleted"
    return Unit(*row)


def units(tx: Reader, kind: str = "") -> list[Unit]:
    where, values = (" AND kind = ?", (kind,)) if kind else ("", ())
    sql = f"SELECT id, name, kind FROM units WHERE until IS NULL{where} ORDER BY rank"
    return [Unit(*row) for row in tx.all(sql, values)]


def unit_named(tx: Reader, name: str) -> str | None:
    """The id of the valid unit of this name."""
    value = tx.value("SELECT id FROM units WHERE name = ? AND until IS NULL", (name,))
    return str(value) if value is not None else None


def ranks(tx: Reader, kind: str) -> dict[str, int]:
    """Id of every valid unit or place -> where it stands: units in the county, places in their unit."""
    table = _TABLES[kind]
    return {row[0]: row[1] for row in tx.all(f"SELECT id, rank FROM {table} WHERE until IS NULL")}


def put_unit(record: Record, new: Unit, rank: int, today: str) -> None:
    """Make a unit so: new, renamed, moved in the order, or valid again.

    One that had the name until now lends it: it is renamed or ended under the same action, or nothing is written.
    """
    tx = record.tx
    row = tx.one("SELECT name, kind, rank, until FROM units WHERE id = ?", (new.id,))
    tx.run(
        f"UPDATE units SET name = name || '{_LENT}' WHERE name = ? AND id <> ? AND until IS NULL",
        (new.name, new.id),
    )
    tx.run(
        "INSERT INTO units (id, name, kind, rank, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " name = excluded.name, kind = excluded.kind, rank = excluded.rank, until = NULL",
        (new.id, new.name, new.kind, rank, today),
    )
    before: dict[str, Value] = {}
    after: dict[str, Value] = {"name": new.name, "kind": new.kind, "until": None}
    if row:
        before = {"name": row[0].removesuffix(_LENT), "kind": row[1], "rank": row[2], "until": row[3]}
        after["rank"] = rank
    _note(record, Subject("unit", new.id), before, after)


def put_place(record: Record, new: Place, rank: int, today: str) -> None:
    """Make a place so: new, renamed, moved to another unit, or valid again."""
    tx = record.tx
    row = tx.one("SELECT name, kind, unit_id, rank, until FROM places WHERE id = ?", (new.id,))
    tx.run(
        "INSERT INTO places (id, name, kind, unit_id, rank, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET name = excluded.name, kind = excluded.kind, unit_id = excluded.unit_id, rank = excluded.rank,"
        " until = NULL",
        (new.id, new.name, new.kind, new.unit_id, rank, today),
    )
    before: dict[str, Value] = dict(row) if row else {}
    after: dict[str, Value] = {"name": new.name, "kind": new.kind, "unit_id": new.unit_id, "until": None}
    _note(record, Subject("place", new.id), before, {**after, "rank": rank} if row else after)


def move(record: Record, subject: Subject, before: int, rank: int) -> None:
    """A unit or place stands elsewhere in the order."""
    record.tx.run(f"UPDATE {_TABLES[subject.kind]} SET rank = ? WHERE id = ?", (rank, subject.id))
    record.changed(subject, {"rank": before}, {"rank": rank})


def end(record: Record, kind: str, one_id: str, today: str) -> None:
    """A unit or place is no more from today on; what was said of it stays."""
    record.tx.run(f"UPDATE {_TABLES[kind]} SET until = ? WHERE id = ?", (today, one_id))
    record.changed(Subject(kind, one_id), {"until": None}, {"until": today})


def _note(record: Record, subject: Subject, before: dict[str, Value], after: dict[str, Value]) -> None:
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    record.changed(subject, before, changed)
