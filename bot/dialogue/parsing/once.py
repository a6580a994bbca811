"""What does not hang on the open question is read once, however many questions the same words are read under."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.dialogue.meaning import Expect, Remark
from bot.dialogue.parsing.basis import take_basis
from bot.dialogue.parsing.bulk import ParsedBulk, find_bulk_answers
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.remarks import remark_in
from bot.dialogue.parsing.vocabulary import Vocabulary

KEPT = 16  # stretches of words whose reading is kept
_DOTTED = re.compile(r"(?<![\d.])\d{1,2}(?:\.\d{1,2}){2,40}(?![\d.])")


def marks_in(line: Line, expect: Expect, vocabulary: Vocabulary) -> ParsedBulk:
    """The answers to many items in these words; they are not to be changed."""
    wider = expect is Expect.NOTHING and vocabulary.subjects.wider.search(line.fold) is not None
    return _marks(line, wider, vocabulary)


@lru_cache(maxsize=KEPT)
def remark_of(line: Line, vocabulary: Vocabulary) -> Remark | None:
    return remark_in(line, vocabulary.remarks)


@lru_cache(maxsize=KEPT)
def basis_in(line: Line, vocabulary: Vocabulary) -> tuple[Line, str]:
    return take_basis(line, vocabulary.bases)


@lru_cache(maxsize=KEPT)
def _marks(line: Line, wider: bool, vocabulary: Vocabulary) -> ParsedBulk:
    if "." in line.fold:  # 4.5.6 is a list; two numbers with a point are a decimal
        line = Line(line.words, _DOTTED.sub(lambda match: match.group().replace(".", ","), line.fold))
    words = vocabulary.subjects
    subject = words.subject_or_all if wider else words.subject
    return find_bulk_answers(line, subject, words, vocabulary.answers, vocabulary.joins)
