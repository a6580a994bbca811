"""The sentences of a digest: figures, each followed by its change since the one before. Units only, never persons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.domain.campaign import Campaign
from bot.domain.figures import Figures

SAMPLES = 3  # units named in a list


def lines_of(campaign: Campaign, f: Figures, before: Mapping[str, int] | None, now: datetime) -> list[Line]:
    """The sentences; a figure is followed by its change since the last digest."""
    local = now.astimezone(campaign.timezone)
    phases = tuple(phase.name for phase in campaign.phases_on(local.date()))

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
        named = tuple(f.quiet[:SAMPLES])
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
