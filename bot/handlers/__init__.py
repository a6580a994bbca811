"""Everything the bot can do, on one page: a command is a line here, a handler, its texts and a transcript.

Rule: a handler reads through what it is given and returns what is to happen. It can neither write nor send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import (
    AskAnswer,
    AskBasis,
    AskChain,
    AskChainBasis,
    AskDescription,
    AskHorizon,
    AskMany,
    AskMeasure,
    AskMechanism,
    AskMerge,
    AskOffer,
    AskPlace,
    AskResume,
    AskStage,
    AskSubmit,
    AskTakeBack,
    AskVisit,
    Question,
)
from bot.dialogue.route import Reply, Route, Situation, reply, route
from bot.domain.permissions import Right, may
from bot.handlers import (
    answer,
    bulk,
    chain,
    change,
    earlier,
    evidence,
    export,
    finding_form,
    flow,
    free_text,
    many,
    measures,
    named,
    navigate,
    place_scope,
    plan,
    preferences,
    quoted,
    relocate,
    remarks,
    search,
    submit,
    views,
    visit,
)
from bot.handlers.turn import Outcome, Turn
from bot.handlers.whom_to_ask import whom_to_ask
from storage.db import Reader

Handler = Callable[[Reader, Turn, datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Command:
    """What does it, the right it needs, and whether it shows what should not stand in a room of several."""

    handler: Handler
    needs: Right = Right.TALK
    private: bool = False


COMMANDS: Mapping[str, Command] = {
    "walk": Command(navigate.walk),
    "help": Command(views.help_me),
    "back": Command(navigate.back, Right.REPORT),
    "again": Command(navigate.again),
    "cancel": Command(navigate.cancel),
    "progress": Command(views.show_progress, Right.LOOK),
    "jump": Command(navigate.jump, Right.REPORT),
    "change": Command(change.change, Right.AMEND),
    "move": Command(relocate.move, Right.AMEND, private=True),
    "switch": Command(navigate.switch),
    "ledger": Command(export.ledger, Right.LOOK),
    "mine": Command(views.mine_list, Right.REPORT, private=True),
    "review": Command(views.review, Right.HAND_IN),
    "submit": Command(submit.submit, Right.HAND_IN),
    "undo": Command(preferences.undo, Right.REPORT),
    "search": Command(search.search),
    "policy": Command(search.policy),
    "visit": Command(visit.visit, Right.REPORT, private=True),
    "language": Command(preferences.language),
    "feedback": Command(preferences.feedback, private=True),
    "buttons": Command(preferences.buttons),
    "show": Command(views.show, Right.LOOK, private=True),
    "void": Command(change.void, Right.AMEND),
    "digest": Command(export.digest, Right.FIGURES),
    "menu": Command(views.greet),
    "greet": Command(views.greet),
    "thanks": Command(views.courtesy),
    "chain": Command(chain.how, Right.REPORT, private=True),
    "later_on": Command(views.not_yet),
}

REPLIES: Mapping[type[Question], Handler] = {
    AskBasis: bulk.basis,
    AskDescription: finding_form.describe,
    AskMeasure: plan.measure,
    AskHorizon: plan.horizon,
    AskMechanism: plan.mechanism,
    AskStage: plan.stage,
    AskPlace: navigate.choose_place,
    AskResume: navigate.resume,
    AskSubmit: submit.confirm,
    AskMerge: free_text.merge,
    AskOffer: free_text.offered,
    AskVisit: visit.confirm,
    AskChain: chain.confirm,
    AskChainBasis: chain.basis,
    AskTakeBack: preferences.take_back,
    AskMany: many.declined,
}


def handle(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """What comes of one message. None: talk among others in a room, which is none of our business."""
    outcome = _handle(tx, turn, now)
    outcome = many.asked_first(turn, outcome) if outcome is not None else None
    lost = outcome is not None and any(said.key in flow.LOST for said in outcome.lines)
    return outcome.say(whom_to_ask(tx, turn, now)) if outcome and lost else outcome


def _handle(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    listed = chain.listed(tx, turn, now)
    if listed is not None:
        return _list(tx, turn, listed)
    if place_scope.is_plain_text(tx, turn):
        turn = replace(turn, said=replace(turn.said, command=None))
    turn = _bare_command(turn)
    match route(turn.said, _situation(turn)):
        case Route.IGNORE:
            return None
        case Route.EVIDENCE:
            return evidence.received(tx, turn, now)
        case Route.COMMAND:
            return _command(tx, turn, now)
        case Route.LOOKER:
            return _to_a_looker(turn)
        case Route.WORDS:
            return _words(tx, turn, now)


def _list(tx: Reader, turn: Turn, listed: chain.Listed) -> Outcome | None:
    """A list of several villages; in a room it is talk among others, unless it was meant for us."""
    refusal = may(turn.scope, Right.REPORT)
    if turn.direct:
        return flow.refused(turn, flow.not_theirs(refusal)) if refusal else chain.pasted(tx, turn, listed)
    to_us = turn.bound or (turn.said.command is not None and not turn.said.words.startswith("#"))
    return flow.refused(turn, line("in_private")) if to_us else None  # #接龙 is what a messenger writes


def _situation(turn: Turn) -> Situation:
    reports = turn.scope.has(Right.REPORT)
    return Situation(turn.direct, turn.bound, reports, evidence.without_words(turn), turn.session.question)


def _bare_command(turn: Turn) -> Turn:
    """政策 alone while a choice is open: a command that wants more words says so itself, or takes what is open."""
    said, expect = turn.said, turn.session.expect
    if expect not in (Expect.CHOICE, Expect.OPTION, Expect.CONFIRM) or said.command or said.bulk:
        return turn
    if said.choice or said.doubt or said.number is not None or said.yes is not None:
        return turn
    command = turn.heard.under(Expect.NOTHING).command
    return turn if command is None or command.argument else replace(turn, said=replace(said, command=command))


def _to_a_looker(turn: Turn) -> Outcome:
    """Words of somebody who looks and does not report."""
    said, role = turn.said, turn.person.role
    if not said.words.strip():
        return flow.refused(turn, line("no_evidence"))
    if said.bulk or said.choice:
        return flow.refused(turn, line(f"no_places_{role}"))
    return flow.not_understood(turn, line(f"menu_{role}"))


def _command(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    assert turn.said.command is not None
    command = COMMANDS[turn.said.command.name]
    refusal = may(turn.scope, command.needs)
    if refusal is not None:
        return flow.refused(turn, flow.not_theirs(refusal))
    if command.private and not turn.direct:
        return flow.refused(turn, line("in_private"))
    return command.handler(tx, turn, now)


def _words(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    several = place_scope.in_several_places(turn)
    if several and all(each.said.bulk and not each.said.rest for each in several):
        return bulk.at_each(tx, several, now)
    if several or place_scope.names_several(turn):
        return flow.refused(turn, line("each_place_alone"))
    own = earlier.to_earlier(tx, turn, now)
    if isinstance(own, Outcome):
        return own
    there = own or place_scope.apply_named_place(tx, turn)
    if isinstance(there, Outcome):
        return there
    if not there.said.bulk:
        replayed = place_scope.replay_pending_words(there) or many.agreed(there)
        if replayed is not None:
            return _handle(tx, replayed, now) or flow.refused(replayed)
    question = there.session.question
    choice = there.heard.under(Expect.CHOICE).choice if isinstance(question, AskResume) else None
    return _reply(tx, there, reply(there.said, choice, question), now)


def _reply(tx: Reader, turn: Turn, kind: Reply, now: datetime) -> Outcome:
    question = turn.session.question
    on_record = quoted.old_item(tx, turn, kind, now)
    if on_record is not None:
        return on_record
    match kind:
        case Reply.BULK:
            return bulk.bulk(tx, turn, now)
        case Reply.ANSWER:
            return answer.answer(tx, turn, now)
        case Reply.DOUBT:
            return answer.doubtful(tx, turn, now)
        case Reply.NUMBER:
            return answer.bare_number(tx, turn, now)
        case Reply.BASIS_ALONE:
            return answer.basis_alone(tx, turn, now)
        case Reply.LEFT:
            return flow.refused(turn, line("left_as_is"))
        case Reply.FREE:
            return free_text.unsolicited(tx, turn, now)
        case Reply.REMARK:
            return remarks.remark(tx, turn, now)
        case Reply.LATER:
            return navigate.cancel(tx, turn, now)
        case Reply.RESUME_WITH_ANSWER:
            assert isinstance(question, AskResume)
            session = turn.session.asking(AskAnswer(question.place, question.item))
            said = turn.heard.under(Expect.CHOICE)
            return answer.answer(tx, replace(turn, said=said, session=session), now)
        case Reply.TO_QUESTION:
            assert question is not None
            together = measures.several(tx, turn, now) if isinstance(question, AskMeasure) else None
            if together is not None:
                return together
            about = named.named_finding(tx, turn, now) if turn.said.number is None else None
            if about is not None:
                return about
            return REPLIES[type(question)](tx, turn, now)
