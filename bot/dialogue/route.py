"""What kind of message this is: decided once, from what was read and where the person stands; nothing is done here.

Rule: pure. Commands come first in every state; a photo without words is evidence; what is said among others is theirs,
whatever question stands open there: only commands, replies to us and words that call us are for us.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.dialogue.meaning import Expect, ParsedMessage, Remark
from bot.dialogue.questions import EXPECTS, AskAnswer, AskHorizon, AskResume, AskStage, AskVisit, Question
from bot.domain.answers import Answer

SHORT = 4  # characters of a mere yes or no
DATED = (AskHorizon, AskStage)
COURTESIES = frozenset({"greet", "thanks"})  # in a room of several they are said to each other


class Route(Enum):
    """Where a message goes."""

    IGNORE = "ignore"  # talk among others
    EVIDENCE = "evidence"  # a photo that came alone or with a number
    COMMAND = "command"
    LOOKER = "looker"  # words of somebody who looks and does not report
    WORDS = "words"  # everything else: see `Reply`


class Reply(Enum):
    """What words are, once it is clear at which place they were said."""

    BULK = "bulk"  # answers to items by number
    ANSWER = "answer"  # one of the four answers to the open item
    DOUBT = "doubt"  # it could be two of them
    NUMBER = "number"  # a bare number that is none of the four choices
    BASIS_ALONE = "basis alone"  # how, but not what
    RESUME_WITH_ANSWER = "resume with answer"  # the item that 继续? names, answered right away
    LATER = "later"  # 稍后 to a question that is not one of the four choices
    LEFT = "left"  # 稍后 while nothing is open
    REMARK = "remark"  # a question of theirs, a correction, talk: no answer to ours
    TO_QUESTION = "to question"  # what the open question's own handler reads
    FREE = "free"  # words nobody asked for


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the person stands when they speak."""

    for_us: bool  # whatever it says: we are alone with them, it replies to us, or calls us by name
    orders: bool  # it is a command and nothing that people say to each other
    reports: bool
    bare_evidence: bool  # a photo came, with nothing but a number beside it
    question: Question | None


def route(said: ParsedMessage, here: Situation) -> Route:
    """Where a message goes. `said` is its reading under the open question."""
    if not (here.for_us or here.orders):
        return Route.IGNORE
    if here.bare_evidence and here.reports:
        return Route.EVIDENCE
    if said.command is not None:
        return Route.COMMAND
    return Route.WORDS if here.reports else Route.LOOKER


def reply(said: ParsedMessage, choice: Answer | None, question: Question | None) -> Reply:
    """What words are. `choice` is the answer they would be if an item were open."""
    if _is_remark(said, question):
        return Reply.REMARK
    if said.bulk:
        return Reply.BULK
    if question is None:
        return Reply.LEFT if said.choice is Answer.LATER and not said.detail else Reply.FREE
    if isinstance(question, AskAnswer):
        return _to_item(said)
    if said.choice is Answer.LATER:
        return Reply.LATER
    if isinstance(question, AskResume) and said.yes is None and said.number is None and choice is not None:
        return Reply.RESUME_WITH_ANSWER
    return Reply.TO_QUESTION


def _is_remark(said: ParsedMessage, question: Question | None) -> bool:
    """Whether words are none of what the open question waits for, whichever question it is."""
    expect = EXPECTS[type(question)] if question is not None else Expect.NOTHING
    if expect in (Expect.TEXT, Expect.BASIS):
        return said.mixed or (said.remark is not None and said.choice is not Answer.LATER)
    if said.remark is None or said.number is not None:
        return False
    if said.yes is not None:  # 不对 is an answer to a yes or no, and to nothing else
        waits = isinstance(question, DATED) or (isinstance(question, AskAnswer) and len(said.words) > SHORT)
        return said.remark is Remark.CORRECTION and waits
    if said.bulk:  # 22记错了，应该是23项: no finding of 22
        told = all(mark.answer is Answer.FOUND and mark.detail for mark in said.bulk)
        return isinstance(question, AskAnswer) and said.remark is Remark.CORRECTION and told
    if isinstance(question, AskAnswer):
        asks_too = said.choice is Answer.LATER and said.remark is Remark.QUESTION  # 没看懂这题啥意思
        with_words = bool(said.detail) and (said.choice is Answer.FOUND or asks_too)
        return with_words or _to_item(said) is Reply.FREE
    if expect is Expect.CONFIRM:
        return said.remark is Remark.CORRECTION and said.choice is None and not isinstance(question, AskVisit)
    return isinstance(question, DATED) and said.choice is None


def _to_item(said: ParsedMessage) -> Reply:
    if said.choice is not None:
        return Reply.ANSWER
    if said.doubt:
        return Reply.DOUBT
    if said.number is not None:
        return Reply.NUMBER
    return Reply.BASIS_ALONE if said.basis and not said.rest else Reply.FREE
