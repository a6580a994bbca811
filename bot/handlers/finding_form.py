"""A finding is opened: a draft without words, its description, the question whether it is an old one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import ChangeFinding, Effect, MoveFinding, OpenFinding, PutOff, SetCheck, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import (
    AskDescription,
    AskMerge,
    finding_in,
)
from bot.domain.answers import Answer
from bot.domain.deadlines import parse_date
from bot.domain.lifecycle import DRAFT
from bot.domain.similarity import cause_of, object_of, same_problem
from bot.handlers import flow
from bot.handlers.turn import Cell, Outcome, Turn, settled
from storage import evidence, findings, places
from storage.db import Reader
from storage.findings import Finding

LONGEST = 2000  # characters of one field: a page of a ledger cell
SOME_DAY = date(2000, 1, 1)  # whether words are a date does not hang on the day


def asked_about(tx: Reader, turn: Turn) -> Finding:
    """The finding that the open question is about: the session was read without questions that lost theirs."""
    finding = findings.get(tx, finding_in(turn.session.question))
    assert finding is not None, "a question about no finding"
    return finding


def drafts_beside(tx: Reader, finding: Finding) -> list[Finding]:
    """The drafts of its place that its reporter is asked about, itself among them."""
    return [
        each
        for each in findings.of_place(tx, finding.place_id)
        if each.state == DRAFT and each.reporter_id == finding.reporter_id and not each.put_off
    ]


def describe(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what is the problem?"""
    assert isinstance(turn.session.question, AskDescription)
    finding, words = asked_about(tx, turn), _problem(turn)
    if not words:
        return flow.not_understood(turn, line("describe_example"))
    if finding.description:
        changed = line("finding_changed", finding=finding.no)
        return settled(turn.session, changed, effects=(ChangeFinding(finding.no, described(words)),))
    other = same_as(tx, finding.place_id, finding.item_id, words)
    if other is not None:
        merge = AskMerge(finding.place_id, finding.item_id, other.no, words, finding.no)
        return Outcome(replace(turn.session, question=merge, retries=0))
    return worded(tx, turn, finding, words)


def worded(tx: Reader, turn: Turn, draft: Finding, words: str) -> Outcome:
    """A draft gets its words."""
    item = turn.campaign.item[draft.item_id]
    said = line("finding_opened", finding=draft.no, no=item.no, place=places.get(tx, draft.place_id).name)
    session = replace(turn.session.passed(item.id), finding=draft.no)
    return settled(
        session, said, effects=(PutOff(draft.no, off=False), ChangeFinding(draft.no, described(words)))
    )


def described(words: str) -> dict[str, str | int | None]:
    """The columns that a description fills."""
    return {"description": words, "object": object_of(words), "cause": cause_of(words)}


def _problem(turn: Turn) -> str:
    """What the words tell beyond a mere answer: 有，水管漏 -> 水管漏. Empty when they tell nothing."""
    said = turn.heard.under(Expect.CHOICE)
    words = said.detail if said.choice is Answer.FOUND else "" if said.choice else turn.said.words
    if parse_date(words.strip(), SOME_DAY) is not None:
        return ""
    return words.strip()[:LONGEST] if sum(character.isalpha() for character in words) > 1 else ""


def same_as(tx: Reader, place_id: str, item_id: str, words: str) -> Finding | None:
    """A finding on record there that these words tell of again."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if f.description and same_problem(f.description, words)), None)


def empty_draft(tx: Reader, place_id: str, item_id: str) -> Finding | None:
    """A draft there that has neither words nor evidence yet."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if is_empty(tx, f)), None)


def wordless_draft(tx: Reader, place_id: str, item_id: str) -> Finding | None:
    """A draft there that nobody has put into words, with or without evidence."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if f.state == "draft" and not f.description), None)


def is_empty(tx: Reader, finding: Finding) -> bool:
    return finding.state == "draft" and not finding.description and not evidence.on_finding(tx, finding.no)


def told_of(tx: Reader, turn: Turn, cell: Cell, words: str) -> Outcome:
    """A problem in words: a new finding, the words of a draft that lacks them, or the question whether it is an old one."""
    place, item = cell.place, cell.item
    words = words.strip()[:LONGEST]
    draft, other = empty_draft(tx, place.id, item.id), same_as(tx, place.id, item.id, words)
    if other is not None:
        merge = AskMerge(place.id, item.id, other.no, words, draft.no if draft else 0)
        return Outcome(replace(turn.session, question=merge, retries=0))
    return new_or_worded(tx, turn, cell, words)


def new_or_worded(tx: Reader, turn: Turn, cell: Cell, words: str) -> Outcome:
    """Record a problem for sure."""
    place, item = cell.place, cell.item
    draft = empty_draft(tx, place.id, item.id)
    if draft is not None:
        return worded(tx, turn, draft, words)
    session = turn.session.passed(item.id)
    return settled(session, effects=new_finding(tx, turn, cell, words))


def new_finding(tx: Reader, turn: Turn, cell: Cell, words: str = "") -> tuple[Effect, ...]:
    """The effects that open one finding; without words a draft that is asked about."""
    place, item = cell.place, cell.item
    fields = {**(described(words) if words else {}), **flow.prefilled(tx, turn, place, item)}
    return (SetCheck(place.id, item.id, Answer.FOUND), OpenFinding(place.id, item.id, fields))


def dropped_drafts(tx: Reader, place_id: str, item_id: str) -> tuple[list[Effect], list[Finding]]:
    """What another answer to an item does to its findings: empty drafts go, the others stand in the way."""
    live = findings.at(tx, place_id, item_id)
    empty = [finding for finding in live if is_empty(tx, finding)]
    return [MoveFinding(finding.no, "drop") for finding in empty], [f for f in live if f not in empty]
