"""What a reading, or marks, come to as a message: the words behind them, and how a clear was established."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.parsing.answer_parser import ParsedAnswer, parse_answer
from bot.dialogue.parsing.answers import tells_of_trouble
from bot.dialogue.parsing.basis import names_a_way
from bot.dialogue.parsing.bulk import ParsedBulk
from bot.dialogue.parsing.vocabulary import Vocabulary
from bot.domain.answers import Answer, BulkAnswer

LONGEST_WAY = 200  # characters that say how something was checked
_FOR_ALL = re.compile(r"(?:以上)?(?:都|全|全部|一共|统统)(?:是|都)?(?=.)")


def with_reading(plain: ParsedMessage, reading: ParsedAnswer) -> ParsedMessage:
    if reading.doubt:
        return replace(plain, doubt=reading.doubt)
    said = sentence(reading.detail.words)
    if reading.answer is Answer.CLEAR and not plain.basis and names_a_way(said):
        return replace(plain, choice=Answer.CLEAR, basis=said)
    return replace(plain, choice=reading.answer, detail=said)


def with_marks(plain: ParsedMessage, marked: ParsedBulk, vocabulary: Vocabulary) -> ParsedMessage:
    """Marks, unless other words came before them: those answer the open item, and the marks have to be asked again."""
    if marked.lead.fold:
        reading = parse_answer(marked.lead, vocabulary.answers)
        if reading.could:
            return replace(
                with_reading(plain, reading), rest=tuple(piece.said.words for piece in marked.pieces)
            )
    shared = _said_of_all(marked.answers, vocabulary) if not plain.basis else ""
    if shared:
        last = replace(marked.answers[-1], detail="")
        marked = replace(marked, answers=[*marked.answers[:-1], last])
        plain = replace(plain, basis=shared)
    answers = tuple(
        _with_way(replace(mark, detail=sentence(mark.detail)), plain, vocabulary) for mark in marked.answers
    )
    unread = [marked.lead.words, *marked.rest] if marked.lead.fold else marked.rest
    rest = tuple(map(sentence, unread))
    ways = [words for words in rest if _says_how(words, vocabulary)] if not plain.basis else []
    if len(ways) == 1 and any(mark.answer is Answer.CLEAR and not mark.basis for mark in answers):
        return replace(
            plain, bulk=answers, basis=ways[0], rest=tuple(words for words in rest if words not in ways)
        )
    return replace(plain, bulk=answers, rest=rest)


def _said_of_all(marks: Sequence[BulkAnswer], vocabulary: Vocabulary) -> str:
    """66无 67无 都去现场看过: the way of checking behind the last clear that is said of all of them."""
    if len(marks) < 2 or any(mark.answer is not Answer.CLEAR or mark.basis for mark in marks):
        return ""
    said = sentence(marks[-1].detail)
    head = _FOR_ALL.match(said)
    return said[head.end() :] if head and _says_how(said, vocabulary) else ""


def _with_way(mark: BulkAnswer, plain: ParsedMessage, vocabulary: Vocabulary) -> BulkAnswer:
    """21-23无，看水质报告: the words behind a clear that say how it was checked."""
    said = mark.detail
    if mark.answer is not Answer.CLEAR or not said or plain.basis or not _says_how(said, vocabulary):
        return mark
    return replace(mark, detail="", basis=said)


def _says_how(words: str, vocabulary: Vocabulary) -> bool:
    if len(words) > LONGEST_WAY:
        return False
    trouble = tells_of_trouble(words.lower(), vocabulary.answers)
    return names_a_way(words) and not trouble and not re.search(r"\d+\s?[-到至~]\s?\d", words)


def sentence(words: str) -> str:
    """As said, without the gap that a basis taken out of the middle left."""
    return re.sub(r",{3,}", "，", words).strip(" ,，;；。\n")
