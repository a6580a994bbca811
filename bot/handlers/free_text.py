"""Words nobody asked for: offered as a finding, or the question whether they tell of one that is there already."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import ChangeFinding, Effect, MoveFinding, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.options import pick
from bot.dialogue.questions import AskAnswer, AskMerge, AskOffer
from bot.dialogue.search import confident, search
from bot.domain.campaign import Item
from bot.domain.deadlines import parse_date
from bot.handlers import flow
from bot.handlers.finding_form import LONGEST, SOME_DAY, new_or_worded, told_of
from bot.handlers.named import named_finding
from bot.handlers.plan import bare
from bot.handlers.turn import Cell, Outcome, Turn, settled
from bot.handlers.which import asks_which
from storage import findings, places
from storage.db import Reader

CANDIDATES = 3
DIGITS = 9  # up to here a bare number is meant for the list, even if the list is shorter
SHORT = 10  # characters in which an item of the offer is named; more tells of something
SENTENCE = 4  # characters, or Latin words, from which on words are more than a slip of the thumb
PATIENCE = 2  # retries after which an offer nobody took up is dropped


def unsolicited(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Free words: if they sound like an item's problem, offer to record them; never ignored, never a loop."""
    about = named_finding(tx, turn, now)
    if about is not None:
        return about
    question = turn.session.question
    hint = line("miss_menu_idle" if question is None else "answer_example")
    words = turn.said.words.strip()[:LONGEST]
    hits = search(turn.context.index, words, CANDIDATES) if _tells(turn) else ()
    if not confident(hits) or not turn.own:
        return asks_which(turn) or _doubtful(turn) or flow.not_understood(turn, hint)
    place = flow.current_place(turn)
    if place is None:
        return flow.which_place(turn)
    asked = {item.id for item in turn.items_of(place)}
    items = [hit.item_id for hit in hits if hit.item_id in asked]
    if isinstance(question, AskAnswer) and question.item in items:
        items = [question.item, *(item for item in items if item != question.item)]
    if not items:
        return flow.not_understood(turn, hint)
    return Outcome(turn.session.interrupted(AskOffer(place.id, tuple(items), words)))


def _doubtful(turn: Turn) -> Outcome | None:
    """都贴上了: a sentence about the open item, and which answer it is cannot be told."""
    said, session = turn.said, turn.session
    sentence = sum(character.isalpha() for character in said.words) >= SENTENCE and not said.words.isascii()
    sentence = sentence or len(said.words.split()) >= SENTENCE
    if (
        not isinstance(session.question, AskAnswer)
        or session.retries
        or not sentence
        or said.remark
        or said.rest != (said.words,)
    ):
        return None
    return Outcome(replace(session, retries=1), (line("doubt", words=flow.short(said.words)),))


def _tells(turn: Turn) -> bool:
    """Words that can tell of a problem: not a bare date, number or answer."""
    said = turn.heard.under(Expect.CHOICE)
    if said.number is not None or (said.choice is not None and not said.detail):
        return False
    return parse_date(turn.said.words, SOME_DAY) is None


def offered(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: record this under one of these items?"""
    question = turn.session.question
    assert isinstance(question, AskOffer)
    number, last = turn.said.number, len(question.items) + 1
    place = places.get(tx, question.place)
    if number == last or turn.verdict("list") is False:
        return settled(turn.session, line("dropped"))
    chosen = _picked(turn, question) if number is None else None
    if (number is not None and 1 <= number < last) or (turn.said.yes and len(question.items) == 1):
        chosen = turn.campaign.item[question.items[(number or 1) - 1]]
    elif number is not None and (number > DIGITS or not turn.said.words.strip().isdecimal()):
        by_no = turn.campaign.by_no.get(number)
        chosen = flow.item_of(turn, place, by_no.id) if by_no else None
    if chosen is not None:
        session = replace(turn.session, place=place.id)
        return told_of(tx, replace(turn, session=session), Cell(place, chosen), question.words)
    instead = unsolicited(tx, replace(turn, session=replace(turn.session, question=None)), now)
    if isinstance(instead.session.question, AskOffer):  # another problem: the first one was not taken up
        return Outcome(instead.session, (line("not_taken", words=flow.short(question.words)),))
    if turn.session.retries >= PATIENCE:
        return settled(turn.session, line("dropped"))
    return flow.not_understood(turn, line("offer_example", n=last))


def _picked(turn: Turn, offer: AskOffer) -> Item | None:
    """第一个 · 厕所那个: the one item of the offer that the words name."""
    items = [turn.campaign.item[item] for item in offer.items]
    named = [f"第{item.no}项{turn.campaign.section[item.section_id].name}{item.text}" for item in items]
    meant = (
        pick(turn.spoken, named).meant if turn.said.remark is None and len(turn.said.words) <= SHORT else ()
    )
    return items[next(iter(meant))] if len(meant) == 1 else None


def merge(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: is it the same as this earlier one?"""
    question = turn.session.question
    assert isinstance(question, AskMerge)
    place, item = places.get(tx, question.place), turn.campaign.item[question.item]
    consent = turn.verdict("merge")
    if consent or turn.said.number == 1:
        other = findings.get(tx, question.other)
        assert other is not None
        text = _together(other.description, question.words)[:LONGEST]
        effects: list[Effect] = [MoveFinding(question.draft, "drop")] if question.draft else []
        effects.append(ChangeFinding(other.no, {"description": text}))
        session = replace(turn.session.passed(question.item), finding=other.no)
        return settled(session, line("merged", finding=other.no), effects=tuple(effects))
    if consent is False or turn.said.number == 2:
        return new_or_worded(tx, turn, Cell(place, item), question.words)
    return flow.not_understood(turn, line("confirm_example"))


def _together(old: str, new: str) -> str:
    """Two tellings of one problem: the fuller one where it holds the other, else both."""
    if bare(new) in bare(old):
        return old
    if bare(old) in bare(new):
        return new
    return f"{old}; {new}" if (old + new).isascii() else f"{old}；{new}"
