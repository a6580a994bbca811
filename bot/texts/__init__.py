"""Every sentence the bot says, per language, and how its gaps are filled.

Rule: no sentence stands in code. A text that lacks a language, a gap or a use fails tests/house/test_texts.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from bot.dialogue.effects import Day, Line, Param

LANGUAGES = ("zh-CN", "en")
PARTS = ("", "help.", "ledger.")  # zh-CN.toml, zh-CN.help.toml …
MOST_LISTED = 40  # of one list: what comes after is counted
MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Texts:
    """Language -> key -> text. Make it once with `load_texts`."""

    catalogue: Mapping[str, Mapping[str, str]]

    def render(self, line: Line, language: str) -> str:
        texts = self.catalogue[language]
        return texts[line.key].format_map(
            {name: _shown(value, texts, language) for name, value in line.params.items()}
        )

    def together(self, lines: Iterable[Line], language: str) -> str:
        return "\n".join(text for line in lines if (text := self.render(line, language)))


@cache
def load_texts() -> Texts:
    """Read zh-CN.toml, zh-CN.help.toml and so on, once. Raises ValueError where two files say the same key."""
    return Texts({language: _texts(language) for language in LANGUAGES})


def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for part in PARTS:
        name = f"{language}.{part}toml"
        more = tomllib.loads(resources.files(__name__).joinpath(name).read_text("utf-8"))
        if twice := texts.keys() & more.keys():
            raise ValueError(f"{name}: also in another file: {sorted(twice)}")
        texts |= more
    return texts


def _shown(value: Param, texts: Mapping[str, str], language: str) -> str:
    """A date as people say it; a value that begins with @ names another text."""
    if isinstance(value, Day):
        if language == "zh-CN":
            return f"{value.month}月{value.day}日"
        return f"{value.day} {MONTHS[value.month]}"
    if isinstance(value, date):
        if language == "zh-CN":
            return f"{value.year}年{value.month}月{value.day}日" if value.year else ""
        return f"{value.day} {MONTHS[value.month]} {value.year}"
    if isinstance(value, tuple):
        shown = texts["list_comma"].join(_shown(each, texts, language) for each in value[:MOST_LISTED])
        return shown + texts["list_more"].format(n=len(value)) if len(value) > MOST_LISTED else shown
    if isinstance(value, str) and value.startswith("@") and value[1:] in texts:
        return texts[value[1:]]
    return str(value)
