"""The day's figures for the county room: what was checked and found, against yesterday. Units only, never persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.dialogue.effects import Line, line
from bot.domain.campaign import Campaign, PlaceKind
from storage import checks, findings, people, schedule
from storage.db import Reader

SAMPLES = 3  # units named in a list
PAST_DRAFT = ("rectifying", "submitted", "returned", "reopened")


@dataclass(frozen=True, slots=True)
class Figures:
    """How the county stands. Counts of places, of cells (place x item), and of findings."""

    places: int
    begun: int
    done: int
    cells: int
    answered: int
    findings: int
    drafts: int
    open: int
    closed: int
    overdue: int
    returned: int
    recurrences: int
    later_horizon: int  # findings moved past the first horizon: relabelling is not clearing
    quiet: tuple[str, ...]  # units from which nothing has come yet

    def plain(self) -> dict[str, int]:
        names = (
            "places",
            "begun",
            "done",
            "cells",
            "answered",
            "findings",
            "drafts",
            "open",
            "closed",
            "overdue",
            "returned",
        )
        return {name: getattr(self, name) for name in (*names, "recurrences", "later_horizon")}


def figures(tx: Reader, campaign: Campaign, today: date) -> Figures:
    """Count everything once: two passes over the places' sums and one over the findings."""
    counts = checks.counts(tx)
    expected: dict[tuple[str, str], int] = {}
    cells = answered = begun = done = 0
    active: dict[str, bool] = {}
    places = people.all_places(tx)
    for place in places:
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
        places=len(places),
        begun=begun,
        done=done,
        cells=cells,
        answered=answered,
        findings=len(live),
        drafts=sum(f.state == "draft" for f in live),
        open=sum(f.state in PAST_DRAFT for f in live),
        closed=sum(f.state == "closed" for f in live),
        overdue=sum(f.state in PAST_DRAFT and f.due is not None and f.due < today.isoformat() for f in live),
        returned=sum(f.state == "returned" for f in live),
        recurrences=sum(f.recurrences > 0 for f in live),
        later_horizon=sum(f.horizon not in ("", first) for f in live),
        quiet=tuple(unit for unit, spoke in active.items() if not spoke),
    )


def digest_lines(tx: Reader, campaign: Campaign, now: datetime) -> list[Line]:
    """The digest as it stands at `now`."""
    today = now.astimezone(campaign.timezone).date()
    return lines_of(
        campaign, figures(tx, campaign, today), schedule.figures_before(tx, today.isoformat()), now
    )


def lines_of(campaign: Campaign, f: Figures, before: Mapping[str, int] | None, now: datetime) -> list[Line]:
    """The sentences; a figure is followed by its change since the last digest."""
    local = now.astimezone(campaign.timezone)
    phases = "、".join(phase.name for phase in campaign.phases_on(local.date()))

    def delta(name: str) -> str:
        change = f.plain()[name] - before.get(name, 0) if before else 0
        return f"({change:+d})" if change else ""

    percent = f.answered * 1000 // f.cells / 10 if f.cells else 0.0
    lines = [
        line("digest_head", day=local.date(), time=f"{local:%H:%M}", title=campaign.short_title),
        line("digest_phase", phase=phases) if phases else line("digest_outside"),
        line(
            "digest_places",
            begun=f.begun,
            places=f.places,
            begun_delta=delta("begun"),
            done=f.done,
            done_delta=delta("done"),
        ),
        line(
            "digest_cells",
            answered=f.answered,
            cells=f.cells,
            percent=f"{percent:g}",
            delta=delta("answered"),
        ),
        line("digest_findings", findings=f.findings, delta=delta("findings"), drafts=f.drafts, open=f.open),
        line(
            "digest_closed",
            closed=f.closed,
            closed_delta=delta("closed"),
            overdue=f.overdue,
            returned=f.returned,
        ),
    ]
    if f.later_horizon or f.recurrences:
        lines.append(
            line("digest_quality", later=f.later_horizon, findings=f.findings, recurrences=f.recurrences)
        )
    if f.quiet:
        named = "、".join(f.quiet[:SAMPLES])
        lines.append(
            line(
                "digest_quiet" if len(f.quiet) <= SAMPLES else "digest_quiet_more",
                n=len(f.quiet),
                units=named,
            )
        )
    else:
        lines.append(line("digest_all_begun"))
    return lines
