"""A message that its sender edited or deleted later: exactly what it had answered is corrected or withdrawn.

Rule: an edit is never a new answer beside the old one, and nothing that was verified, or that somebody else has acted on,
changes silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Context
from bot.dialogue.effects import ChangeFinding, Effect, Line, OpenFinding, SetCheck, line, plain
from bot.dialogue.parsing.normalise import as_kept
from bot.dialogue.questions import load_question
from bot.dialogue.session import Session
from bot.domain import progress
from bot.domain.answers import Answer
from bot.engine import former, rewording, session_store, undo, undo_rules
from bot.engine.mended import After, mend
from bot.engine.origin import Origin
from bot.engine.rewording import Edit
from bot.engine.session_store import ReplyTarget
from bot.engine.turn import Finished, Input, finish, run_turn, turn_of
from bot.engine.undo import Undo
from bot.handlers.turn import Outcome, Turn
from storage import checks, evidence, findings, history, inbox
from storage.db import Reader, Transaction
from storage.history import Subject
from storage.inbox import Seen


class _NotUnderstoodError(Exception):
    """Ends a savepoint, never leaves this module."""

    def __init__(self, lines: tuple[Line, ...] = ()) -> None:
        self.lines = lines


def apply_redaction(tx: Transaction, origin: Origin, original: Seen, now: datetime) -> None:
    """A person deleted a message (or a reaction) of theirs: what it brought about is taken back."""
    inbox.forget_words(tx, original.event_id)
    if original.state == "withdrawn":
        return
    standing = session_store.load(tx, origin, now)
    left = replace(_without(standing.session, original), retries=0)
    events = undo.related_events(tx, original)
    if not history.of_refs(tx, events):
        inbox.set_state(tx, original.event_id, "withdrawn")
        if left != replace(standing.session, retries=0):  # it had only brought up a question
            _withdraw(tx, origin, events, Outcome(left, (line("left_as_is"),)), now)
        return
    lines = undo.take_back(tx, origin, events, now)
    _withdraw(tx, origin, events, Outcome(left, tuple(lines)), now)


def _withdraw(
    tx: Transaction, origin: Origin, events: Sequence[str], outcome: Outcome, now: datetime
) -> None:
    """Say it, and say so in what these messages were answered with."""
    finished = say(tx, origin, outcome, now)
    for event in undo.withdrawn_among(tx, events):
        mend(tx, origin, event, After((), finished.session.question), now)


def apply_edit(tx: Transaction, origin: Origin, original: Seen, words: str, now: datetime) -> bool:
    """A person edited a message of theirs: exactly what it had answered is answered anew, under the same question. Whether
    it now says these words."""
    masked = as_kept(words)
    events = undo.related_events(tx, original)
    return read_anew(tx, origin, Edit(original, events, history.of_refs(tx, events), masked), now)


def read_anew(tx: Transaction, origin: Origin, edit: Edit, now: datetime) -> bool:
    """The message with these words instead; False when nothing came of it, and its sender knows why."""
    original = edit.original
    standing = session_store.load(tx, origin, now)
    stays = (
        undo_rules.refusal(tx, origin, edit.changes)
        or undo_rules.overtaken(tx, origin, edit.changes)
        or former.of_question(tx, origin, edit.question)
        or _handed_in(edit)
    )
    if stays is not None:
        say(tx, origin, Outcome(standing.session, (stays,)), now)
        return False
    under = replace(origin, under=original.event_id)
    try:
        with tx.savepoint():
            turn, outcome = _again(tx, under, edit, now)
    except _NotUnderstoodError as given:
        if edit.changes and all(
            change.subject.kind == "evidence" for change in edit.changes
        ):  # a mere caption
            lines: tuple[Line, ...] = (line("edit_caption"),)
        else:
            lines = (line("edit_not_understood"), *given.lines[:1])
        say(tx, origin, Outcome(standing.session, lines), now)
        return False
    before = _without(standing.session, original)
    finished = finish(tx, under, turn, outcome, now)
    mend(tx, origin, original.event_id, After(finished.lines, finished.session.question), now)
    opened = tuple(
        dict.fromkeys((*original.opened_questions, *session_store.brought_up(before, finished.session)))
    )
    inbox.answered(tx, original.event_id, original.question, opened)
    return True


def say(tx: Transaction, origin: Origin, outcome: Outcome, now: datetime) -> Finished:
    """Say something that nobody's words are the answer to."""
    silent = turn_of(origin, Input("", ReplyTarget(outcome.session)))
    return finish(tx, origin, silent, outcome, now)


def _handed_in(edit: Edit) -> Line | None:
    handed_in = any(change.subject.kind == "hand_in" for change in edit.changes)
    return line("submission_stays") if handed_in else None


def _again(tx: Transaction, origin: Origin, edit: Edit, now: datetime) -> tuple[Turn, Outcome]:
    """Undo the message, then handle its new words as if they had been said then."""
    question = edit.question
    standing = session_store.load(tx, origin, now)
    session = replace(_without(standing.session, edit.original), retries=0)
    pieces = _pieces(tx, edit)
    then = Input(edit.words, ReplyTarget(session_store.under(session, question), True), photos=pieces)
    turn = turn_of(origin, then)
    reworded = rewording.match_reworded(tx, origin.context, edit, turn.said)
    spare = frozenset(subject for no in reworded.findings for subject in _subjects(tx, no))
    spare |= _photos_of(edit, reworded.findings)
    stood = _answers(tx, edit)
    undone = undo.undo(tx, origin, Undo(edit.changes, spare, keep_evidence=True), now)
    told = tuple(line("finding_changed", finding=change.no) for change in reworded.kept)
    if reworded.findings and not reworded.left.bulk:  # only its wording changed
        turn = replace(turn, session=session, photos=())
        lost = undone.said()
        return turn, Outcome(session, (edit.head, *told, *lost), reworded.kept)
    if turn.said.command:
        turn = replace(turn, session=session)
    turn = replace(turn, said=reworded.left)
    outcome = run_turn(tx, turn, then, now)
    if outcome is None:
        raise _NotUnderstoodError
    if turn.said.command and not edit.changes:
        return turn, outcome  # a command that had changed nothing is simply given anew
    moved_on = outcome.session.question != question and turn.said.command is None
    if not (outcome.effects or reworded.findings or moved_on):
        raise _NotUnderstoodError(outcome.lines)
    effects = _as_edited(outcome.effects, stood)
    lost = undone.said(_touched(tx, effects))
    stayed = _stayed(origin.context, outcome.effects, effects)
    lines = (edit.head, *told, *lost, *outcome.lines, *stayed)
    return turn, replace(outcome, lines=lines, effects=(*reworded.kept, *effects))


def _without(session: Session, original: Seen) -> Session:
    """The session without the questions this message had brought up."""
    moot = [load_question(question) for question in original.opened_questions]
    queue = tuple(question for question in session.queue if question not in moot)
    if session.question not in moot:
        return replace(session, queue=queue)
    question = load_question(original.question)
    return replace(session, question=question, queue=tuple(q for q in queue if q != question))


@dataclass(frozen=True, slots=True)
class _Stood:
    """The answer a message gave, before it is read anew."""

    answer: str
    basis: str  # which it has by now
    overruled: bool  # another message has answered since


def _answers(tx: Reader, edit: Edit) -> Mapping[Subject, _Stood]:
    """What the message had answered."""
    given: dict[Subject, _Stood] = {}
    for change in edit.changes:
        subject = change.subject
        if subject.kind == "check" and change.field == "answer" and subject not in given:
            check = checks.get(tx, subject.id, subject.part)
            last = history.writer(tx, subject, "answer")
            overruled = last is not None and last.ref not in edit.events and last.after != change.after
            given[subject] = _Stood(str(change.after), check.basis if check else "", overruled)
    return given


def _as_edited(effects: tuple[Effect, ...], stood: Mapping[Subject, _Stood]) -> tuple[Effect, ...]:
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


def _pieces(tx: Reader, edit: Edit) -> tuple[int, ...]:
    """What came along with the message, or was put to its problem by it, and was not taken back."""
    own = (change for change in edit.changes if change.ref == edit.original.event_id)
    came = sorted({int(c.subject.id) for c in own if c.subject.kind == "evidence"})
    found = ((number, evidence.get(tx, number)) for number in came)
    return tuple(number for number, piece in found if piece and piece.state != "withdrawn")


def _photos_of(edit: Edit, kept: tuple[int, ...]) -> frozenset[Subject]:
    """The photos that this message put to findings that go on: they stay there."""
    return frozenset(c.subject for c in edit.changes if c.field == "finding_no" and c.after in kept)


def _subjects(tx: Reader, no: int) -> tuple[Subject, ...]:
    finding = findings.get(tx, no)
    assert finding is not None
    return (findings.subject(no), checks.subject(finding.place_id, finding.item_id))


def _touched(tx: Reader, effects: tuple[Effect, ...]) -> frozenset[Subject]:
    """What the new words say anew anyway."""
    touched = set()
    for effect in effects:
        match plain(effect):
            case SetCheck(place, item) | OpenFinding(place, item):
                touched.add(checks.subject(place, item))
            case ChangeFinding(no):
                touched.add(findings.subject(no))
            case _:
                pass
    return frozenset(touched)
