"""Sentences said in another order than the grammar reads them: everything clear except 22, 都没问题除了22, yes, pipe burst."""

from __future__ import annotations

import re

from bot.dialogue.parsing.answers import AnswerWords, tells_of_trouble
from bot.dialogue.parsing.normalise import Line

_LONGEST = 300  # characters
_AGREED = re.compile(r"(?:yes|yeah|yep|是的?|对|嗯)[,。. !]+\s?(?=.{4})")  # yes, pipe burst behind the school
_NOS = r"\d{1,2}(?:(?:\s?[、,和~-]\s?|\s?and\s)\d{1,2}){0,30}"
_ALL_BUT = re.compile(
    rf"(?P<all>all|everything)(?:'s|\sis|\sare)?\s(?P<answer>clear|fine|ok|okay|good|none),?\s(?P<but>(?:except|but|besides|apart from)(?:\sfor)?\s{_NOS})(?=$|[,;.])"
)  # everything clear except 22 and 67
_ALL_BUT_LAST = re.compile(
    rf"(?:其余|其他|别的|剩下的?|全部|所有)?(?:都|全)(?P<answer>没问题|没有问题|没有|没事|无|正常)[,， ]?(?P<but>除了?{_NOS}(?:项|号)?)(?:以外|之外|外)?(?=$|[,;。])"
)  # 都没问题，除了22、67


def but_first(line: Line) -> Line:
    """The exceptions before the answer, as the grammar reads them; any other line as it is."""
    if len(line.fold) > _LONGEST:
        return line
    found = _ALL_BUT.match(line.fold)
    if found:
        return _joined(line, found, ("all", "but", "answer"))
    found = _ALL_BUT_LAST.match(line.fold)
    return _joined(line, found, ("but", "answer")) if found else line


def _joined(line: Line, found: re.Match[str], names: tuple[str, ...]) -> Line:
    parts = [line.cut(*found.span(name)) for name in names]
    rest = line.cut(found.end())
    words, fold = " ".join(part.words for part in parts), " ".join(part.fold for part in parts)
    return Line(words + rest.words, fold + rest.fold)


def agreed_to(line: Line, answers: AnswerWords) -> Line | None:
    """What is wrong, when the words agree first: yes, pipe burst behind the school. None: they only agree, or do not."""
    found = _AGREED.match(line.fold)
    if found is None or not tells_of_trouble(line.fold[found.end() :], answers):
        return None
    return line.cut(found.end())
