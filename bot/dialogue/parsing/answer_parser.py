"""What one stretch of words answers to an item: nothing found, found, not applicable, later, or could be several.

Rules, because the items have mixed polarity ("has everyone …?" beside "is there any …?"):
- clear and found are never guessed between. A bare yes, a lack (没有水表), a question or a possession (有水表) is a doubt;
- a denied defect (没有漏水) is clear; a denied kind of thing (没有这类学校) is not applicable; a denied anything else is a doubt;
- the first clause answers; a later clause that tells of trouble after a clear makes the whole a doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.dialogue.parsing.answers import (
    CLEAR,
    EITHER,
    FOUND,
    LATER,
    NOT_APPLICABLE,
    SEPARATORS,
    AnswerWords,
    clauses,
    consent,
    key,
    look_up,
    only_filler,
    tells_of_trouble,
    trimmed,
)
from bot.dialogue.parsing.normalise import SILENCE, Line
from bot.domain.answers import Answer

_ANY_DENIED = (CLEAR, FOUND, NOT_APPLICABLE)
_AMOUNT = re.compile(
    r"(?:大概|大约|约|近)?(?:\d+|[一二两三四五六七八九十几多半]+|个别|部分|少数|好?些|不少|个|的)"
)
_FOUND_HEAD = re.compile(r"(?:发现了?|存在着?|found\b|(?:problems?|issues?)\s(?:with|in)\b)\s*")
_DENIES = re.compile(
    r"[没无未]|不(?:涉|适|属|是|在(?:本|我)|归)|非|\b(?:no|not|none|without|n/a)\b"
)  # why an item does not apply
_NOTHING = re.compile(
    r"\b(?:nothing|none|no (?:problem|issue|leak)s?)\b"
)  # there is a caretaker and nothing leaks
RUN_ON = 8  # answers that run into each other: 没问题没问题没问题; who says more of them is asked
SENTENCE = 6  # characters from which on a clause says something of its own
_GO_ON = re.compile("(?:那就|就|那|到|来|看|继续)?(?:下一?[项个题条]|继续|往下|接着来?|next)(?:吧|来|走)?")
_SPACE = re.compile(r"\s")
_HAS = re.compile("(?<![没未所])有(?!关)|(?<![没未不有])(?:存在|发现)")
_KIND_OF = re.compile("(?:这类|此类|该类|这种|此种|这样的|这个|此)(?!问题|情况|现象)")


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """What a stretch of words answers. `could` with one answer is certain, with several a doubt, empty: no answer."""

    could: tuple[Answer, ...] = ()
    detail: Line = SILENCE  # words beside the answer, in one piece, as said
    bare: bool = False  # nothing but the answer was said

    @property
    def answer(self) -> Answer | None:
        return self.could[0] if len(self.could) == 1 else None

    @property
    def doubt(self) -> tuple[Answer, ...]:
        return self.could if len(self.could) > 1 else ()


@lru_cache(maxsize=256)  # a piece of a message is read more than once
def parse_answer(line: Line, words: AnswerWords) -> ParsedAnswer:
    """What `line` answers, by its first clause; the other clauses are detail, agree, or put it in doubt."""
    spans = clauses(line)
    if not spans:
        return ParsedAnswer(look_up(line.fold, words), bare=True)
    while len(spans) > 1 and _says_nothing(line.fold[slice(*spans[0])], words):
        spans = spans[1:]
    start, end = spans[0]
    if line.fold[end : end + 1] == "?" and look_up(line.fold[start:end], words):
        return ParsedAnswer(EITHER)
    listed = _SPACE.search(line.fold[start:]) is None  # 没有漏水、老化现象
    spaced = "\n" not in line.fold and all(e - s <= 2 for s, e in spans)  # 没 有
    whole = look_up(line.fold[start:], words) if len(spans) > 1 and (listed or spaced) else ()
    if whole:
        return ParsedAnswer(whole, bare=True)
    first = line.cut(start, end).strip(SEPARATORS)
    reading = _read_clause(first, words)
    if reading.answer is FOUND and line.fold.isascii() and _NOTHING.search(line.fold):
        return ParsedAnswer(EITHER)
    if not reading.could and len(spans) > 1 and _ends_clear(line, spans, words):
        return ParsedAnswer((CLEAR,), line.cut(spans[0][0], spans[-2][1]).strip(SEPARATORS))
    if not reading.could or len(spans) == 1:
        return reading
    others = [line.fold[s:e] for s, e in spans[1:]]
    if reading.doubt:
        return _settled(reading, others, words)
    if reading.detail.fold:  # it is the end of the first clause: what follows continues it
        begins = line.fold.index(first.fold, start) + len(first.fold) - len(reading.detail.fold)
        return _with_chatter(reading, line.cut(begins).strip(SEPARATORS), others, words)
    return _with_chatter(reading, line.cut(spans[1][0]).strip(SEPARATORS), others, words)


def _ends_clear(line: Line, spans: list[tuple[int, int]], words: AnswerWords) -> bool:
    """干部天天在村，没问题: the last clause answers, and nothing before it tells of anything bad, denied or found."""
    if look_up(line.fold[slice(*spans[-1])], words) != (CLEAR,):
        return False
    before = line.fold[spans[0][0] : spans[-2][1]]
    if re.search(r"\d", before) or len(before) < SENTENCE:  # 99，无; 王五 无: of which item, or whose?
        return False
    return not (_takes_back(CLEAR, before, words) or _DENIES.search(before) or words.hedge.search(before))


def _says_nothing(text: str, words: AnswerWords) -> bool:
    """A clause that only leads to the answer: 经排查, 查了, or a yes or no before it is said what."""
    return only_filler(text, words) or (consent(text, words) is not None and not look_up(text, words))


def _settled(reading: ParsedAnswer, others: list[str], words: AnswerWords) -> ParsedAnswer:
    """A doubtful first clause is settled when a later one says one of its possibilities outright."""
    said = {could for other in others if (could := look_up(other, words)) and len(could) == 1}
    if len(said) == 1:
        (could,) = said
        if could[0] in reading.could and could[0] is not LATER:
            return ParsedAnswer(could)
    return ParsedAnswer(reading.could)


def _with_chatter(reading: ParsedAnswer, detail: Line, others: list[str], words: AnswerWords) -> ParsedAnswer:
    """A certain first clause with the clauses behind it."""
    answer = reading.could[0]
    silent = True
    for other in others:
        could = look_up(other, words)
        if _GO_ON.fullmatch(other) and answer is not LATER:  # 没有，下一项
            continue
        if could and answer not in could:
            return ParsedAnswer(_both(answer, could))
        if not could and _takes_back(answer, other, words):
            return ParsedAnswer(_both(answer, (FOUND,)))
        silent = silent and could == (answer,)
    return ParsedAnswer((answer,), SILENCE if silent and not reading.detail.fold else detail)


def _takes_back(answer: Answer, text: str, words: AnswerWords) -> bool:
    """Whether words behind an answer tell that something was found after all. What is lacking explains a 不涉及."""
    if answer is FOUND or answer is LATER:
        return False
    lacks = answer is CLEAR and (tells_of_trouble(text, words) or words.worry.search(text))
    return bool(lacks or _HAS.search(text) or words.contrast.search(text))


def _both(answer: Answer, could: tuple[Answer, ...]) -> tuple[Answer, ...]:
    return tuple(a for a in Answer if a is answer or a in could)


def _read_clause(clause: Line, words: AnswerWords, deep: int = 0) -> ParsedAnswer:
    """One clause: an answer alone, an answer run into its detail, or one of the ambiguous beginnings. `deep`: how many
    answers have run into it already."""
    clause = clause.strip(SEPARATORS)
    could = look_up(clause.fold, words)
    if could:
        lacks = any(plain in words.lacking for plain in trimmed(key(clause.fold), words))
        return ParsedAnswer(could, clause if lacks else SILENCE, bare=not lacks)
    body = clause
    while (
        (lead := words.leads.match(body.fold))
        and not words.head.match(body.fold)
        and lead.end() < len(body.fold)
    ):
        body = body.cut(lead.end())
    denial = words.denial.match(body.fold)
    if denial and _KIND_OF.match(body.fold, denial.end()):
        return ParsedAnswer((NOT_APPLICABLE,), bare=True)
    head = words.head.match(body.fold)
    return (head and _read_run_on(body, head, words, deep)) or _read_beginning(body, denial, words)


def _read_run_on(body: Line, head: re.Match[str], words: AnswerWords, deep: int) -> ParsedAnswer | None:
    """没问题都挺好 · 有问题水管漏水 · 不涉及我村没学校: an answer and its detail without a break."""
    could, after = look_up(head.group(), words), body.cut(head.end()).strip(SEPARATORS)
    if (
        len(could) != 1
        or words.denial.fullmatch(head.group())
        or head.group() in {"有的", "有点", "有些", "有一些", "有几个", "有一点"}
    ):
        return None
    if could == (CLEAR,):
        after = after.cut(len(after.fold) - len(after.fold.lstrip("的了啊呀呢哈")))
        if deep >= RUN_ON:
            return ParsedAnswer(EITHER)
        then = look_up(after.fold, words) or _read_clause(after, words, deep + 1).could
        agrees = then == (CLEAR,) or words.tails.fullmatch(after.fold)
        return ParsedAnswer(could, bare=True) if agrees else ParsedAnswer(EITHER)
    then = look_up(after.fold, words)
    if could == (FOUND,) and CLEAR in then:
        return ParsedAnswer(EITHER)
    return ParsedAnswer(could, after)


def _read_beginning(body: Line, denial: re.Match[str] | None, words: AnswerWords) -> ParsedAnswer:
    """有…, 发现…, 没有… with something right behind it."""
    text = body.fold
    if head := _FOUND_HEAD.match(text):
        after = body.cut(head.end()).strip(SEPARATORS)
        return ParsedAnswer(EITHER) if CLEAR in look_up(after.fold, words) else ParsedAnswer((FOUND,), after)
    if text.startswith("有"):
        after = body.cut(1).strip(SEPARATORS)
        amount = _AMOUNT.match(after.fold)
        if tells_of_trouble(after.fold, words):
            return ParsedAnswer((FOUND,), body if amount else after)
        if amount and len(after.fold) - amount.end() <= 1:
            return ParsedAnswer((FOUND,), body)
        return ParsedAnswer(EITHER)
    if denial:
        return ParsedAnswer(
            _ANY_DENIED if denial.group() in {"没有", "无", "没得", "莫得", "木有"} else EITHER
        )
    return ParsedAnswer()


def narrowed(option: Answer, reading: ParsedAnswer, tail: Line, words: AnswerWords) -> ParsedAnswer:
    """A choice by number and the words behind it together: `2 水管漏水`, `3 本村没有学校`, `1 水管漏水`."""
    if reading.answer is option:
        return reading if option in EITHER or reading.bare else ParsedAnswer((option,), tail)
    if option is CLEAR:
        if reading.could:
            return ParsedAnswer(_both(option, reading.could))
        return ParsedAnswer(EITHER) if _takes_back(CLEAR, tail.fold, words) else ParsedAnswer((CLEAR,), tail)
    if option is NOT_APPLICABLE and not (_DENIES.search(tail.fold) or reading.could):
        return ParsedAnswer((FOUND, option))  # 3 干部不在村: the choice, or item 3 and what is wrong there?
    contrary = reading.bare or option is FOUND
    if reading.could and option not in reading.could and contrary:
        return ParsedAnswer(_both(option, reading.could))
    return ParsedAnswer((option,), tail)
