"""The one door in: a sync batch becomes ONE transaction of position, events seen, sessions, records and replies.

Rule: whatever the bot will say leaves only after this transaction stands on the disk. A message whose handling fails
costs only itself: its savepoint is rolled back, its sender gets a reference, the batch goes on.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from dataclasses import dataclass, replace
from datetime import datetime

from bot.chat import Batch, Content, Edited, Incoming, Reacted, Redacted, Said, Unreadable
from bot.context import Context
from bot.dialogue.effects import line
from bot.dialogue.parsing.normalise import normalise
from bot.domain.pii import mask_pii
from bot.engine import former, membership, replies, session_store
from bot.engine.edits import apply_edit, apply_redaction
from bot.engine.origin import Origin
from bot.engine.session_store import Standing
from bot.engine.turn import IGNORED, Result, note, run_reacted, run_said
from bot.engine.unedited import apply_unedit
from storage import early_edits, history, inbox, people, rooms, sessions, unreadable
from storage.db import Transaction, is_of_the_file
from storage.early_edits import EarlyEdit
from storage.inbox import Seen
from storage.people import Actor
from storage.sessions import Arrival
from storage.unreadable import Unread

log = logging.getLogger(__name__)
GONE = ("left", "upgraded")


def take_in(tx: Transaction, context: Context, batch: Batch, now: datetime) -> None:
    """Take in one batch, all of it or (when this raises) nothing."""
    leaving = [change for change in batch.rooms if change.change in GONE]
    for change in batch.rooms:
        if change not in leaving:
            membership.on_room_change(tx, context, change, now)
    for event in batch.events:
        _take(tx, context, event, now)
    for change in leaving:  # what was said there came before
        membership.on_room_change(tx, context, change, now)
    for room_id in batch.gaps:
        log.warning("room %s: too many messages were missed to fetch them all", room_id)
    if batch.position:
        rooms.set_position(tx, batch.position, now)


def read_again(tx: Transaction, context: Context, event: Incoming, now: datetime) -> None:
    """The key of a message that could not be read has come: take it in as if it were new."""
    unreadable.drop(tx, event.event_id)
    actor = people.actor(tx, event.sender, _today(context, now))
    found = sessions.arrival(tx, event.event_id, event.room_id, actor.person.id if actor else None)
    if actor is not None and found.room is not None:
        _guarded(tx, _Heard(context, event, actor, found), now)


@dataclass(frozen=True, slots=True)
class _Heard:
    """An event with who sent it and what it found."""

    context: Context
    event: Incoming
    actor: Actor
    found: Arrival

    @property
    def origin(self) -> Origin:
        assert self.found.room is not None
        return Origin(self.context, self.actor, self.found.room, self.event.event_id, self.event.at)


def kind_of(content: Content) -> str:
    """The inbox's word for what came."""
    match content:
        case Said():
            return "said"
        case Edited():
            return "edited"
        case Redacted():
            return "redacted"
        case Reacted():
            return "reacted"
        case Unreadable():
            return "unreadable"


def _today(context: Context, now: datetime) -> str:
    return context.campaign.today(now).isoformat()


def _take(tx: Transaction, context: Context, event: Incoming, now: datetime) -> None:
    if event.sender == context.user_id:
        return
    actor = people.actor(tx, event.sender, _today(context, now))
    found = sessions.arrival(tx, event.event_id, event.room_id, actor.person.id if actor else None)
    if found.seen:
        return
    room = membership.room_of(tx, event, found.room, now)
    found = replace(found, room=room)
    kind = kind_of(event.content)
    past = people.formerly(tx, event.sender) if actor is None and room.kind == "direct" else None
    if past is not None:
        _answer_former(tx, _Heard(context, event, past, found), now)
        return
    if actor is None:
        inbox.add(tx, Seen(event.event_id, event.room_id, None, event.at.isoformat(), kind))
        membership.answer_stranger(tx, context, event, room, now)
        return
    if isinstance(event.content, Unreadable):
        note(tx, _Heard(context, event, actor, found).origin, kind, Result())
        _keep_unreadable(tx, event, event.content, now)
        return
    _guarded(tx, _Heard(context, event, actor, found), now)


def _answer_former(tx: Transaction, heard: _Heard, now: datetime) -> None:
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


def _guarded(tx: Transaction, heard: _Heard, now: datetime) -> None:
    origin, kind = heard.origin, kind_of(heard.event.content)
    try:
        with tx.savepoint():
            note(tx, origin, kind, _handle(tx, heard, now))
    except Exception as error:
        if is_of_the_file(error):
            raise
        reference = hashlib.sha256(origin.event_id.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        # Only where it happened: an error's own words may repeat what somebody wrote.
        frames = "".join(traceback.format_tb(error.__traceback__))
        what = (origin.event_id, type(error).__name__, reference, frames)
        log.error("message %s could not be handled (%s), reference #%s\n%s", *what)
        note(tx, origin, kind, Result("failed"))
        replies.send(tx, origin, [line("sorry", reference=reference)], now)


def _handle(tx: Transaction, heard: _Heard, now: datetime) -> Result:
    event, origin = heard.event, heard.origin
    match event.content:
        case Said() | Reacted() as content:
            early = early_edits.take(tx, event.event_id, event.sender) if heard.found.early else []
            if any(each.words is None for each in early):  # taken back before it arrived
                return Result("withdrawn")
            standing = session_store.arrived(tx, origin, heard.found, now)
            if isinstance(content, Reacted):
                return run_reacted(tx, origin, content, standing, now)
            return _said(tx, origin, Arriving(content, tuple(early)), standing, now)
        case Edited(in_clear=True):
            return _ask_again(tx, heard, event.content, now)
        case Edited():
            return _edit(tx, heard, event.content, now)
        case Redacted(target):
            original = _own(tx, heard, target, None)
            if original is not None and original.edits:
                apply_unedit(tx, origin, original, now)
            elif original is not None:
                unreadable.drop(tx, target)
                apply_redaction(tx, origin, original, now)
            return Result()
        case Unreadable():
            return IGNORED  # kept by _take


def _ask_again(tx: Transaction, heard: _Heard, content: Edited, now: datetime) -> Result:
    """An edit without encryption changes nothing; its sender is told, if the message was one for us."""
    original = inbox.get(tx, content.target)
    ours = (
        original is not None and original.state != "ignored" and original.person_id == heard.actor.person.id
    )
    if ours or heard.origin.room.kind == "direct":
        replies.send(tx, heard.origin, (line("said_in_clear"),), now)
    return IGNORED


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message, and the edits of it that came before it."""

    content: Said
    early: tuple[EarlyEdit, ...]


def _said(tx: Transaction, origin: Origin, what: Arriving, standing: Standing, now: datetime) -> Result:
    """What counts are the words of the newest edit; its own come back when that one is deleted."""
    if not what.early:
        return run_said(tx, origin, what.content, standing, now)
    newest = what.early[-1]
    result = run_said(tx, origin, replace(what.content, words=newest.words or ""), standing, now)
    if result.words is None:
        return result
    inbox.set_words(tx, newest.event_id, result.words)
    return replace(result, words=mask_pii(normalise(what.content.words))[0])


def _edit(tx: Transaction, heard: _Heard, content: Edited, now: datetime) -> Result:
    """An edit of an edit is one of the message itself. One that was deleted, or edited, before it came counts as such."""
    target, words = content.target, content.words
    edited = inbox.get(tx, target)
    if edited is not None and edited.edits:
        target = edited.edits
    early = early_edits.take(tx, heard.event.event_id, heard.event.sender) if heard.found.early else []
    if any(each.words is None for each in early):
        return Result("withdrawn", edits=target)
    words = early[-1].words or "" if early else words
    original = _own(tx, heard, target, words)
    if original is None or not _edited(tx, heard.origin, original, words, now):
        return Result(edits=target)
    now_seen = inbox.get(tx, target)
    keeps = history.of_refs(tx, (target,)) or (now_seen is not None and now_seen.opened_questions)
    return Result(edits=target, words=mask_pii(normalise(words))[0] if keeps else None)


def _edited(tx: Transaction, origin: Origin, original: Seen, words: str, now: datetime) -> bool:
    """Whether the message now says these words."""
    if original.kind != "unreadable" and original.state != "failed":
        return apply_edit(tx, origin, original, words, now)
    unreadable.drop(tx, original.event_id)  # its new words are all there is of it
    instead = replace(origin, event_id=original.event_id)
    standing = session_store.load(tx, instead, now)
    result = run_said(tx, instead, Said(words), standing, now)
    note(tx, instead, "said", replace(result, words=None))
    return result.words is not None


def _own(tx: Transaction, heard: _Heard, target: str, words: str | None) -> Seen | None:
    """The sender's own message that an edit or redaction speaks of; one that came too early is kept for it."""
    event, original = heard.event, inbox.get(tx, target)
    if original is None:
        kept = None if words is None else mask_pii(normalise(words))[0]
        at = event.at.isoformat()
        early_edits.keep(tx, EarlyEdit(event.event_id, target, event.room_id, event.sender, at, kept))
        return None
    own = original.person_id == heard.actor.person.id and original.room_id == event.room_id
    return original if own else None
