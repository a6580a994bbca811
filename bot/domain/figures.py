"""The county's figures: what was checked and found. Counts of places, of cells (place x item), and of findings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """How the county stands."""

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
