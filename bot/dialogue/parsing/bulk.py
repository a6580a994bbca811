"""Answers for many items in one message: `4-10 无；12有 慢病卡没办，其余无`.

Rules: an item given two different answers gets none; a finding needs its item named, not a section or "the rest";
as long as any piece of the message is not understood, neither "the rest" nor "all but" is marked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

from bot.dialogue.parsing.answer_parser import parse_answer
from bot.dialogue.parsing.answers import (
    CLEAR,
    FOUND,
    AnswerWords,
    key,
    look_up,
    only_filler,
    tells_of_trouble,
)
from bot.dialogue.parsing.normalise import SILENCE, Line
from bot.dialogue.parsing.pieces import Joins, Piece, pieces_of, without_echo
from bot.dialogue.parsing.subjects import SubjectWords
from bot.domain.answers import BulkAnswer, Spread

_POINTER = re.compile(r"的?(?:项目|项|条)?(?:有|是|为)?[\s:]*$")
_POINTS_ON = re.compile(r"(?:的|项目|是|为|的有|:)[\s:]*$")


@dataclass(slots=True)
class ParsedBulk:
    """What the marks in a message say."""

    answers: list[BulkAnswer] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    lead: Line = SILENCE  # what stands before the first subject
    pieces: list[Piece] = field(default_factory=list)
    waits: bool = False  # marks were understood, but have to wait for what was not
    inferred: bool = False  # a finding was told of without the word for it: 22 水管漏水


def find_bulk_answers(
    line: Line, subject: re.Pattern[str], words: SubjectWords, answers: AnswerWords, joins: Joins
) -> ParsedBulk:
    """Every mark in `line`, the first hundred or so. `subject` is `words.subject`, or `words.subject_or_all` while no item is open."""
    cut = pieces_of(line, subject, words, joins)
    if cut.tail:  # more than anybody says, or the same again and again
        line = without_echo(line)
        cut = pieces_of(line, subject, words, joins)
    lead, pieces = _turned(line, cut.lead, cut.pieces, answers)
    if only_filler(lead.fold, answers):
        lead = SILENCE
    marked = ParsedBulk(lead=lead, pieces=pieces, rest=[cut.tail] if cut.tail else [])
    spoken: list[tuple[Piece, BulkAnswer]] = []
    for piece in _with_exceptions(pieces, marked, answers):
        marked.rest += [_as_said(said, piece) for said in piece.subject.unknown]
        if not piece.subject.nos and piece.subject.spread is Spread.LISTED:
            continue
        mark, inferred = _mark(piece, answers)
        marked.inferred = marked.inferred or inferred
        if mark is None:
            marked.rest.append(piece.said.words)
            continue
        if piece.subject.found:
            spoken.append((piece, BulkAnswer(FOUND, piece.subject.nos)))
        spoken.append((piece, mark))
    marked.answers = _agreeing(spoken, marked.rest)
    if marked.rest or marked.lead.fold:
        marked.answers = [mark for mark in marked.answers if mark.spread is Spread.LISTED]
        held_back = [piece.said.words for piece, mark in spoken if mark.spread is not Spread.LISTED]
        marked.rest += held_back
        marked.waits = bool(held_back)
    return marked


def _turned(line: Line, lead: Line, pieces: list[Piece], answers: AnswerWords) -> tuple[Line, list[Piece]]:
    """Answers that stand before their items (没问题：4-10；有问题的是12) put behind them."""
    unsaid = [i for i, p in enumerate(pieces) if not p.predicate.fold and p.subject.spread is Spread.LISTED]
    if not unsaid or not _POINTS_ON.search(line.fold, 0, pieces[0].subject.start):
        return lead, pieces
    before = [
        _pointing(part, answers) for part in (lead, *(piece.predicate for piece in pieces[: unsaid[-1]]))
    ]
    if not all(part.fold for part in before):
        return lead, pieces
    turned = [
        replace(
            piece,
            predicate=part,
            said=Line(f"{part.words} {piece.said.words}", f"{part.fold} {piece.said.fold}"),
        )
        for part, piece in zip(before, pieces, strict=False)
    ]
    return SILENCE, [*turned, *pieces[len(turned) :]]


def _pointing(part: Line, answers: AnswerWords) -> Line:
    """The answer in `有问题的是`; nothing where it is no answer."""
    for end in (len(part.fold), len(_POINTER.sub("", part.fold))):
        if len(look_up(part.fold[:end], answers)) == 1:
            return part.cut(0, end)
    return SILENCE


def _with_exceptions(pieces: list[Piece], marked: ParsedBulk, answers: AnswerWords) -> list[Piece]:
    """Join `…，除了12` to what it is an exception from: the piece before it, or the words before all pieces."""
    joined: list[Piece] = []
    for piece in pieces:
        unsaid = not piece.predicate.fold or (
            bool(joined) and not parse_answer(piece.predicate, answers).could
        )
        if piece.subject.spread is not Spread.ALL or not unsaid or not piece.subject.nos:
            joined.append(piece)
        elif not joined and look_up(marked.lead.fold, answers):
            joined.append(replace(piece, predicate=marked.lead))
            marked.lead = SILENCE
        elif joined and joined[-1].subject.spread not in (Spread.REST, Spread.ONWARD):
            before, out = joined[-1].subject, piece.subject.nos
            if piece.predicate.fold:  # fine except 6, checked the lists
                marked.rest.append(piece.predicate.words)
            nos = (
                (*before.nos, *out)
                if before.spread is Spread.ALL
                else tuple(n for n in before.nos if n not in out)
            )
            joined[-1] = replace(joined[-1], subject=replace(before, nos=nos))
        else:
            joined.append(piece)
    return joined


def _mark(piece: Piece, answers: AnswerWords) -> tuple[BulkAnswer | None, bool]:
    """The mark that a piece is, or None where it has to be asked again; whether a finding was inferred."""
    inferred = False
    subject = piece.subject
    reading = parse_answer(piece.predicate, answers)
    answer, detail = reading.answer, reading.detail.words
    if answer is None and key(piece.predicate.fold) in answers.received:  # 21-23✅
        answer = CLEAR
    if answer is None and not reading.could and subject.spread is Spread.LISTED:
        inferred = (
            len(subject.nos) == 1 and not piece.loose and tells_of_trouble(piece.predicate.fold, answers)
        )
        answer, detail = (FOUND, piece.predicate.words) if inferred else (None, "")
    if answer is None or (answer is FOUND and (subject.by_name or subject.spread is not Spread.LISTED)):
        return None, False
    return BulkAnswer(answer, subject.nos, subject.spread, detail), inferred


def _as_said(said: str, piece: Piece) -> str:
    return f"{said} {piece.predicate.words}".strip()


def _agreeing(spoken: list[tuple[Piece, BulkAnswer]], rest: list[str]) -> list[BulkAnswer]:
    """The marks without the items that were given two answers; those go to `rest` with both."""
    given: dict[int, list[tuple[Piece, BulkAnswer]]] = defaultdict(list)
    for piece, mark in spoken:
        if mark.spread is Spread.LISTED:
            for no in mark.nos:
                given[no].append((piece, mark))
    dropped: set[tuple[int, int]] = set()  # (mark, item)
    for no, both in given.items():
        if len({mark.answer for _, mark in both}) > 1:
            last, mark = both[-1]
            lost = (
                both
                if not (last.contrary and len(mark.nos) == 1)
                else [b for b in both if b[1].answer != mark.answer]
            )
            dropped |= {(id(m), no) for _, m in lost}
            if lost is both:
                rest += [f"{no} {piece.predicate.words}" for piece, _ in both]
        else:
            dropped |= {(id(m), no) for _, m in both[1:] if not m.detail}
    marks: list[BulkAnswer] = []
    for _, mark in spoken:
        if mark.spread is Spread.LISTED:
            nos = tuple(no for no in mark.nos if (id(mark), no) not in dropped)
            if nos and marks and _continues(mark, marks[-1]):
                marks[-1] = replace(mark, nos=tuple(sorted((*marks[-1].nos, *nos))))
            elif nos:
                marks.append(replace(mark, nos=nos))
        elif mark.spread is Spread.ALL:
            named = [no for no in given if any(m.answer is not mark.answer for _, m in given[no])]
            marks.append(replace(mark, nos=tuple(dict.fromkeys((*mark.nos, *named)))))
        else:
            marks.append(mark)
    return marks


def _continues(mark: BulkAnswer, before: BulkAnswer) -> bool:
    """Whether two marks in a row are one: findings never are, each has its own words."""
    return mark.answer is not FOUND and replace(mark, nos=before.nos) == before
