"""One event with who sent it and what it found, and the row of the inbox that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat import Content, Edited, Incoming, Reacted, Redacted, Said, Unreadable
from bot.context import Context
from bot.engine.origin import Origin
from bot.engine.turn import Result
from storage import inbox
from storage.db import Transaction
from storage.inbox import Seen
from storage.people import Actor
from storage.sessions import Arrival


@dataclass(frozen=True, slots=True)
class Heard:
    """An event with who sent it and what it found."""

    context: Context
    event: Incoming
    actor: Actor
    found: Arrival

    @property
    def origin(self) -> Origin:
        assert self.found.room is not None
        event, content = self.event, self.event.content
        thread = content.thread if isinstance(content, Said) else ""
        return Origin(self.context, self.actor, self.found.room, event.event_id, event.at, thread=thread)


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


def note(tx: Transaction, origin: Origin, kind: str, result: Result) -> None:
    """The inbox's row of a message of this person."""
    at, room_id = origin.at.isoformat(), origin.room.room_id
    what = (result.question, result.opened_questions, result.state, result.reply or None, origin.thread)
    inbox.add(
        tx,
        Seen(origin.event_id, room_id, origin.person.id, at, kind, *what, result.edits, result.words),
    )
