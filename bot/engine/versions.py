"""The words of a message over time: its edits, edits of those, some of which come before the message itself.

Rule: an edit of an edit is one of the message; what was deleted before it came never counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.chat import Edited, Said
from bot.dialogue.effects import line
from bot.dialogue.parsing.address import without_name
from bot.dialogue.parsing.normalise import as_kept, normalise
from bot.engine import replies, session_store
from bot.engine.edits import apply_edit
from bot.engine.heard import Heard, note
from bot.engine.origin import Origin
from bot.engine.session_store import Standing
from bot.engine.turn import IGNORED, Result, run_said
from storage import early_edits, history, inbox, unreadable
from storage.db import Transaction
from storage.early_edits import EarlyEdit
from storage.inbox import Seen


def refused(tx: Transaction, heard: Heard, content: Edited, why: str, now: datetime) -> Result:
    """An edit without encryption, or of too many words, changes nothing; its sender is told, if the message was for us."""
    original = inbox.get(tx, content.target)
    ours = (
        original is not None and original.state != "ignored" and original.person_id == heard.actor.person.id
    )
    if ours or heard.origin.room.kind == "direct":
        replies.send(tx, heard.origin, (line(why),), now)
    return IGNORED


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message, and the edits of it that came before it."""

    content: Said
    early: tuple[EarlyEdit, ...]


def said(tx: Transaction, origin: Origin, what: Arriving, standing: Standing, now: datetime) -> Result:
    """What counts are the words of the newest edit; its own come back when that one is deleted."""
    if not what.early:
        return run_said(tx, origin, what.content, standing, now)
    newest = what.early[-1]
    result = run_said(tx, origin, replace(what.content, words=newest.words or ""), standing, now)
    if result.words is None:
        return result
    inbox.set_words(tx, newest.event_id, result.words)
    return replace(result, words=as_kept(what.content.words))


def edit(tx: Transaction, heard: Heard, content: Edited, now: datetime) -> Result:
    """An edit of an edit is one of the message itself. One that was deleted, or edited, before it came counts as such."""
    target, words = content.target, content.words
    edited = inbox.get(tx, target)
    if edited is not None and edited.edits:
        target = edited.edits
    early = early_edits.take(tx, heard.event.event_id, heard.event.sender) if heard.found.early else []
    if any(each.words is None for each in early):
        return Result("withdrawn", edits=target)
    words = early[-1].words or "" if early else words
    original = own(tx, heard, target, words)
    if original is None:
        return Result(edits=target)
    origin = replace(heard.origin, thread=original.thread)
    if not _edited(tx, origin, original, replace(content, words=words), now):
        return Result(edits=target)
    now_seen = inbox.get(tx, target)
    keeps = history.of_refs(tx, (target,)) or (now_seen is not None and now_seen.opened_questions)
    return Result(edits=target, words=as_kept(words) if keeps else None)


def _edited(tx: Transaction, origin: Origin, original: Seen, edit: Edited, now: datetime) -> bool:
    """Whether the message now says these words."""
    unheard = original.state == "ignored" and origin.room.kind != "direct"  # talk among others, so far
    if original.kind != "unreadable" and original.state != "failed" and not unheard:
        names = (*origin.context.names, *edit.called)
        spoken = without_name(normalise(edit.words), names, origin.context.vocabulary)
        return apply_edit(tx, origin, original, spoken.words, now)
    unreadable.drop(tx, original.event_id)  # its new words are all there is of it
    instead = replace(origin, event_id=original.event_id)
    standing = session_store.load(tx, instead, now)
    said = Said(edit.words, to_us=edit.to_us, called=edit.called)
    result = run_said(tx, instead, said, standing, now)
    note(tx, instead, "said", replace(result, words=None))
    return result.words is not None


def own(tx: Transaction, heard: Heard, target: str, words: str | None) -> Seen | None:
    """The sender's own message that an edit or redaction speaks of; one that came too early is kept for it."""
    event, original = heard.event, inbox.get(tx, target)
    if original is None:
        kept = None if words is None else as_kept(words)
        at = event.at.isoformat()
        early_edits.keep(tx, EarlyEdit(event.event_id, target, event.room_id, event.sender, at, kept))
        return None
    own = original.person_id == heard.actor.person.id and original.room_id == event.room_id
    return original if own else None
