"""Where something comes from: who said it, in which room, by which event, when, and in which campaign's context."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Context
from bot.domain.campaign import Campaign
from bot.domain.disclosure import Setting, setting
from storage.history import Action
from storage.people import Actor, Person
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Origin:
    """What an answer needs to find its way, and an action to be signed."""

    context: Context
    actor: Actor
    room: Room
    event_id: str
    at: datetime
    under: str = ""  # effects go down in history under this event instead: the original of an edit
    thread: str = ""  # the root of the thread that the message stands in

    @property
    def person(self) -> Person:
        return self.actor.person

    @property
    def setting(self) -> Setting:
        return setting(self.room.kind, encrypted=self.room.encrypted)

    @property
    def campaign(self) -> Campaign:
        return self.context.campaign

    def action(
        self, verb: str, *, reason: str = "", undoes: int | None = None, behalf: int | None = None
    ) -> Action:
        """The header of what this person does by this event, maybe in the name of another."""
        ref = self.event_id if undoes is not None else self.under or self.event_id
        version = self.campaign.version
        header = Action(verb, self.person.id, self.at, version, ref, reason=reason, undoes=undoes)
        return replace(header, on_behalf_of=behalf)
