"""An edited message that only words its problems differently: they keep their numbers and everything said about them.

Rule: reads only; what is to change comes back as effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.context import Context
from bot.dialogue.effects import ChangeFinding
from bot.dialogue.meaning import Answer, BulkAnswer, ParsedMessage, Spread
from bot.dialogue.session import AskAnswer, AskDescription, Question
from bot.domain.similarity import cause_of, object_of
from bot.engine import undo
from bot.handlers.finding_form import LONGEST
from storage import findings
from storage.db import Reader

NO_PROBLEM = ("有", "无", "没有")  # words that describe nothing


def reworded(
    tx: Reader, context: Context, events: Sequence[str], read: tuple[Question | None, ParsedMessage]
) -> tuple[ParsedMessage, list[ChangeFinding]]:
    """What is left to handle of the new words, and the new descriptions of the findings the message had opened."""
    question, said = read
    kept: list[ChangeFinding] = []
    marks = list(said.marks)
    for number in _opened(tx, events):
        finding = findings.get(tx, number)
        if finding is None or finding.state == "void":
            continue
        item = context.campaign.item.get(finding.item_id)
        mark = next((mark for mark in marks if item is not None and _describes(mark, item.no)), None)
        words = (mark.detail if mark is not None else _words(question, said, len(events) > 1))[:LONGEST]
        if words:
            fields = {"description": words, "object": object_of(words), "cause": cause_of(words)}
            kept.append(ChangeFinding(finding.no, fields))
        if mark is not None:
            marks.remove(mark)
    return replace(said, marks=tuple(marks)), kept


def _opened(tx: Reader, events: Sequence[str]) -> list[int]:
    changes = undo.changes_of(tx, events)
    opened = (c.subject for c in changes if c.action == "opened" and c.subject.startswith("finding/"))
    return sorted(int(subject.partition("/")[2]) for subject in opened)


def _describes(mark: BulkAnswer, no: int) -> bool:
    listed = mark.answer is Answer.FOUND and mark.spread is Spread.LISTED
    return listed and mark.nos == (no,) and bool(mark.detail)


def _words(question: Question | None, said: ParsedMessage, proposed: bool) -> str:
    """The description in the new words, when the message was about one finding; `proposed` when we had offered it."""
    if said.command is not None or said.marks:
        return ""
    if isinstance(question, AskDescription) or (proposed and said.choice is None and not said.doubt):
        words = said.words.strip()
        return words if words not in NO_PROBLEM and any(c.isalpha() for c in words) else ""
    if isinstance(question, AskAnswer) and said.choice is Answer.FOUND:
        return said.detail
    return ""
