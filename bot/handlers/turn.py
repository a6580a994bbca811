"""What a handler is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.dialogue.effects import Effect, Line
from bot.dialogue.meaning import Understanding
from bot.dialogue.parsing.vocabulary import Vocabulary
from bot.dialogue.search import Index
from bot.dialogue.session import Conversation
from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.domain.deadlines import Holidays, Limit
from storage.people import Person, Place
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class World:
    """Everything that stays the same from turn to turn."""

    campaign: Campaign
    vocabulary: Vocabulary
    index: Index
    limits: Mapping[int, tuple[Limit, ...]]  # printed number -> the time limits of that item
    holidays: Holidays


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of one person, understood."""

    world: World
    person: Person
    room: Room
    conversation: Conversation
    said: Understanding
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
        return self.world.campaign.items_of(PlaceKind(place.kind), place.unit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a turn: where the conversation then stands, what is said, what changes."""

    conversation: Conversation
    lines: tuple[Line, ...] = ()
    effects: tuple[Effect, ...] = field(default=())
    ask: bool = True  # show the open question after the lines
    nod: str = ""  # acknowledge with this reaction instead of words

    def say(self, *lines: Line) -> Outcome:
        return replace(self, lines=(*self.lines, *lines))
