"""Several answers in one message: 4-10 无，入户12户 · 22有，水管漏，其余无."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.dialogue.effects import ChangeFinding, Effect, Line, MoveFinding, PutOff, SetCheck, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.basis import names_a_way
from bot.dialogue.parsing.numerals import NUMBER, parse_number
from bot.dialogue.questions import AskAnswer, AskBasis, AskPlace
from bot.dialogue.session import Session
from bot.domain import progress
from bot.domain.answers import Answer, BulkAnswer
from bot.domain.campaign import Item
from bot.domain.lifecycle import DRAFT
from bot.domain.similarity import same_problem
from bot.handlers import flow
from bot.handlers.finding_form import described, dropped_drafts, is_empty, new_finding
from bot.handlers.many import MOST
from bot.handlers.turn import Cell, Outcome, Then, Turn, settled
from storage import checks, findings
from storage.checks import Check
from storage.db import Reader
from storage.findings import Finding
from storage.places import Place

_HOUSEHOLDS = re.compile(rf"(?:一共|总共|共|大概|大约|约|全村)?(?P<n>{NUMBER})\s?(?:多?户|households)?[。.]?")
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
    in_the_way: list[int] = field(default_factory=list)  # those findings
    known: list[int] = field(default_factory=list)  # findings on record that were told of again
    told: dict[str, list[str]] = field(default_factory=dict)  # item -> the problems of this very message
    twice: list[str] = field(default_factory=list)  # words that tell of one of those again
    live: dict[str, list[Finding]] = field(default_factory=dict)  # item -> its findings on record
    said: set[str] = field(default_factory=set)  # what was said of which item, once
    worded: list[int] = field(default_factory=list)  # drafts that got their words
    taken_up: list[int] = field(
        default_factory=list
    )  # drafts without words, met again: now they are asked for


def bulk(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Record every answer of the message; ask once for the basis of the clears, and for each problem's description."""
    place = flow.current_place(turn)
    if place is None:
        return flow.which_place(turn)
    before = _leading_basis(tx, turn)
    if before:  # 入户看的，11到16也没有: what was asked for, and more answers
        turn = replace(turn, session=replace(turn.session, question=None))
    turn = _one_problem(turn)
    total = add_up(tx, turn, place)
    session, lines = _session(turn, total), _lines(turn, turn.items_of(place), total)
    if len(total.without_basis) >= SEVERAL:
        session, ask = _one_basis(session, AskBasis(total.place.id, tuple(total.without_basis)))
        if Answer.FOUND not in total.nos:  # first what was just said, then what was left open before
            return Outcome(replace(session, question=ask), lines, (*before, *total.effects))
        session = session.put_aside(ask)
    return Outcome(session, lines, (*before, *total.effects), Then.GO_ON)


def _leading_basis(tx: Reader, turn: Turn) -> tuple[Effect, ...]:
    """What the first clause of a message, before its answers, gives to the clears whose basis was asked for."""
    question = turn.session.question
    if not isinstance(question, AskBasis):
        return ()
    first = re.split("[,，;；。]", turn.said.words, maxsplit=1)[0]
    told = turn.hearing(first).said.basis if first != turn.said.words else ""
    return _with_basis(tx, question.place, question.items, told) if told and told != first else ()


def _one_basis(session: Session, ask: AskBasis) -> tuple[Session, AskBasis]:
    """One question for all items of the place that still lack a basis, and the session without the earlier ones."""
    same = [q for q in session.queue if isinstance(q, AskBasis) and q.place == ask.place]
    items = dict.fromkeys(item for question in (*same, ask) for item in question.items)
    return replace(session, queue=tuple(q for q in session.queue if q not in same)), replace(
        ask, items=tuple(items)
    )


def at_each(tx: Reader, turns: Sequence[Turn], now: datetime) -> Outcome:
    """The same answers at several places; afterwards the person stands where they stood."""
    session, lines, effects = turns[0].session, list[Line](), list[Effect]()
    for turn in turns:
        outcome = bulk(tx, replace(turn, session=replace(session, place=turn.session.place)), now)
        session = outcome.session.put_aside(outcome.session.question)
        session = replace(session, question=None)
        lines += outcome.lines
        effects += outcome.effects
    return Outcome(replace(session, place=turns[0].session.place), tuple(lines), tuple(effects), Then.GO_ON)


def _here(turn: Turn, place: Place) -> str:
    """The item that the person stands at."""
    question = turn.session.question
    if isinstance(question, AskAnswer) and question.place == place.id:
        return question.item
    return turn.session.position(place.id)


def add_up(tx: Reader, turn: Turn, place: Place) -> BulkResult:
    """What the answers of the message come to at this place."""
    total = BulkResult(place, checks.of_place(tx, place.id))
    answers = {item: check.answer for item, check in total.given.items()}
    items, here = turn.items_of(place), _here(turn, place)
    for each in turn.said.bulk:
        for item in progress.meant(items, turn.said.bulk, each, answers, here):
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
    this = f"{item.id} {each.answer} {each.basis} {each.detail}"
    if this in total.said:  # 其余无，其余无
        return
    total.said.add(this)
    if each.answer is Answer.FOUND:
        _found(tx, turn, item, each.detail, total)
        return
    drops, live = dropped_drafts(tx, place.id, item.id)
    if live or (drops and each.answer is Answer.LATER):
        total.kept.append(item.no)
        total.in_the_way += [finding.no for finding in live] or [
            effect.no for effect in drops if isinstance(effect, MoveFinding)
        ]
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
    if item.id not in total.live:
        total.live[item.id] = findings.at(tx, place.id, item.id)
    live = total.live[item.id]
    if words:
        told = total.told.setdefault(item.id, [])
        if len(told) <= MOST and any(same_problem(other, words) for other in told):  # more are asked about
            total.twice.append(words)
            return
        on_record = [f for f in live if f.description and same_problem(f.description, words)][:1]
        total.told[item.id] += [] if on_record else [words]
    else:
        on_record = live
        total.nos.setdefault(Answer.FOUND, []).append(item.no)
    total.answered.append(item.id)
    draft = next((f for f in live if is_empty(tx, f)), None) if words else None
    wordless = [] if words else [finding for finding in on_record if _is_wordless(turn, finding)]
    if wordless:  # met again: now it is asked for its words
        total.effects += [PutOff(finding.no, off=False) for finding in wordless]
    elif on_record:
        total.known += [finding.no for finding in on_record]
    elif draft is not None and draft.no not in total.worded:
        total.effects += [PutOff(draft.no, off=False), ChangeFinding(draft.no, described(words))]
        total.worded.append(draft.no)
    else:
        total.effects += new_finding(tx, turn, Cell(place, item), words)


def _is_wordless(turn: Turn, finding: Finding) -> bool:
    return finding.state == DRAFT and not finding.description and finding.reporter_id == turn.person.id


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
    lines += [line("visit_twins", findings=tuple(map(str, total.known)))] if total.known else []
    if total.kept:
        numbers = list(map(str, total.in_the_way))
        kept = progress.ranges(total.kept)
        lines.append(line("kept_findings", items=kept, findings=tuple(numbers), first=numbers[0]))
    asked = {item.no for item in items}
    foreign = sorted({no for each in turn.said.bulk for no in each.nos} - asked)
    lines += [line("not_asked_here", place=place, items=progress.ranges(foreign))] if foreign else []
    lines += flow.untaken(*turn.said.rest, *total.twice)
    return tuple(lines) if lines or total.effects else (line("nothing_marked", place=place),)


def basis(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: how were these established? Fills the basis of the clears it was asked for."""
    question = turn.session.question
    assert isinstance(question, AskBasis)
    said = turn.heard.under(Expect.NOTHING)
    if said.bulk:  # more answers instead, perhaps behind the basis that was asked for
        return bulk(tx, replace(turn, said=said), now)
    if turn.said.bases:
        return _bases(tx, turn, question)
    many = _HOUSEHOLDS.fullmatch(turn.spoken.fold)
    if many and turn.said.basis in ("", turn.heard.words):  # 12: households, or what?
        return flow.refused(turn, line("basis_number", n=parse_number(many["n"]) or 0))
    words = basis_said(turn)
    if not words:
        return flow.not_understood(turn, line("basis_example"))
    effects = _with_basis(tx, question.place, question.items, words)
    return settled(turn.session, line("basis_kept", basis=words), effects=effects)


def _with_basis(tx: Reader, place: str, items: Sequence[str], words: str) -> tuple[SetCheck, ...]:
    """Those of the items that stand as clear, with this basis."""
    given = checks.of_place(tx, place)
    clear = [item for item in items if item in given and given[item].answer == Answer.CLEAR]
    return tuple(SetCheck(place, item, Answer.CLEAR, words) for item in clear)


def _bases(tx: Reader, turn: Turn, question: AskBasis) -> Outcome:
    """4到7入户12户，8到10查的台账: the basis of some clears each. What is still without one is asked again."""
    by_no, effects, lines = turn.campaign.by_no, list[SetCheck](), list[Line]()
    for each in turn.said.bases:
        ids = [by_no[no].id for no in each.nos if by_no[no].id in question.items]
        told = _with_basis(tx, question.place, ids, each.basis)
        effects += told
        nos = progress.ranges([turn.campaign.item[check.item].no for check in told])
        lines += [line("basis_of", items=nos, basis=each.basis)] if told else []
    if not effects:
        return flow.not_understood(turn, line("basis_example"))
    done = {check.item for check in effects}
    left = tuple(item for item in question.items if item not in done)
    session = turn.session.put_aside(replace(question, items=left)) if left else turn.session
    return settled(session, *lines, effects=tuple(effects))


def basis_said(turn: Turn) -> str:
    """The basis in a reply to how something was established; empty when the words name no way of checking."""
    words = turn.heard.under(Expect.BASIS).basis
    raw = words in turn.heard.words  # nothing was read out of them: they must at least name a way
    return "" if raw and not names_a_way(words) else words
