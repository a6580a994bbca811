"""Whether answers by number are all that a message is, so that not even a sentence we wait for can be meant."""

from __future__ import annotations

import re

from bot.dialogue.parsing.answers import SEPARATORS
from bot.dialogue.parsing.basis import BasisWords, take_basis
from bot.dialogue.parsing.bulk import ParsedBulk
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.pieces import Piece
from bot.domain.answers import Answer, BulkAnswer, Spread

_ANSWER_FIRST = re.compile(r"\d{1,2}\s?[项号题条]?\s?(?:有问题|发现问题|有|found)\s?[,;:]")


def well_formed(marked: ParsedBulk) -> bool:
    """Whether a message is nothing but marks with an item or section named: even a text cannot be that."""
    named = [
        p
        for p in marked.pieces
        if p.subject.spread not in (Spread.REST, Spread.ONWARD) and (p.subject.nos or p.subject.by_name)
    ]
    if not marked.answers or marked.rest or marked.lead.fold or not named:
        return False
    many = len(marked.pieces) > 1
    return many or not marked.answers[0].detail or marked.pieces[0].subject.found or _formal(marked.pieces[0])


def only_the_rest(marked: ParsedBulk) -> bool:
    """其余都没问题，入户12户: one answer for all that is left, and nothing else."""
    if len(marked.pieces) != 1 or len(marked.answers) != 1 or marked.rest or marked.lead.fold:
        return False
    only = marked.answers[0]
    return only.spread in (Spread.REST, Spread.ONWARD) and not only.detail


def alone(marked: ParsedBulk) -> bool:
    """12有两户慢病卡没办, 8不涉及，俺村没高中生: one item, its answer, and words with it."""
    if len(marked.pieces) != 1 or len(marked.answers) != 1 or marked.rest or marked.lead.fold:
        return False
    return len(marked.answers[0].nos) == 1


def answers_first(marked: ParsedBulk) -> bool:
    """Whether a text begins with an answer to certain items, whatever else it says: 4-10没有问题，6有两个孩子没领."""
    if not marked.pieces or marked.lead.fold:
        return False
    first = marked.pieces[0].subject
    if len(first.nos) > 2:  # a range: no sentence begins with one
        return True
    return bool(marked.answers) and (
        first.spread is not Spread.LISTED or len(first.nos) > 1 or len(marked.pieces) > 1
    )


def _formal(piece: Piece) -> bool:
    """第22项有水管漏 and 22有，水管漏 name an item; 22有水管漏 may be 22 of something."""
    return piece.said.fold.startswith("第") or bool(_ANSWER_FIRST.match(piece.said.fold))


def bases_in(line: Line, marked: ParsedBulk, bases: BasisWords) -> tuple[BulkAnswer, ...]:
    """4到7入户12户，8到10查的台账: each piece is items and how they were seen, or there are none."""
    starts = [piece.subject.start for piece in marked.pieces]
    if not starts or line.fold[: starts[0]].strip(SEPARATORS):
        return ()
    found = []
    for piece, end in zip(marked.pieces, [*starts[1:], len(line.fold)], strict=True):
        said = line.cut(piece.subject.end, end).strip(SEPARATORS + "都是")
        _, basis = take_basis(said, bases)
        if not basis or not piece.subject.nos or piece.subject.spread is not Spread.LISTED:
            return ()
        found.append(BulkAnswer(Answer.CLEAR, piece.subject.nos, basis=basis))
    return tuple(found)
