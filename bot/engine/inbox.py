"""The one door in: a sync batch becomes ONE transaction of position, events seen, conversations, records and replies.

Rule: whatever the bot will say leaves only after this transaction stands on the disk. A message whose handling fails
costs only itself: its savepoint is rolled back, its sender gets a reference, the batch goes on.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from dataclasses import replace
from datetime import datetime, timedelta

from bot.chat import Batch, Content, Edited, Incoming, Reacted, Redacted, Said, Unreadable
from bot.context import KEY_GRACE, Context
from bot.dialogue.effects import line
from bot.dialogue.parsing.normalise import normalise
from bot.domain.pii import mask_pii
from bot.engine import membership, replies
from bot.engine.edits import correct, withdraw
from bot.engine.replies import Origin
from bot.engine.turn import converse, tapped
from storage import inbox as seen
from storage import people, rooms
from storage.db import Transaction, is_of_the_file
from storage.people import Person
from storage.rooms import Room

log = logging.getLogger(__name__)
GONE = ("left", "upgraded")


def take_in(tx: Transaction, context: Context, batch: Batch, now: datetime) -> None:
    """Take in one batch, all of it or (when this raises) nothing."""
    leaving = [change for change in batch.rooms if change.change in GONE]
    for change in batch.rooms:
        if change not in leaving:
            membership.room_changed(tx, context.texts, change, now)
    for event in batch.events:
        _take(tx, context, event, now)
    for change in leaving:  # what was said there came before
        membership.room_changed(tx, context.texts, change, now)
    for room_id in batch.gaps:
        log.warning("room %s: too many messages were missed to fetch them all", room_id)
    if batch.position:
        rooms.set_position(tx, batch.position)


def read_again(tx: Transaction, context: Context, event: Incoming, now: datetime) -> None:
    """The key of a message that could not be read has come: take it in as if it were new."""
    seen.drop_unreadable(tx, event.event_id)
    seen.set_kind(tx, event.event_id, _kind(event.content))
    person = people.by_user_id(tx, event.sender)
    room = rooms.get(tx, event.room_id)
    if person is not None and room is not None:
        _guarded(tx, context, event, (person, room), now)


def _kind(content: Content) -> str:
    return type(content).__name__.lower()


def _take(tx: Transaction, context: Context, event: Incoming, now: datetime) -> None:
    if event.sender == context.user_id:
        return
    person = people.by_user_id(tx, event.sender)
    key = (event.event_id, event.room_id, event.at.isoformat(), _kind(event.content))
    if not seen.take(tx, key, person.id if person else None):
        return
    room = membership.room_of(tx, event, person, now)
    if person is None:
        membership.stranger(tx, context.texts, event, room, now)
        return
    if isinstance(event.content, Unreadable):
        told = (event.event_id, event.room_id, event.sender, event.at.isoformat())
        seen.keep_unreadable(tx, told, (event.content.session_id, dict(event.content.source)), now)
        return
    _guarded(tx, context, event, (person, room), now)


def _guarded(
    tx: Transaction, context: Context, event: Incoming, who: tuple[Person, Room], now: datetime
) -> None:
    try:
        with tx.savepoint():
            _handle(tx, context, event, who, now)
    except Exception as error:
        if is_of_the_file(error):
            raise
        reference = hashlib.sha256(event.event_id.encode()).hexdigest()[:6]
        # Only where it happened: an error's own words may repeat what somebody wrote.
        frames = "".join(traceback.format_tb(error.__traceback__))
        what = (event.event_id, type(error).__name__, reference, frames)
        log.error("message %s could not be handled (%s), reference #%s\n%s", *what)
        seen.set_state(tx, event.event_id, "failed")
        person, room = who
        talk = Origin(person, room, event.event_id, event.at)
        replies.send(tx, context.texts, talk, [line("sorry", reference=reference)], now)


def _handle(
    tx: Transaction, context: Context, event: Incoming, who: tuple[Person, Room], now: datetime
) -> None:
    person, room = who
    talk = Origin(person, room, event.event_id, event.at)
    match event.content:
        case Said() as said:
            words = [words for _, words in seen.take_early(tx, event.event_id, event.sender)]
            if None in words:  # taken back before it arrived
                seen.set_state(tx, event.event_id, "withdrawn")
                return
            latest = words[-1] if words else None
            converse(tx, context, talk, said if latest is None else replace(said, words=latest), now)
        case Reacted() as reaction:
            if not any(words is None for _, words in seen.take_early(tx, event.event_id, event.sender)):
                tapped(tx, context, talk, reaction, now)
        case Edited(target, words):
            original = _own(tx, event, target, words)
            if original is None:
                return
            if (
                original.kind == "unreadable" or original.state == "failed"
            ):  # its new words are all there is of it
                seen.drop_unreadable(tx, target)
                seen.set_kind(tx, target, "said")
                seen.set_state(tx, target, "done")
                converse(tx, context, replace(talk, event_id=target), Said(words), now)
            else:
                correct(tx, context, talk, (target, words), now)
        case Redacted(target):
            if _own(tx, event, target, None) is not None:
                seen.drop_unreadable(tx, target)
                withdraw(tx, context, talk, target, now)
        case Unreadable():
            raise AssertionError("kept by _take")


def _own(tx: Transaction, event: Incoming, target: str, words: str | None) -> seen.Seen | None:
    """The sender's own message that an edit or redaction speaks of; one that came too early is kept for it."""
    original = seen.get(tx, target)
    if original is None:
        key = (event.event_id, target, event.room_id, event.sender, event.at.isoformat())
        seen.keep_early(tx, key, None if words is None else mask_pii(normalise(words))[0])
        return None
    author = people.by_user_id(tx, event.sender)
    own = author is not None and original.person_id == author.id and original.room_id == event.room_id
    return original if own else None


def tell_unreadable(tx: Transaction, context: Context, now: datetime) -> None:
    """Ask people to send again what is still unreadable after the grace period, naming when they wrote it. Once."""
    waiting = [u for u in seen.unreadable(tx) if u.told_at is None and _age(u.came_at, now) >= KEY_GRACE]
    for unread in waiting:
        person, room = people.by_user_id(tx, unread.sender), rooms.get(tx, unread.room_id)
        seen.tell_unreadable(tx, unread.event_id, now)
        if person is None or room is None:
            continue
        at = datetime.fromisoformat(unread.at).astimezone(context.campaign.timezone)
        talk = Origin(person, room, unread.event_id, at)
        replies.send(tx, context.texts, talk, [line("unreadable", at=at.strftime("%m-%d %H:%M"))], now)


def _age(at: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(at)
