"""Whether words call us by name, and the words without it: 排查小助手：进度 · @排查小助手 进度 · 进度 @paicha.

Rule: a name counts at the beginning with a break after it, anywhere with an @ before it; inside a sentence it is part of
what is said. `words` are normalised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.normalise import normalise
from bot.dialogue.parsing.parse import parse
from bot.dialogue.parsing.vocabulary import Vocabulary

_MOST_NAMES = 16  # a stranger's message may bring some of its own
_EDGES = " \n,，:：、"
_BLANKS = re.compile(" {2,}")
_BREAK = r"(?:\s*[:：,，、;；!！。]\s*|\s+|$)"
# No part of a longer name: @paicha is not called by @paicha2, nor a@paicha.
_NOT_BEFORE = r"(?<![0-9A-Za-z_.\-])"
_NOT_AFTER = r"(?![0-9A-Za-z_\-]|\.[0-9A-Za-z]|:[0-9A-Za-z\-]+\.)"


@dataclass(frozen=True, slots=True)
class Addressed:
    """`words` are those left without our name. `signed`: an @ or a colon made plain that it is one."""

    words: str
    named: bool = False
    signed: bool = False


def addressed(words: str, names: Sequence[str]) -> Addressed:
    """The words, and whether they call us."""
    known, lower = _known(tuple(names)), words.lower()
    if known is None or not any(name in lower for name in known.lower):
        return Addressed(words)
    left, calls = known.marked.subn(" ", words)
    if calls:
        bare = known.head.sub("", _BLANKS.sub(" ", left).strip(_EDGES), count=1).strip(_EDGES)
        return Addressed(bare, named=True, signed=True)
    first = known.head.match(words)
    if first is None:
        return Addressed(words)
    return Addressed(words[first.end() :].strip(), named=True, signed=first["colon"] is not None)


@dataclass(frozen=True, slots=True)
class _Known:
    """Names ready for looking up: `head` at the beginning, `marked` anywhere behind an @."""

    lower: tuple[str, ...]
    head: re.Pattern[str]
    marked: re.Pattern[str]


@lru_cache(maxsize=64)
def _known(names: tuple[str, ...]) -> _Known | None:
    found = {name for each in names if (name := normalise(each).lstrip("@"))}
    wanted = sorted(found, key=len, reverse=True)[:_MOST_NAMES]
    if not wanted:
        return None
    any_of = "|".join(map(re.escape, wanted))
    head = re.compile(rf"\s*(?:{any_of}){_NOT_AFTER}(?:\s*(?P<colon>[:：])\s*|{_BREAK})", re.I)
    marked = re.compile(rf"{_NOT_BEFORE}@\s?(?:{any_of}){_NOT_AFTER}", re.I)
    return _Known(tuple(name.lower() for name in wanted), head, marked)


def without_name(words: str, names: Sequence[str], vocabulary: Vocabulary) -> Addressed:
    """As `addressed`, for a bot that may be called as one of its commands is: there only a marked name is a name."""
    spoken = addressed(words, names)
    if spoken.named and not spoken.signed and parse(words, Expect.NOTHING, vocabulary).command:
        return replace(spoken, words=words)
    return spoken
