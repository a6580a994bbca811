"""What part of the county a workbook is about: 台账 颍桥示范一村 · 台账 教育帮扶 · 台账 逾期."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.campaign import Campaign
from storage.places import Place

OPEN = ("未整改", "整改中", "未销号", "未清零", "open")
OVERDUE = ("逾期", "超期", "overdue")
EVERYTHING = ("全部", "全县", "所有", "all")


@dataclass(frozen=True, slots=True)
class Scope:
    """Empty fields mean everything. `state` is open or overdue."""

    places: tuple[str, ...] = ()  # place ids
    unit: str = ""  # unit id
    section: str = ""  # section id
    state: str = ""

    def dump(self) -> dict[str, str]:
        return {
            "places": "\n".join(self.places),
            "unit": self.unit,
            "section": self.section,
            "state": self.state,
        }

    def label(self, campaign: Campaign, places: Sequence[Place]) -> str:
        """A short name of the scope: of one place, of a unit, or of the county."""
        chosen = [place for place in places if self.holds(place)]
        units = {place.unit for place in chosen}
        if len(chosen) == 1:
            name = chosen[0].name
        elif len(units) == 1:
            name = chosen[0].unit
        else:
            name = campaign.county
        if self.places and len(chosen) > 1:
            name = f"{chosen[0].name}等{len(chosen)}处"
        parts = [name]
        if self.section:
            parts.append(campaign.section[self.section].name)
        if self.state:
            parts.append("逾期" if self.state == "overdue" else "未销号")
        return "".join(parts)

    def holds(self, place: Place) -> bool:
        return (not self.places or place.id in self.places) and (not self.unit or place.unit_id == self.unit)


def load_scope(fields: Mapping[str, str]) -> Scope:
    places = tuple(place for place in fields.get("places", "").split("\n") if place)
    return Scope(places, fields.get("unit", ""), fields.get("section", ""), fields.get("state", ""))


def parse_scope(words: str, base: Scope, campaign: Campaign, places: Sequence[Place]) -> Scope | None:
    """Narrow `base` by what was said after 台账; `places` are those the person may see. None: not understood."""
    scope = base
    for word in words.replace("，", " ").replace("、", " ").replace(",", " ").split():
        narrowed = _narrow(word, scope, campaign, places)
        if narrowed is None:
            return None
        scope = narrowed
    return scope


def _narrow(word: str, scope: Scope, campaign: Campaign, places: Sequence[Place]) -> Scope | None:
    lower = word.lower()
    if lower in EVERYTHING:
        return scope
    if lower in OPEN:
        return replace(scope, state="open")
    if lower in OVERDUE:
        return replace(scope, state="overdue")
    unit = next((place.unit_id for place in places if place.unit == word), None)
    if unit is not None:
        return replace(scope, unit=unit)
    named = [place.id for place in places if place.name == word] or [
        place.id for place in places if word in place.name
    ]
    if named:
        return replace(scope, places=tuple(named))
    unit = next((place.unit_id for place in places if word in place.unit), None)
    if unit is not None:
        return replace(scope, unit=unit)
    for section in campaign.sections:
        if word in (section.name, *section.aliases):
            return replace(scope, section=section.id)
    return None
