"""Words that are clear but for one thing: which items, or what was found there. 22 yes · 前十项都没问题."""

from __future__ import annotations

import re
from itertools import takewhile

from bot.dialogue.effects import line
from bot.dialogue.parsing.numerals import NUMBER, parse_number
from bot.dialogue.questions import AskAnswer
from bot.domain import progress
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn

_CONSENT = re.compile(
    rf"(?:第|item\s)?(?P<n>{NUMBER})\s?(?:项|题)?[\s,:]?(?:是的?|对|嗯|好的?|不|否|yes|no|yep|ok)[。.!]?"
)
_FIRST = re.compile(
    rf"(?:最?前)面?(?P<n>{NUMBER})\s?[项条题个]|\bfirst\s(?P<word>\d+|five|ten|twenty)\sitems?"
)
_BEFORE = re.compile("(?:前面|前边|前头|上面|之前)的?|everything before|the ones before")
_WORDS = {"five": 5, "ten": 10, "twenty": 20}


def asks_which(turn: Turn) -> Outcome | None:
    """The question that would make the words clear; None when they lack more than that."""
    text = turn.spoken.fold
    said = _CONSENT.fullmatch(text)
    no = parse_number(said["n"]) if said else None
    if no in turn.campaign.by_no:
        return flow.refused(turn, line("which_answer", no=no))
    first, place = _FIRST.search(text), flow.current_place(turn)
    before = _BEFORE.match(text)
    if place is not None and before:
        items = turn.items_of(place)
        here = turn.session.question.item if isinstance(turn.session.question, AskAnswer) else ""
        nos = [item.no for item in takewhile(lambda item: item.id != here, items)]
        return (
            flow.refused(turn, line("which_items", words=before[0], items=progress.ranges(nos)))
            if nos
            else None
        )
    if first is None or place is None:
        return None
    n = _WORDS.get(first["word"]) or parse_number(first["n"] or first["word"]) or 0
    nos = [item.no for item in turn.items_of(place)][:n]
    return flow.refused(turn, line("which_items", words=first[0], items=progress.ranges(nos)))
