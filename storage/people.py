"""People, units, places and who answers for what: the roster as it stands, read by every turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Row, Transaction


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    user_id: str
    name: str
    role: str  # reporter | coordinator | county | observer
    unit_id: str | None
    language: str
    buttons: str
    greeted: bool


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


_PERSON = "SELECT id, user_id, name, role, unit_id, language, buttons, greeted FROM people"
_PLACE = (
    "SELECT places.id, places.name, places.kind, places.unit_id, units.name AS unit"
    " FROM places JOIN units ON units.id = places.unit_id"
)


def _person(row: Row) -> Person:
    values = dict(row)
    return Person(**{**values, "greeted": bool(values["greeted"])})


def by_user_id(tx: Reader, user_id: str) -> Person | None:
    """The person of the roster behind a Matrix id; None for a stranger or somebody taken off the roster."""
    row = tx.one(f"{_PERSON} WHERE user_id = ? AND active", (user_id,))
    return _person(row) if row else None


def by_id(tx: Reader, person_id: int) -> Person:
    row = tx.one(f"{_PERSON} WHERE id = ?", (person_id,))
    assert row is not None, f"person {person_id} was deleted"
    return _person(row)


def everybody(tx: Reader, role: str = "") -> list[Person]:
    where, values = (" AND role = ?", (role,)) if role else ("", ())
    return [_person(row) for row in tx.all(f"{_PERSON} WHERE active{where} ORDER BY id", values)]


def place(tx: Reader, place_id: str) -> Place:
    row = tx.one(f"{_PLACE} WHERE places.id = ?", (place_id,))
    assert row is not None, f"place {place_id} was deleted"
    return Place(*row)


def all_places(tx: Reader) -> list[Place]:
    return [Place(*row) for row in tx.all(f"{_PLACE} WHERE places.active ORDER BY units.rank, places.rank")]


def places_of_unit(tx: Reader, unit_id: str) -> list[Place]:
    sql = f"{_PLACE} WHERE places.active AND places.unit_id = ? ORDER BY places.rank"
    return [Place(*row) for row in tx.all(sql, (unit_id,))]


def places_of(tx: Reader, person: Person) -> list[Place]:
    """The places a person answers for: a reporter's own; a coordinator's unit; nobody else has any."""
    if person.role == "coordinator" and person.unit_id:
        return places_of_unit(tx, person.unit_id)
    if person.role != "reporter":
        return []
    own = "JOIN person_places mine ON mine.place_id = places.id"
    sql = f"{_PLACE} {own} WHERE places.active AND mine.person_id = ? ORDER BY mine.rank"
    return [Place(*row) for row in tx.all(sql, (person.id,))]


def places_seen_by(tx: Reader, person: Person) -> list[Place]:
    """The places a person may look at: their own, their unit's, or all for county and observers."""
    if person.role in ("county", "observer"):
        return all_places(tx)
    return places_of(tx, person)


def unit(tx: Reader, unit_id: str) -> Unit:
    row = tx.one("SELECT id, name, kind FROM units WHERE id = ?", (unit_id,))
    assert row is not None, f"unit {unit_id} was deleted"
    return Unit(*row)


def units(tx: Reader, kind: str = "") -> list[Unit]:
    where, values = ("WHERE kind = ?", (kind,)) if kind else ("", ())
    return [Unit(*row) for row in tx.all(f"SELECT id, name, kind FROM units {where} ORDER BY rank", values)]


def set_preference(tx: Transaction, person: Person, name: str, value: str) -> None:
    column = {"language": "language", "buttons": "buttons"}[name]
    tx.run(f"UPDATE people SET {column} = ? WHERE id = ?", (value, person.id))


def mark_greeted(tx: Transaction, person: Person) -> None:
    tx.run("UPDATE people SET greeted = 1 WHERE id = ?", (person.id,))


def tell_stranger(tx: Transaction, user_id: str, now: datetime) -> bool:
    """True the first time only. Nothing of theirs is kept but this fact."""
    sql = "INSERT INTO strangers VALUES (?, ?) ON CONFLICT DO NOTHING"
    return tx.run(sql, (user_id, now.isoformat())) == 1


def keep_units(tx: Transaction, rows: Iterable[tuple[str, str, str]]) -> None:
    """(id, name, kind) in roster order. Units are never deleted: answers speak of them."""
    for rank, (unit_id, name, kind) in enumerate(rows):
        tx.run(
            "INSERT INTO units VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " name = excluded.name, kind = excluded.kind, rank = excluded.rank",
            (unit_id, name, kind, rank),
        )


def keep_places(tx: Transaction, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """(id, name, kind, unit id) in roster order. Those no longer named stay, inactive."""
    tx.run("UPDATE places SET active = 0")
    for rank, (place_id, name, kind, unit_id) in enumerate(rows):
        tx.run(
            "INSERT INTO places VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " kind = excluded.kind, unit_id = excluded.unit_id, rank = excluded.rank, active = 1",
            (place_id, name, kind, unit_id, rank),
        )


def retire_people(tx: Transaction) -> None:
    """Before a roster is read in: whoever it does not name is out, and nobody has places yet."""
    tx.run("UPDATE people SET active = 0")
    tx.run("DELETE FROM person_places")


def keep_person(tx: Transaction, row: tuple[str, str, str, str | None, str], places: Iterable[str]) -> None:
    """(user id, name, role, unit id, language). A language chosen in chat is not overwritten by the roster."""
    tx.run(
        "INSERT INTO people (user_id, name, role, unit_id, language) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id)"
        " DO UPDATE SET name = excluded.name, role = excluded.role, unit_id = excluded.unit_id, active = 1",
        row,
    )
    person_id = tx.number("SELECT id FROM people WHERE user_id = ?", (row[0],))
    for rank, place_id in enumerate(places):
        tx.run("INSERT INTO person_places VALUES (?, ?, ?)", (person_id, place_id, rank))
