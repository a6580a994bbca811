"""Words the rows of the annex: for each item what was answered at the places of the ledger, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.ledger.cell_xml import clean
from bot.ledger.rows import FormRow
from bot.ledger.words import LedgerWords
from storage.checks import Check
from storage.findings import Finding
from storage.places import Place

NAMED = 3  # places named one by one in a cell; more are counted


@dataclass(frozen=True, slots=True)
class Books:
    """What was reported, as far as the ledger's scope goes."""

    campaign: Campaign
    words: LedgerWords
    places: tuple[Place, ...]
    checks: dict[str, dict[str, Check]]  # place id -> item id -> check
    findings: dict[tuple[str, str], list[Finding]]  # (place id, item id)
    elsewhere: frozenset[tuple[str, str]]  # where something was found, but nothing that the scope holds


@dataclass(frozen=True, slots=True)
class _Found:
    """One thing that was found. Without a finding: somebody answered so, and has not yet said what it is."""

    place: Place
    finding: Finding | None


def form_row(books: Books, item: Item) -> FormRow:
    """The line of one item."""
    campaign, words, section = books.campaign, books.words, books.campaign.section[item.section_id]
    area = campaign.area[section.area_id]
    asked = [place for place in books.places if item in campaign.items_of(PlaceKind(place.kind), place.unit)]
    found = [it for place in books.places for it in _found_at(books, place, item)]
    several, none = len(books.places) > 1, words.say("ledger_none")
    named = dict.fromkeys(it.finding.unit for it in found if it.finding and it.finding.unit)
    return FormRow(
        area_no=area.no,
        area=area.name,
        section_no=section.no,
        section=section.name,
        no=item.no,
        text=item.text,
        finding_text=_finding_text(books, item, asked, found),
        measure_text=_numbered([_measure(words, it) for it in found]) or none,
        result_text=_numbered([_result(books, it) for it in found]) or none,
        units_text=words.say("ledger_between_units").join(item.units if several else named or item.units),
    )


def _found_at(books: Books, place: Place, item: Item) -> list[_Found]:
    """The findings of a place at an item; when it was only answered that there is one, that."""
    at = place.id, item.id
    if at in books.findings:
        return [_Found(place, finding) for finding in books.findings[at]]
    check = books.checks[place.id].get(item.id)
    return [_Found(place, None)] if check and check.answer == "found" and at not in books.elsewhere else []


def _numbered(texts: Sequence[str]) -> str:
    """One text as it is, several as numbered lines."""
    return texts[0] if len(texts) == 1 else "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1))


def description(words: LedgerWords, finding: Finding | None) -> str:
    """What was found. Never empty: what is known to be there is not printed as if nobody had reported."""
    said = finding.description if finding else ""
    return said if clean(said).strip() else words.say("ledger_wordless")


def _found_text(words: LedgerWords, it: _Found, *, several: bool) -> str:
    gaps: dict[str, str | int] = {"text": description(words, it.finding)}
    if several:
        gaps["place"] = it.place.name
    if it.finding:
        return words.say("ledger_found_at" if several else "ledger_found", no=it.finding.no, **gaps)
    return words.say("ledger_at", **gaps) if several else str(gaps["text"])


def _finding_text(books: Books, item: Item, asked: list[Place], found: list[_Found]) -> str:
    words = books.words
    given = [(place, books.checks[place.id].get(item.id)) for place in asked]
    missing = [place for place, check in given if check is None or check.answer == "later"]
    if found:
        several = len(books.places) > 1
        text = _numbered([_found_text(words, it, several=several) for it in found])
        return f"{text}\n{words.say('ledger_more_missing', n=len(missing))}" if missing and several else text
    if not asked:
        return words.say("ledger_not_applicable")
    if len(missing) == len(asked):
        return words.say("ledger_missing")
    clear = [(place, check) for place, check in given if check is not None and check.answer == "clear"]
    if clear:
        text = _clear_text(words, clear, len(asked))
    elif any((place.id, item.id) in books.elsewhere for place in asked):
        text = words.say("ledger_elsewhere")
    else:
        text = words.say("ledger_not_applicable")
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


def _measure(words: LedgerWords, it: _Found) -> str:
    return it.finding.measure if it.finding and it.finding.measure else words.say("ledger_unfilled")


def _result(books: Books, it: _Found) -> str:
    """What was done, the state, and by when it is to be done."""
    words, finding = books.words, it.finding
    if finding is None:
        return words.say("ledger_unfilled")
    horizon = books.campaign.horizon.get(finding.horizon)
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
