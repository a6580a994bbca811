"""Reads `roster.toml` into a Roster, telling the operator every mistake in it at once, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from bot.domain.campaign import Campaign, PlaceKind
from bot.domain.roster import LANGUAGES, Person, Place, Role, Roster, Unit
from bot.setup.errors import ErrorList
from bot.setup.fields import Fields, fault_in_text, is_user_id, parse_toml, read_file, shown

_LOCALPART = re.compile(r"[a-z0-9._=/+-]+")
_UNIT_KINDS = (PlaceKind.TOWNSHIP.value, PlaceKind.DEPARTMENT.value)


def load_roster(path: Path, campaign: Campaign | None, server: str, language: str = LANGUAGES[0]) -> Roster:
    """Read and check the file; FileProblems with every mistake in it."""
    return parse_roster(read_file(path), campaign, server, path.name, language)


def parse_roster(
    text: str, campaign: Campaign | None, server: str, name: str = "roster.toml", language: str = LANGUAGES[0]
) -> Roster:
    """Check the file's text; FileProblems with every mistake in it.

    `server` completes ids written without one; `language` is for people who have none of their own.
    """
    complaints = ErrorList(name)
    top = Fields(parse_toml(text, name), "", complaints)
    units: list[Unit] = []
    places: list[Place] = []
    first: dict[str, str] = {}  # id of a unit or place -> where it stands
    for row in top.rows("unit", required=True):
        unit = _unit(row, campaign)
        _claim(row, "id" if row.has("id") else "name", unit.id, first)
        if unit.name and any(other.name == unit.name and other.id != unit.id for other in units):
            row.complain("name", f"{shown(unit.name)} is there twice; two units differ in name")
        units.append(unit)
        places += [Place(unit.id, unit.name, unit.kind, unit.id), *_villages(row, unit, first)]
        row.close()
    known = Roster(tuple(units), tuple(places), ())
    people: dict[str, Person] = {}  # by Matrix id, or by name where the file has none
    for row in top.rows("person"):
        person = _person(row, known, server, language)
        key = person.user_id or person.name
        if key in people and person.user_id:
            row.complain("user", f"{key} is already {people[key].name}; one entry a person")
        elif key in people and not row.has("user"):
            row.complain("name", f"{shown(key)} is there twice without a Matrix id; write their ids in user")
        elif key:
            people[key] = person
    top.close()
    complaints.close()
    return Roster(known.units, known.places, tuple(people.values()))


def _unit(row: Fields, campaign: Campaign | None) -> Unit:
    name, kind = row.text("name"), row.choice("kind", _UNIT_KINDS)
    if campaign is None:  # its own mistakes are told elsewhere
        pass
    elif name in {campaign.township_group, campaign.member_group}:
        row.complain("name", f"{name} is printed for many units at once; write the single ones")
    elif kind == PlaceKind.TOWNSHIP and any(name in item.units for item in campaign.items):
        row.complain("kind", f"{name} is a department in the checklist; write department")
    return Unit(row.text("id", name), name, PlaceKind(kind) if kind else PlaceKind.TOWNSHIP)


def _villages(row: Fields, unit: Unit, first: dict[str, str]) -> list[Place]:
    """A village is a name, or `{ id = "…", name = "…" }` where two villages of the county share a name."""
    found: list[Place] = []
    values = row.items("villages")
    if values and unit.kind is PlaceKind.DEPARTMENT:
        row.complain("villages", "only a township has villages; move them there")
    for index, value in enumerate(values):
        here = f"villages[{index}]"
        if isinstance(value, str):
            slug = name = value
            if fault := fault_in_text(value):
                row.complain(here, fault)
                continue
        else:
            table = Fields(value, row.place(here), row.complaints)
            name = table.text("name")
            slug = table.text("id", name)
            table.close()
        if any(name == place.name for place in found) and name:
            row.complain(
                here, f"{shown(name)} is in this township twice; villages of one township differ in name"
            )
        else:
            _claim(row, here, slug, first)
        found.append(Place(slug, name, PlaceKind.VILLAGE, unit.id))
    return found


def _claim(row: Fields, key: str, slug: str, first: dict[str, str]) -> None:
    if slug in first:
        row.complain(key, f"{shown(slug)} is already the id of {first[slug]}; give this one an id of its own")
    elif slug:
        first[slug] = row.place(key)


def _person(row: Fields, known: Roster, server: str, language: str) -> Person:
    user_id, name = _user_id(row, server), row.text("name")
    role = row.choice("role", list(Role))
    spoken = row.choice("language", LANGUAGES, language)
    unit = _named_unit(row, known.units)
    places = tuple(
        place for index, said in enumerate(row.texts("places")) for place in _named(row, index, said, known)
    )
    phone, last_day = row.text("phone", ""), row.day("last_day") if row.has("last_day") else None
    row.close()
    if role == Role.REPORTER:
        if not row.has("places") or not row.items("places"):
            row.complain("places", "is missing; a reporter answers for at least one village or unit")
        unit = unit or _common_unit(row, places)
    elif role and row.has("places"):
        row.complain("places", f"only a reporter has places; remove it from this {role}")
    if role == Role.COORDINATOR and not row.has("unit"):
        row.complain("unit", "is missing; a coordinator answers for one unit")
    if role == Role.COORDINATOR and unit:
        places = tuple(place for place in known.places if place.unit_id == unit)
    return Person(
        user_id=user_id,
        name=name,
        role=Role(role) if role else Role.OBSERVER,
        unit_id=unit,
        places=tuple(place.id for place in places),
        language=spoken,
        phone=phone,
        until=(last_day + timedelta(1)).isoformat() if last_day else None,
    )


def _user_id(row: Fields, server: str) -> str:
    said = row.text("user", "")
    if not said:  # nobody's phone: they are reported for, or will be invited
        return ""
    local = said.removeprefix("@")
    full = said if ":" in said else f"@{local}:{server}"
    if is_user_id(full) and (":" in said or _LOCALPART.fullmatch(local)):
        return full
    row.complain("user", f"{shown(said)} is no Matrix id; write zhangsan or @zhangsan:example.org")
    return ""


def _named_unit(row: Fields, units: Sequence[Unit]) -> str | None:
    said = row.text("unit", "")
    for unit in units:
        if said in {unit.id, unit.name} and said:
            return unit.id
    if said:
        row.complain("unit", f"{shown(said)} is not a unit of this file; write its name or id")
    return None


def _named(row: Fields, index: int, said: str, known: Roster) -> Sequence[Place]:
    """The place of this id, or the only one of this name."""
    if said in known.place:
        return [known.place[said]]
    named = [place for place in known.places if place.name == said]
    if not named:
        row.complain(f"places[{index}]", f"{shown(said)} is not a place of this file; write its name or id")
    elif len(named) > 1:
        ids = ", ".join(place.id for place in named)
        row.complain(
            f"places[{index}]", f"{shown(said)} is the name of several places; write one of the ids {ids}"
        )
        return []
    return named


def _common_unit(row: Fields, places: Iterable[Place]) -> str | None:
    units = {place.unit_id for place in places}
    if len(units) > 1 and not row.has("unit"):
        row.complain(
            "unit", "is missing; the places belong to several units, so say which one this person is of"
        )
    return units.pop() if len(units) == 1 else None
