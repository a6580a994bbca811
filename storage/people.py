"""People, their Matrix ids over time and their grants: who somebody is and what they may do, read once a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.permissions import Scope
from bot.domain.roster import Role
from storage.db import Reader, Row, Transaction, Value
from storage.history import Record, Subject
from storage.places import COLUMNS as PLACE_COLUMNS
from storage.places import Place

RANKED = (
    Role.COUNTY,
    Role.COORDINATOR,
    Role.REPORTER,
    Role.OBSERVER,
)  # of several roles the first one speaks


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    user_id: str  # the Matrix id in use; "" without one
    name: str
    language: str
    buttons: str
    greeted: bool
    role: str  # of several, the one that decides how they are spoken to
    unit_id: str | None  # the unit they belong to, if any


@dataclass(frozen=True, slots=True)
class Actor:
    """Who speaks: the person, what they may do, and the places they answer for, in their order."""

    person: Person
    scope: Scope
    own: tuple[Place, ...]


_PERSON = "p.id, i.user_id, p.name, p.language, p.buttons, p.greeted"
_IN_FORCE = "g.since <= :today AND coalesce(g.until, '9') > :today"
_ACTOR = (
    f"SELECT {_PERSON}, g.role, g.unit_id AS grant_unit, {PLACE_COLUMNS} FROM person_ids i"
    f" JOIN people p ON p.id = i.person_id JOIN grants g ON g.person_id = p.id AND {_IN_FORCE}"
    " LEFT JOIN places ON (places.until IS NULL OR places.until > :today)"
    " AND ((g.role = 'reporter' AND places.id = g.place_id) OR (g.role = 'coordinator' AND places.unit_id = g.unit_id))"
    " LEFT JOIN units ON units.id = places.unit_id"
)
_ORDER = " ORDER BY g.rank, g.id, places.rank"


def actor(tx: Reader, user_id: str, today: str) -> Actor | None:
    """Who is behind a Matrix id today (an ISO day); None for a stranger or somebody without a grant."""
    values: dict[str, Value] = {"user_id": user_id, "today": today}
    return _actor(tx.all(f"{_ACTOR} WHERE i.user_id = :user_id AND i.until IS NULL{_ORDER}", values))


def actor_by_id(tx: Reader, person_id: int, today: str) -> Actor | None:
    values: dict[str, Value] = {"person_id": person_id, "today": today}
    return _actor(tx.all(f"{_ACTOR} WHERE p.id = :person_id AND i.until IS NULL{_ORDER}", values))


def _actor(rows: Sequence[Row]) -> Actor | None:
    if not rows:
        return None
    roles = frozenset(Role(row["role"]) for row in rows)
    units = frozenset(row["grant_unit"] for row in rows if row["role"] == "coordinator" and row["grant_unit"])
    own = dict.fromkeys(Place(*tuple(row)[8:]) for row in rows if row["place_id"] is not None)
    first = rows[0]
    person = _person(first, roles, next((row["grant_unit"] for row in rows if row["grant_unit"]), None))
    return Actor(person, Scope(person.id, roles, units, frozenset(place.id for place in own)), tuple(own))


def _person(row: Row, roles: frozenset[Role], unit_id: str | None) -> Person:
    role = next((role for role in RANKED if role in roles), "")
    return Person(row[0], row[1] or "", row[2], row[3], row[4], bool(row[5]), str(role), unit_id)


def formerly(tx: Reader, user_id: str) -> Actor | None:
    """Somebody who spoke with us once and has no grant any more: a person without any role or place. None for a stranger."""
    sql = (
        f"SELECT {_PERSON} FROM people p JOIN person_ids i ON i.person_id = p.id WHERE i.user_id = ?"
        " AND i.until IS NULL AND EXISTS (SELECT 1 FROM sessions s WHERE s.person_id = p.id)"
    )
    row = tx.one(sql, (user_id,))
    if row is None:
        return None
    return Actor(_person(row, frozenset(), None), Scope(row[0], frozenset()), ())


def answering(tx: Reader, today: str) -> dict[str, dict[int, str]]:
    """Place id -> those who answer for it themselves today: person id -> name, with or without a Matrix id."""
    sql = (
        "SELECT g.place_id, p.id, p.name FROM grants g JOIN people p ON p.id = g.person_id"
        f" WHERE g.role = 'reporter' AND g.place_id IS NOT NULL AND {_IN_FORCE} ORDER BY g.id"
    )
    found: dict[str, dict[int, str]] = {}
    for place_id, person_id, name in tx.all(sql, {"today": today}):
        found.setdefault(place_id, {})[person_id] = name
    return found


def by_id(tx: Reader, person_id: int) -> Person:
    """Whoever it is, also without any grant left."""
    rows = tx.all(
        f"SELECT {_PERSON}, g.role, g.unit_id FROM people p LEFT JOIN person_ids i ON i.person_id = p.id AND i.until IS NULL"
        " LEFT JOIN grants g ON g.person_id = p.id AND g.until IS NULL WHERE p.id = ?",
        (person_id,),
    )
    assert rows, f"person {person_id} was deleted"
    roles = frozenset(Role(row[6]) for row in rows if row[6])
    return _person(rows[0], roles, next((row[7] for row in rows if row[7]), None))


def everybody(tx: Reader, today: str, role: str = "") -> list[Person]:
    """All who take part today, in the order in which they came; of one role, when it is named."""
    rows = tx.all(
        f"SELECT {_PERSON}, g.role, g.unit_id FROM people p JOIN grants g ON g.person_id = p.id AND {_IN_FORCE}"
        " LEFT JOIN person_ids i ON i.person_id = p.id AND i.until IS NULL ORDER BY p.id, g.rank, g.id",
        {"today": today},
    )
    roles: dict[int, set[Role]] = {}
    units: dict[int, str] = {}
    first: dict[int, Row] = {}
    for row in rows:
        roles.setdefault(row[0], set()).add(Role(row[6]))
        first.setdefault(row[0], row)
        if row[7]:
            units.setdefault(row[0], row[7])
    found = (_person(row, frozenset(roles[n]), units.get(n)) for n, row in first.items())
    return [person for person in found if not role or Role(role) in roles[person.id]]


def anybody(tx: Reader) -> bool:
    """Whether there ever was a person here."""
    return tx.value("SELECT 1 FROM people LIMIT 1") is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody as a list names them."""

    id: int
    user_id: str  # "" without one
    name: str
    phone: str


def listed(tx: Reader) -> list[Listed]:
    """Everybody there ever was, with or without a Matrix id."""
    sql = (
        "SELECT p.id, coalesce(i.user_id, ''), p.name, p.phone FROM people p"
        " LEFT JOIN person_ids i ON i.person_id = p.id AND i.until IS NULL ORDER BY p.id"
    )
    return [Listed(*row) for row in tx.all(sql)]


def coordinators(tx: Reader, unit_id: str, today: str) -> list[Listed]:
    """Who coordinates a unit today, in the order of their grants."""
    sql = (
        "SELECT DISTINCT p.id, coalesce(i.user_id, ''), p.name, p.phone FROM grants g JOIN people p ON p.id = g.person_id"
        " LEFT JOIN person_ids i ON i.person_id = p.id AND i.until IS NULL"
        f" WHERE g.role = 'coordinator' AND g.unit_id = :unit AND {_IN_FORCE} ORDER BY g.rank, g.id"
    )
    return [Listed(*row) for row in tx.all(sql, {"unit": unit_id, "today": today})]


def with_ids(tx: Reader) -> list[Person]:
    """Everybody with a Matrix id, whether they still take part or not."""
    sql = f"SELECT {_PERSON} FROM people p JOIN person_ids i ON i.person_id = p.id AND i.until IS NULL ORDER BY p.id"
    return [_person(row, frozenset(), None) for row in tx.all(sql)]


def named(tx: Reader, who: str, today: str) -> list[Person]:
    """Those meant by a Matrix id, its local part or a name (maybe several)."""
    local = who.removeprefix("@").partition(":")[0] if ":" not in who else ""
    every = [person for person in everybody(tx, today) if person.user_id]
    exact = [person for person in every if person.user_id == who]
    by_local = [person for person in every if local and person.user_id[1:].partition(":")[0] == local]
    return exact or by_local or [person for person in every if person.name == who]


def names(tx: Reader) -> dict[int, str]:
    """Person id -> name, of everybody there ever was."""
    return {row[0]: row[1] for row in tx.all("SELECT id, name FROM people")}


def user_id_of(tx: Reader, person_id: int) -> str | None:
    value = tx.value("SELECT user_id FROM person_ids WHERE person_id = ? AND until IS NULL", (person_id,))
    return str(value) if value is not None else None


def set_preference(record: Record, person: Person, name: str, value: str) -> None:
    column = {"language": "language", "buttons": "buttons"}[name]
    before = getattr(person, name)
    if before != value:
        record.tx.run(f"UPDATE people SET {column} = ? WHERE id = ?", (value, person.id))
        record.changed(subject(person.id), {name: before}, {name: value})


def mark_greeted(tx: Transaction, person: Person) -> None:
    tx.run("UPDATE people SET greeted = 1 WHERE id = ?", (person.id,))


def tell_stranger(tx: Transaction, user_id: str, now: datetime) -> bool:
    """True the first time only. Nothing of theirs is kept but this fact."""
    sql = "INSERT INTO strangers (user_id, told_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
    return tx.run(sql, (user_id, now.isoformat())) == 1


def subject(person_id: int) -> Subject:
    return Subject("person", str(person_id))


def add(record: Record, given: Mapping[str, Value], user_id: str, today: str) -> int:
    """A new person: `given` holds name, language and what else of phone there is. `user_id` may be empty."""
    values = {"name": given["name"], "language": given["language"], "phone": given.get("phone", "")}
    person_id = record.tx.insert(
        "INSERT INTO people (name, language, phone) VALUES (:name, :language, :phone)", values
    )
    if user_id:
        use_id(record, person_id, user_id, today)
    record.changed(subject(person_id), {}, {name: value for name, value in values.items() if value})
    return person_id


def amend(record: Record, known: Listed, name: str, phone: str) -> None:
    """The person's name and telephone number are these now."""
    before: dict[str, Value] = {"name": known.name, "phone": known.phone}
    after: dict[str, Value] = {"name": name, "phone": phone}
    record.tx.run("UPDATE people SET name = ?, phone = ? WHERE id = ?", (name, phone, known.id))
    record.changed(subject(known.id), before, {key: v for key, v in after.items() if before[key] != v})


def use_id(record: Record, person_id: int, user_id: str, today: str) -> None:
    """From today on this is the person's Matrix id; an earlier one of theirs ends."""
    tx, before = record.tx, user_id_of(record.tx, person_id)
    if before == user_id:
        return
    tx.run(
        "UPDATE person_ids SET until = ? WHERE person_id = ? AND until IS NULL",
        (today, person_id),
    )
    tx.run("INSERT INTO person_ids (person_id, user_id, since) VALUES (?, ?, ?)", (person_id, user_id, today))
    record.changed(subject(person_id), {"user_id": before}, {"user_id": user_id})
