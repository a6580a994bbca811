"""A reply to the open item: one of the four answers, perhaps with words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import Effect, Line, SetCheck, line
from bot.dialogue.meaning import Answer
from bot.dialogue.session import AskAnswer, AskDescription
from bot.handlers import flow
from bot.handlers.finding_form import open_finding
from bot.handlers.turn import Outcome, Turn
from storage import checks, findings, people
from storage.db import Reader


def answer(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Record the answer to the item that was asked."""
    question = turn.session.question
    assert isinstance(question, AskAnswer)
    choice = turn.said.choice
    assert choice is not None
    place, item = people.place(tx, question.place), turn.context.campaign.item[question.item]
    if choice is Answer.FOUND:
        if turn.said.detail:
            return open_finding(tx, turn, (place, item), turn.said.detail)
        asked = replace(turn.session, question=AskDescription(place.id, item.id), retries=0)
        return Outcome(asked, untaken(turn))
    live = list(findings.at(tx, place.id, item.id))
    if live and choice is not Answer.LATER:
        return flow.refused(
            turn, line("has_findings", no=item.no, findings="、".join(str(f.no) for f in live))
        )
    if live:  # put off: what was found stays found
        session = flow.go_on(tx, turn, turn.session.passed(item.id), {item.id: Answer.FOUND})
        return Outcome(session, (line("later_kept", no=item.no),))
    basis = turn.said.basis if choice is Answer.CLEAR else ""
    before = checks.get(tx, place.id, item.id)
    if choice is Answer.CLEAR and not basis and before is not None and before.answer == Answer.CLEAR:
        basis = before.basis  # said again, not taken back
    effects: tuple[Effect, ...] = (SetCheck(place.id, item.id, choice, basis),)
    session = flow.go_on(tx, turn, turn.session.passed(item.id), {item.id: choice})
    said = line(f"answered_{choice}", no=item.no, section=turn.context.campaign.section[item.section_id].name)
    extra = (line("with_basis", basis=basis),) if basis else ()
    return Outcome(session, (said, *extra, *untaken(turn)), effects)


def untaken(turn: Turn) -> tuple[Line, ...]:
    """What a message said beside its answer and could not be taken down with it."""
    return (line("not_taken", words="；".join(turn.said.rest)[:80]),) if turn.said.rest else ()


def doubtful(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """It could mean two things: ask, never guess between clear and found."""
    session = replace(turn.session, retries=turn.session.retries + 1)
    return Outcome(session, (line("doubt", words=flow.short(turn.said.words)),))


def bare_number(turn: Turn, number: int) -> Outcome:
    """12 to the four choices: an item, or so many households? Say how to tell, record nothing."""
    key = "number_item" if number in turn.context.campaign.by_no else "number_only"
    session = replace(turn.session, retries=turn.session.retries + 1)
    return Outcome(session, (line(key, n=number),))
