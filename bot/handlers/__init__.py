"""Everything the bot can do, on one page: a command is a line here, a handler, its texts and a transcript.

Rule: a handler reads through what it is given and returns what is to happen. It can neither write nor send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import line
from bot.dialogue.meaning import Command, Expect
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
from bot.dialogue.route import COURTESIES, Reply, Route, Situation, reply, route
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

_NUMBERED = re.compile(r"[!！]?[^\W\d]{1,8}\s?第?\d{1,5}\s?[项条号]?\W*")  # matches 问题101, 跳到第21项
_APART = re.compile(r"!?[^\s:：]{1,12}[\s:：]")  # matches the beginning of 走访 张三家 水管漏

Handler = Callable[[Reader, Turn, datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Handled:
    """What does it, the right it needs, and whether it takes down what should not be said in a room of several."""

    handler: Handler
    needs: Right = Right.TALK
    private: bool = False


COMMANDS: Mapping[str, Handled] = {
    "walk": Handled(navigate.walk),
    "help": Handled(views.help_me),
    "back": Handled(navigate.back, Right.REPORT),
    "again": Handled(navigate.again),
    "cancel": Handled(navigate.cancel),
    "progress": Handled(views.show_progress, Right.LOOK),
    "jump": Handled(navigate.jump, Right.REPORT),
    "change": Handled(change.change, Right.AMEND),
    "move": Handled(relocate.move, Right.AMEND, private=True),
    "switch": Handled(navigate.switch),
    "ledger": Handled(export.ledger, Right.LOOK),
    "mine": Handled(views.mine_list, Right.REPORT),
    "review": Handled(views.review, Right.HAND_IN),
    "submit": Handled(submit.submit, Right.HAND_IN),
    "undo": Handled(preferences.undo, Right.REPORT),
    "search": Handled(search.search),
    "policy": Handled(search.policy),
    "visit": Handled(visit.visit, Right.REPORT, private=True),
    "language": Handled(preferences.language),
    "feedback": Handled(preferences.feedback, private=True),
    "buttons": Handled(preferences.buttons),
    "show": Handled(views.show, Right.LOOK),
    "void": Handled(change.void, Right.AMEND),
    "digest": Handled(export.digest, Right.FIGURES),
    "menu": Handled(views.greet),
    "greet": Handled(views.greet),
    "thanks": Handled(views.courtesy),
    "chain": Handled(chain.how, Right.REPORT, private=True),
    "later_on": Handled(views.not_yet),
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
    turn = _called_only(_bare_command(turn))
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
    to_us = turn.for_us or (turn.said.command is not None and not turn.said.words.startswith("#"))
    return flow.refused(turn, line("in_private")) if to_us else None  # #接龙 is what a messenger writes


def _situation(turn: Turn) -> Situation:
    reports = turn.scope.has(Right.REPORT)
    bare = evidence.without_words(turn)
    return Situation(turn.for_us, turn.for_us or _orders(turn), reports, bare, turn.session.question)


def _orders(turn: Turn) -> bool:
    """Whether words among others are a command all the same: read as strictly as where any text may stand. What should
    not be said there is heard where its command stands apart, to be told so."""
    command = turn.said.command
    if command is None or command.name in COURTESIES:
        return False
    words = turn.said.words
    apart = COMMANDS[command.name].private and _APART.match(words) is not None
    numbered = command.number is not None and _NUMBERED.fullmatch(words) is not None
    return apart or numbered or command == turn.heard.under(Expect.TEXT).command


def _called_only(turn: Turn) -> Turn:
    """Our name and nothing else: hello."""
    if not turn.called or turn.photos or turn.said.words.strip():
        return turn
    return replace(turn, said=replace(turn.said, command=Command("greet")))


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
