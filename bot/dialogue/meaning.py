"""What a person's words can mean: the values that `parse` returns and the handlers act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.answers import Answer, BulkAnswer


class Expect(StrEnum):
    """What kind of reply the open question waits for; the same words mean different things to each."""

    NOTHING = "nothing"  # no question is open
    CHOICE = "choice"  # one of the four answers, for one item
    BASIS = "basis"  # how a clear was established: 入户12户, 查台账, 现场
    TEXT = "text"  # free words: a description, a measure, a reason
    OPTION = "option"  # one of a numbered list: a place, a horizon, a candidate item
    CONFIRM = "confirm"  # yes or no


class Remark(StrEnum):
    """Words that answer no question of ours."""

    QUESTION = "question"
    CORRECTION = "correction"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name in COMMANDS, with what was said after it."""

    name: str
    argument: str = ""  # normalised but otherwise as said
    number: int | None = None  # the first whole number in the argument, Chinese numerals included


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """Everything that was understood of one message, and what was not.

    At most one of command, choice, doubt or bulk speaks for the message as a whole; `number`, `yes` and `words`
    are always filled where they apply, and the open question decides which of them it needs.
    """

    words: str  # normalised for reading: NFKC, trimmed, variation selectors gone; case and inner line breaks kept
    command: Command | None = None
    choice: Answer | None = None  # the one answer to the open item
    doubt: tuple[Answer, ...] = ()  # could be any of these: ask, never guess
    bulk: tuple[BulkAnswer, ...] = ()
    basis: str = ""  # 入户12户 and the like, said along with a clear
    detail: str = ""  # words that came with `choice`: 有，水管漏水 -> 水管漏水
    number: int | None = None  # the whole message is one number
    yes: bool | None = None  # the whole message is a yes or a no
    bases: tuple[BulkAnswer, ...] = ()  # 4-7入户12户，8-10查台账: to the question how they were established
    rest: tuple[str, ...] = field(
        default=()
    )  # pieces nobody understood, as said; nothing is silently dropped
    remark: Remark | None = None  # the words ask, correct or chat
    topic: str = ""  # what a question of theirs is about: deadline, left, meaning …
    mixed: bool = False  # answers by number stand among other words
