"""Whether a sentence can be a measure: it does something, and does not merely say why nothing is done.

Rule: in doubt it is none, and is asked about; who means it as said begins with 措施：.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.parsing.answers import any_of, clauses
from bot.dialogue.parsing.normalise import Line

_ITEM_FOUND = re.compile(r"第?\d{1,2}\s?[项题]?(?:也|还|倒|也是)?有(?:问题)?(?=$|[,;。 ])")  # 21也有，水发黄

# What every measure could say and none does: without these words a clause still has to do something.
_EMPTY = re.compile(
    "高度重视|整改|改正|改进|落实|到位|加强|重视|坚决|认真|尽快|抓紧|立即|及时|严格|切实|全力|积极|务必|确保|保证"
)


@dataclass(frozen=True, slots=True)
class PlanWords:
    """[plans] of words.toml, ready for looking up."""

    acts: re.Pattern[str]
    hindrances: re.Pattern[str]


def plan_words(data: Mapping[str, Any]) -> PlanWords:
    """Compile [plans]."""
    acts = data["plans"]["acts"]
    latin = [word for word in acts if word.isascii()]
    han = [word for word in acts if not word.isascii()]
    return PlanWords(
        re.compile("|".join([*map(re.escape, han), rf"\b(?:{'|'.join(latin)})"])),
        re.compile(
            rf"(?:我们?|俺们?|咱|村里|现在|目前|都|也|就|but |and |well |we |i ){{0,2}}(?:{any_of(data['plans']['hindrances'])})"
        ),
    )


def is_plan(line: Line, words: PlanWords) -> bool:
    """Whether one clause of `line` does something about a problem."""
    if _ITEM_FOUND.match(line.fold):
        return False
    said = [line.fold[start:end].strip() for start, end in clauses(line)] or [line.fold]
    return any(
        words.acts.search(_EMPTY.sub("", clause)) and not words.hindrances.match(clause) for clause in said
    )
