"""A message that names a place: 张庄 · 张庄 4-10 无 · and the reply to which place was meant.

Rule: a name at the head only says where; what follows it is read as if it had been said there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.numerals import NUMBER, parse_number
from bot.dialogue.questions import AskAnswer, AskPlace
from bot.handlers import flow, navigate, relocate
from bot.handlers.turn import Outcome, Turn
from storage.db import Reader
from storage.places import Place

_HEADED = re.compile(
    r"([^\s,，:：;；、]{2,20})[\s,，:：;；、]+(\S.*)", re.S
)  # matches "张庄 4-10 无", "张庄：22有"
# 一村和二村4-10都没有, 两个村都4-10无
_SEVERAL = re.compile(
    rf"(?:(?:我们?|俺们?)?(?P<n>(?:{NUMBER}|俩)(?=个村)|[两俩](?=村))个?村(?:都|全部?)?|(?P<names>[^\s\d,，、和]{{2,10}}(?:[、,，和跟与及][^\s\d,，、和]{{2,10}}?){{1,5}}))(?:都|全)?[\s,，:：]*(?=第?\d|[除其后剩])"
)
_EACH = re.compile(r"(?:^|[,，。;；\s])([^\s\d,，:：;；、第]{2,12}?)(?:那边|这边)?的?[:： ]?(?=第?\d)")
SEVERAL = 2
_GLUED = re.compile(
    r"([^\s\d,，:：;；、第]{2,20}?)(?:那边|这边|那儿)?的?((?:第?\d|其余|后面|剩下).*)", re.S
)  # 二村4到10没有, 示范二村的4-10无
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
    forms = [found for form in (_HEADED, _GLUED) if (found := form.fullmatch(words))]
    headed = next((found for found in forms if _named(turn.own, found[1])), None)
    place = _named(turn.own, headed[1]) if headed else None
    if headed is None or place is None:
        return turn
    there = turn.hearing(headed[2])
    if there.said.command is not None:
        return turn
    if there.said.bulk:
        return _at(turn, place, there)
    if expect is Expect.OPTION:  # 二村21到23没有 to "which place?"
        settled_there = replace(turn, session=replace(turn.session, question=None)).hearing(headed[2])
        return _at(turn, place, settled_there) if settled_there.said.bulk else turn
    question = turn.session.question
    if isinstance(question, AskAnswer) and (there.said.choice or there.said.doubt):
        return there if question.place == place.id else navigate.start(tx, turn, place)
    return _at(turn, place, there) if expect in _OPEN else turn


def in_several_places(turn: Turn) -> list[Turn]:
    """一村和二村4-10都没有, 一村4无，二村5有: what was said at each of them. Empty when one place, or none, is meant."""
    words = turn.said.words.strip()
    apart = _apart(turn, words)
    if apart:
        return apart
    head = _SEVERAL.match(words)
    if head is None or turn.session.expect not in _OPEN:
        return []
    if head["n"]:
        n = parse_number(head["n"].replace("俩", "两"))
        meant = list(turn.own) if n == len(turn.own) else []
    else:
        named = [
            _named(turn.own, name)
            for name in re.split(r"[、,，和跟与及]|\band\b", head["names"])
            if name.strip()
        ]
        meant = [place for place in named if place is not None] if all(named) else []
    said = turn.hearing(words[head.end() :])
    if len({place.id for place in meant}) < SEVERAL or not said.said.bulk or said.said.rest:
        return []
    return [_at(turn, place, said) for place in meant]


def _apart(turn: Turn, words: str) -> list[Turn]:
    """一村22有，水管漏，二村22没有: each place with what was said of it. Empty when fewer than two are named."""
    starts = [m for m in _EACH.finditer(words) if _named(turn.own, m[1]) is not None]
    if len({m[1] for m in starts}) < SEVERAL or starts[0].start(1) > 0:
        return []
    turns = []
    for at, end in zip(starts, [*(m.start(1) for m in starts[1:]), len(words)], strict=True):
        place = _named(turn.own, at[1])
        assert place is not None
        open_item = replace(turn, session=replace(turn.session, question=None))
        turns.append(_at(turn, place, open_item.hearing(words[at.end() : end].strip(" ,，;；。"))))
    return turns


def names_several(turn: Turn) -> bool:
    """Whether answers by number name two of the person's places, by their names or the ends that no other has."""
    if not turn.said.bulk or turn.said.command is not None:
        return False
    if turn.session.expect in _OPEN and _SEVERAL.match(turn.said.words.strip()):
        return False  # read by `in_several_places`, or no list of places after all
    return len(spoken_of(turn)) >= SEVERAL


def spoken_of(turn: Turn) -> list[Place]:
    """The person's places that the words name anywhere, by their names or the ends that no other has."""
    words = turn.said.words
    ends = [{place.name[-n:] for n in range(2, len(place.name) + 1)} for place in turn.own]
    shared = Counter(end for own in ends for end in own)
    return [
        place
        for place, own in zip(turn.own, ends, strict=True)
        if any(shared[end] == 1 and end in words for end in own)
    ]


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
    if command.name == "move":
        return not relocate.knows(turn)
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
