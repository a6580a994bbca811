"""Several answers in one message: 4-10 无，入户12户 · 22有，水管漏，其余无."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.dialogue.effects import ChangeFinding, Effect, Line, PutOff, SetCheck, line
from bot.dialogue.meaning import Expect
from bot.dialogue.session import AskAnswer, AskBasis, AskPlace, Session
from bot.domain import progress
from bot.domain.answers import Answer, BulkAnswer
from bot.domain.campaign import Item
from bot.handlers import flow
from bot.handlers.finding_form import described, dropped_drafts, empty_draft, new_finding, same_as
from bot.handlers.turn import Cell, Outcome, Then, Turn, settled
from storage import checks, findings, places
from storage.checks import Check
from storage.db import Reader
from storage.places import Place

# What says how something was checked, in words of people's own.
WAYS = re.compile(
    "[查看问访跑核对抽翻检测量拍瞧瞅]|电话|现场|实地|名册|花名册|台账|系统|档案|入户|到户|每户|开会|座谈|会上|visit|site|interview|document|meeting|check|ask|look|saw|call|phone|record|list|meet|register|house",
    re.I,
)
UNDONE = re.compile(
    r"(?:还|都|也|我们?|俺们?|暂时|目前|根本|压根){0,3}(?:没|未|不|甭|别)|not\b|no\b|haven't|didn't", re.I
)
SEVERAL = 2  # from this many clears on, a basis is asked for


@dataclass(slots=True)
class BulkResult:
    """What the answers of one message come to, while they are added up."""

    place: Place
    given: dict[str, Check]  # what stood before
    effects: list[Effect] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)  # ids of the items that now have this answer
    nos: dict[Answer, list[int]] = field(default_factory=dict)
    without_basis: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)  # items whose findings stand in the way
    known: list[int] = field(default_factory=list)  # findings on record that were told of again
    worded: list[int] = field(default_factory=list)  # drafts that got their words


def bulk(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Record every answer of the message; ask once for the basis of the clears, and for each problem's description."""
    place = flow.current_place(turn)
    if place is None:
        return flow.which_place(turn)
    turn = _one_problem(turn)
    total = add_up(tx, turn, place)
    session, lines = _session(turn, total), _lines(turn, turn.items_of(place), total)
    if len(total.without_basis) >= SEVERAL:
        ask = AskBasis(total.place.id, tuple(total.without_basis))
        if Answer.FOUND not in total.nos:  # first what was just said, then what was left open before
            return Outcome(replace(session, question=ask), lines, tuple(total.effects))
        session = session.put_aside(ask)
    return Outcome(session, lines, tuple(total.effects), Then.GO_ON)


def add_up(tx: Reader, turn: Turn, place: Place) -> BulkResult:
    """What the answers of the message come to at this place."""
    total = BulkResult(place, checks.of_place(tx, place.id))
    answers = {item: check.answer for item, check in total.given.items()}
    for each in turn.said.bulk:
        for item in progress.meant(turn.items_of(place), turn.said.bulk, each, answers):
            _one(tx, turn, item, each, total)
    return total


def _one_problem(turn: Turn) -> Turn:
    """Loose words behind a single 72有 are what was found there."""
    said, rest = turn.said.bulk, turn.said.rest
    alone = len(said) == 1 and said[0].answer is Answer.FOUND and len(said[0].nos) == 1
    if not rest or not alone or said[0].detail:
        return turn
    told = replace(said[0], detail="，".join(rest))
    return replace(turn, said=replace(turn.said, bulk=(told,), rest=()))


def _one(tx: Reader, turn: Turn, item: Item, each: BulkAnswer, total: BulkResult) -> None:
    place = total.place
    if each.answer is Answer.FOUND:
        _found(tx, turn, item, each.detail, total)
        return
    drops, live = dropped_drafts(tx, place.id, item.id)
    if live or (drops and each.answer is Answer.LATER):
        total.kept.append(item.no)
        return
    basis = (each.basis or turn.said.basis) if each.answer is Answer.CLEAR else ""
    total.effects += [*drops, SetCheck(place.id, item.id, each.answer, basis or None)]
    total.answered.append(item.id)
    total.nos.setdefault(each.answer, []).append(item.no)
    before = total.given.get(item.id)
    kept_basis = before is not None and before.answer == Answer.CLEAR and before.basis
    if each.answer is Answer.CLEAR and not basis and not kept_basis:
        total.without_basis.append(item.id)


def _found(tx: Reader, turn: Turn, item: Item, words: str, total: BulkResult) -> None:
    """A problem, with or without words: on the disk at once. One that is on record already is named instead."""
    place = total.place
    if words:
        known = same_as(tx, place.id, item.id, words)
        on_record = [known] if known else []
    else:
        on_record = findings.at(tx, place.id, item.id)
        total.nos.setdefault(Answer.FOUND, []).append(item.no)
    total.answered.append(item.id)
    draft = empty_draft(tx, place.id, item.id) if words else None
    if on_record:
        total.known += [finding.no for finding in on_record]
    elif draft is not None and draft.no not in total.worded:
        total.effects += [PutOff(draft.no, off=False), ChangeFinding(draft.no, described(words))]
        total.worded.append(draft.no)
    else:
        total.effects += new_finding(tx, turn, Cell(place, item), words)


def _session(turn: Turn, total: BulkResult) -> Session:
    """Where the person stands before the next question: the walk moves on past what was answered."""
    session = replace(turn.session, place=total.place.id, retries=0)
    if session.question is None and not session.queue:
        session = replace(session, in_walk=True)
    for item_id in total.answered:
        session = session.passed(item_id)
    question = session.question
    walked = isinstance(question, AskAnswer) and question.place == total.place.id
    if walked or isinstance(question, AskPlace):  # the walk asks it again by itself
        question = None
    return replace(session.put_aside(question), question=None)


def _lines(turn: Turn, items: Sequence[Item], total: BulkResult) -> tuple[Line, ...]:
    lines: list[Line] = []
    place = total.place.name
    for kind in (Answer.CLEAR, Answer.NOT_APPLICABLE, Answer.LATER, Answer.FOUND):
        nos = total.nos.get(kind, [])
        if nos:
            lines.append(line(f"marked_{kind}", place=place, n=len(nos), items=progress.ranges(nos)))
    said = dict.fromkeys((turn.said.basis, *(each.basis for each in turn.said.bulk)))
    if total.nos.get(Answer.CLEAR) and any(said):
        lines.append(line("with_basis", basis=tuple(filter(None, said))))
    lines += [line("finding_changed", finding=no) for no in total.worded]
    lines += [line("visit_twins", findings="、".join(map(str, total.known)))] if total.known else []
    lines += [line("kept_findings", items=progress.ranges(total.kept))] if total.kept else []
    asked = {item.no for item in items}
    foreign = sorted({no for each in turn.said.bulk for no in each.nos} - asked)
    lines += [line("not_asked_here", place=place, items=progress.ranges(foreign))] if foreign else []
    lines += [line("not_taken", words="；".join(turn.said.rest)[:80])] if turn.said.rest else []
    return tuple(lines) if lines or total.effects else (line("nothing_marked", place=place),)


def basis(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: how were these established? Fills the basis of the clears it was asked for."""
    question = turn.session.question
    assert isinstance(question, AskBasis)
    said = turn.heard.under(Expect.NOTHING)
    if said.bulk:  # more answers instead
        return bulk(tx, replace(turn, said=said), now)
    words = basis_said(turn)
    if not words:
        return flow.not_understood(turn, line("basis_example"))
    given = checks.of_place(tx, places.get(tx, question.place).id)
    clear = [item for item in question.items if item in given and given[item].answer == Answer.CLEAR]
    effects = tuple(SetCheck(question.place, item, Answer.CLEAR, words) for item in clear)
    return settled(turn.session, line("basis_kept", basis=words), effects=effects)


def basis_said(turn: Turn) -> str:
    """The basis in a reply to how something was established; empty when the words name no way of checking."""
    words = turn.heard.under(Expect.BASIS).basis
    raw = words == turn.heard.words  # nothing was read out of them: they must at least name a way
    return "" if raw and (not WAYS.search(words) or UNDONE.match(words)) else words
