"""How people say what the official list says: the synonym file, parsed.

Rule: the file maps words to words, never to item numbers, so it survives an inserted or reworded item.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LATIN = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of the synonym file, all folded (see `fold`)."""

    means: Mapping[str, tuple[str, ...]]  # what people say -> the words of the list it stands for
    far: tuple[
        tuple[re.Pattern[str], str], ...
    ]  # two words with others between them, and what they stand for
    idle: frozenset[str]  # words that say nothing about an item
    fine: re.Pattern[str]  # no finding
    trouble: re.Pattern[str]  # something is wrong
    joiners: tuple[str, ...]  # stand between two findings
    weak_joiners: tuple[str, ...]  # may also stand inside a word


def fold(words: str) -> str:
    """One spelling for comparing: full-width forms narrowed, lower case."""
    return unicodedata.normalize("NFKC", words).lower()


def parse_lexicon(text: str) -> Lexicon:
    """The text of synonyms.toml. Raises tomllib.TOMLDecodeError or KeyError for a file that is not one."""
    data = tomllib.loads(text)
    means: dict[str, tuple[str, ...]] = {}
    for listed, said in data["words"].items():
        for key in map(fold, (listed, *said)):
            means[key] = (*means.get(key, ()), fold(listed))
    return Lexicon(
        means=means,
        far=tuple((_far(pair), fold(listed)) for listed, pairs in data["far"].items() for pair in pairs),
        idle=frozenset(map(fold, data["idle"]["words"])),
        fine=any_of(map(fold, data["fine"]["words"])),
        trouble=any_of(map(fold, data["trouble"]["words"])),
        joiners=tuple(map(fold, data["joiners"]["words"])),
        weak_joiners=tuple(map(fold, data["joiners"]["single"])),
    )


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds the longest of these words at each place; Latin words only whole, with or without a plural s."""
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_literal, longest_first)) or r"(?!)")


def _far(pair: str) -> re.Pattern[str]:
    first, then = (half.split("/") for half in pair.split("…"))
    return re.compile(f"(?:{_either(first)})[^,。;!?]{{0,6}}?(?:{_either(then)})")


def _either(words: list[str]) -> str:
    return "|".join(re.escape(fold(word)) for word in words)


def _literal(word: str) -> str:
    literal = re.escape(word)
    return rf"\b{literal}(?=(?:e?s)?\b)" if _LATIN.search(word) and word.isascii() else literal
