"""An edited message that only words its problems differently: they keep their numbers and everything said about them.

Rule: reads only; what is to change comes back as effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.context import Context
from bot.dialogue.effects import ChangeFinding
from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.session import AskAnswer, AskDescription, Question
from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.handlers.finding_form import LONGEST, described
from storage import findings, history
from storage.db import Reader

NO_PROBLEM = ("有", "无", "没有")  # words that describe nothing


@dataclass(frozen=True, slots=True)
class Rewording:
    """What is left to handle of the new words, and the new descriptions of the findings the message had described."""

    left: ParsedMessage
    kept: tuple[ChangeFinding, ...]


def match_reworded(
    tx: Reader, context: Context, events: Sequence[str], question: Question | None, said: ParsedMessage
) -> Rewording:
    """Which findings that these messages described go on under other words. `said` was read under `question`."""
    kept: list[ChangeFinding] = []
    bulk = list(said.bulk)
    for number in _described(tx, events):
        finding = findings.get(tx, number)
        if finding is None or finding.state == "void":
            continue
        item = context.campaign.item.get(finding.item_id)
        told = next((each for each in bulk if item is not None and _describes(each, item.no)), None)
        words = (told.detail if told is not None else _words(question, said, len(events) > 1))[:LONGEST]
        if words:
            kept.append(ChangeFinding(finding.no, described(words)))
        if told is not None:
            bulk.remove(told)
    return Rewording(replace(said, bulk=tuple(bulk)), tuple(kept))


def _described(tx: Reader, events: Sequence[str]) -> list[int]:
    """The findings that owe their words to these messages."""
    changes = history.of_refs(tx, events)
    worded = {c.subject for c in changes if c.subject.kind == "finding" and c.field == "description"}
    return sorted(int(subject.id) for subject in worded)


def _describes(told: BulkAnswer, no: int) -> bool:
    listed = told.answer is Answer.FOUND and told.spread is Spread.LISTED
    return listed and told.nos == (no,) and bool(told.detail)


def _words(question: Question | None, said: ParsedMessage, proposed: bool) -> str:
    """The description in the new words, when the message was about one finding; `proposed` when we had offered it."""
    if said.command is not None or said.bulk:
        return ""
    if isinstance(question, AskDescription) or (proposed and said.choice is None and not said.doubt):
        words = said.words.strip()
        return words if words not in NO_PROBLEM and any(c.isalpha() for c in words) else ""
    if isinstance(question, AskAnswer) and said.choice is Answer.FOUND:
        return said.detail
    return ""
