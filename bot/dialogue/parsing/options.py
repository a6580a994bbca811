"""Replies to a numbered list or to yes or no, in people's own words: 第一个对 第二个不对 · 只记水管 · 先填二村吧 · 报上去.

Rule: what names two options alike names none. The options' own texts are words to choose by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.dialogue.parsing.answers import any_of, key
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import NUMBER, ORDINALS, parse_number

_CUTS = re.compile(r"[,;。.!~…:、\n]+|\s+(?![a-z0-9])")
_ORDINAL = re.compile(
    rf"第\s?(?P<a>{NUMBER})\s?(?:个|条|项|处|种|家)?|(?<![\d一-鿿])(?P<b>\d{{1,2}})\s?(?:个|条)?(?=$|[\s,对错是不要记删去改留])"
    rf"|\bthe\s(?P<word>first|second|third|fourth|last)\b(?:\sone)?"
)
_DENIED = re.compile(
    "不对|不是|不要|不记|不用|不算|没有|错|去掉|删|别|除了|(?:办|修|弄|换|改|解决|处理)(?:好|完|掉)?了|没事了|not|already|wrong|drop|remove|without|except|no\\b"
)
_ONLY = re.compile("只|就要|就记|光|单|only|just")
_HAN = "零一二三四五六七八九"
LONGEST = 100  # characters of a reply that still chooses from a list
_SHORTEST = 2  # characters that two texts must share


@dataclass(frozen=True, slots=True)
class OptionWords:
    """[verdicts] of words.toml, ready for looking up."""

    yes: Mapping[str, frozenset[str]]  # by kind of question
    no: Mapping[str, frozenset[str]]
    before: re.Pattern[str]
    after: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Picked:
    """Positions in the list, from 0: those meant, and those that are denied."""

    meant: frozenset[int] = frozenset()
    denied: frozenset[int] = frozenset()
    only: bool = False  # nothing beside them

    def kept(self, n: int) -> frozenset[int]:
        """Which of n options stay: those meant; where only some are denied, the others."""
        return (
            self.meant if self.meant and (self.only or not self.denied) else frozenset(range(n)) - self.denied
        )


def option_words(data: Mapping[str, Any]) -> OptionWords:
    """Compile [verdicts]."""
    verdicts = data["verdicts"]
    return OptionWords(
        yes={
            kind: frozenset(map(key, [*words["yes"], *data["confirm"]["yes"]]))
            for kind, words in verdicts["of"].items()
        },
        no={
            kind: frozenset(map(key, [*words["no"], *data["confirm"]["no"]]))
            for kind, words in verdicts["of"].items()
        },
        before=re.compile(rf"(?:{any_of(verdicts['before'])})\s?"),
        after=re.compile(rf"\s?(?:{any_of(verdicts['after'])})$"),
    )


def verdict(line: Line, kind: str, words: OptionWords) -> bool | None:
    """Whether `line` is a yes or a no to this kind of question: 报上去 to "hand it in?"."""
    said = [found for clause in _clauses(line.fold) if (found := _verdict(clause, kind, words)) is not None]
    return said[-1] if said else None  # 好，先不交


def _verdict(clause: str, kind: str, words: OptionWords) -> bool | None:
    if len(clause) > LONGEST:
        return None
    for plain in _shorter(clause, words):
        if plain in words.no[kind]:
            return False
        if plain in words.yes[kind]:
            return True
    return None


def _shorter(clause: str, words: OptionWords) -> list[str]:
    """A clause without ever more of what may stand before and after, the whole first."""
    ends, plain = [clause], clause
    while shorter := words.after.sub("", plain):
        if shorter == plain:
            break
        ends.append(plain := shorter)
    found: list[str] = []
    for end in ends:
        while True:
            found.append(key(end))
            lead = words.before.match(end)
            if not lead or lead.end() >= len(end):
                break
            end = end[lead.end() :]
    return found


def pick(line: Line, options: Sequence[str]) -> Picked:
    """Which of the options' texts a reply names, by position or by their words. A long text names none."""
    if len(line.fold) > LONGEST:
        return Picked()
    meant: set[int] = set()
    denied: set[int] = set()
    texts = [_folded(option) for option in options]
    for clause in _clauses(line.fold):
        found = _positions(clause, len(options)) or _by_words(_folded(clause), texts)
        (denied if _DENIED.search(clause) else meant).update(found)
    return Picked(frozenset(meant - denied), frozenset(denied), bool(_ONLY.search(line.fold)))


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in _CUTS.split(text) if clause.strip()]


def _positions(clause: str, n: int) -> set[int]:
    """The positions named by number in a clause that says little else."""
    found: set[int] = set()
    for match in _ORDINAL.finditer(clause):
        word = match["word"]
        number = n if word == "last" else ORDINALS.get(word) or parse_number(match["a"] or match["b"] or "")
        if number is None or not 1 <= number <= n:
            return set()
        found.add(number - 1)
    return found


def _by_words(clause: str, texts: Sequence[str]) -> set[int]:
    """The one option that shares the longest run of characters with a clause; several alike: none."""
    shared = [_longest_shared(clause, text) for text in texts]
    best = max(shared, default=0)
    return {shared.index(best)} if best >= _SHORTEST and shared.count(best) == 1 else set()


def _longest_shared(a: str, b: str) -> int:
    """Length of the longest text that both hold; Latin words count whole."""
    best = 0
    for start in range(len(a)):
        while start + best < len(a) and a[start : start + best + 1] in b:
            best += 1
    return best


def _folded(text: str) -> str:
    """Lower case, digits as Chinese numerals: 1村 names 示范一村."""
    return re.sub(r"\s+", "", text.lower()).translate({ord(str(n)): han for n, han in enumerate(_HAN)})
