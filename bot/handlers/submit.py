"""提交: a place is handed in, after a look at the review page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import SubmitPlace, line
from bot.dialogue.questions import AskAnswer, AskSubmit
from bot.domain import progress
from bot.handlers import flow, views
from bot.handlers.turn import Outcome, Turn
from storage import places, walks
from storage.db import Reader


def submit(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """提交 [place]: shows the review page first, unless it is what the person is looking at."""
    question = turn.session.question
    if isinstance(question, AskSubmit) and not turn.argument:
        return _hand_in(tx, turn, question.place, now)
    return views.review(tx, turn, now)


def confirm(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to the review page."""
    question = turn.session.question
    assert isinstance(question, AskSubmit)
    consent = turn.verdict("submit")
    if consent or turn.said.number == 1:
        outcome = _hand_in(tx, turn, question.place, now)
        return outcome if outcome.effects else replace(outcome, lines=())  # the page said what is missing
    if consent is False or turn.said.number == 2:
        later = replace(turn.session, question=None, in_walk=False, retries=0)
        return Outcome(later, (line("not_submitted"),))
    return flow.not_understood(turn, line("confirm_example"))


def _hand_in(tx: Reader, turn: Turn, place_id: str, now: datetime) -> Outcome:
    """Items without an answer must be answered first; what was put off counts as missing."""
    place = places.get(tx, place_id)
    items, answers = turn.items_of(place), walks.answers(tx, place_id)
    n = progress.count(items, answers)
    if n.missing:
        item = progress.first_open(items, answers, "")
        assert item is not None
        open_nos = progress.ranges([i.no for i in items if answers.get(i.id, "later") == "later"])
        session = replace(turn.session, place=place_id, in_walk=True)
        return Outcome(
            session.asking(AskAnswer(place_id, item.id)),
            (line("submit_missing", n=n.missing, items=open_nos),),
        )
    figures = {"clear": n.clear, "found": n.found, "not_applicable": n.not_applicable}
    day = now.astimezone(turn.campaign.timezone).strftime("%Y-%m-%d %H:%M")
    said = line("submitted", place=place.name, at=day, clear=n.clear, found=n.found, na=n.not_applicable)
    others = [p for p in turn.own if p.id != place_id]
    rest = [p.name for p in others if progress.count(turn.items_of(p), walks.answers(tx, p.id)).missing]
    more = (line("submit_next", places=tuple(rest[:5])),) if rest else ()
    session = replace(turn.session, question=None, in_walk=False, retries=0)
    return Outcome(session, (said, *more), (SubmitPlace(place_id, figures),))
