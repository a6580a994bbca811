"""What importing a roster would change, as values, and the lines in which the operator is shown it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.domain.roster import Person
from storage.grants import Grant, Standing
from storage.history import Subject
from storage.people import Listed
from storage.places import Place, Unit


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit or place of which only the order changes."""

    subject: Subject
    before: int
    rank: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the file, and who that is in the database; None: nobody yet."""

    row: Person
    known: Listed | None

    @property
    def linked(self) -> bool:
        """Whether a Matrix id comes to somebody who had none."""
        return self.known is not None and not self.known.user_id and bool(self.row.user_id)

    @property
    def phone(self) -> str:
        """A file without a number says nothing about it."""
        return self.row.phone or (self.known.phone if self.known else "")

    @property
    def amended(self) -> bool:
        return self.known is not None and (self.known.name, self.known.phone) != (self.row.name, self.phone)


@dataclass(frozen=True, slots=True)
class Given:
    """A grant somebody gets. Of a new person its person id is 0."""

    member: Member
    grant: Grant
    rank: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant that stays, elsewhere in the person's order or with another end."""

    before: Standing
    rank: int
    until: str | None


@dataclass(slots=True)
class RosterDiff:
    """What importing a roster would change. Everything is in the order of the file."""

    units: list[Unit] = field(default_factory=list)  # new, renamed, or valid again
    places: list[Place] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    ended_units: list[Unit] = field(default_factory=list)
    ended_places: list[Place] = field(default_factory=list)
    members: list[Member] = field(
        default_factory=list
    )  # new, renamed, with another number, with a Matrix id now
    given: list[Given] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    ended: list[Standing] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)  # what has to be mended in the file first
    # What is not a change, but needed to make it true or to tell it:
    ranks: dict[Subject, int] = field(default_factory=dict)
    unit_was: Mapping[str, Unit] = field(default_factory=dict)
    place_was: Mapping[str, Place] = field(default_factory=dict)
    names: dict[Subject, str] = field(
        default_factory=dict
    )  # of units, places and people there are or will be
    leaving: list[Listed] = field(default_factory=list)  # those all of whose grants end
    hints: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        of_places = self.units or self.places or self.moved or self.ended_units or self.ended_places
        of_people = self.members or self.given or self.kept or self.ended
        return bool(of_places or of_people or self.unclear)

    def lines(self) -> Iterator[str]:
        """The diff for the operator's eyes, a line each: + comes, ~ changes, - ends, ! a hint."""
        yield from self._of_places()
        for member in self.members:
            yield from _of_member(member)
        for given in self.given:
            end = f", {_last_day(given.member.row.until)}" if given.member.row.until else ""
            yield f"+ grant {given.member.row.name} {self._worded(given.grant)}{end}"
        for kept in self.kept:
            if kept.until != kept.before.until:
                end = _last_day(kept.until) if kept.until else "no last day any more"
                yield f"~ grant {self._who(kept.before)} {self._worded(kept.before.grant)}, {end}"
        reordered = {self._who(kept.before): None for kept in self.kept if kept.rank != kept.before.rank}
        for name in reordered:
            yield f"~ order of the places of {name}"
        gone = {person.id for person in self.leaving}
        for person in self.leaving:
            yield f"- person {person.name} {person.user_id}".rstrip()
        for ended in self.ended:
            if ended.grant.person_id not in gone:
                yield f"- grant {self._who(ended)} {self._worded(ended.grant)}"
        for place in self.ended_places:
            if place.id != place.unit_id:
                yield f"- place {place.name} ({place.unit})"
        for unit in self.ended_units:
            yield f"- unit {unit.name}"
        yield from (f"! {hint}" for hint in self.hints)

    def _of_places(self) -> Iterator[str]:
        for unit in self.units:
            was = self.unit_was.get(unit.id)
            yield f"~ unit {_unit(was)} -> {_unit(unit)}" if was else f"+ unit {_unit(unit)}"
        for place in self.places:
            if place.id == place.unit_id:  # a unit is a place itself: told above
                continue
            before = self.place_was.get(place.id)
            yield f"~ place {_place(before)} -> {_place(place)}" if before else f"+ place {_place(place)}"
        for kind in ("unit", "place"):
            if count := sum(moved.subject.kind == kind for moved in self.moved):
                yield f"~ order of {kind}s ({count} stand elsewhere)"

    def _who(self, standing: Standing) -> str:
        return self.names[Subject("person", str(standing.grant.person_id))]

    def _worded(self, grant: Grant) -> str:
        where = [Subject("unit", grant.unit_id or ""), Subject("place", grant.place_id or "")]
        return " ".join([grant.role, *(self.names.get(one, one.id) for one in where if one.id)])


def _of_member(member: Member) -> Iterator[str]:
    row, known = member.row, member.known
    if known is None:
        yield f"+ person {row.name} {row.user_id or '(no Matrix id)'}"
        return
    if known.name != row.name:
        yield f"~ person {known.name} -> {row.name} {known.user_id}".rstrip()
    if known.phone != member.phone:
        yield f"~ person {row.name}: another telephone number"
    if member.linked:
        yield f"~ person {row.name}: has the Matrix id {row.user_id}"


def _last_day(until: str) -> str:
    return f"last day {date.fromisoformat(until) - timedelta(1)}"


def _unit(unit: Unit) -> str:
    return f"{unit.name} ({unit.kind})"


def _place(place: Place) -> str:
    return f"{place.name} ({place.kind}, {place.unit})"
