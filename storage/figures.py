"""Counts what the figures of a digest are made of, in two passes over sums and one over the findings."""

from __future__ import annotations

from datetime import date

from bot.domain.campaign import Campaign, PlaceKind
from bot.domain.figures import Figures
from bot.domain.lifecycle import CLOSED, DRAFT, MAY_BE_OVERDUE, OPEN, RETURNED
from storage import checks, findings, places
from storage.db import Reader


def county(tx: Reader, campaign: Campaign, today: date) -> Figures:
    """How the whole county stands on this day."""
    counts = checks.counts(tx)
    expected: dict[tuple[str, str], int] = {}
    cells = answered = begun = done = 0
    active: dict[str, bool] = {}
    every = places.every(tx)
    for place in every:
        kind = (place.kind, place.unit if place.kind == "department" else "")
        if kind not in expected:
            expected[kind] = len(campaign.items_of(PlaceKind(place.kind), place.unit))
        total = expected[kind]
        given = sum(n for answer, n in counts.get(place.id, {}).items() if answer != "later")
        cells, answered = cells + total, answered + given
        begun, done = begun + (given > 0), done + (given >= total)
        active[place.unit] = active.get(place.unit, False) or given > 0
    live = findings.live(tx)
    first = campaign.horizons[0].id
    return Figures(
        places=len(every),
        begun=begun,
        done=done,
        cells=cells,
        answered=answered,
        findings=len(live),
        drafts=sum(f.state == DRAFT for f in live),
        open=sum(f.state in OPEN for f in live),
        closed=sum(f.state == CLOSED for f in live),
        overdue=sum(
            f.state in MAY_BE_OVERDUE and f.due is not None and f.due < today.isoformat() for f in live
        ),
        returned=sum(f.state == RETURNED for f in live),
        recurrences=sum(f.recurrences > 0 for f in live),
        later_horizon=sum(f.horizon not in ("", first) for f in live),
        quiet=tuple(unit for unit, spoke in active.items() if not spoke),
    )
