"""A message that its sender edited or deleted later: exactly what it had answered is corrected or withdrawn.

Rule: an edit is never a new answer beside the old one, and nothing that was verified changes silently.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import corrections
from bot.conversation import House, finish, load
from bot.dialogue import state
from bot.dialogue.effects import ChangeFinding, Effect, Line, OpenFinding, SetCheck, line
from bot.dialogue.meaning import Answer, Expect, Mark, Spread, Understanding
from bot.dialogue.state import AskAnswer, AskDescription, Pending
from bot.dialogue.understand import understand
from bot.domain.private import mask
from bot.domain.similar import cause_of, object_of
from bot.handlers import handle
from bot.handlers.turn import Outcome, Turn, World
from bot.reply import Talk
from storage import evidence, findings, history, inbox
from storage.db import Reader, Transaction
from storage.history import Cause


class _NotUnderstood(Exception):  # noqa: N818 -- ends a savepoint, never leaves this module
    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome


def withdraw(tx: Transaction, house: House, talk: Talk, target: str, now: datetime) -> None:
    """A person deleted a message (or a reaction) of theirs: what it brought about is taken back."""
    original = inbox.get(tx, target)
    if original is None or original.state == "withdrawn":
        return
    if inbox.load_state(tx, talk.room.room_id, talk.person.id) is None:
        return
    if not history.of_event(tx, target):
        inbox.set_state(tx, target, "withdrawn")
        return
    conversation, _ = load(tx, talk, now)
    lines = corrections.take_back(tx, house[0], target, Cause(talk.person.id, talk.event_id), now)
    finish(tx, house, talk, Outcome(replace(conversation, misses=0), tuple(lines)), now)


def correct(tx: Transaction, house: House, talk: Talk, edit: tuple[str, str], now: datetime) -> None:
    """A person edited a message of theirs: exactly what it had answered is answered anew, under the same question."""
    target, words = edit
    original = inbox.get(tx, target)
    if original is None:
        return
    number = corrections.settled_by(tx, target)
    conversation, _ = load(tx, talk, now)
    if number is not None:
        finish(tx, house, talk, Outcome(conversation, (line("verified_stays", finding=number),)), now)
        return
    words, _ = mask(words)
    try:
        with tx.savepoint():
            outcome = _again(tx, house, talk, (original, words), now)
    except _NotUnderstood as given:
        first = given.outcome.lines[:1] if given.outcome else ()
        finish(tx, house, talk, Outcome(conversation, (line("edit_not_understood"), *first)), now)
        return
    inbox.set_state(tx, target, "done")
    finish(tx, house, replace(talk, under=target), outcome, now)


def _again(tx: Transaction, house: House, talk: Talk, edit: tuple[inbox.Seen, str], now: datetime) -> Outcome:
    """Undo the message, then handle its new words as if they had been said then."""
    world = house[0]
    original, words = edit
    conversation, _ = load(tx, talk, now)
    pending = state.load_pending(original.pending)
    said = understand(words, state.EXPECTS[type(pending)] if pending else Expect.NOTHING, world.vocabulary)
    said, kept = _reworded(tx, world, original.event_id, (pending, said))
    spare = frozenset(subject for change in kept for subject in _subjects(tx, change.no))
    undone = corrections.undo(
        tx, world, (original.event_id, spare), Cause(talk.person.id, talk.event_id), now
    )
    if kept and not said.marks:  # only its wording changed
        return Outcome(replace(conversation, misses=0), (line("edited"), *map(_told, kept)), tuple(kept))
    held = (
        (conversation.pending, *conversation.held)
        if conversation.pending not in (None, pending)
        else conversation.held
    )
    then = replace(
        conversation,
        pending=pending,
        held=held,
        place=getattr(pending, "place", conversation.place),
        misses=0,
    )
    photos = tuple(piece.id for piece in _pieces(tx, original.event_id))
    turn = Turn(world, talk.person, talk.room, then, said, original.event_id, talk.at, photos, 0.0, True)
    outcome = handle(tx, turn, now)
    if outcome is None or not (outcome.effects or kept or outcome.conversation.pending != pending):
        raise _NotUnderstood(outcome)
    renewed = _touched(outcome.effects)
    lost = tuple(said_line for subject, said_line in undone if subject not in renewed)
    return replace(
        outcome,
        lines=(line("edited"), *map(_told, kept), *lost, *outcome.lines),
        effects=(*kept, *outcome.effects),
    )


def _pieces(tx: Reader, event_id: str) -> list[evidence.Evidence]:
    ids = [
        int(c.subject.partition("/")[2])
        for c in history.of_event(tx, event_id)
        if c.subject.startswith("evidence/")
    ]
    return [
        piece
        for number in sorted(set(ids))
        if (piece := evidence.get(tx, number)) and piece.state != "withdrawn"
    ]


def _told(change: ChangeFinding) -> Line:
    return line("finding_changed", finding=change.no)


def _subjects(tx: Reader, no: int) -> tuple[str, ...]:
    finding = findings.get(tx, no)
    assert finding is not None
    return (findings.subject(no), f"check/{finding.place_id}/{finding.item_id}")


def _touched(effects: tuple[Effect, ...]) -> set[str]:
    touched = set()
    for effect in effects:
        match effect:
            case SetCheck(place, item):
                touched.add(f"check/{place}/{item}")
            case ChangeFinding(no):
                touched.add(findings.subject(no))
            case OpenFinding(no):
                touched.add(findings.subject(no))
            case _:
                pass
    return touched


def _reworded(
    tx: Reader, world: World, event_id: str, read: tuple[Pending | None, Understanding]
) -> tuple[Understanding, list[ChangeFinding]]:
    """Findings that the message opened and its new words only describe differently: they keep their numbers."""
    pending, said = read
    opened = [
        c for c in history.of_event(tx, event_id) if c.action == "opened" and c.subject.startswith("finding/")
    ]
    kept: list[ChangeFinding] = []
    marks = list(said.marks)
    for change in opened:
        finding = findings.get(tx, int(change.subject.partition("/")[2]))
        if finding is None or finding.state == "void":
            continue
        item = world.campaign.item.get(finding.item_id)
        mark = next((mark for mark in marks if item is not None and _describes(mark, item.no)), None)
        words = mark.detail if mark is not None else _words(pending, said)
        if words:
            fields = {"description": words, "object": object_of(words), "cause": cause_of(words)}
            kept.append(ChangeFinding(finding.no, fields))
        if mark is not None:
            marks.remove(mark)
    return replace(said, marks=tuple(marks)), kept


def _describes(mark: Mark, no: int) -> bool:
    return (
        mark.answer is Answer.FOUND
        and mark.spread is Spread.LISTED
        and mark.nos == (no,)
        and bool(mark.detail)
    )


def _words(pending: Pending | None, said: Understanding) -> str:
    """The description in the new words, when the message answered a question about one finding."""
    if isinstance(pending, AskDescription) and said.command is None and not said.marks:
        return said.words.strip()
    if isinstance(pending, AskAnswer) and said.choice is Answer.FOUND:
        return said.detail
    return ""
