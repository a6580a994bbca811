"""A roster file brought into the database: what it would change, shown first, then made true as one action.

Rule: the database is the roster. A file is an import into it: whoever and whatever it does not name ends from today on,
and stays in the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.domain.roster import Person as RosterPerson
from bot.domain.roster import Place as RosterPlace
from bot.domain.roster import Role, Roster
from storage import grants, people, places
from storage.db import Reader
from storage.grants import Grant
from storage.history import Record
from storage.places import Place, Unit


@dataclass(slots=True)
class RosterDiff:
    """What importing a roster would change. Everything is in the order of the file."""

    units: list[Unit] = field(default_factory=list)  # new, renamed, or valid again
    places: list[Place] = field(default_factory=list)
    ended_units: list[Unit] = field(default_factory=list)
    ended_places: list[Place] = field(default_factory=list)
    new_people: list[RosterPerson] = field(default_factory=list)
    renamed: list[tuple[people.Person, str]] = field(default_factory=list)
    given: list[tuple[str, Grant]] = field(default_factory=list)  # user id, grant (person 0: new)
    ended: list[tuple[str, Grant, int]] = field(default_factory=list)  # name, grant, its id

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def lines(self) -> Iterator[str]:
        """The diff for the operator's eyes, a line each."""
        for unit in self.units:
            yield f"+ unit {unit.name} ({unit.kind})"
        for place in self.places:
            yield f"+ place {place.name} ({place.kind}, {place.unit})"
        for person in self.new_people:
            yield f"+ person {person.name} {person.user_id}"
        for known, name in self.renamed:
            yield f"~ person {known.name} -> {name} {known.user_id}"
        for user_id, grant in self.given:
            yield f"+ grant {user_id} {_worded(grant)}"
        for name, grant, _ in self.ended:
            yield f"- grant {name} {_worded(grant)}"
        for place in self.ended_places:
            yield f"- place {place.name} ({place.unit})"
        for unit in self.ended_units:
            yield f"- unit {unit.name}"


def _worded(grant: Grant) -> str:
    return " ".join(part for part in (grant.role, grant.unit_id, grant.place_id) if part)


def compare(tx: Reader, roster: Roster, today: str) -> RosterDiff:
    """What differs between the roster and the database as it stands today (an ISO day)."""
    diff = RosterDiff()
    known_units = {unit.id: unit for unit in places.units(tx)}
    for unit in roster.units:
        new = Unit(unit.id, unit.name, str(unit.kind))
        if known_units.get(unit.id) != new:
            diff.units.append(new)
    diff.ended_units = [unit for unit in known_units.values() if unit.id not in roster.unit]
    known_places = {place.id: place for place in places.every(tx)}
    for place in roster.places:
        it = _place(roster, place)
        if known_places.get(place.id) != it:
            diff.places.append(it)
    diff.ended_places = [place for place in known_places.values() if place.id not in roster.place]
    _people(tx, roster, today, diff)
    return diff


def _place(roster: Roster, place: RosterPlace) -> Place:
    return Place(place.id, place.name, str(place.kind), place.unit_id, roster.unit[place.unit_id].name)


def _people(tx: Reader, roster: Roster, today: str, diff: RosterDiff) -> None:
    known = {person.user_id: person for person in people.with_ids(tx)}
    in_force = grants.in_force(tx)
    wanted: set[Grant] = set()
    for person in roster.people:
        before = known.get(person.user_id)
        if before is None:
            diff.new_people.append(person)
        elif before.name != person.name:
            diff.renamed.append((before, person.name))
        for grant in _grants(person, before.id if before else 0):
            wanted.add(grant)
            if before is None or grant not in in_force:
                diff.given.append((person.user_id, grant))
    names = people.names(tx)
    diff.ended = [
        (names[grant.person_id], grant, grant_id)
        for grant, grant_id in in_force.items()
        if grant not in wanted
    ]


def _grants(person: RosterPerson, person_id: int) -> list[Grant]:
    role = str(person.role)
    if person.role is Role.REPORTER and person.places:
        return [Grant(person_id, role, person.unit_id, place) for place in person.places]
    return [Grant(person_id, role, person.unit_id)]


def make_true(record: Record, roster: Roster, diff: RosterDiff, today: str) -> None:
    """Write the diff under one action."""
    unit_ranks = {unit.id: rank for rank, unit in enumerate(roster.units)}
    place_ranks = {place.id: rank for rank, place in enumerate(roster.places)}
    for unit in diff.units:
        places.put_unit(record, unit, unit_ranks[unit.id], today)
    for place in diff.places:
        places.put_place(record, place, place_ranks[place.id], today)
    ids: dict[str, int] = {}
    for person in diff.new_people:
        given = {"name": person.name, "language": person.language}
        ids[person.user_id] = people.add(record, given, person.user_id, today)
    for known, name in diff.renamed:
        people.rename(record, known, name)
    for _, _, grant_id in diff.ended:
        grants.end(record, grant_id, today)
    for rank, (user_id, grant) in enumerate(diff.given):
        person_id = grant.person_id or ids[user_id]
        grants.give(record, Grant(person_id, grant.role, grant.unit_id, grant.place_id), rank, today)
    for place in diff.ended_places:
        places.end(record, "place", place.id, today)
    for unit in diff.ended_units:
        places.end(record, "unit", unit.id, today)
