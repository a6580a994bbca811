"""The answer words of words.toml and what a phrase that holds nothing else answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.dialogue.parsing.normalise import Line
from bot.domain.answers import Answer

CLEAR, FOUND, NOT_APPLICABLE, LATER = Answer
SEPARATORS = " \n,;。.!?、:~|/=…-"
EITHER = (CLEAR, FOUND)
_LONGEST_ANSWER = 40  # characters; a longer clause is a sentence
# Where one clause ends; a space between two Latin words is not such a place.
_CLAUSE = re.compile(r"\.{2,}|[,;。!?、:\n~|…]+|\.(?=\s|$)|(?<![a-z0-9'.,])[ ]+|[ ]+(?![a-z0-9' ])")
_PICTURES = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]+")
_SPACES = re.compile(r"\s+")
_NOUN = "(?:问题|毛病|异常|隐患|不足)"
_KIND = "(?:任何|啥子?|什么|其他|其它|相关|上述|以上|此类?|这类|该类?|这种|这些|这个|这方面的?|这)"
_DENY = "(?:(?:there (?:is|are) )?(?:no |not any |without |nothing (?:is |was )?|none of them (?:is |are |was |were )?|none (?:is |are )?)(?:visible |major |obvious |more )?|没有?|未有?|无|莫得|没得|木有|暂无|尚未|并无|并未|并没有?|暂未|从未|不)"
_ONE = "(?:一[户个家处]|哪[户家个])?"
_SEEN = "(?:发现|存在|出现|查出|查到|看到|看出来|看出|看见|瞧见|瞧出|发生)"
_NO_PROBLEM = re.compile(f"{_DENY}{_SEEN}?了?{_KIND}{{0,3}}{_NOUN}")
_A_PROBLEM = re.compile(
    f"(?:发现|存在|还?是?有|确有|确实有|出现|查出|查到)(?:了|有)?(?:着|一?些|一?点儿?|几个|几处|\\d+个|\\d+处|[一二两三四五六七八九十]个|个|处|不少|许多|很多|小|大|这个|这种|这类|此类|上述|以上){{0,2}}{_NOUN}"
)


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWords:
    """The answer words of words.toml, ready for looking up."""

    meanings: Mapping[str, tuple[Answer, ...]]
    lacking: frozenset[str]
    received: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    leads: re.Pattern[str]
    tails: re.Pattern[str]
    hedge: re.Pattern[str]
    partly: re.Pattern[str]
    hedge_tail: re.Pattern[str]
    question: re.Pattern[str]
    denial: re.Pattern[str]
    denied_defect: re.Pattern[str]
    trouble: re.Pattern[str]
    contrast: re.Pattern[str]
    worry: re.Pattern[str]
    head: re.Pattern[str]  # the longest answer at the start of a run-on clause


def any_of(words: Iterable[str]) -> str:
    """A regular expression for any of `words`, the longest first; never empty. Latin words end at a letter's end."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(
        re.escape(word) + (r"(?![a-z])" if word[-1:].isascii() and word[-1:].isalpha() else "")
        for word in ordered
    )


def answer_words(data: Mapping[str, Any]) -> AnswerWords:
    """Compile [answers], [[doubts]], [confirm] and [phrases]."""
    meanings: dict[str, tuple[Answer, ...]] = {}
    for answer in Answer:
        meanings |= {key(word): (answer,) for word in data["answers"][answer.value]}
    meanings |= {key(word): (FOUND,) for word in data["answers"]["lacking"]}
    for doubt in data["doubts"]:
        meanings |= {key(word): tuple(Answer(a) for a in doubt["answers"]) for word in doubt["words"]}
    meanings |= {key(word): EITHER for word in data["received"]["words"]}
    phrases = data["phrases"]
    defects = any_of(phrases["defects"])
    heads = any_of(word for word, could in meanings.items() if len(word) > 1 and len(could) == 1)
    return AnswerWords(
        meanings=meanings,
        received=frozenset(map(key, data["received"]["words"])),
        lacking=frozenset(key(word) for word in data["answers"]["lacking"]),
        yes=frozenset(map(key, data["confirm"]["yes"])),
        no=frozenset(map(key, data["confirm"]["no"])),
        leads=re.compile(rf"(?:{any_of(phrases['leads'])})\s*"),
        tails=re.compile(rf"\s*(?:{any_of(phrases['tails'])})$"),
        partly=re.compile(rf"(?:{any_of(phrases['partly'])})\s*(?:都|是|上)?"),
        hedge=re.compile(rf"(?:{any_of(phrases['hedges'])})\s*"),
        hedge_tail=re.compile(rf"\s*(?:{any_of(phrases['hedge_tails'])})$"),
        question=re.compile(rf"(?:{any_of(phrases['questions'])})$"),
        denial=re.compile(any_of(phrases["denials"])),
        denied_defect=re.compile(
            rf"{_DENY}{_SEEN}?(?:过|到|了)?{_ONE}{_KIND}?(?:{defects})(?:[、和或](?:{defects})){{0,4}}(?:的|了|等)?(?:现象|情况|问题|行为|事)?"
        ),
        trouble=re.compile("|".join(map(re.escape, (*phrases["troubles"], *phrases["defects"])))),
        contrast=re.compile("|".join(map(re.escape, phrases["contrasts"]))),
        worry=re.compile("|".join(map(re.escape, phrases["worries"]))),
        head=re.compile(f"{_NO_PROBLEM.pattern}|{_A_PROBLEM.pattern}|{heads}"),
    )


def key(text: str) -> str:
    """The form words are looked up in: no spaces between Chinese characters, single ones between Latin words."""
    return " ".join(text.split()) if text.isascii() else _SPACES.sub("", text)


def clauses(line: Line) -> list[tuple[int, int]]:
    """Where the clauses of `line` begin and end, without the separators and empty ones."""
    return list(_spans(line.fold) if len(line.fold) > _LONGEST_ANSWER else _cut_up(line.fold))


def _cut_up(text: str) -> tuple[tuple[int, int], ...]:
    spans, start = [], 0
    for match in _CLAUSE.finditer(text):
        at, end = match.span()
        if text[start:at].strip():
            spans.append((start, at))
        start = end
    if text[start:].strip():
        spans.append((start, len(text)))
    return tuple(spans)


_spans = lru_cache(maxsize=16)(_cut_up)  # several readings of one message cut it up alike


def look_up(text: str, words: AnswerWords) -> tuple[Answer, ...]:
    """What a folded clause answers when it holds nothing but an answer and its trimmings; else nothing."""
    if len(text) > _LONGEST_ANSWER:
        return ()
    plain = key(text.strip(SEPARATORS))
    found = _meaning(plain, words)
    if found:
        return found
    plain = key(_PICTURES.sub("", plain)) or plain
    for candidate in trimmed(plain, words):
        found = _meaning(candidate, words)
        if found:
            return found
    hedged = words.hedge.match(plain)
    hedged_tail = words.hedge_tail.search(plain)
    if hedged or hedged_tail:
        inner = look_up(
            plain[hedged.end() if hedged else 0 : hedged_tail.start() if hedged_tail else None], words
        )
        return (*(a for a in inner if a is not LATER), LATER) if inner else ()
    partly = words.partly.match(plain)
    if partly and look_up(plain[partly.end() :], words) == (CLEAR,):
        return EITHER
    question = words.question.search(plain)
    if question and _meaning(plain[: question.start()], words):
        return EITHER
    return ()


def trimmed(plain: str, words: AnswerWords) -> list[str]:
    """`plain` without ever more of the words that may stand before and after an answer, nearest first."""
    starts = [0]
    while len(starts) < 6 and (match := words.leads.match(plain, starts[-1])):
        starts.append(match.end())
    ends = [len(plain)]
    while len(ends) < 5 and (tail := words.tails.search(plain, 0, ends[-1])):
        ends.append(tail.start())
    return [plain[s:e] for s in starts for e in ends if s < e]


def only_filler(text: str, words: AnswerWords) -> bool:
    """Whether a folded text is nothing but words that may stand before an answer."""
    while lead := words.leads.match(text):
        text = text[lead.end() :].lstrip(SEPARATORS)
    return not text


def _meaning(plain: str, words: AnswerWords) -> tuple[Answer, ...]:
    found = words.meanings.get(plain)
    if found:
        return found
    if _NO_PROBLEM.fullmatch(plain) or words.denied_defect.fullmatch(plain):
        return (CLEAR,)
    if _A_PROBLEM.fullmatch(plain):
        return (FOUND,)
    return words.meanings.get(_once(plain), ())


def _once(plain: str) -> str:
    """没有没有 and 👍👍👍 say the same as 没有 and 👍."""
    for period in range(1, len(plain) // 2 + 1):
        if len(plain) % period == 0 and plain[:period] * (len(plain) // period) == plain:
            return plain[:period]
    return plain


def tells_of_trouble(text: str, words: AnswerWords) -> bool:
    """Whether a folded text speaks of something bad or lacking and nothing in it says the opposite."""
    calm = words.denied_defect.sub("", _NO_PROBLEM.sub("", text))
    return bool(words.trouble.search(calm)) and calm == text


def read_consent(line: Line, words: AnswerWords) -> bool | None:
    """Whether the whole of `line` is a yes or a no."""
    if len(line.fold) > _LONGEST_ANSWER:
        return None
    said = [line.fold[s:e] for s, e in clauses(line)] or [line.fold]
    consents = {consent(text, words) for text in said if not words.tails.fullmatch(text)}
    return consents.pop() if len(consents) == 1 else None


def consent(text: str, words: AnswerWords) -> bool | None:
    """Whether one folded clause is a yes or a no."""
    plain = key(text.strip(SEPARATORS))
    for candidate in (plain, _once(plain), *trimmed(plain, words)):
        if candidate in words.yes:
            return True
        if candidate in words.no:
            return False
    return None
