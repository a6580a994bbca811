"""Reads one snapshot of the database into the rows of a ledger, worded as the county prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.domain.scope import Scope, scope_words
from bot.ledger.form_wording import Books, description, form_row
from bot.ledger.rows import CoverCell, CoverRow, EvidenceRow, FindingRow, FormRow, LedgerHead
from bot.ledger.words import LedgerWords
from storage import checks, evidence, findings, history, people
from storage import places as places_
from storage.db import Reader
from storage.evidence import Evidence
from storage.findings import Finding
from storage.places import Place


@dataclass(frozen=True, slots=True)
class Asked:
    """What ledger is wanted: of which part of the county, for whom, in which words."""

    scope: Scope
    by: str  # who asked for it: printed as the one who made it
    words: LedgerWords


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything `build_workbook` is given."""

    head: LedgerHead
    form: tuple[FormRow, ...]
    findings: tuple[FindingRow, ...]
    cover: tuple[CoverRow, ...]
    evidence: tuple[EvidenceRow, ...]  # without pictures


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows of findings are completed with."""

    pieces: dict[int, int]  # finding -> pieces of evidence
    names: dict[int, str]  # person id -> name


def gather(tx: Reader, campaign: Campaign, asked: Asked, now: datetime) -> Gathered:
    """The whole ledger of a scope as it stands at `now`."""
    scope, words = asked.scope, asked.words
    every = places_.every(tx)
    places = tuple(place for place in every if scope.holds(place))
    today = campaign.today(now)
    wanted = {place.id: place for place in places}
    there = [f for f in findings.live(tx) if f.place_id in wanted]
    shown = [f for f in there if _fits(f, scope, campaign, today)]
    by_cell: dict[tuple[str, str], list[Finding]] = {}
    for finding in shown:
        by_cell.setdefault((finding.place_id, finding.item_id), []).append(finding)
    answers = {place.id: checks.of_place(tx, place.id) for place in places}
    elsewhere = {(f.place_id, f.item_id) for f in there} - by_cell.keys()
    if scope.state == "overdue":  # what nobody has described yet has no date it could be past
        elsewhere |= {
            (at, it.item_id) for at in answers for it in answers[at].values() if it.answer == "found"
        }
    books = Books(campaign, words, places, answers, by_cell, frozenset(elsewhere))
    head = LedgerHead(
        title=campaign.ledger_title,
        scope=scope.label(campaign, every, scope_words(words.texts)),
        campaign=campaign.short_title,
        document=campaign.document,
        cut_off=now,
        zone=campaign.timezone,
        version=f"{now.astimezone(campaign.timezone):%Y%m%d-%H%M%S}",
        words=words,
        filled_by=asked.by,
        anchor=history.head(tx),
    )
    items = [item for item in campaign.items if not scope.section or item.section_id == scope.section]
    form = tuple(form_row(books, item) for item in items)
    known = _Known(evidence.counts(tx), people.names(tx))
    rows = tuple(_finding_row(books, wanted[f.place_id], f, known) for f in shown)
    pieces = _evidence_rows(tx, books, shown, known)
    return Gathered(head, form, rows, tuple(_cover_rows(books, items)), tuple(pieces))


def _fits(finding: Finding, scope: Scope, campaign: Campaign, today: date) -> bool:
    item = campaign.item.get(finding.item_id)
    if scope.section and (item is None or item.section_id != scope.section):
        return False
    if not scope.state:
        return True
    overdue = finding.due is not None and date.fromisoformat(finding.due) < today
    return finding.state != "closed" and (scope.state == "open" or overdue)


def _evidence_rows(tx: Reader, books: Books, shown: list[Finding], known: _Known) -> list[EvidenceRow]:
    places = {place.id: place.name for place in books.places}
    return [
        _evidence_row(books, finding, piece, places[finding.place_id], known)
        for finding in shown
        if finding.no in known.pieces
        for piece in evidence.of_finding(tx, finding.no)
    ]


def _evidence_row(books: Books, finding: Finding, piece: Evidence, place: str, known: _Known) -> EvidenceRow:
    words, item = books.words, books.campaign.item.get(finding.item_id)
    none = words.say("ledger_none")
    located = piece.kind == "location"
    photo = not located and piece.mimetype.startswith("image/")  # people also send photos as files
    return EvidenceRow(
        number=piece.finding_no or 0,
        place=place,
        item_no=item.no if item else 0,
        name=none if located else piece.name or none,
        kind=words.say(f"ledger_kind_{'image' if photo else piece.kind}"),
        at=datetime.fromisoformat(piece.at),
        sender=known.names.get(piece.person_id, ""),
        sha256=piece.sha256 or "",
        note=none if located or piece.sha256 else words.say("ledger_no_picture_no_file"),
        photo=photo,
    )


def _finding_row(books: Books, place: Place, finding: Finding, known: _Known) -> FindingRow:
    campaign = books.campaign
    item = campaign.item.get(finding.item_id)
    horizon = campaign.horizon.get(finding.horizon)
    return FindingRow(
        number=finding.no,
        township=place.unit,
        village=place.name,
        item_no=item.no if item else 0,
        section=campaign.section[item.section_id].name if item else "",
        object=finding.object,
        description=description(books.words, finding),
        cause=finding.cause,
        measure=finding.measure,
        horizon=horizon.name if horizon else "",
        due=date.fromisoformat(finding.due) if finding.due else None,
        unit=finding.unit,
        person=finding.responsible,
        result=finding.result,
        state=books.words.state(finding.state),
        reporter=known.names.get(finding.reporter_id, ""),
        verifier=known.names.get(finding.verifier_id or 0, ""),
        found_on=datetime.fromisoformat(finding.opened_at),
        closed_on=datetime.fromisoformat(finding.closed_at) if finding.closed_at else None,
        evidence_count=known.pieces.get(finding.no, 0),
        recurrences=finding.recurrences,
        extensions=finding.extensions,
        source=finding.source,
    )


def _cover_rows(books: Books, items: Sequence[Item]) -> list[CoverRow]:
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
