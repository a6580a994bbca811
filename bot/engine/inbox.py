"""The one door in: a sync batch becomes ONE transaction of position, events seen, sessions, records and replies.

Rule: whatever the bot will say leaves only after this transaction stands on the disk. A message whose handling fails
costs only itself: its savepoint is rolled back, its sender gets a reference, the batch goes on.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.chat import Batch, Edited, Incoming, Reacted, Redacted, RoomSeen, Said, Unreadable, printed
from bot.context import Context
from bot.dialogue.effects import Line, line
from bot.dialogue.parsing.normalise import is_too_long
from bot.engine import former, membership, replies, session_store, versions
from bot.engine.edits import apply_redaction
from bot.engine.heard import Heard, kind_of, note
from bot.engine.turn import IGNORED, Result, run_reacted
from bot.engine.unedited import apply_unedit
from bot.logs import kind_and_place
from storage import bound, early_edits, inbox, outbox, people, rooms, sessions, unreadable
from storage.begun import NOT_KEPT, TRIES, Begun
from storage.db import Transaction, is_of_the_file
from storage.inbox import Seen
from storage.people import Actor
from storage.sessions import Arrival
from storage.unreadable import Unread

log = logging.getLogger(__name__)
GONE = ("left", "upgraded")


def take_in(tx: Transaction, context: Context, batch: Batch, now: datetime, begun: Begun = NOT_KEPT) -> None:
    """Take in one batch, all of it or (when this raises) nothing. `begun` is told of each message before it is read."""
    door = _Door(context, now, begun)
    leaving = [change for change in batch.rooms if change.change in GONE]
    for change in batch.rooms:
        if change not in leaving:
            _room_changed(tx, door, change)
    for event in batch.events:
        if event.sender != context.user_id:
            _one(tx, door, event, _taken)
    for change in leaving:  # what was said there came before
        _room_changed(tx, door, change)
    for room_id in batch.gaps:
        log.warning("room %s: too many messages were missed to fetch them all", printed(room_id))
    if batch.position:
        rooms.set_position(tx, batch.position, now)
    if batch.syncs:
        bound.keep_syncs(tx, batch.syncs)


def read_again(
    tx: Transaction, context: Context, event: Incoming, now: datetime, begun: Begun = NOT_KEPT
) -> None:
    """The key of a message that could not be read has come: take it in as if it were new."""
    _one(tx, _Door(context, now, begun), event, _taken_anew)


@dataclass(frozen=True, slots=True)
class _Door:
    """What is the same for everything that comes in together."""

    context: Context
    now: datetime
    begun: Begun


def _today(context: Context, now: datetime) -> str:
    return context.campaign.today(now).isoformat()


def _one(
    tx: Transaction, door: _Door, event: Incoming, work: Callable[[Transaction, _Door, Incoming], None]
) -> None:
    """Everything about one event, under its savepoint: whatever comes of it costs no other event anything."""
    if door.begun.is_hopeless(event.event_id):
        work = _set_aside
    door.begun.begin(event.event_id)
    try:
        with tx.savepoint():
            work(tx, door, event)
    except Exception as error:
        if is_of_the_file(error):
            raise
        _failed(tx, door, event, error)
    door.begun.end()


def _room_changed(tx: Transaction, door: _Door, change: RoomSeen) -> None:
    try:
        with tx.savepoint():
            membership.on_room_change(tx, door.context, change, door.now)
    except Exception as error:
        if is_of_the_file(error):
            raise
        what = (printed(change.room_id), printed(change.change), type(error).__name__)
        log.error("room %s: %s could not be taken in (%s)", *what)


def _find(tx: Transaction, door: _Door, event: Incoming) -> tuple[Actor | None, Arrival]:
    actor = people.actor(tx, event.sender, _today(door.context, door.now))
    found = sessions.arrival(tx, event.event_id, event.room_id, actor.person.id if actor else None)
    return actor, found


def _taken(tx: Transaction, door: _Door, event: Incoming) -> None:
    actor, found = _find(tx, door, event)
    if found.seen:
        return
    context, now = door.context, door.now
    room = membership.room_of(tx, event, found.room, now)
    kind = kind_of(event.content)
    past = people.formerly(tx, event.sender) if actor is None and room.kind == "direct" else None
    if past is not None:
        _answer_former(tx, Heard(context, event, past, found), now)
        return
    if actor is None:
        inbox.add(tx, Seen(event.event_id, event.room_id, None, event.at.isoformat(), kind))
        membership.answer_stranger(tx, context, event, room, now)
        return
    heard = Heard(context, event, actor, replace(found, room=room))
    if isinstance(event.content, Unreadable):
        note(tx, heard.origin, kind, Result())
        _keep_unreadable(tx, event, event.content, now)
        return
    note(tx, heard.origin, kind, _handle(tx, heard, now))


def _taken_anew(tx: Transaction, door: _Door, event: Incoming) -> None:
    unreadable.drop(tx, event.event_id)
    actor, found = _find(tx, door, event)
    if actor is not None and found.room is not None:
        heard = Heard(door.context, event, actor, found)
        note(tx, heard.origin, kind_of(event.content), _handle(tx, heard, door.now))


def _answer_former(tx: Transaction, heard: Heard, now: datetime) -> None:
    """Somebody without a role any more reads what they wrote; whatever else they do changes nothing, and they are told."""
    content, origin = heard.event.content, heard.origin
    words = content.words if isinstance(content, Said) else ""
    note(tx, origin, kind_of(content), IGNORED)
    if not isinstance(content, Unreadable):
        replies.send(tx, origin, former.answered(tx, origin, words, now), now)


def _keep_unreadable(tx: Transaction, event: Incoming, content: Unreadable, now: datetime) -> None:
    kept = Unread(
        event.event_id,
        event.room_id,
        event.sender,
        event.at.isoformat(),
        content.session_id,
        content.source,
        now.isoformat(),
    )
    unreadable.keep(tx, kept)


def _failed(tx: Transaction, door: _Door, event: Incoming, error: Exception) -> None:
    """Its sender gets a reference, the log what happened."""
    reference = hashlib.sha256(event.event_id.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    what = (printed(event.event_id), reference, kind_and_place(error))
    log.error("message %s could not be handled, reference #%s: %s", *what)
    try:
        with tx.savepoint():
            _tell(tx, door, event, line("sorry", reference=reference))
    except Exception as again:
        if is_of_the_file(again):
            raise
        log.error("message %s: nobody could be told (%s)", printed(event.event_id), type(again).__name__)


def _set_aside(tx: Transaction, door: _Door, event: Incoming) -> None:
    """The process has ended during this message, and again: it is not begun a third time."""
    seen = inbox.get(tx, event.event_id)
    if seen is not None and seen.state == "failed":
        return
    log.error(
        "message %s was begun %d times and never ended: it is set aside", printed(event.event_id), TRIES
    )
    unreadable.drop(tx, event.event_id)
    at = event.at.astimezone(door.context.campaign.timezone)
    _tell(tx, door, event, line("set_aside", at=f"{at:%m-%d %H:%M}"))


def _tell(tx: Transaction, door: _Door, event: Incoming, told: Line) -> None:
    """Nothing came of this event; whoever sent it is told so."""
    actor, found = _find(tx, door, event)
    room = membership.room_of(tx, event, found.room, door.now)
    if actor is not None:
        origin = Heard(door.context, event, actor, replace(found, room=room)).origin
        note(tx, origin, kind_of(event.content), Result("failed"))
        replies.send(tx, origin, [told], door.now)


def _handle(tx: Transaction, heard: Heard, now: datetime) -> Result:
    event, origin = heard.event, heard.origin
    match event.content:
        case Said() | Reacted() as content:
            early = early_edits.take(tx, event.event_id, event.sender) if heard.found.early else []
            if any(each.words is None for each in early):  # taken back before it arrived
                return Result("withdrawn")
            standing = session_store.arrived(tx, origin, heard.found, now)
            if isinstance(content, Reacted):
                origin = replace(origin, thread=outbox.thread_of(tx, content.target))
                return run_reacted(tx, origin, content, standing, now)
            return versions.said(tx, origin, versions.Arriving(content, tuple(early)), standing, now)
        case Edited(in_clear=True):
            return versions.refused(tx, heard, event.content, "said_in_clear", now)
        case Edited(_, words) if is_too_long(words):
            return versions.refused(tx, heard, event.content, "edit_too_long", now)
        case Edited():
            return versions.edit(tx, heard, event.content, now)
        case Redacted(target):
            original = versions.own(tx, heard, target, None)
            if original is not None and original.edits:
                apply_unedit(tx, replace(origin, thread=original.thread), original, now)
            elif original is not None:
                unreadable.drop(tx, target)
                apply_redaction(tx, replace(origin, thread=original.thread), original, now)
            return Result()
        case Unreadable():
            return IGNORED  # kept by _take
