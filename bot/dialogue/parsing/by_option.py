"""An answer by its number in the four choices, with words behind it: 2 水管漏水, 第一个，没有."""

from __future__ import annotations

import re

from bot.dialogue.parsing.answer_parser import ParsedAnswer, narrowed, parse_answer
from bot.dialogue.parsing.answers import LATER, SEPARATORS, AnswerWords
from bot.dialogue.parsing.bulk import ParsedBulk
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import parse_number
from bot.domain.answers import Answer

OPTIONS = dict(enumerate(Answer, start=1))
_OPTION_FIRST = re.compile(
    r"(?:我?选|我?答|option\s)?\s?第?(?:(?P<n>[1-4])(?P<close>个?[\s,.、:;。)]{1,3}|(?=\D))|(?P<c>[一二三四两])(?:个|[\s,.、:;。)]){1,3})(?P<tail>.+)",
    re.S,
)
_NO_WORDS = re.compile(r"\s?[-~/]\s?\d|\d[\d\s.,]*$")


def by_option(line: Line, marked: ParsedBulk, answers: AnswerWords) -> ParsedAnswer | None:
    """What the choice named by its number says; None when the number is an item's, or of something else."""
    option = _OPTION_FIRST.fullmatch(line.fold)
    return _chosen(line, option, answers) if option and not _names_item(marked, option) else None


def _names_item(marked: ParsedBulk, option: re.Match[str]) -> bool:
    """Whether the number at the start is certainly an item's: more than the bare digit was named."""
    if not marked.pieces:
        return False
    subject, digit = marked.pieces[0].subject, "n" if option["n"] else "c"
    return subject.end > option.end(digit) or subject.start > option.start(digit) or subject.by_name


def _chosen(line: Line, option: re.Match[str], answers: AnswerWords) -> ParsedAnswer | None:
    """`2 水管漏水`: an option's number and words. None when the words show that an item's number was meant."""
    chosen = OPTIONS[parse_number(option["n"] or option["c"]) or 1]
    spoken = line.cut(option.start("tail"))
    tail = spoken.strip(SEPARATORS)
    if _NO_WORDS.match(spoken.fold):  # 4-100000, 1.1: numbers of something else
        return None
    if not option["close"] and re.match(
        "[批路井校医院学期季步户人个家处名岁元块万年月日天米次栋间口只亩吨张份辆台座根条套村组队楼层起笔位头斤号项分点周级类本件%-]",
        tail.fold,
    ):
        return None
    if re.match("[户人家处名岁元年月日天米次]", tail.fold):
        return None
    reading = parse_answer(tail, answers)
    if chosen is LATER and reading.answer and reading.answer is not LATER:
        return None
    if (
        chosen is Answer.NOT_APPLICABLE and reading.answer is Answer.FOUND and not reading.bare
    ):  # 3 发现问题：半年没入户 is item 3
        return None
    return narrowed(chosen, reading, tail, answers)
