"""What a correction puts in the place of what was said: 不对，第5项应该是有问题 · 10不是没有，是不涉及 · sorry, 5 is n/a.

Rule: only what names its item and its new answer is applied; everything else is asked about.
"""

from __future__ import annotations

import re

from bot.dialogue.parsing.answers import clauses
from bot.dialogue.parsing.normalise import SILENCE, Line
from bot.dialogue.parsing.remarks import RemarkWords

# 10不是没有，是不涉及; 5 is not clear, it's n/a
_NOT_BUT = re.compile(
    r"(?P<head>(?:第\s?)?\d{1,3}\s?(?:项|题)?)\s?(?:应该)?(?:不是|is not|isn't|not)\s?[^,;。]{1,14}[,; ]\s?(?:而是|应该是|应是|是|it's|it is|but)\s?(?P<tail>.+)",
    re.S,
)
_NUMBERS = re.compile(r"第?\d{1,3}(?:\s?[-~到至、和]\s?\d{1,3})?[项题]?")
_SORRY = re.compile("(?:不好意思|对不起|抱歉|哎呀?|呀|等等|sorry|oops|wait)")
_NOTHING_ELSE = re.compile("[了的啊呀吧哈嘞]{0,3}|,? ?(?:one|that|it|wrong)?")
_SHOULD_BE = re.compile(
    r"(?<=[\d项题])(?:\s|那个|其实|实际上?|应该|应当|应)*(?:是|改[成为]|should be|is actually|is|=)\s?(?=\S)"
)


def corrected(line: Line, words: RemarkWords) -> Line:
    """`line` without the words of correcting, so that what is meant now can be read from it; nothing may be left."""
    spans = clauses(line)
    kept = [(start, end) for start, end in spans if not _only_corrects(line.fold[start:end].strip(), words)]
    if not kept:
        return SILENCE
    plain = line.cut(kept[0][0], kept[-1][1])
    named = _NUMBERS.search(line.fold, 0, kept[0][0])
    if named and not plain.fold[:1].isdigit() and not plain.fold.startswith("第"):  # 12填错了，有两户没办
        plain = Line(f"{named[0]} {plain.words}", f"{named[0]} {plain.fold}")
    found = _NOT_BUT.fullmatch(plain.fold)
    if found:
        return _joined(plain, found)
    return _without(plain, _SHOULD_BE)


def _only_corrects(clause: str, words: RemarkWords) -> bool:
    """刚才那个说错了, 4-6填错了, sorry: a clause that names no new answer."""
    if _SORRY.fullmatch(clause):
        return True
    end = 0
    while begins := words.corrects.match(clause, end):
        end = begins.end()
    return end > 0 and _NOTHING_ELSE.fullmatch(clause, end) is not None


def _joined(line: Line, found: re.Match[str]) -> Line:
    head, tail = line.cut(*found.span("head")), line.cut(found.start("tail"))
    return Line(f"{head.words} {tail.words}", f"{head.fold} {tail.fold}")


def _without(line: Line, pattern: re.Pattern[str]) -> Line:
    found = pattern.search(line.fold)
    if found is None:
        return line
    before, after = line.cut(0, found.start()), line.cut(found.end())
    return Line(f"{before.words} {after.words}", f"{before.fold} {after.fold}")
