"""A message that names a place: 张庄 · 张庄 4-10 无 · and the reply to which place was meant.

Rule: a name at the head only says where; what follows it is read as if it had been said there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.meaning import Expect
from bot.dialogue.questions import AskAnswer, AskPlace
from bot.handlers import flow, navigate
from bot.handlers.turn import Outcome, Turn
from storage.db import Reader
from storage.places import Place

_HEADED = re.compile(
    r"([^\s,，:：;；、]{2,20})[\s,，:：;；、]+(\S.*)", re.S
)  # matches "张庄 4-10 无", "张庄：22有"
_OPEN = (Expect.NOTHING, Expect.CHOICE)
OF_A_PLACE = ("walk", "switch", "progress", "review", "submit")  # commands whose argument names a place


def apply_named_place(tx: Reader, turn: Turn) -> Turn | Outcome:
    """The turn at the place its words name, or the switch to it; the turn as it is when they name none."""
    said, words, expect = turn.said, turn.said.words.strip(), turn.session.expect
    place = next((place for place in turn.own if place.name == words), None)
    if place is None and expect not in (Expect.TEXT, Expect.BASIS):
        place = _named(turn.own, words)
    if place is not None and not isinstance(turn.session.question, AskPlace):
        return navigate.start(tx, turn, place)
    for piece in said.rest if said.bulk else ():
        place = _named(turn.own, piece.strip())
        if place is not None:
            rest = tuple(other for other in said.rest if other != piece)
            return _at(turn, place, replace(turn, said=replace(said, rest=rest)))
    headed = _HEADED.fullmatch(words)
    place = _named(turn.own, headed[1]) if headed else None
    if headed is None or place is None:
        return turn
    there = turn.hearing(headed[2])
    if there.said.command is not None:
        return turn
    if there.said.bulk:
        return _at(turn, place, there)
    question = turn.session.question
    if isinstance(question, AskAnswer) and (there.said.choice or there.said.doubt):
        return there if question.place == place.id else navigate.start(tx, turn, place)
    return _at(turn, place, there) if expect in _OPEN else turn


def _named(own: Sequence[Place], words: str) -> Place | None:
    """The one place these words are the name of, or part of the name of."""
    found = flow.named_places(own, words) if 2 <= len(words) <= 20 else []
    return found[0] if len(found) == 1 else None


def _at(turn: Turn, place: Place, there: Turn) -> Turn:
    if place.id == turn.session.place:
        return there
    return replace(there, session=replace(turn.session, place=place.id, back_stack=()))


def is_plain_text(tx: Reader, turn: Turn) -> bool:
    """While a sentence is awaited, 继续 跟进整改 is one: a command there has to name a place that is there."""
    command = turn.said.command
    if command is None or not command.argument or turn.session.expect is not Expect.TEXT:
        return False
    if command.name not in OF_A_PLACE:
        return False
    if command.argument.isdecimal():  # 切换 2: by its number in the list
        return False
    seen = flow.visible(tx, turn)
    return not flow.named_places(seen, command.argument) and command.argument not in {p.unit for p in seen}


def replay_pending_words(turn: Turn) -> Turn | None:
    """A reply that settles which place was meant, as the earlier words said there. None: no words wait for it."""
    question = turn.session.question
    if not isinstance(question, AskPlace) or not question.words:
        return None
    place = navigate.chosen_place(turn, question)
    if not isinstance(place, Place):
        return None
    session = replace(turn.session, question=None, place=place.id, retries=0)
    return replace(turn, session=session).hearing(question.words)
