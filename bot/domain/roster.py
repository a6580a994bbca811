"""Who takes part: units, the places they inspect, and people with their roles, as frozen values.

Rule: access is decided from here by Matrix id. A unit is itself a place; a coordinator answers for all places of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.domain.campaign import PlaceKind

LANGUAGES = ("zh-CN", "en")  # the first is the default


class Role(StrEnum):
    """What a person may do."""

    REPORTER = "reporter"  # 填报员
    COORDINATOR = "coordinator"  # 联络员
    COUNTY = "county"  # 县办
    OBSERVER = "observer"  # 督导


@dataclass(frozen=True, slots=True)
class Unit:
    """责任单位: a township or a county department."""

    id: str
    name: str
    kind: PlaceKind  # TOWNSHIP or DEPARTMENT


@dataclass(frozen=True, slots=True)
class Place:
    """排查点: a village, a township itself, a department itself (then its id is the unit's)."""

    id: str
    name: str
    kind: PlaceKind
    unit_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """人员. `places` are the ids they answer for; a coordinator's are all places of the unit."""

    user_id: str  # @zhangsan:example.org; "" when the file names none: it says nothing about it then
    name: str
    role: Role
    unit_id: str | None
    places: tuple[str, ...]
    language: str
    phone: str = ""  # "" when the file names none
    until: str | None = None  # ISO day: the first on which they no longer take part


@dataclass(frozen=True)
class Roster:
    """Everybody and everything, in the order of the file."""

    units: tuple[Unit, ...]
    places: tuple[Place, ...]
    people: tuple[Person, ...]

    @cached_property
    def unit(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def place(self) -> dict[str, Place]:
        return {place.id: place for place in self.places}

    @cached_property
    def person(self) -> dict[str, Person]:
        """By full Matrix id."""
        return {person.user_id: person for person in self.people if person.user_id}


def find_people(roster: Roster, who: str) -> tuple[Person, ...]:
    """Those meant by a Matrix id, its local part (`zhangsan`, `@zhangsan`) or a name (`张三`: maybe several)."""
    if who in roster.person:
        return (roster.person[who],)
    local = who.removeprefix("@")
    named = tuple(p for p in roster.people if local and p.user_id[1:].partition(":")[0] == local)
    return named or tuple(p for p in roster.people if p.name == who)
