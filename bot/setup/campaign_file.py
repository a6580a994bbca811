"""Reads `checklist.json` into a Campaign, telling the operator every mistake in it at once, each with its place.

Rule: whatever JSON is given, the result is a whole Campaign or FileProblems.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.campaign import Area, Campaign, Horizon, Item, Phase, PlaceKind, Section
from bot.setup.errors import ErrorList
from bot.setup.fields import Fields, parse_json, read_file, shown

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HIGHEST_NUMBER = 9999  # of an item: people type it, and it stands in a narrow column


def load_campaign(path: Path) -> Campaign:
    """Read and check the file; FileProblems with every mistake in it."""
    return parse_campaign(read_file(path), path.name)


def parse_campaign(text: str, name: str = "checklist.json") -> Campaign:
    """Check the file's text; FileProblems with every mistake in it. `name` begins each line."""
    complaints = ErrorList(name)
    top = Fields(parse_json(text, name), "", complaints)
    township_group, member_group = top.text("township_group"), top.text("member_group")
    if township_group and township_group == member_group:
        top.complain("member_group", "is the same as township_group; they are two printed names")
    starts, ends = _window(top)
    zone = _zone(top)
    phases, horizons = _phases(top, ends), _horizons(top, starts)
    areas = _areas(top)
    sections = _sections(top, areas)
    items = _items(top, sections, township_group)
    texts = {
        key: top.text(key) for key in ("title", "short_title", "ledger_title", "document", "upper_document")
    }
    texts |= {key: top.text(key) for key in ("county", "office", "phone", "email")}
    sources = top.texts("sources", required=True)
    top.close()
    complaints.close()
    if not (starts and ends and zone):
        raise AssertionError("a missing day or zone was not complained of")
    return Campaign(
        version=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        timezone=zone,
        starts=starts,
        ends=ends,
        phases=phases,
        horizons=horizons,
        areas=areas,
        sections=sections,
        items=items,
        township_group=township_group,
        member_group=member_group,
        sources=sources,
        **texts,
    )


def _window(top: Fields) -> tuple[date | None, date | None]:
    starts, ends = top.day("starts"), top.day("ends")
    if starts and ends and ends < starts:
        top.complain("ends", f"{ends} is before the start {starts}")
    return starts, ends


def _zone(top: Fields) -> ZoneInfo | None:
    name = top.text("timezone")
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, a folder of names
        top.complain("timezone", f"{shown(name)} is not known; write a name like Asia/Shanghai")
        return None


def _phases(top: Fields, campaign_ends: date | None) -> tuple[Phase, ...]:
    rows = top.rows("phases", required=True)
    found: list[Phase] = []
    for row in rows:
        slug, name = _slug(row), row.text("name")
        starts, ends = row.day("starts", open_end=True), row.day("ends")
        row.close()
        if ends is None:
            continue
        if starts and starts > ends:
            row.complain("ends", f"{ends} is before the phase's start {starts}")
        if campaign_ends and ends > campaign_ends:
            row.complain("ends", f"{ends} is after the campaign's end {campaign_ends}")
        if row is not rows[0]:
            _follows(row, starts, found)
        found.append(Phase(slug, name, starts, ends))
    _unique(rows, "id", [phase.id for phase in found] if len(found) == len(rows) else [])
    return tuple(found)


def _follows(row: Fields, starts: date | None, earlier: Sequence[Phase]) -> None:
    """A phase may begin on the day the one before it ends, not earlier."""
    if row.has("starts") and row.take("starts") is None:
        row.complain("starts", "only the first phase may begin at null; write a day")
    elif starts and earlier and starts < earlier[-1].ends:
        row.complain(
            "starts",
            f"{starts} is before {earlier[-1].ends}, the end of the phase above; phases stand in order "
            "and share one day at most",
        )


def _horizons(top: Fields, campaign_starts: date | None) -> tuple[Horizon, ...]:
    rows = top.rows("horizons", required=True)
    found = []
    for row in rows:
        found.append(Horizon(_slug(row), row.text("name"), due := row.day("due", open_end=True)))
        row.close()
        if due and campaign_starts and due < campaign_starts:
            row.complain("due", f"{due} is before the campaign's start {campaign_starts}")
    _unique(rows, "id", [horizon.id for horizon in found])
    _unique(rows, "name", [horizon.name for horizon in found])
    return tuple(found)


def _areas(top: Fields) -> tuple[Area, ...]:
    rows = top.rows("areas", required=True)
    found = []
    for row in rows:
        found.append(Area(_slug(row), _number(row), row.text("name")))
        row.close()
    _unique(rows, "id", [area.id for area in found])
    _unique(rows, "name", [area.name for area in found])
    _numbered(top, "areas", rows, [area.no for area in found])
    return tuple(found)


def _sections(top: Fields, areas: Sequence[Area]) -> tuple[Section, ...]:
    rows = top.rows("sections", required=True)
    found = []
    known = [area.id for area in areas if area.id]
    for row in rows:
        slug, no, name = _slug(row), _number(row), row.text("name")
        found.append(Section(slug, no, name, row.choice("area", known), row.texts("aliases")))
        row.close()
    _unique(rows, "id", [section.id for section in found])
    _numbered(top, "sections", rows, [section.no for section in found])
    _together(rows, "area", known, [section.area_id for section in found])
    said: dict[str, str] = {}
    for row, section in zip(rows, found, strict=True):
        for name in {section.name, *section.aliases} - {""}:
            if name in said:
                row.complain("aliases", f"{shown(name)} already names {said[name]}; a name says one section")
            said.setdefault(name, row.where)
    return tuple(found)


def _items(top: Fields, sections: Sequence[Section], township_group: str) -> tuple[Item, ...]:
    rows = top.rows("items", required=True)
    known = [section.id for section in sections if section.id]
    found = [_item(row, known, township_group) for row in rows]
    _unique(rows, "id", [item.id for item in found])
    _unique(rows, "text", [item.text for item in found])
    _numbered(top, "items", rows, [item.no for item in found])
    _together(rows, "section", known, [item.section_id for item in found])
    return tuple(found)


def _item(row: Fields, sections: Sequence[str], township_group: str) -> Item:
    slug, no, text = _slug(row), _number(row), row.text("text")
    units, lead = row.texts("units", required=True), row.text("lead")
    if lead and units and lead not in units:
        row.complain("lead", f"{shown(lead)} is not among the item's units; write one of: {', '.join(units)}")
    asked_of = set()
    for index, kind in enumerate(row.texts("asked_of", required=True)):
        if kind in list(PlaceKind):
            asked_of.add(PlaceKind(kind))
        else:
            row.complain(
                f"asked_of[{index}]", f"{shown(kind)} is not known; write one of: {', '.join(PlaceKind)}"
            )
    if PlaceKind.DEPARTMENT in asked_of and units and set(units) <= {township_group}:
        row.complain("asked_of", "has department, but the item's units name none; add the unit or remove it")
    item = Item(
        id=slug,
        no=no,
        section_id=row.choice("section", sections),
        text=text,
        units=units,
        lead=lead,
        asked_of=frozenset(asked_of),
        figures=row.texts("figures"),
        hints=row.texts("hints"),
        words=row.texts("words"),
    )
    row.close()
    return item


def _slug(row: Fields) -> str:
    slug = row.text("id")
    if slug and not _SLUG.fullmatch(slug):
        row.complain(
            "id", f"{shown(slug)} must be small Latin letters, digits and single hyphens, like water-22"
        )
    return slug


def _number(row: Fields) -> int:
    return row.number("no", 1, _HIGHEST_NUMBER) or 0


def _unique(rows: Sequence[Fields], key: str, values: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for row, value in zip(rows, values, strict=False):
        if value in first:
            row.complain(key, f"{shown(value)} is already that of {first[value]}; each needs its own")
        elif value:
            first[value] = row.where


def _numbered(top: Fields, key: str, rows: Sequence[Fields], numbers: Sequence[int]) -> None:
    """Printed numbers run 1, 2, 3 … in the order of the file, without gap or repeat."""
    if 0 in numbers:
        return  # already complained of: what is missing cannot be told
    _unique(rows, "no", [str(no) for no in numbers])
    if missing := _runs(sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))):
        top.complain(key, f"no entry has the number {missing}; printed numbers run from 1 without a gap")
    elif any(earlier > later for earlier, later in pairwise(numbers)):
        top.complain(key, "are not in the order of their numbers; sort them")


def _runs(numbers: Iterable[int]) -> str:
    """5, 7–9: so that one mistyped number does not fill the screen."""
    runs: list[list[int]] = []
    for no in numbers:
        if runs and no == runs[-1][-1] + 1:
            runs[-1][1:] = [no]
        else:
            runs.append([no])
    return ", ".join("–".join(map(str, run)) for run in runs)


def _together(rows: Sequence[Fields], key: str, order: Sequence[str], values: Sequence[str]) -> None:
    """The printed ledger merges cells, so what belongs together stands together, in the order above it."""
    latest = -1
    for row, value in zip(rows, values, strict=True):
        if not value:
            continue
        position = order.index(value)
        if position < latest:
            row.complain(
                key, f"{shown(value)} stands after {shown(order[latest])}; keep each {key} together, in order"
            )
        latest = max(latest, position)
