"""A reply to the open item: one of the four answers, perhaps with words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import PutOff, SetCheck, line
from bot.dialogue.questions import AskAnswer, AskOffer
from bot.dialogue.search import confident, search
from bot.domain.answers import Answer
from bot.handlers import flow
from bot.handlers.finding_form import dropped_drafts, new_finding, told_of, wordless_draft
from bot.handlers.turn import Cell, Outcome, Turn, settled
from bot.handlers.which import asks_which
from storage import places
from storage.db import Reader

NEAR = 8  # hits among which the open item still counts as meant


def answer(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Record the answer to the item that was asked."""
    question, choice = turn.session.question, turn.said.choice
    assert isinstance(question, AskAnswer)
    assert choice is not None
    place = next((own for own in turn.own if own.id == question.place), None) or places.get(
        tx, question.place
    )
    item = turn.campaign.item[question.item]
    session = turn.session.passed(item.id)
    if choice is Answer.FOUND:
        if turn.said.detail:
            elsewhere = another_item(turn, Cell(place, item))
            if elsewhere is not None:
                return Outcome(turn.session.interrupted(elsewhere))
            return told_of(tx, turn, Cell(place, item), turn.said.detail)
        draft = wordless_draft(tx, place.id, item.id)
        if draft is not None:
            session = replace(session, finding=draft.no)
            return settled(session, *flow.untaken(*turn.said.rest), effects=(PutOff(draft.no, off=False),))
        return settled(
            session, *flow.untaken(*turn.said.rest), effects=new_finding(tx, turn, Cell(place, item))
        )
    drops, live = dropped_drafts(tx, place.id, item.id)
    if (live or drops) and choice is Answer.LATER:  # put off: what was found stays found
        return settled(session, line("later_kept", no=item.no))
    if live:
        numbers = tuple(str(finding.no) for finding in live)
        return flow.refused(turn, line("has_findings", no=item.no, findings=numbers, first=numbers[0]))
    basis = turn.said.basis if choice is Answer.CLEAR else ""
    said = (
        line("answered_clear_by", no=item.no, basis=basis)
        if basis
        else line(f"answered_{choice}", no=item.no)
    )
    check = SetCheck(place.id, item.id, choice, basis or None)
    return settled(session, said, *flow.untaken(*turn.said.rest), effects=(*drops, check))


def another_item(turn: Turn, cell: Cell) -> AskOffer | None:
    """有两个孩子没上学 while item 3 is open: the search is sure of another item, and does not even think of this one."""
    if (
        turn.said.words not in (f"{has}{turn.said.detail}" for has in ("", "有", "存在", "发现"))
        or turn.photos
    ):
        return None  # 有，水管漏: said of the open item
    return _of_another(turn, cell, turn.said.detail)


def _of_another(turn: Turn, cell: Cell, words: str) -> AskOffer | None:
    hits = search(turn.context.index, words, NEAR)
    ids = [hit.item_id for hit in hits]
    if not confident(hits) or cell.item.id in ids or flow.item_of(turn, cell.place, ids[0]) is None:
        return None
    return AskOffer(cell.place.id, (ids[0], cell.item.id), words)


def doubtful(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """It could mean two things: ask, never guess between clear and found."""
    question = turn.session.question
    if isinstance(question, AskAnswer):
        offer = _of_another(
            turn, Cell(places.get(tx, question.place), turn.campaign.item[question.item]), turn.said.words
        )
        if offer is not None:  # 没人管水管漏水的事, while item 3 is open
            return Outcome(turn.session.interrupted(offer))
    which = asks_which(turn)
    if which is not None:
        return which
    session = replace(turn.session, retries=turn.session.retries + 1)
    return Outcome(session, (line("doubt", words=flow.short(turn.said.words)),))


def bare_number(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """12 to the four choices: an item, or so many households? Say how to tell, record nothing."""
    number = turn.said.number
    assert number is not None
    key = "number_item" if number in turn.campaign.by_no else "number_only"
    session = replace(turn.session, retries=turn.session.retries + 1)
    return Outcome(session, (line(key, n=number),))


def basis_alone(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """查台账 to the four choices: how, but not what."""
    return flow.not_understood(turn, line("basis_alone", basis=turn.said.basis))
