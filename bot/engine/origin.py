"""Where something comes from: who said it, in which room, by which event, and when it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.history import Action
from storage.people import Actor, Person
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Origin:
    """What an answer needs to find its way, and an action to be signed."""

    actor: Actor
    room: Room
    event_id: str
    at: datetime
    under: str = ""  # effects go down in history under this event instead: the original of an edit

    @property
    def person(self) -> Person:
        return self.actor.person

    def action(self, verb: str, version: str, *, reason: str = "", undoes: int | None = None) -> Action:
        """The header of what this person does by this event."""
        ref = self.event_id if undoes is not None else self.under or self.event_id
        return Action(verb, self.person.id, self.at, version, ref, reason=reason, undoes=undoes)
