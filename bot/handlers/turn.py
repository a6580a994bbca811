"""What a handler is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.context import Context
from bot.dialogue.effects import Effect, Line
from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.session import Session
from bot.domain.campaign import Item, PlaceKind
from storage.people import Person, Place
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of one person, understood."""

    context: Context
    person: Person
    room: Room
    session: Session
    said: ParsedMessage
    event_id: str
    at: datetime  # when it was written
    photos: tuple[int, ...] = ()  # evidence that came with this message
    silence: float = 0.0  # seconds since this person last spoke here
    bound: bool = False  # it replies to one certain question of ours

    @property
    def direct(self) -> bool:
        return self.room.kind == "direct"

    @property
    def argument(self) -> str:
        return self.said.command.argument if self.said.command else ""

    @property
    def number(self) -> int | None:
        return self.said.command.number if self.said.command else self.said.number

    def items_of(self, place: Place) -> tuple[Item, ...]:
        return self.context.campaign.items_of(PlaceKind(place.kind), place.unit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a turn: where the conversation then stands, what is said, what changes."""

    session: Session
    lines: tuple[Line, ...] = ()
    effects: tuple[Effect, ...] = field(default=())
    ask: bool = True  # show the open question after the lines
    reaction: str = ""  # acknowledge with this reaction instead of words

    def say(self, *lines: Line) -> Outcome:
        return replace(self, lines=(*self.lines, *lines))
