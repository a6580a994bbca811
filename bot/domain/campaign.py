"""The campaign as data: frozen values that `bot/setup/campaign_file.py` reads from `checklist.json`.

Rule: nothing about this year's campaign stands in code. Another campaign is another file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo


class PlaceKind(StrEnum):
    """What is inspected."""

    VILLAGE = "village"
    TOWNSHIP = "township"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Area:
    """类别: one of the three parts of the list."""

    id: str
    no: int
    name: str


@dataclass(frozen=True, slots=True)
class Section:
    """分项. `aliases` are short names people say (饮水, 教育)."""

    id: str
    no: int
    name: str
    area_id: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """排查项目: its printed number and its exact text."""

    id: str  # stable: an inserted item changes numbers, never ids
    no: int
    section_id: str
    text: str
    units: tuple[str, ...]  # 责任单位 as printed
    lead: str  # the unit named first
    asked_of: frozenset[PlaceKind]
    figures: tuple[str, ...] = ()  # amounts, limits and document numbers of the item
    hints: tuple[str, ...] = ()  # check points that stand only in the notice's body
    words: tuple[str, ...] = ()  # extra words that find it in a search


@dataclass(frozen=True, slots=True)
class Phase:
    """阶段. Both days belong to it; None means since ever."""

    id: str
    name: str
    starts: date | None
    ends: date


@dataclass(frozen=True, slots=True)
class Horizon:
    """整改时限档. `due` None: no end, dated stages instead."""

    id: str
    name: str
    due: date | None
    aliases: tuple[str, ...] = ()  # what people say instead of the name, in lower case


@dataclass(frozen=True)
class Campaign:
    """Everything a campaign is. Look items up by id; people say numbers."""

    version: str  # first 12 hex digits of the file's SHA-256: kept with every answer
    title: str
    short_title: str
    ledger_title: str
    document: str
    upper_document: str
    county: str
    office: str
    phone: str
    email: str
    timezone: ZoneInfo
    starts: date
    ends: date
    phases: tuple[Phase, ...]
    horizons: tuple[Horizon, ...]
    areas: tuple[Area, ...]
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    township_group: str  # 各乡镇（街道）党委政府: the printed name that stands for every township
    member_group: str  # 县巩固拓展脱贫攻坚成果成员单位: the printed name that stands for every department
    sources: tuple[str, ...] = field(default=())  # where a finding can come from; the first is the default
    id: str = "campaign"  # what tells this campaign from others, in every version of its file

    @cached_property
    def item(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def by_no(self) -> dict[int, Item]:
        return {item.no: item for item in self.items}

    @cached_property
    def section(self) -> dict[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def area(self) -> dict[str, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def horizon(self) -> dict[str, Horizon]:
        return {horizon.id: horizon for horizon in self.horizons}

    def items_of(self, kind: PlaceKind, unit: str) -> tuple[Item, ...]:
        """The items a place is asked, in printed order. A department gets those that name it or all members."""
        asked = self._asked_of[kind]
        if kind is not PlaceKind.DEPARTMENT:
            return asked
        return tuple(item for item in asked if unit in item.units or self.member_group in item.units)

    @cached_property
    def _asked_of(self) -> dict[PlaceKind, tuple[Item, ...]]:
        return {kind: tuple(item for item in self.items if kind in item.asked_of) for kind in PlaceKind}

    def today(self, now: datetime) -> date:
        """The day it is in the county at this moment (aware)."""
        return now.astimezone(self.timezone).date()

    def phases_on(self, day: date) -> tuple[Phase, ...]:
        """The phases a day belongs to: two on a day that ends one and begins the next."""
        return tuple(p for p in self.phases if (p.starts is None or p.starts <= day) and day <= p.ends)
