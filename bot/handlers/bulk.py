"""Several answers in one message: 4-10 无，入户12户 · 22有，水管漏，其余无."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.dialogue.effects import Effect, Line, SetCheck, line
from bot.dialogue.meaning import Answer, BulkAnswer, Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskMeasure,
    AskPlace,
    Question,
    Session,
)
from bot.domain import progress
from bot.domain.campaign import Item
from bot.domain.similarity import same_problem
from bot.handlers import flow
from bot.handlers.finding_form import new_finding
from bot.handlers.turn import Outcome, Turn
from storage import checks, findings, people
from storage.db import Reader
from storage.people import Place

SEVERAL = 2  # from this many clears on, a basis is asked for


@dataclass(slots=True)
class _Sum:
    """What the marks of one message come to, while they are added up."""

    effects: list[Effect] = field(default_factory=list)
    newly: dict[str, str] = field(default_factory=dict)
    nos: dict[Answer, list[int]] = field(default_factory=dict)
    clear: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    opened: dict[int, int] = field(default_factory=dict)  # new finding -> printed number of its item
    twins: list[int] = field(default_factory=list)  # findings on record that were told of again
    bases: dict[str, str] = field(
        default_factory=dict
    )  # how earlier clears were established: kept unless said anew
    next_no: int = 0


def marks(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Record every answer of the message; ask once for the basis of the clears, and for each problem's description."""
    place = flow.current_place(tx, turn)
    if place is None:
        return flow.which_place(tx, turn)
    turn = _one_problem(turn)
    given = checks.of_place(tx, place.id)
    bases = {item: check.basis for item, check in given.items() if check.answer == Answer.CLEAR}
    total = _Sum(next_no=findings.next_no(tx), bases=bases)
    answers = {item: check.answer for item, check in given.items()}
    items = turn.items_of(place)
    for mark in turn.said.marks:
        for item in progress.marked(items, turn.said.marks, mark, answers):
            _one(tx, turn, (place, item), mark, total)
    session = _session(turn, place, total)
    session = _next(tx, turn, session, (place, total))
    return Outcome(session, _lines(turn, place, items, total), tuple(total.effects))


def _one_problem(turn: Turn) -> Turn:
    """Loose words behind a single 72有 are what was found there."""
    marks, rest = turn.said.marks, turn.said.rest
    alone = len(marks) == 1 and marks[0].answer is Answer.FOUND and len(marks[0].nos) == 1
    if not rest or not alone or marks[0].detail:
        return turn
    told = replace(marks[0], detail="，".join(rest))
    return replace(turn, said=replace(turn.said, marks=(told,), rest=()))


def _one(tx: Reader, turn: Turn, where: tuple[Place, Item], mark: BulkAnswer, total: _Sum) -> None:
    place, item = where
    live = findings.at(tx, place.id, item.id)
    if mark.answer is Answer.FOUND:
        if not mark.detail:  # not answered before it is described
            total.nos.setdefault(Answer.FOUND, []).append(item.no)
            total.questions.append(AskDescription(place.id, item.id))
            return
        total.newly[item.id] = Answer.FOUND
        twin = next((f.no for f in live if same_problem(f.description, mark.detail)), None)
        if twin is not None:
            total.twins.append(twin)
            return
        total.effects += new_finding(turn, where, total.next_no, mark.detail)
        total.questions.append(AskMeasure(total.next_no))
        total.opened[total.next_no] = item.no
        total.next_no += 1
        return
    if live:
        total.kept.append(item.no)
        return
    basis = (turn.said.basis or total.bases.get(item.id, "")) if mark.answer is Answer.CLEAR else ""
    total.effects.append(SetCheck(place.id, item.id, mark.answer, basis))
    total.newly[item.id] = mark.answer
    total.nos.setdefault(mark.answer, []).append(item.no)
    if mark.answer is Answer.CLEAR and not basis:
        total.clear.append(item.id)


def _session(turn: Turn, place: Place, total: _Sum) -> Session:
    """Where the person stands before the next question: the walk moves on past what was marked."""
    session = replace(turn.session, place=place.id, retries=0)
    if session.question is None and not session.queue:
        session = replace(session, in_walk=True)
    for item_id in total.newly:
        session = session.passed(item_id)
    if total.opened:
        session = replace(session, finding=max(total.opened))
    return session


def _next(tx: Reader, turn: Turn, session: Session, done: tuple[Place, _Sum]) -> Session:
    place, total = done
    questions = list(total.questions)
    if len(total.clear) >= SEVERAL:
        questions.append(AskBasis(place.id, tuple(total.clear)))
    question = session.question
    if isinstance(question, AskAnswer) and question.place == place.id:
        queue = session.queue  # the walk asks it again by itself
    elif question is not None and not isinstance(question, AskPlace):
        queue = (question, *session.queue)
    else:
        queue = session.queue
    queue = flow.unsettled(queue, place.id, total.newly)
    session = replace(session, question=None, queue=(*questions, *queue)[:80])
    if questions:
        return replace(session, queue=session.queue[1:]).asking(questions[0])
    return flow.go_on(tx, turn, session, total.newly)


def _lines(turn: Turn, place: Place, items: Sequence[Item], total: _Sum) -> tuple[Line, ...]:
    lines: list[Line] = []
    for kind in (Answer.CLEAR, Answer.NOT_APPLICABLE, Answer.LATER, Answer.FOUND):
        nos = total.nos.get(kind, [])
        if nos:
            lines.append(line(f"marked_{kind}", place=place.name, n=len(nos), items=progress.ranges(nos)))
    if turn.said.basis and total.nos.get(Answer.CLEAR):
        lines.append(line("with_basis", basis=turn.said.basis))
    lines += [line("finding_opened", finding=f, no=no, place=place.name) for f, no in total.opened.items()]
    lines += [line("visit_twins", findings="、".join(map(str, total.twins)))] if total.twins else []
    lines += [line("kept_findings", items=progress.ranges(total.kept))] if total.kept else []
    asked = {item.no for item in items}
    foreign = sorted({no for mark in turn.said.marks for no in mark.nos} - asked)
    lines += [line("not_asked_here", place=place.name, items=progress.ranges(foreign))] if foreign else []
    lines += [line("not_taken", words="；".join(turn.said.rest)[:80])] if turn.said.rest else []
    return tuple(lines) or (line("nothing_marked", place=place.name),)


def basis(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: how were these established? Fills the basis of the clears it was asked for."""
    question = turn.session.question
    assert isinstance(question, AskBasis)
    said = parse(turn.said.words, Expect.NOTHING, turn.context.vocabulary)
    if said.marks:  # more answers instead
        return marks(tx, replace(turn, said=said), now)
    words = turn.said.basis or _households(turn)
    raw = words == turn.said.words  # nothing was read out of them: numbers of items, not of households
    garbled = raw and words[:1].isdigit() and bool(said.rest)
    if not words or garbled:
        return flow.not_understood(turn, line("basis_example"))
    given = flow.answers_at(tx, people.place(tx, question.place))
    effects = [
        SetCheck(question.place, i, Answer.CLEAR, words)
        for i in question.items
        if given.get(i) == Answer.CLEAR
    ]
    session = flow.go_on(tx, turn, replace(turn.session, question=None))
    return Outcome(session, (line("basis_kept", basis=words),), tuple(effects))


def _households(turn: Turn) -> str:
    """A bare number is so many households; other short words stand as they are."""
    if turn.said.number is not None:
        return f"入户{turn.said.number}户" if turn.said.number > 0 else ""
    words = turn.said.words.strip()
    told = 2 <= len(words) <= 40 and any(character.isalpha() for character in words)
    return words if told and turn.said.choice is None and turn.said.yes is None else ""


def without_basis(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """稍后 to the question for a basis: the answers stay, the review page will remind."""
    return Outcome(flow.go_on(tx, turn, replace(turn.session, question=None)), (line("basis_later"),))
