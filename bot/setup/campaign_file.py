"""Reads `checklist.json` into a Campaign, telling the operator every mistake in it at once, each with its place.

Rule: whatever JSON is given, the result is a whole Campaign or FileErrors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.domain.campaign import Area, Campaign, Horizon, Item, Phase, PlaceKind, Section
from bot.setup.campaign_shape import ChecklistFile, ItemRow
from bot.setup.errors import ErrorList
from bot.setup.fields import parse_json, read_file
from bot.setup.shape import Table, read_table, shown


def load_campaign(path: Path) -> Campaign:
    """Read and check the file; FileErrors with every mistake in it."""
    return parse_campaign(read_file(path), path.name)


def parse_campaign(text: str, name: str = "checklist.json") -> Campaign:
    """Check the file's text; FileErrors with every mistake in it. `name` begins each line."""
    complaints = ErrorList(name)
    file = read_table(ChecklistFile, parse_json(text, name), complaints)
    _check_days(file, complaints)
    _check_phases(file, complaints)
    _check_sections(file, complaints)
    _check_items(file, complaints)
    complaints.close()
    return _campaign(file, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12])


def _campaign(file: ChecklistFile, version: str) -> Campaign:
    plain = {name: getattr(file, name) for name in ChecklistFile.model_fields}
    plain |= {
        "phases": tuple(Phase(row.id, row.name, row.starts, row.ends) for row in file.phases),
        "horizons": tuple(
            Horizon(row.id, row.name, row.due, tuple(map(str.lower, row.aliases))) for row in file.horizons
        ),
        "areas": tuple(Area(row.id, row.no, row.name) for row in file.areas),
        "sections": tuple(Section(row.id, row.no, row.name, row.area, row.aliases) for row in file.sections),
        "items": tuple(_item(row) for row in file.items),
    }
    return Campaign(version=version, **plain)


def _item(row: ItemRow) -> Item:
    return Item(
        id=row.id,
        no=row.no,
        section_id=row.section,
        text=row.text,
        units=row.units,
        lead=row.lead,
        asked_of=frozenset(row.asked_of),
        figures=row.figures,
        hints=row.hints,
        words=row.words,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The tables under one key, compared with each other. Neutral values are passed over."""

    key: str
    rows: Sequence[Table]
    complaints: ErrorList

    def complain(self, at: int, field: str, what: str) -> None:
        self.complaints.add(f"{self.key}[{at}].{field}", what)

    def values(self, field: str) -> list[str]:
        return [str(getattr(row, field) or "") for row in self.rows]

    def unique(self, *fields: str) -> None:
        for field in fields:
            first: dict[str, int] = {}
            for at, value in enumerate(self.values(field)):
                if value and first.setdefault(value, at) != at:
                    there = f"{self.key}[{first[value]}]"
                    self.complain(at, field, f"{shown(value)} is already that of {there}; each needs its own")

    def known(self, field: str, known: Sequence[str]) -> None:
        """The values are among the `known`, and what belongs together stands together in their order: the printed
        ledger merges cells."""
        known = [value for value in known if value]
        if not known:
            return  # already complained of
        latest = 0
        for at, value in enumerate(self.values(field)):
            if value and value not in known:
                self.complain(at, field, f"{shown(value)} is not known; write one of: {', '.join(known)}")
            elif value and known.index(value) < latest:
                order = f"{shown(value)} stands after {shown(known[latest])}"
                self.complain(at, field, f"{order}; keep each {field} together, in order")
            elif value:
                latest = known.index(value)

    def numbered(self) -> None:
        """Printed numbers run 1, 2, 3 … in the order of the file, without gap or repeat."""
        numbers = [int(no or 0) for no in self.values("no")]
        if 0 in numbers:
            return  # already complained of: what is missing cannot be told
        self.unique("no")
        if missing := _runs(sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))):
            self.complaints.add(
                self.key, f"no entry has the number {missing}; printed numbers run from 1 without a gap"
            )
        elif any(earlier > later for earlier, later in pairwise(numbers)):
            self.complaints.add(self.key, "are not in the order of their numbers; sort them")


def _check_days(file: ChecklistFile, complaints: ErrorList) -> None:
    if file.starts and file.ends and file.ends < file.starts:
        complaints.add("ends", f"{file.ends} is before the start {file.starts}")
    if file.township_group and file.township_group == file.member_group:
        complaints.add("member_group", "is the same as township_group; they are two printed names")
    horizons = _Rows("horizons", file.horizons, complaints)
    horizons.unique("id", "name")
    for at, row in enumerate(file.horizons):
        if row.due and file.starts and row.due < file.starts:
            horizons.complain(at, "due", f"{row.due} is before the campaign's start {file.starts}")


def _check_phases(file: ChecklistFile, complaints: ErrorList) -> None:
    phases = _Rows("phases", file.phases, complaints)
    phases.unique("id")
    above = None  # the end of the latest phase that has one
    for at, row in enumerate(file.phases):
        if row.starts and row.ends and row.starts > row.ends:
            phases.complain(at, "ends", f"{row.ends} is before the phase's start {row.starts}")
        if row.ends and file.ends and row.ends > file.ends:
            phases.complain(at, "ends", f"{row.ends} is after the campaign's end {file.ends}")
        if at and row.starts is None:
            phases.complain(at, "starts", "only the first phase may begin at null; write a day")
        elif row.starts and above and row.starts < above:
            phases.complain(
                at,
                "starts",
                f"{row.starts} is before {above}, the end of the phase above; phases stand in order "
                "and share one day at most",
            )
        above = row.ends or above


def _check_sections(file: ChecklistFile, complaints: ErrorList) -> None:
    areas, sections = _Rows("areas", file.areas, complaints), _Rows("sections", file.sections, complaints)
    areas.unique("id", "name")
    areas.numbered()
    sections.unique("id")
    sections.numbered()
    sections.known("area", areas.values("id"))
    said: dict[str, int] = {}
    for at, row in enumerate(file.sections):
        for name in dict.fromkeys((row.name, *row.aliases)):
            if name and said.setdefault(name, at) != at:
                there = f"sections[{said[name]}]"
                sections.complain(
                    at, "aliases", f"{shown(name)} already names {there}; a name says one section"
                )


def _check_items(file: ChecklistFile, complaints: ErrorList) -> None:
    items = _Rows("items", file.items, complaints)
    items.unique("id", "text")
    items.numbered()
    items.known("section", [section.id for section in file.sections])
    for at, row in enumerate(file.items):
        units = [unit for unit in row.units if unit]
        if row.lead and units and row.lead not in units:
            others = ", ".join(units)
            items.complain(
                at, "lead", f"{shown(row.lead)} is not among the item's units; write one of: {others}"
            )
        if PlaceKind.DEPARTMENT in row.asked_of and units and set(units) <= {file.township_group}:
            items.complain(
                at, "asked_of", "has department, but the item's units name none; add the unit or remove it"
            )


def _runs(numbers: Sequence[int]) -> str:
    """5, 7–9: so that one mistyped number does not fill the screen."""
    runs: list[list[int]] = []
    for no in numbers:
        if runs and no == runs[-1][-1] + 1:
            runs[-1][1:] = [no]
        else:
            runs.append([no])
    return ", ".join("–".join(map(str, run)) for run in runs)
