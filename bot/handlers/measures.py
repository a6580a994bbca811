"""Measures of several problems in one reply: 101换水管，102送教上门，都8月20日前 · 第一个换管，第二个找校长.

Rule: all of it is understood, or nothing of it is taken down; a piece without a deed is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.dialogue.effects import ChangeFinding, Line, PutOff, line
from bot.dialogue.parsing.numerals import NUMBER, ORDINALS, parse_number
from bot.handlers import flow, plan
from bot.handlers.finding_form import LONGEST, asked_about, drafts_beside
from bot.handlers.turn import Outcome, Turn, settled
from storage.db import Reader
from storage.findings import Finding

# At the beginning of a clause: 101 · 问题101： · 第一个 · 2、 · the first one:
_HEAD = re.compile(
    rf"(?:^|(?<=[,，;；。\n\s]))(?:问题|problem\s|#|no\.?\s?)?(?:(?P<no>\d{{3,5}})(?!\d|[路户人个家处米元块亩年])(?:号)?|第(?P<nth>{NUMBER})(?:个|条|项|处)?|(?:the\s)?(?P<word>first|second|third)(?:\sone)?)\s?(?:的|是|[:：、,，-])?\s?(?=\S)",
    re.I,
)
_SHARED = re.compile(r"[,，;；。\s]+(?=(?:都|全部|全|几个都|both|all)\s?[^,，;；。]*$)", re.I)
_TRIM = " ,，;；。、\n"


def several(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """What comes of a reply that names two problems or more and says what will be done about each. None: it does not."""
    waiting = _waiting(tx, asked_about(tx, turn))
    if len(waiting) < 2:
        return None
    words = turn.said.words
    cut = _SHARED.search(words)
    told, shared = (words[: cut.start()], words[cut.end() :]) if cut else (words, "")
    pieces = _pieces(told, waiting)
    if len(pieces) < 2:
        return None
    beside = plan.for_all(tx, turn, shared, now) if shared else {}
    if isinstance(beside, Outcome):
        return beside
    unclear = [no for no, text in pieces.items() if not plan.holds_a_deed(turn, text)]
    if unclear or beside is None:
        return flow.refused(turn, line("measures_unclear", findings=tuple(map(str, unclear or pieces))))
    effects: list[ChangeFinding | PutOff] = []
    lines: list[Line] = []
    for no, text in pieces.items():
        fields = {**plan.promised(tx, turn, text, now), **beside, "measure": text[:LONGEST]}
        effects += [PutOff(no, off=False), ChangeFinding(no, fields)]
        lines.append(line("measure_of", finding=no, text=text[:LONGEST]))
    return settled(turn.session, *lines, effects=tuple(effects))


def _waiting(tx: Reader, finding: Finding) -> list[Finding]:
    """The drafts beside it that are put into words and of which is still to be said what is done about them."""
    return [each for each in drafts_beside(tx, finding) if each.description and not each.measure]


def _pieces(words: str, waiting: Sequence[Finding]) -> dict[int, str]:
    """Number of a finding -> the words about it; empty when one is named that does not wait, or twice."""
    heads = list(_HEAD.finditer(words))
    if not heads or words[: heads[0].start()].strip(_TRIM):
        return {}
    numbers = [_number(head, waiting) for head in heads]
    ends = [*(head.start() for head in heads[1:]), len(words)]
    texts = [words[head.end() : end].strip(_TRIM) for head, end in zip(heads, ends, strict=True)]
    if len(set(numbers)) < len(numbers) or 0 in numbers or not all(texts):
        return {}
    return dict(zip(numbers, texts, strict=True))


def _number(head: re.Match[str], waiting: Sequence[Finding]) -> int:
    if head["no"]:
        no = int(head["no"])
        return no if no in {each.no for each in waiting} else 0
    nth = parse_number(head["nth"]) if head["nth"] else ORDINALS[head["word"].lower()]
    return waiting[nth - 1].no if nth and 1 <= nth <= len(waiting) else 0
