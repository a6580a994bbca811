"""An edited message that only words its problems differently: they keep their numbers and everything said about them.

Rule: reads only; what is to change comes back as effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.context import Context
from bot.dialogue.effects import ChangeFinding, Line, line
from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.questions import AskAnswer, AskChain, AskDescription, Question, load_question
from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.domain.lifecycle import AMENDABLE
from bot.handlers.finding_form import LONGEST, described
from storage import findings
from storage.db import Reader
from storage.findings import Finding
from storage.history import Change
from storage.inbox import Seen

EDITED = line("edited")
NO_PROBLEM = ("有", "无", "没有")  # words that describe nothing


@dataclass(frozen=True, slots=True)
class Edit:
    """The message, the messages that make up its record, what they changed, its new words."""

    original: Seen
    events: tuple[str, ...]
    changes: Sequence[Change]
    words: str
    head: Line = EDITED  # what the reply begins with

    @property
    def question(self) -> Question | None:
        return load_question(self.original.question)


@dataclass(frozen=True, slots=True)
class Rewording:
    """What is left to handle of the new words; new descriptions of findings; drafts that the new words name again."""

    left: ParsedMessage
    kept: tuple[ChangeFinding, ...]
    named_again: tuple[int, ...]

    @property
    def findings(self) -> tuple[int, ...]:
        """Everything that goes on under the number it has."""
        return (*(change.no for change in self.kept), *self.named_again)


def match_reworded(tx: Reader, context: Context, edit: Edit, said: ParsedMessage) -> Rewording:
    """Which findings that were described go on under other words. `said`: the new words, read under the same question."""
    if _is_list(edit):  # it is shown and confirmed anew
        return Rewording(said, (), ())
    kept: list[ChangeFinding] = []
    bulk, named_again = _opened_again(tx, context, edit.changes, list(said.bulk))
    for number in _changed(edit.changes, "description"):
        finding = findings.get(tx, number)
        if finding is None or finding.state == "void":
            continue
        item = context.campaign.item.get(_told_at(edit.changes, finding))
        told = next((each for each in bulk if item is not None and _describes(each, item.no)), None)
        words = (told.detail if told is not None else _words(edit, said))[:LONGEST]
        if words:
            kept.append(ChangeFinding(finding.no, described(words)))
        if told is not None:
            bulk.remove(told)
    return Rewording(replace(said, bulk=tuple(bulk)), tuple(kept), tuple(named_again))


def _is_list(edit: Edit) -> bool:
    """Whether the message was a list of several villages, or confirmed one."""
    brought_up = (load_question(question) for question in edit.original.opened_questions)
    return any(isinstance(question, AskChain) for question in (edit.question, *brought_up))


def _opened_again(
    tx: Reader, context: Context, changes: Sequence[Change], bulk: list[BulkAnswer]
) -> tuple[list[BulkAnswer], list[int]]:
    """What is left of the answers, and the findings that these messages opened and that they name again."""
    named_again = []
    for number in _changed(changes, "place_id"):
        finding = findings.get(tx, number)
        item = (
            context.campaign.item.get(_told_at(changes, finding))
            if finding and finding.state in AMENDABLE
            else None
        )
        if item is None:
            continue
        told = next((each for each in bulk if _names(each, item.no)), None)
        if told is not None:
            named_again.append(number)
            rest = tuple(no for no in told.nos if no != item.no)
            at = bulk.index(told)
            bulk[at : at + 1] = [replace(told, nos=rest)] if rest else []
    return bulk, named_again


def _told_at(changes: Sequence[Change], finding: Finding) -> str:
    """The item under which these messages told of a finding, wherever it was moved since."""
    subject = findings.subject(finding.no)
    return next(
        (str(c.after) for c in changes if c.subject == subject and c.field == "item_id"), finding.item_id
    )


def _names(told: BulkAnswer, no: int) -> bool:
    return told.answer is Answer.FOUND and told.spread is Spread.LISTED and no in told.nos and not told.detail


def _changed(changes: Sequence[Change], field: str) -> list[int]:
    """The findings whose field was set."""
    subjects = {c.subject for c in changes if c.subject.kind == "finding" and c.field == field}
    return sorted(int(subject.id) for subject in subjects)


def _describes(told: BulkAnswer, no: int) -> bool:
    listed = told.answer is Answer.FOUND and told.spread is Spread.LISTED
    return listed and told.nos == (no,) and bool(told.detail)


def _words(edit: Edit, said: ParsedMessage) -> str:
    """The description in the new words, when the message was about one finding."""
    question, proposed = edit.question, len(edit.events) > 1  # we had offered it, and a reply took it up
    if said.command is not None or said.bulk:
        return ""
    if isinstance(question, AskDescription) or (proposed and said.choice is None and not said.doubt):
        words = said.words.strip()
        return words if words not in NO_PROBLEM and any(c.isalpha() for c in words) else ""
    if isinstance(question, AskAnswer) and said.choice is Answer.FOUND:
        return said.detail
    return ""
