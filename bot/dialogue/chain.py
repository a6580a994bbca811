"""What one line of a pasted list says of its village: answers that can be stored, or the reason why it is none.

Rule: a line is taken whole or not at all. A question, a correction, talk, a doubt, a word left over: nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.dialogue.meaning import Expect, ParsedMessage, Remark
from bot.dialogue.parsing.lexicon import fold
from bot.dialogue.parsing.parse import parse
from bot.dialogue.parsing.vocabulary import Vocabulary
from bot.dialogue.search import Index, confident, search
from bot.dialogue.visit import Proposal, propose
from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.domain.campaign import Campaign


class Unread(StrEnum):
    """Why nothing is stored of a line."""

    UNKNOWN = "unknown"  # no place of that name
    AMBIGUOUS = "ambiguous"  # several places could be meant
    OUTSIDE = "outside"  # a place the person may not report on
    SEVERAL = "several"  # the line names another place too
    NO_ANSWER = "no_answer"
    HALF = "half"  # not all of it was understood
    WHICH_ITEM = "which_item"  # 有, 不涉及, or a problem that the search is not sure of
    NOT_ASKED = "not_asked"  # only items that this place is not asked
    HANDED_IN = "handed_in"
    NOTHING_NEW = "nothing_new"  # all of it stands there already


@dataclass(frozen=True, slots=True)
class Language:
    """Everything words are read with."""

    vocabulary: Vocabulary
    index: Index
    campaign: Campaign


def read_words(words: str, language: Language) -> tuple[BulkAnswer, ...] | Unread:
    """What was said of a village, as answers; lines are read one by one, and must not contradict each other."""
    read = [_line(each, language) for each in words.split("\n") if each.strip()] or [Unread.NO_ANSWER]
    told: list[tuple[BulkAnswer, ...]] = []
    for each in read:
        if isinstance(each, Unread):
            return each
        if each not in told:
            told.append(each)
    marks = tuple(mark for each in told for mark in each)
    return marks if len(told) == 1 or _agree(marks) else Unread.HALF


def _agree(marks: tuple[BulkAnswer, ...]) -> bool:
    """Whether no item is given two answers; one line that clears everything says the opposite of any other."""
    given: dict[int, set[Answer]] = {}
    for mark in marks:
        if mark.spread is Spread.ALL and not mark.nos:
            return False
        for no in mark.nos if mark.spread is Spread.LISTED else ():
            given.setdefault(no, set()).add(mark.answer)
    return all(len(answers) == 1 for answers in given.values())


def _line(words: str, language: Language) -> tuple[BulkAnswer, ...] | Unread:
    """What one line says; a clear without items is one of every item still open."""
    said = parse(words, Expect.NOTHING, language.vocabulary)
    talk = said.remark is Remark.CHAT and (bool(said.bulk) or bool(said.detail) or said.choice is None)
    pictures = not any(character.isalnum() for character in words)  # ✅ may say that it was done
    if pictures or said.command is not None or said.remark in (Remark.QUESTION, Remark.CORRECTION) or talk:
        return Unread.NO_ANSWER
    if said.bulk:
        return _listed(said)
    if said.doubt or (said.choice is Answer.CLEAR and (said.detail or said.rest)):
        return Unread.HALF
    if said.choice is Answer.CLEAR:
        return (BulkAnswer(Answer.CLEAR, spread=Spread.ALL, basis=said.basis),)
    if said.choice is Answer.NOT_APPLICABLE or (said.choice is Answer.FOUND and not said.detail):
        return Unread.WHICH_ITEM
    text = said.detail or (said.words if said.rest else "")
    if said.choice is Answer.LATER or said.number is not None or not text:
        return Unread.NO_ANSWER
    return _problems(text, language) or Unread.WHICH_ITEM


def _listed(said: ParsedMessage) -> tuple[BulkAnswer, ...] | Unread:
    first = said.bulk[0]
    if (
        said.rest
        and first.answer is Answer.FOUND
        and len(said.bulk) == len(first.nos) == 1
        and not first.detail
    ):
        return (replace(first, detail="，".join(said.rest)),)  # 22有 and loose words: they are what was found
    if said.rest or any(each.answer is Answer.CLEAR and each.detail for each in said.bulk):
        return Unread.HALF
    return tuple(
        replace(each, basis=each.basis or said.basis) if each.answer is Answer.CLEAR else each
        for each in said.bulk
    )


def _problems(text: str, language: Language) -> tuple[BulkAnswer, ...]:
    """The problems that words without a number tell of, when the search is sure of every one; else none."""
    seen = propose(text, language.index, language.campaign)
    if seen.rest or seen.fine or not all(_sure(each, language) for each in seen.proposals):
        return ()
    told = list(_told(text, seen.object, seen.proposals))
    return tuple(
        BulkAnswer(Answer.FOUND, (language.campaign.item[each.item_id].no,), detail=words)
        for each, words in zip(seen.proposals, told, strict=True)
    )


def _sure(each: Proposal, language: Language) -> bool:
    hits = search(language.index, each.words)
    trouble = language.index.lexicon.trouble.search(fold(each.words))
    return (
        len(each.candidates) == 1
        and confident(hits)
        and hits[0].item_id == each.item_id
        and trouble is not None
    )


def _told(text: str, visited: str, proposals: tuple[Proposal, ...]) -> Iterator[str]:
    """The words of each problem, with the household they speak of."""
    for each in proposals:
        named = each.object or visited
        yield text if len(proposals) == 1 else each.words if named in each.words else f"{named}{each.words}"
