"""Finds whom and what a roster file means among those in the database, where it writes no ids of its own.

Rule: what a file does not write it says nothing about. A unit or place without an id is the one of that name; a person
without a Matrix id is the one of that name. Where several could be meant, the operator is asked, nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.roster import Person, Roster
from bot.setup.roster_diff import Member
from storage import grants, people, places
from storage.db import Reader
from storage.people import Listed


def with_known_ids(tx: Reader, roster: Roster) -> Roster:
    """The same roster, with the ids by which the database knows its units and places."""
    known = places.every(tx)
    by_name = {unit.name: unit.id for unit in places.units(tx)}
    taken = set(roster.place)
    ids: dict[str, str] = {}
    for unit in roster.units:
        there = by_name.get(unit.name, unit.id)
        if unit.id == unit.name and unit.id not in by_name.values() and there not in taken:
            ids[unit.id] = there
    villages = {(place.unit_id, place.name): place.id for place in known if place.id != place.unit_id}
    unit_of = {place.id: place.unit_id for place in known}
    for place in roster.places:
        unit_id = ids.get(place.unit_id, place.unit_id)
        there = villages.get((unit_id, place.name), place.id)
        elsewhere = place.id != place.unit_id and unit_of.get(place.id) != unit_id
        if place.id == place.name and elsewhere and there not in taken:
            ids[place.id] = there
    return _renamed(roster, ids) if ids else roster


def _renamed(roster: Roster, ids: dict[str, str]) -> Roster:
    def of(one_id: str) -> str:
        return ids.get(one_id, one_id)

    return Roster(
        tuple(replace(unit, id=of(unit.id)) for unit in roster.units),
        tuple(replace(place, id=of(place.id), unit_id=of(place.unit_id)) for place in roster.places),
        tuple(
            replace(
                person,
                unit_id=of(person.unit_id) if person.unit_id else None,
                places=tuple(map(of, person.places)),
            )
            for person in roster.people
        ),
    )


@dataclass(frozen=True, slots=True)
class Matched:
    """Everybody of the file with who they are, and what has to be mended before anybody can tell."""

    members: list[Member]
    unclear: list[str]


def match_people(tx: Reader, roster: Roster, today: str) -> Matched:
    """Who of the database each person of the file is."""
    known = people.listed(tx)
    by_id = {person.user_id: person for person in known if person.user_id}
    active = {standing.grant.person_id for standing in grants.standing(tx, today)}
    named = {person.user_id for person in roster.people if person.user_id}
    unknown = Counter(person.name for person in roster.people if person.user_id not in by_id)
    free = [person for person in known if person.user_id not in named]
    found = Matched([], [])
    for row in roster.people:
        if row.user_id in by_id:
            found.members.append(Member(row, by_id[row.user_id]))
        elif row.user_id:
            same = [it for it in free if it.name == row.name and not it.user_id and it.id in active]
            sure = len(same) == 1 and unknown[row.name] == 1
            found.members.append(Member(row, same[0] if sure else None))
        else:
            # who is over by now has nothing to come back to, so nobody gone needs to be found
            eligible = [it for it in free if it.id in active] if is_over(row, today) else free
            same = _of_this_name(row, eligible, active)
            if len(same) > 1:
                ids = ", ".join(it.user_id or "one without a Matrix id" for it in same)
                found.unclear.append(f"{row.name} is the name of several people ({ids}); write whose in user")
            found.members.append(Member(row, same[0] if len(same) == 1 else None))
    return found


def is_over(person: Person, today: str) -> bool:
    """Whether the last day the file gives them is past."""
    return person.until is not None and person.until <= today


def _of_this_name(row: Person, free: Sequence[Listed], active: set[int]) -> list[Listed]:
    """Those who take part come first, then those who are gone; a telephone number tells two apart."""
    same = [it for it in free if it.name == row.name]
    same = [it for it in same if it.id in active] or same
    if len(same) > 1 and row.phone:
        same = [it for it in same if it.phone == row.phone] or same
    return same
