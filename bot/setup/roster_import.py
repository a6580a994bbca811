"""A roster file brought into the database: what it would change, shown first, then made true as one action.

Rule: the database is the roster. A file is an import into it: whoever and whatever it does not name ends from today on,
and stays in the history. A person's language is asked of the file once: afterwards it is theirs to choose.
"""

from __future__ import annotations

from bot.domain.roster import Person, Role, Roster
from bot.setup.roster_diff import Given, Kept, Member, Moved, RosterDiff
from bot.setup.roster_match import is_over, match_people, with_known_ids
from storage import grants, people, places
from storage.db import Reader
from storage.grants import Grant, Standing
from storage.history import Record, Subject
from storage.places import Place, Unit


def compare(tx: Reader, roster: Roster, today: str) -> RosterDiff:
    """What differs between the roster and the database as it stands today (an ISO day)."""
    roster = with_known_ids(tx, roster)
    diff = RosterDiff()
    _units(tx, roster, diff)
    _places(tx, roster, diff)
    _order(tx, diff)
    _people(tx, roster, today, diff)
    _hint(diff)
    return diff


def _units(tx: Reader, roster: Roster, diff: RosterDiff) -> None:
    known = {unit.id: unit for unit in places.units(tx)}
    for rank, unit in enumerate(roster.units):
        new = Unit(unit.id, unit.name, str(unit.kind))
        diff.ranks[Subject("unit", unit.id)] = rank
        if known.get(unit.id) != new:
            diff.units.append(new)
    diff.unit_was = known
    diff.ended_units = [unit for unit in known.values() if unit.id not in roster.unit]
    every = [*known.values(), *diff.units]
    diff.names |= {Subject("unit", unit.id): unit.name for unit in every}


def _places(tx: Reader, roster: Roster, diff: RosterDiff) -> None:
    known = {place.id: place for place in places.every(tx)}
    counted: dict[str, int] = {}
    for place in roster.places:
        new = Place(place.id, place.name, str(place.kind), place.unit_id, roster.unit[place.unit_id].name)
        # counted in each unit: a village more moves only those of its own township
        diff.ranks[Subject("place", place.id)] = counted.get(place.unit_id, 0)
        counted[place.unit_id] = counted.get(place.unit_id, 0) + 1
        before = known.get(place.id)
        if before is None or (before.name, before.kind, before.unit_id) != (new.name, new.kind, new.unit_id):
            diff.places.append(new)
    diff.place_was = known
    diff.ended_places = [place for place in known.values() if place.id not in roster.place]
    every = [*known.values(), *diff.places]
    diff.names |= {Subject("place", place.id): place.name for place in every}


def _order(tx: Reader, diff: RosterDiff) -> None:
    """Those of which nothing but the order changes."""
    others = {Subject("unit", unit.id) for unit in diff.units}
    others |= {Subject("place", place.id) for place in diff.places}
    ranks = {kind: places.ranks(tx, kind) for kind in ("unit", "place")}
    for subject, rank in diff.ranks.items():
        before = ranks[subject.kind].get(subject.id)
        if before is not None and before != rank and subject not in others:
            diff.moved.append(Moved(subject, before, rank))


def _people(tx: Reader, roster: Roster, today: str, diff: RosterDiff) -> None:
    matched = match_people(tx, roster, today)
    diff.unclear = matched.unclear
    standing = grants.standing(tx, today)
    begun: dict[Grant, Standing] = {}
    for it in standing:
        if it.since <= today:
            begun.setdefault(it.grant, it)
    staying: set[int] = set()
    for member in matched.members:
        wanted = _grants(member, today)
        if (member.known is None and wanted) or member.linked or member.amended:
            diff.members.append(member)
        for rank, grant in enumerate(wanted):
            before = begun.get(grant) if member.known else None
            if before is None:
                diff.given.append(Given(member, grant, rank))
                continue
            staying.add(before.id)
            if (before.rank, before.until) != (rank, member.row.until):
                diff.kept.append(Kept(before, rank, member.row.until))
    diff.ended = [it for it in standing if it.id not in staying]
    _leaving(tx, standing, staying, diff)


def _leaving(tx: Reader, standing: list[Standing], staying: set[int], diff: RosterDiff) -> None:
    known = {person.id: person for person in people.listed(tx)}
    diff.names |= {people.subject(person.id): person.name for person in known.values()}
    left = {it.grant.person_id for it in standing if it.id in staying}
    left |= {given.grant.person_id for given in diff.given}
    diff.leaving = [
        known[one] for one in dict.fromkeys(it.grant.person_id for it in diff.ended) if one not in left
    ]


def _grants(member: Member, today: str) -> list[Grant]:
    """What the person may do, in the order of their places; nothing after their last day."""
    person, person_id = member.row, member.known.id if member.known else 0
    if is_over(person, today):
        return []
    return [Grant(person_id, str(person.role), person.unit_id, place) for place in _told_places(person)]


def _told_places(person: Person) -> list[str | None]:
    """A coordinator's places are those of the unit, whichever they are on the day."""
    return [*dict.fromkeys(person.places)] if person.role is Role.REPORTER and person.places else [None]


def _hint(diff: RosterDiff) -> None:
    """A name changed without an id looks like an end and a beginning, and the answers stay with the old one."""
    new_units = [unit for unit in diff.units if unit.id not in diff.unit_was]
    for unit in diff.ended_units:
        heirs = {
            place.unit_id
            for place in diff.places
            if (before := diff.place_was.get(place.id)) is not None and before.unit_id == unit.id
        }
        for new in new_units:
            if new.id in heirs:
                diff.hints.append(_only_renamed("unit", unit, new))
    for unit_id in diff.unit_was:
        gone = [it for it in diff.ended_places if it.unit_id == unit_id != it.id]
        come = [it for it in diff.places if it.unit_id == unit_id and it.id not in diff.place_was]
        if len(gone) == len(come) == 1:
            diff.hints.append(_only_renamed("place", gone[0], come[0]))


def _only_renamed(kind: str, old: Unit | Place, new: Unit | Place) -> str:
    return (
        f'{kind} {old.name} ends and {new.name} is new. If it was only renamed, write id = "{old.id}" and '
        f'name = "{new.name}" in the file: its answers stay with it then'
    )


def make_true(record: Record, diff: RosterDiff, today: str) -> None:
    """Write the diff under one action. What ends goes first: it makes room for names."""
    assert not diff.unclear, "shown to the operator instead"
    for standing in diff.ended:
        grants.end(record, standing.id, today)
    for place in diff.ended_places:
        places.end(record, "place", place.id, today)
    for unit in diff.ended_units:
        places.end(record, "unit", unit.id, today)
    for unit in diff.units:
        places.put_unit(record, unit, diff.ranks[Subject("unit", unit.id)], today)
    for place in diff.places:
        places.put_place(record, place, diff.ranks[Subject("place", place.id)], today)
    for moved in diff.moved:
        places.move(record, moved.subject, moved.before, moved.rank)
    ids = {member: _put(record, member, today) for member in diff.members}
    for given in diff.given:
        grant = given.grant
        person_id = grant.person_id or ids[given.member]
        whole = Grant(person_id, grant.role, grant.unit_id, grant.place_id)
        grants.give(record, whole, given.rank, today, given.member.row.until)
    for kept in diff.kept:
        grants.change(record, kept.before, kept.rank, kept.until)


def _put(record: Record, member: Member, today: str) -> int:
    row, known = member.row, member.known
    if known is None:
        given = {"name": row.name, "language": row.language, "phone": row.phone}
        return people.add(record, given, row.user_id, today)
    if member.amended:
        people.amend(record, known, row.name, member.phone)
    if member.linked:
        people.use_id(record, known.id, row.user_id, today)
    return known.id
