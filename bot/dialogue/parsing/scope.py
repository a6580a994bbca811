"""What was said after 台账 becomes a scope: 台账 颍桥示范一村 · 台账 教育帮扶 · ledger overdue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.campaign import Campaign
from bot.domain.scope import PlaceSeen, Scope

# Both languages at once: who asks in one may have learnt the word in the other.
OPEN = ("未整改", "整改中", "未销号", "未清零", "open", "unclosed", "unfinished")
OVERDUE = ("逾期", "超期", "overdue", "late")
EVERYTHING = ("全部", "全县", "所有", "all", "everything")

_BETWEEN = re.compile(r"[\s，、,]+")  # 颍桥回族镇，逾期


def parse_scope(words: str, base: Scope, campaign: Campaign, places: Sequence[PlaceSeen]) -> Scope | None:
    """Narrow `base` by what was said after 台账; `places` are those the person may see. None: not understood."""
    scope = base
    for word in filter(None, _BETWEEN.split(words)):
        narrowed = _narrow(word, scope, campaign, places)
        if narrowed is None:
            return None
        scope = narrowed
    return scope


def _narrow(word: str, scope: Scope, campaign: Campaign, places: Sequence[PlaceSeen]) -> Scope | None:
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
