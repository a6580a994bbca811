"""Everything the bot can do, on one page: a command is a line here, a handler, its texts and a transcript.

Rule: a handler reads through what it is given and returns what is to happen. It can neither write nor send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import line
from bot.dialogue.meaning import Answer, Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskMerge,
    AskOffer,
    AskPlace,
    AskResume,
    AskStage,
    AskSubmit,
    AskVisit,
    Question,
)
from bot.handlers import (
    answer,
    bulk,
    change,
    export,
    finding_form,
    flow,
    free_text,
    navigate,
    place_scope,
    preferences,
    search,
    submit,
    views,
    visit,
)
from bot.handlers.turn import Outcome, Turn
from storage.db import Reader

Handler = Callable[[Reader, Turn, datetime], Outcome]
REPORTING = frozenset({"reporter", "coordinator"})
EVERYBODY = frozenset({"reporter", "coordinator", "county", "observer"})
OFFICES = frozenset({"coordinator", "county", "observer"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: what does it, who may, and whether it shows what should not stand in a room of several."""

    handler: Handler
    who: frozenset[str] = EVERYBODY
    private: bool = False


COMMANDS: Mapping[str, Entry] = {
    "walk": Entry(navigate.walk),
    "help": Entry(views.help_me),
    "back": Entry(navigate.back, REPORTING),
    "cancel": Entry(navigate.cancel),
    "progress": Entry(views.show_progress),
    "jump": Entry(navigate.jump, REPORTING),
    "change": Entry(change.change, REPORTING),
    "switch": Entry(navigate.switch),
    "ledger": Entry(export.ledger),
    "mine": Entry(views.mine_list, REPORTING, private=True),
    "review": Entry(views.review, REPORTING),
    "submit": Entry(submit.submit, REPORTING),
    "undo": Entry(preferences.undo, REPORTING),
    "search": Entry(search.search),
    "policy": Entry(search.policy),
    "visit": Entry(visit.visit, REPORTING, private=True),
    "language": Entry(preferences.language),
    "feedback": Entry(preferences.feedback, private=True),
    "buttons": Entry(preferences.buttons),
    "show": Entry(views.show, private=True),
    "void": Entry(change.void, REPORTING),
    "digest": Entry(export.digest, OFFICES),
    "menu": Entry(views.greet),
    "greet": Entry(views.greet),
    "thanks": Entry(views.courtesy),
    "later_on": Entry(views.not_yet),
}

COURTESIES = frozenset({"greet", "thanks"})  # in a room of several they are said to each other

REPLIES: Mapping[type[Question], Handler] = {
    AskBasis: bulk.basis,
    AskDescription: finding_form.describe,
    AskMeasure: finding_form.measure,
    AskHorizon: finding_form.horizon,
    AskMechanism: finding_form.mechanism,
    AskStage: finding_form.stage,
    AskPlace: navigate.choose_place,
    AskResume: navigate.resume,
    AskSubmit: submit.confirm,
    AskMerge: free_text.merge,
    AskOffer: free_text.offered,
    AskVisit: visit.confirm,
}


def handle(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """What comes of one message. None: talk among others in a room, which is none of our business."""
    if _among_others(turn):
        return None
    if turn.photos and turn.person.role in REPORTING:
        outcome = free_text.attach(tx, turn, now)
        if outcome is not None:
            return outcome
    if place_scope.is_text(tx, turn):
        turn = replace(turn, said=replace(turn.said, command=None))
    turn = _bare_command(turn)
    if turn.said.command is not None:
        return _command(tx, turn, now)
    if turn.person.role not in REPORTING:
        return _to_an_office(turn)
    heeded = place_scope.heeded(tx, turn)
    if isinstance(heeded, Outcome):
        return heeded
    if heeded.said.marks:
        return bulk.marks(tx, heeded, now)
    settled = place_scope.then_said(tx, heeded)
    return handle(tx, settled, now) if settled else _reply(tx, heeded, now)


def _bare_command(turn: Turn) -> Turn:
    """政策 alone while a choice is open: a command that wants more words says so itself, or takes what is open."""
    said, expect = turn.said, turn.session.expect
    if expect not in (Expect.CHOICE, Expect.OPTION, Expect.CONFIRM) or said.command or said.marks:
        return turn
    if said.choice or said.doubt or said.number is not None or said.yes is not None:
        return turn
    command = parse(said.words, Expect.NOTHING, turn.context.vocabulary).command
    return turn if command is None or command.argument else replace(turn, said=replace(said, command=command))


def _to_an_office(turn: Turn) -> Outcome:
    """Words of somebody who looks and does not report."""
    said, role = turn.said, turn.person.role
    if not said.words.strip():
        return flow.refused(turn, line("no_evidence"))
    if said.marks or said.choice:
        return flow.refused(turn, line(f"no_places_{role}"))
    return flow.not_understood(turn, line(f"menu_{role}"))


def _among_others(turn: Turn) -> bool:
    """Talk in a room of several that neither answers us nor asks us for anything."""
    spoken_to = turn.direct or turn.bound or turn.session.question is not None
    command = turn.said.command is not None and turn.said.command.name not in COURTESIES
    return not (spoken_to or command or turn.said.marks)


def _command(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    assert turn.said.command is not None
    entry = COMMANDS[turn.said.command.name]
    if turn.person.role not in entry.who:
        return flow.refused(turn, line("not_for_you"))
    if entry.private and not turn.direct:
        return flow.refused(turn, line("in_private"))
    return entry.handler(tx, turn, now)


def _reply(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    question = turn.session.question
    if question is None:
        if turn.said.choice is Answer.LATER and not turn.said.detail:
            return flow.refused(turn, line("left_as_is"))
        return free_text.unsolicited(tx, turn, now)
    if isinstance(question, AskAnswer):
        if turn.said.choice is not None:
            return answer.answer(tx, turn, now)
        if turn.said.doubt:
            return answer.doubtful(tx, turn, now)
        if turn.said.number is not None:
            return answer.bare_number(turn, turn.said.number)
        if turn.said.basis and not turn.said.rest:
            return flow.not_understood(turn, line("basis_alone", basis=turn.said.basis))
        return free_text.unsolicited(tx, turn, now)
    if turn.said.choice is Answer.LATER:
        return _later(tx, turn, question)
    if isinstance(question, AskResume) and turn.said.yes is None and turn.said.number is None:
        said = parse(turn.said.words, Expect.CHOICE, turn.context.vocabulary)
        if said.choice is not None:  # it answers the item that the question names
            asked = AskAnswer(question.place, question.item)
            return answer.answer(tx, replace(turn, said=said, session=turn.session.asking(asked)), now)
    return REPLIES[type(question)](tx, turn, now)


def _later(tx: Reader, turn: Turn, question: Question) -> Outcome:
    """稍后 to a question that is not one of the four choices."""
    match question:
        case AskBasis():
            return bulk.without_basis(tx, turn, turn.at)
        case AskDescription(place, item, 0):
            asked = replace(turn, session=replace(turn.session, question=AskAnswer(place, item)))
            return answer.answer(tx, replace(asked, said=replace(turn.said, choice=Answer.LATER)), turn.at)
        case _:
            return navigate.cancel(tx, turn, turn.at)
