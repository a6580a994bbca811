"""Reads `roster.toml` into a Roster, telling the operator every mistake in it at once, each with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.domain.campaign import Campaign, PlaceKind
from bot.domain.roster import LANGUAGES, Person, Place, Role, Roster, Unit
from bot.setup.errors import ErrorList
from bot.setup.fields import parse_toml, read_file
from bot.setup.kinds import is_user_id
from bot.setup.roster_shape import PersonRow, RosterFile, UnitRow
from bot.setup.shape import read_table, shown

_LOCALPART = re.compile(r"[a-z0-9._=/+-]+")  # zhangsan


def load_roster(path: Path, campaign: Campaign | None, server: str, language: str = LANGUAGES[0]) -> Roster:
    """Read and check the file; FileErrors with every mistake in it."""
    return parse_roster(read_file(path), campaign, server, path.name, language)


def parse_roster(
    text: str, campaign: Campaign | None, server: str, name: str = "roster.toml", language: str = LANGUAGES[0]
) -> Roster:
    """Check the file's text; FileErrors with every mistake in it.

    `server` completes ids written without one; `language` is for people who have none of their own.
    """
    complaints = ErrorList(name)
    file = read_table(RosterFile, parse_toml(text, name), complaints)
    known = _Known(complaints)
    for at, unit in enumerate(file.unit):
        known.take_unit(f"unit[{at}]", unit, campaign)
    people: dict[str, Person] = {}  # by Matrix id, or by name where the file has none
    for at, row in enumerate(file.person):
        where = f"person[{at}]"
        user_id = _user_id(where, row, server, complaints)
        person = _Reader(where, row, known).person(user_id, row.language if row.has("language") else language)
        key = user_id or person.name
        if key in people and user_id:
            complaints.add(f"{where}.user", f"{key} is already {people[key].name}; one entry a person")
        elif key in people and not row.has("user"):
            complaints.add(
                f"{where}.name", f"{shown(key)} is there twice without a Matrix id; write their ids in user"
            )
        elif key:
            people[key] = person
    complaints.close()
    return Roster(tuple(known.units), tuple(known.places), tuple(people.values()))


@dataclass(slots=True)
class _Known:
    """The units and places read so far."""

    complaints: ErrorList
    units: list[Unit] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    claimed: dict[str, str] = field(default_factory=dict)  # id of a unit or place -> where it stands

    def take_unit(self, where: str, row: UnitRow, campaign: Campaign | None) -> None:
        if campaign is None:  # its own mistakes are told elsewhere
            pass
        elif row.name in {campaign.township_group, campaign.member_group}:
            self.complaints.add(
                f"{where}.name", f"{row.name} is printed for many units at once; write the single ones"
            )
        elif row.kind == "township" and any(row.name in item.units for item in campaign.items):
            self.complaints.add(
                f"{where}.kind", f"{row.name} is a department in the checklist; write department"
            )
        unit = Unit(row.id or row.name, row.name, PlaceKind(row.kind or "township"))
        self._claim(f"{where}.id" if row.id else f"{where}.name", unit.id)
        if unit.name and any(other.name == unit.name and other.id != unit.id for other in self.units):
            self.complaints.add(
                f"{where}.name", f"{shown(unit.name)} is there twice; two units differ in name"
            )
        self.units.append(unit)
        self.places.append(Place(unit.id, unit.name, unit.kind, unit.id))
        self._take_villages(f"{where}.villages", row, unit)

    def _take_villages(self, where: str, row: UnitRow, unit: Unit) -> None:
        if row.villages and unit.kind is PlaceKind.DEPARTMENT:
            self.complaints.add(where, "only a township has villages; move them there")
        names: set[str] = set()
        for at, village in enumerate(row.villages):
            here = f"{where}[{at}]"
            if village.name in names:
                self.complaints.add(
                    here,
                    f"{shown(village.name)} is in this township twice; villages of one township differ in name",
                )
            else:
                self._claim(here, village.id or village.name)
            names |= {village.name} - {""}
            self.places.append(Place(village.id or village.name, village.name, PlaceKind.VILLAGE, unit.id))

    def _claim(self, where: str, slug: str) -> None:
        if slug in self.claimed:
            self.complaints.add(
                where,
                f"{shown(slug)} is already the id of {self.claimed[slug]}; give this one an id of its own",
            )
        elif slug:
            self.claimed[slug] = where


@dataclass(frozen=True, slots=True)
class _Reader:
    """One entry of a person, read against the units and places that are known."""

    where: str
    row: PersonRow
    known: _Known

    def person(self, user_id: str, language: str) -> Person:
        row = self.row
        unit = self._unit()
        places = [place for at, said in enumerate(row.places) if said for place in self._places(at, said)]
        if row.role == Role.REPORTER:
            if not row.places:
                self._complain("places", "is missing; a reporter answers for at least one village or unit")
            unit = unit or self._common_unit(places)
        elif row.role and row.has("places"):
            self._complain("places", f"only a reporter has places; remove it from this {row.role}")
        if row.role == Role.COORDINATOR and not row.has("unit"):
            self._complain("unit", "is missing; a coordinator answers for one unit")
        if row.role == Role.COORDINATOR and unit:
            places = [place for place in self.known.places if place.unit_id == unit]
        ids = tuple(place.id for place in places)
        return Person(
            user_id=user_id,
            name=row.name,
            role=row.role or Role.OBSERVER,
            unit_id=unit,
            places=ids,
            language=language,
            phone=row.phone,
            until=(row.last_day + timedelta(1)).isoformat() if row.last_day else None,
        )

    def _complain(self, key: str, what: str) -> None:
        self.known.complaints.add(f"{self.where}.{key}", what)

    def _unit(self) -> str | None:
        said = self.row.unit
        for unit in self.known.units:
            if said and said in {unit.id, unit.name}:
                return unit.id
        if said:
            self._complain("unit", f"{shown(said)} is not a unit of this file; write its name or id")
        return None

    def _places(self, at: int, said: str) -> Sequence[Place]:
        """The place of this id, or the only one of this name."""
        found = [place for place in self.known.places if place.id == said]
        found = found[-1:] or [place for place in self.known.places if place.name == said]
        if not found:
            self._complain(
                f"places[{at}]", f"{shown(said)} is not a place of this file; write its name or id"
            )
        elif len(found) > 1:
            ids = ", ".join(place.id for place in found)
            self._complain(
                f"places[{at}]", f"{shown(said)} is the name of several places; write one of the ids {ids}"
            )
            return []
        return found

    def _common_unit(self, places: Sequence[Place]) -> str | None:
        units = {place.unit_id for place in places}
        if len(units) > 1 and not self.row.has("unit"):
            self._complain(
                "unit", "is missing; the places belong to several units, so say which one this person is of"
            )
        return units.pop() if len(units) == 1 else None


def _user_id(where: str, row: PersonRow, server: str, complaints: ErrorList) -> str:
    said = row.user
    local = said.removeprefix("@")
    full = said if ":" in said else f"@{local}:{server}"
    if said and is_user_id(full) and (":" in said or _LOCALPART.fullmatch(local)):
        return full
    if said:
        complaints.add(
            f"{where}.user", f"{shown(said)} is no Matrix id; write zhangsan or @zhangsan:example.org"
        )
    return ""
