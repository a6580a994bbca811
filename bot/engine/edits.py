"""A message that its sender edited or deleted later: exactly what it had answered is corrected or withdrawn.

Rule: an edit is never a new answer beside the old one, and nothing that was verified changes silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Context
from bot.dialogue import session as sessions
from bot.dialogue.effects import ChangeFinding, Effect, Line, OpenFinding, SetCheck, line
from bot.dialogue.meaning import Answer, Expect
from bot.dialogue.parsing.normalise import normalise
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import Question, Session
from bot.domain import progress
from bot.domain.pii import mask_pii
from bot.engine import rewording, undo
from bot.engine.replies import Origin
from bot.engine.session_store import MOST_HELD, load
from bot.engine.turn import brought_up, finish
from bot.handlers import handle
from bot.handlers.turn import Outcome, Turn
from storage import checks, evidence, findings, history, inbox, people
from storage.db import Reader, Transaction
from storage.history import Cause
from storage.inbox import Seen


class _NotUnderstood(Exception):  # noqa: N818 -- ends a savepoint, never leaves this module
    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class _Edit:
    """The message, the messages that make up its record, its new words."""

    original: Seen
    events: tuple[str, ...]
    words: str

    @property
    def question(self) -> Question | None:
        return sessions.load_question(self.original.question)


def withdraw(tx: Transaction, context: Context, talk: Origin, target: str, now: datetime) -> None:
    """A person deleted a message (or a reaction) of theirs: what it brought about is taken back."""
    original = inbox.get(tx, target)
    if original is None or original.state == "withdrawn":
        return
    session, _ = load(tx, context.campaign, talk, now)
    left = _without(session, original)
    events = undo.all_of(tx, original)
    if not undo.changes_of(tx, events):
        inbox.set_state(tx, target, "withdrawn")
        if left != session:  # it had only brought up a question
            finish(tx, context, talk, Outcome(replace(left, retries=0), (line("left_as_is"),)), now)
        return
    lines = undo.take_back(tx, context, events, Cause(talk.person.id, talk.event_id), now)
    talk = replace(talk, person=people.by_id(tx, talk.person.id))  # the language may be another one now
    finish(tx, context, talk, Outcome(replace(left, retries=0), tuple(lines)), now)


def correct(tx: Transaction, context: Context, talk: Origin, edit: tuple[str, str], now: datetime) -> None:
    """A person edited a message of theirs: exactly what it had answered is answered anew, under the same question.

    `edit` is (event id of the message, its new words).
    """
    original = inbox.get(tx, edit[0])
    if original is None:
        return
    corrected = _Edit(original, undo.all_of(tx, original), mask_pii(normalise(edit[1]))[0])
    session, _ = load(tx, context.campaign, talk, now)
    refusal = _refused(tx, corrected)
    if refusal is not None:
        finish(tx, context, talk, Outcome(session, (refusal,)), now)
        return
    try:
        with tx.savepoint():
            outcome = _again(tx, context, talk, corrected, now)
    except _NotUnderstood as given:
        first = given.outcome.lines[:1] if given.outcome else ()
        finish(tx, context, talk, Outcome(session, (line("edit_not_understood"), *first)), now)
        return
    inbox.set_state(tx, original.event_id, "done")
    opened_questions = brought_up(_without(session, original), outcome.session)
    opened_questions = tuple(dict.fromkeys((*original.opened_questions, *opened_questions)))
    inbox.answered(tx, original.event_id, original.question, opened_questions)
    finish(tx, context, replace(talk, under=original.event_id), outcome, now)


def _refused(tx: Reader, edit: _Edit) -> Line | None:
    number = undo.settled_by(tx, edit.events)
    if number is not None:
        return line("verified_stays", finding=number)
    handed_in = any(c.subject.startswith("place/") for c in undo.changes_of(tx, edit.events))
    return line("submission_stays") if handed_in else None


def _again(tx: Transaction, context: Context, talk: Origin, edit: _Edit, now: datetime) -> Outcome:
    """Undo the message, then handle its new words as if they had been said then."""
    question = edit.question
    session = replace(_without(load(tx, context.campaign, talk, now)[0], edit.original), retries=0)
    expect = sessions.EXPECTS[type(question)] if question else Expect.NOTHING
    parsed = parse(edit.words, expect, context.vocabulary)
    said, kept = rewording.reworded(tx, context, edit.events, (question, parsed))
    spare = frozenset(subject for change in kept for subject in _subjects(tx, change.no))
    stood = _answers(tx, edit)
    undone = undo.undo(tx, context, (edit.events, spare), Cause(talk.person.id, talk.event_id), now)
    if kept and not said.marks:  # only its wording changed
        return Outcome(session, (line("edited"), *map(_told, kept)), tuple(kept))
    then = session if said.command else _under(session, question)
    photos = tuple(piece.id for piece in _pieces(tx, edit.original.event_id))
    turn = Turn(
        context, talk.person, talk.room, then, said, edit.original.event_id, talk.at, photos, 0.0, True
    )
    outcome = handle(tx, turn, now)
    if outcome is None:
        raise _NotUnderstood(outcome)
    if said.command and not undo.changes_of(tx, edit.events):
        return outcome  # a command that had changed nothing is simply given anew
    moved_on = outcome.session.question != question and said.command is None
    if not (outcome.effects or kept or moved_on):
        raise _NotUnderstood(outcome)
    effects = _as_edited(outcome.effects, stood)
    lost = undo.together(told for subject, told in undone if subject not in _touched(effects))
    lines = (
        line("edited"),
        *map(_told, kept),
        *lost,
        *outcome.lines,
        *_stayed(context, outcome.effects, effects),
    )
    return replace(outcome, lines=lines, effects=(*kept, *effects))


def _without(session: Session, original: Seen) -> Session:
    """The conversation without the questions this message had brought up."""
    moot = [sessions.load_question(question) for question in original.opened_questions]
    queue = tuple(question for question in session.queue if question not in moot)
    if session.question not in moot:
        return replace(session, queue=queue)
    question = sessions.load_question(original.question)
    return replace(session, question=question, queue=tuple(q for q in queue if q != question))


def _under(session: Session, question: Question | None) -> Session:
    """The conversation with this question open again, whatever is open now put behind it."""
    open_now = (session.question,) if session.question not in (None, question) else ()
    queue = tuple(question for question in (*open_now, *session.queue) if question not in (None, question))
    place = getattr(question, "place", "") or session.place
    return replace(session, question=question, queue=queue[:MOST_HELD], place=place)


@dataclass(frozen=True, slots=True)
class _Stood:
    """The answer a message gave, before it is read anew."""

    answer: str
    basis: str  # which it has by now
    overruled: bool


def _answers(tx: Reader, edit: _Edit) -> Mapping[str, _Stood]:
    """What the message had answered, by subject."""
    given: dict[str, _Stood] = {}
    for change in undo.changes_of(tx, edit.events):
        if change.subject.startswith("check/") and change.subject not in given:
            _, place, item = change.subject.split("/", 2)
            check = checks.get(tx, place, item)
            later = undo.overruled(tx, change.subject, edit.events)
            given[change.subject] = _Stood(str(change.after["answer"]), check.basis if check else "", later)
    return given


def _as_edited(effects: tuple[Effect, ...], stood: Mapping[str, _Stood]) -> tuple[Effect, ...]:
    """Only what the edit changed: an answer it repeats keeps the basis it was given since, or the later answer."""
    result: list[Effect] = []
    for effect in effects:
        old = stood.get(checks.subject(effect.place, effect.item)) if isinstance(effect, SetCheck) else None
        if old is None or not isinstance(effect, SetCheck) or old.answer != effect.answer:
            result.append(effect)
        elif not old.overruled:
            keeps = effect.answer is Answer.CLEAR and not effect.basis
            result.append(replace(effect, basis=old.basis) if keeps else effect)
    return tuple(result)


def _stayed(context: Context, wished: tuple[Effect, ...], effects: tuple[Effect, ...]) -> list[Line]:
    """A word about the answers that were not put back over later ones."""
    done = {(effect.place, effect.item) for effect in effects if isinstance(effect, SetCheck)}
    left = [e.item for e in wished if isinstance(e, SetCheck) and (e.place, e.item) not in done]
    nos = progress.ranges([context.campaign.item[item].no for item in left])
    return [line("later_answer_stays", items=nos)] if left else []


def _pieces(tx: Reader, event_id: str) -> list[evidence.Evidence]:
    subjects = {change.subject for change in history.of_event(tx, event_id)}
    numbers = sorted(int(s.partition("/")[2]) for s in subjects if s.startswith("evidence/"))
    pieces = [evidence.get(tx, number) for number in numbers]
    return [piece for piece in pieces if piece and piece.state != "withdrawn"]


def _told(change: ChangeFinding) -> Line:
    return line("finding_changed", finding=change.no)


def _subjects(tx: Reader, no: int) -> tuple[str, ...]:
    finding = findings.get(tx, no)
    assert finding is not None
    return (findings.subject(no), checks.subject(finding.place_id, finding.item_id))


def _touched(effects: tuple[Effect, ...]) -> set[str]:
    touched = set()
    for effect in effects:
        match effect:
            case SetCheck(place, item):
                touched.add(checks.subject(place, item))
            case ChangeFinding(no) | OpenFinding(no):
                touched.add(findings.subject(no))
            case _:
                pass
    return touched
