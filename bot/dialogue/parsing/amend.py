"""改 in people's own order: 101的期限改成8月25日 · 把101责任人换成张伟 · 期限改到月底 · move the date of 101 to Aug 25.

Rule: a field's name and a word of changing, or a number, have to be said; 责任人李四 alone is a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.meaning import Command
from bot.dialogue.parsing.answers import any_of
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import NUMBER, leading_number

_CHANGED = r"(?:\s*(?:应该|应|要|得|也|都|还是|给|能不能|请)?(?:改[成为到在]|换[成为]|变[成更]为?|推迟到|推到|延到|提前到|定[在为到]|更正为|写成))"
_IS = r"(?:\s*(?:应该|应|还)?(?:是|为|叫|[:=]))"
_GIVES = r"(?:\s*(?:改|换)?(?:[一]?个)?(?:叫|是|为|[:=]|\s))"
_HOLDS = r"\s*(?P<x>\S.{0,600})"


@dataclass(frozen=True, slots=True)
class AmendWords:
    """[fields] of words.toml, ready for looking up."""

    column: Mapping[str, str]  # what people call a field -> its column
    said: re.Pattern[str]  # one of these names
    forms: tuple[re.Pattern[str], ...]


def amend_words(data: Mapping[str, Any]) -> AmendWords:
    """Compile [fields]."""
    column = {word: name for name, words in data["fields"].items() for word in words}
    field = rf"(?P<field>{any_of(column)})"
    no = rf"(?:问题|编号|第|#|no\.?\s?|finding\s|problem\s)?\s?(?P<n>{NUMBER})\s?(?:号|条)?(?:问题)?"
    forms = (
        rf"(?:请|麻烦|帮我?)?(?:把|将)?\s?{no}\s?的?(?:[换改](?:一?个|一?下))?\s?{field}(?:\s?,\s?)?(?:{_CHANGED}|{_IS}|{_GIVES})(?:叫|是|为|成)?{_HOLDS}",
        rf"(?:请|麻烦)?(?:把|将)?\s?{field}{_CHANGED}(?:叫|是|为)?{_HOLDS}",
        rf"(?:{no}\s?的?)?{field}(?:(?:写|说|填|弄|搞)错了)?\s?,?\s?(?:不是[^,]{{1,20}}[, ]\s?)(?:而|应该|应)?是{_HOLDS}",
        rf"(?:please\s)?(?:change|move|set|make|put|push)\s(?:the\s)?{field}\s(?:of|for|on)\s{no}\s(?:to|as)\s{_HOLDS}",
        rf"(?:please\s)?(?:change|move|set|make)\s{no}(?:'s)?\s{field}\s(?:to|as|:)\s?{_HOLDS}",
        rf"{no}(?:'s)?\s{field}\s?(?:is\s|to\s|:|=|\s){_HOLDS}",
        rf"(?:please\s)?(?:make|put)\s(?P<x>\S.{{0,60}}?)\s(?P<field>responsible|in charge)\s(?:for|of)\s{no}",
        rf"(?:please\s)?(?:change|move|set)\s(?:the\s)?{field}(?:\sto\s?:?\s?|\s?:\s?){_HOLDS}",
    )
    return AmendWords(column, re.compile(field), tuple(re.compile(form, re.S) for form in forms))


def find_amendment(line: Line, words: AmendWords) -> Command | None:
    """The command `change` with "number column value" that `line` is in other words, if it is."""
    if not words.said.search(line.fold) or line.fold.endswith("?"):
        return None
    for form in words.forms:
        match = form.fullmatch(line.fold)
        if match is None:
            continue
        said = match.groupdict()
        number = leading_number(said["n"]) if said.get("n") else None
        value = line.words[slice(*match.span("x"))].strip()
        column = words.column[match["field"]]
        argument = f"{number} {column} {value}" if number is not None else f"{column} {value}"
        return Command("change", argument, number)
    return None
