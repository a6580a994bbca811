"""Reads one snapshot of the database into the rows of a ledger, worded as the county prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.domain.scope import Scope
from bot.ledger.rows import (
    EVIDENCE_KINDS,
    NOT_FETCHED,
    PHOTO,
    CoverCell,
    CoverRow,
    EvidenceRow,
    FindingRow,
    FormRow,
    LedgerHead,
)
from storage import checks, evidence, findings, people
from storage.checks import Check
from storage.db import Reader
from storage.evidence import Evidence
from storage.findings import Finding
from storage.people import Place

STATE_WORDS = {
    "draft": "草稿",
    "rectifying": "整改中",
    "submitted": "待核实",
    "returned": "已退回",
    "closed": "已销号",
    "reopened": "重新打开",
}
NONE, MISSING, NOT_APPLICABLE, CLEAR = "—", "未报", "不涉及", "未发现问题"
_Known: TypeAlias = tuple[dict[int, int], dict[int, str]]  # finding -> pieces of evidence, person -> name
NAMED = 3  # places named one by one in a cell; more are counted


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything `build_workbook` is given."""

    head: LedgerHead
    form: tuple[FormRow, ...]
    findings: tuple[FindingRow, ...]
    cover: tuple[CoverRow, ...]
    evidence: tuple[EvidenceRow, ...]  # without pictures


@dataclass(frozen=True, slots=True)
class _Books:
    campaign: Campaign
    places: tuple[Place, ...]
    checks: dict[str, dict[str, Check]]  # place id -> item id -> check
    findings: dict[tuple[str, str], list[Finding]]  # (place id, item id)


def gather(tx: Reader, campaign: Campaign, scope: Scope, by: str, now: datetime) -> Gathered:
    """The whole ledger of a scope as it stands at `now`; `by` is who asked for it."""
    every = people.all_places(tx)
    places = tuple(place for place in every if scope.holds(place))
    books = _Books(campaign, places, {p.id: checks.of_place(tx, p.id) for p in places}, {})
    today = now.astimezone(campaign.timezone).date()
    wanted = {place.id: place for place in places}
    shown = [f for f in findings.live(tx) if f.place_id in wanted and _fits(f, scope, campaign, today)]
    for finding in shown:
        books.findings.setdefault((finding.place_id, finding.item_id), []).append(finding)
    head = LedgerHead(
        title=campaign.ledger_title,
        scope=scope.label(campaign, every),
        campaign=campaign.short_title,
        document=campaign.document,
        cut_off=now,
        zone=campaign.timezone,
        version=f"{now.astimezone(campaign.timezone):%Y%m%d-%H%M%S}",
        filled_by=by,
    )
    items = [item for item in campaign.items if not scope.section or item.section_id == scope.section]
    form = tuple(_form_row(books, item) for item in items)
    known = evidence.counts(tx), {person.id: person.name for person in people.everybody(tx)}
    rows = _finding_rows(books, shown, known)
    pieces = _evidence_rows(tx, books, shown, known)
    return Gathered(head, form, tuple(rows), tuple(_cover_rows(books, items)), tuple(pieces))


def _fits(finding: Finding, scope: Scope, campaign: Campaign, today: date) -> bool:
    item = campaign.item.get(finding.item_id)
    if scope.section and (item is None or item.section_id != scope.section):
        return False
    if not scope.state:
        return True
    overdue = finding.due is not None and date.fromisoformat(finding.due) < today
    return finding.state != "closed" and (scope.state == "open" or overdue)


def _form_row(books: _Books, item: Item) -> FormRow:
    campaign, section = books.campaign, books.campaign.section[item.section_id]
    area = campaign.area[section.area_id]
    asked = [place for place in books.places if item in campaign.items_of(PlaceKind(place.kind), place.unit)]
    found = [(p, f) for p in books.places for f in books.findings.get((p.id, item.id), [])]
    several = len(books.places) > 1
    return FormRow(
        area_no=area.no,
        area=area.name,
        section_no=section.no,
        section=section.name,
        no=item.no,
        text=item.text,
        finding_text=_finding_text(books, item, asked, found),
        measure_text=_numbered([f.measure or "未填" for _, f in found]) if found else NONE,
        result_text=_numbered([_result(campaign, f) for _, f in found]) if found else NONE,
        units_text="，".join(item.units)
        if several or not found
        else "，".join(dict.fromkeys(f.unit for _, f in found)),
    )


def _numbered(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1))


def _finding_text(books: _Books, item: Item, asked: list[Place], found: list[tuple[Place, Finding]]) -> str:
    given = [(place, books.checks[place.id].get(item.id)) for place in asked]
    missing = [place for place, check in given if check is None or check.answer == "later"]
    if found:
        several = len(books.places) > 1
        texts = [
            f"{p.name}：{f.description}（问题{f.no}）" if several else f"{f.description}（问题{f.no}）"
            for p, f in found
        ]
        text = _numbered(texts)
        return f"{text}\n另有{len(missing)}个排查点未报" if missing and several else text
    if not asked:
        return NOT_APPLICABLE
    if len(missing) == len(asked):
        return MISSING
    clear = [(place, check) for place, check in given if check is not None and check.answer == "clear"]
    text = _clear_text(clear, len(asked)) if clear else NOT_APPLICABLE
    return f"{text}；未报：{_named(missing)}" if missing else text


def _clear_text(clear: list[tuple[Place, Check]], asked: int) -> str:
    if asked == 1:
        basis = clear[0][1].basis
        return f"{CLEAR}（{basis}）" if basis else CLEAR
    if len(clear) <= NAMED:
        return f"{CLEAR}（{'；'.join(place.name + check.basis for place, check in clear)}）"
    return f"{CLEAR}（{len(clear)}个排查点）"


def _named(places: list[Place]) -> str:
    return "、".join(place.name for place in places) if len(places) <= NAMED else f"{len(places)}个排查点"


def _result(campaign: Campaign, finding: Finding) -> str:
    horizon = campaign.horizon.get(finding.horizon)
    due = date.fromisoformat(finding.due) if finding.due else None
    by = f"，{due.year}年{due.month}月{due.day}日前" if due else ""
    state = f"{STATE_WORDS[finding.state]}（{horizon.name if horizon else '时限未定'}{by}）"
    return f"{finding.result}；{state}" if finding.result else state


def _finding_rows(books: _Books, shown: list[Finding], known: _Known) -> list[FindingRow]:
    places = {place.id: place for place in books.places}
    return [_finding_row(books.campaign, places[f.place_id], f, known) for f in shown]


def _evidence_rows(tx: Reader, books: _Books, shown: list[Finding], known: _Known) -> list[EvidenceRow]:
    pieces, names = known
    places = {place.id: place.name for place in books.places}
    return [
        _evidence_row(piece, books.campaign.item.get(finding.item_id), places[finding.place_id], names)
        for finding in shown
        if finding.no in pieces
        for piece in evidence.of_finding(tx, finding.no)
    ]


def _evidence_row(piece: Evidence, item: Item | None, place: str, names: dict[int, str]) -> EvidenceRow:
    located = piece.kind == "location"
    photo = not located and piece.mimetype.startswith("image/")  # people also send photos as files
    return EvidenceRow(
        number=piece.finding_no or 0,
        place=place,
        item_no=item.no if item else 0,
        name=NONE if located else piece.name or NONE,
        kind=PHOTO if photo else EVIDENCE_KINDS[piece.kind],
        at=datetime.fromisoformat(piece.at),
        sender=names.get(piece.person_id, ""),
        sha256=piece.sha256 or "",
        note=NONE if located or piece.sha256 else NOT_FETCHED,
    )


def _finding_row(campaign: Campaign, place: Place, finding: Finding, known: _Known) -> FindingRow:
    pieces, names = known
    item = campaign.item.get(finding.item_id)
    horizon = campaign.horizon.get(finding.horizon)
    return FindingRow(
        number=finding.no,
        township=place.unit,
        village=place.name,
        item_no=item.no if item else 0,
        section=campaign.section[item.section_id].name if item else "",
        object=finding.object,
        description=finding.description,
        cause=finding.cause,
        measure=finding.measure,
        horizon=horizon.name if horizon else "",
        due=date.fromisoformat(finding.due) if finding.due else None,
        unit=finding.unit,
        person=finding.responsible,
        result=finding.result,
        state=STATE_WORDS[finding.state],
        reporter=names.get(finding.reporter_id, ""),
        verifier=names.get(finding.verifier_id or 0, ""),
        found_on=datetime.fromisoformat(finding.opened_at),
        closed_on=datetime.fromisoformat(finding.closed_at) if finding.closed_at else None,
        evidence_count=pieces.get(finding.no, 0),
        recurrences=finding.recurrences,
        extensions=finding.extensions,
        source=finding.source,
    )


def _cover_rows(books: _Books, items: Sequence[Item]) -> list[CoverRow]:
    chosen = {item.id for item in items}
    units: dict[str, dict[str, list[int]]] = {}
    for place in books.places:
        sums = units.setdefault(place.unit, {})
        for item in books.campaign.items_of(PlaceKind(place.kind), place.unit):
            if item.id not in chosen:
                continue
            cell = sums.setdefault(item.section_id, [0, 0, 0])
            check = books.checks[place.id].get(item.id)
            cell[0] += check is not None and check.answer != "later"
            cell[1] += 1
            cell[2] += len(books.findings.get((place.id, item.id), []))
    names = {section.id: section.name for section in books.campaign.sections}
    return [
        CoverRow(unit, tuple(CoverCell(names[section], *cell) for section, cell in sums.items()))
        for unit, sums in units.items()
    ]
