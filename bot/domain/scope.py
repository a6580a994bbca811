"""What part of the county a ledger is about: some places, one unit, one section, or only what is open or overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.campaign import Campaign


class PlaceSeen(Protocol):
    """As much of a place as a scope looks at; the rows of storage have it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """The words a scope's name needs besides the names of places, in one language."""

    open: str
    overdue: str
    several: str  # with the gaps {first} and {n}
    together: str  # what stands between the parts of the name


def scope_words(texts: Mapping[str, str]) -> ScopeWords:
    """`texts` of one language."""
    return ScopeWords(
        open=texts["scope_open"],
        overdue=texts["scope_overdue"],
        several=texts["scope_several"],
        together=texts["scope_together"],
    )


# For who does not say in which language; a test holds it equal to the texts.
USUAL_WORDS = ScopeWords("未销号", "逾期", "{first}等{n}处", "")


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

    def label(self, campaign: Campaign, places: Sequence[PlaceSeen], words: ScopeWords = USUAL_WORDS) -> str:
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
            name = words.several.format(first=chosen[0].name, n=len(chosen))
        parts = [name]
        if self.section:
            parts.append(campaign.section[self.section].name)
        if self.state:
            parts.append(words.overdue if self.state == "overdue" else words.open)
        return words.together.join(parts)

    def holds(self, place: PlaceSeen) -> bool:
        return (not self.places or place.id in self.places) and (not self.unit or place.unit_id == self.unit)


def load_scope(fields: Mapping[str, str]) -> Scope:
    """What `Scope.dump` wrote."""
    places = tuple(place for place in fields.get("places", "").split("\n") if place)
    return Scope(places, fields.get("unit", ""), fields.get("section", ""), fields.get("state", ""))
