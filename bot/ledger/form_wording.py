"""Words the rows of the annex: for each item what was answered at the places of the ledger, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.ledger.rows import FormRow
from bot.ledger.words import LedgerWords
from storage.checks import Check
from storage.findings import Finding
from storage.people import Place

NAMED = 3  # places named one by one in a cell; more are counted


@dataclass(frozen=True, slots=True)
class Books:
    """What was reported, as far as the ledger's scope goes."""

    campaign: Campaign
    words: LedgerWords
    places: tuple[Place, ...]
    checks: dict[str, dict[str, Check]]  # place id -> item id -> check
    findings: dict[tuple[str, str], list[Finding]]  # (place id, item id)


def form_row(books: Books, item: Item) -> FormRow:
    """The line of one item."""
    campaign, words, section = books.campaign, books.words, books.campaign.section[item.section_id]
    area = campaign.area[section.area_id]
    asked = [place for place in books.places if item in campaign.items_of(PlaceKind(place.kind), place.unit)]
    found = [(p, f) for p in books.places for f in books.findings.get((p.id, item.id), [])]
    several, none = len(books.places) > 1, words.say("ledger_none")
    units = item.units if several or not found else tuple(dict.fromkeys(f.unit for _, f in found))
    return FormRow(
        area_no=area.no,
        area=area.name,
        section_no=section.no,
        section=section.name,
        no=item.no,
        text=item.text,
        finding_text=_finding_text(books, item, asked, found),
        measure_text=_numbered([f.measure or words.say("ledger_unfilled") for _, f in found]) or none,
        result_text=_numbered([_result(books, f) for _, f in found]) or none,
        units_text=words.say("ledger_between_units").join(units),
    )


def _numbered(texts: Sequence[str]) -> str:
    """One text as it is, several as numbered lines."""
    return texts[0] if len(texts) == 1 else "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1))


def _finding_text(books: Books, item: Item, asked: list[Place], found: list[tuple[Place, Finding]]) -> str:
    words = books.words
    given = [(place, books.checks[place.id].get(item.id)) for place in asked]
    missing = [place for place, check in given if check is None or check.answer == "later"]
    if found:
        several = len(books.places) > 1
        key = "ledger_found_at" if several else "ledger_found"
        text = _numbered([words.say(key, place=p.name, text=f.description, no=f.no) for p, f in found])
        return f"{text}\n{words.say('ledger_more_missing', n=len(missing))}" if missing and several else text
    if not asked:
        return words.say("ledger_not_applicable")
    if len(missing) == len(asked):
        return words.say("ledger_missing")
    clear = [(place, check) for place, check in given if check is not None and check.answer == "clear"]
    text = _clear_text(words, clear, len(asked)) if clear else words.say("ledger_not_applicable")
    return words.say("ledger_but_missing", text=text, places=_named(words, missing)) if missing else text


def _clear_text(words: LedgerWords, clear: list[tuple[Place, Check]], asked: int) -> str:
    if asked == 1:
        how = clear[0][1].basis
    elif len(clear) <= NAMED:
        each = [
            words.say("ledger_place_basis", place=p.name, basis=check.basis).strip() for p, check in clear
        ]
        how = words.say("ledger_between_places").join(each)
    else:
        how = words.say("ledger_places", n=len(clear))
    return words.say("ledger_clear_how", how=how) if how else words.say("ledger_clear")


def _named(words: LedgerWords, places: list[Place]) -> str:
    if len(places) > NAMED:
        return words.say("ledger_places", n=len(places))
    return words.say("ledger_between_names").join(place.name for place in places)


def _result(books: Books, finding: Finding) -> str:
    """What was done, the state, and by when it is to be done."""
    words, horizon = books.words, books.campaign.horizon.get(finding.horizon)
    limit = horizon.name if horizon else words.say("ledger_no_horizon")
    state = words.state(finding.state)
    if finding.due:
        due = words.day(date.fromisoformat(finding.due))
        standing = words.say("ledger_result_due", state=state, horizon=limit, due=due)
    else:
        standing = words.say("ledger_result", state=state, horizon=limit)
    if not finding.result:
        return standing
    return words.say("ledger_result_said", result=finding.result, state=standing)
