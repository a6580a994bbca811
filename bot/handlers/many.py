"""Very many problems in one message: asked about once, before anything is written.

Rule (law 10): what was said waits on the disk, in the session; the yes reads it anew under the question it was said to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import OpenFinding, line, plain
from bot.dialogue.questions import AskChain, AskMany, AskVisit, dump_question, load_question
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn, settled
from storage.db import Reader

MOST = 40  # findings that one message opens without being asked about
ASKED = (AskMany, AskVisit, AskChain)  # whoever says yes to these has seen what it comes to


def asked_first(turn: Turn, outcome: Outcome) -> Outcome:
    """What comes of a message, or the question whether it is meant."""
    n = sum(isinstance(plain(effect), OpenFinding) for effect in outcome.effects)
    question = turn.session.question
    if n <= MOST or (isinstance(question, ASKED) and not turn.said.bulk):
        return outcome
    words, under = turn.heard.words, dump_question(question) or ""
    return Outcome(turn.session.interrupted(AskMany(turn.session.place, words, n, under)))


def agreed(turn: Turn) -> Turn | None:
    """The reply yes, as the words that waited for it."""
    question = turn.session.question
    if not isinstance(question, AskMany) or not (turn.verdict("list") or turn.said.number == 1):
        return None
    under = load_question(question.under)
    queue = tuple(other for other in turn.session.queue if other != under)
    session = replace(turn.session, question=under, queue=queue, place=question.place, retries=0)
    return replace(turn, session=session).hearing(question.words)


def declined(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Any other reply."""
    if turn.verdict("list") is False or turn.said.number == 2:
        return settled(turn.session, line("dropped"))
    return flow.not_understood(turn, line("confirm_example"))
