"""What a handler is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from bot.context import Context
from bot.dialogue.effects import Effect, Line
from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.parsing import normalise
from bot.dialogue.parsing.options import verdict
from bot.dialogue.parsing.parse import Utterance
from bot.dialogue.session import Session
from bot.domain.campaign import Campaign, Item, PlaceKind
from bot.domain.permissions import Scope
from storage.people import Actor, Person
from storage.places import Place
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of one person, read once. `said` is its reading under the open question."""

    context: Context
    actor: Actor
    room: Room
    session: Session
    said: ParsedMessage
    heard: Utterance  # the same words, for a reading under another question
    event_id: str
    at: datetime  # when it was written
    photos: tuple[int, ...] = ()  # evidence that came with this message
    silence: float = 0.0  # seconds since this person last spoke here
    bound: bool = False  # it replies to one certain question of ours
    reopened: bool = False  # which is not the one that stood open
    quoted: str = ""  # an earlier message of their own that it replies to
    card: int = 0  # the finding whose card it replies to
    photos_to: int = 0  # the finding that the message shows to which it replies, whatever it asks
    called: bool = False  # it calls us by name

    @property
    def person(self) -> Person:
        return self.actor.person

    @property
    def scope(self) -> Scope:
        return self.actor.scope

    @property
    def own(self) -> tuple[Place, ...]:
        """The places the person answers for."""
        return self.actor.own

    @property
    def campaign(self) -> Campaign:
        return self.context.campaign

    @property
    def direct(self) -> bool:
        return self.room.kind == "direct"

    @property
    def for_us(self) -> bool:
        """Whether it was said to us, whatever it says: we are alone with them, it replies to us, or it calls us."""
        return self.direct or self.bound or self.called

    @property
    def argument(self) -> str:
        return self.said.command.argument if self.said.command else ""

    @property
    def number(self) -> int | None:
        return self.said.command.number if self.said.command else self.said.number

    def items_of(self, place: Place) -> tuple[Item, ...]:
        return items_of(self.campaign, place)

    @property
    def spoken(self) -> normalise.Line:
        """The words as said and as they are looked up."""
        return normalise.fold(self.said.words, self.context.vocabulary.spelling)

    def verdict(self, kind: str) -> bool | None:
        """Whether the words are a yes or a no: the usual ones, or those of this kind of question."""
        own = verdict(self.spoken, kind, self.context.vocabulary.options)
        return self.said.yes if own is None else own

    def hearing(self, words: str) -> Turn:
        """The same turn with other words: a part of the message, or words that had to wait."""
        heard = Utterance(words, self.context.vocabulary)
        return replace(self, heard=heard, said=heard.under(self.session.expect))


def items_of(campaign: Campaign, place: Place) -> tuple[Item, ...]:
    """The items a place is asked, in printed order."""
    return campaign.items_of(PlaceKind(place.kind), place.unit)


@dataclass(frozen=True, slots=True)
class Cell:
    """One item of one place: what an answer or a finding is about."""

    place: Place
    item: Item


class Then(Enum):
    """What is asked after the effects are written."""

    STAY = "stay"  # the session's own question, as it is
    GO_ON = "go on"  # the question is settled: the next one is chosen from what is on the disk
    NOTHING = "nothing"  # only say the lines


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a turn: where the session then stands, what is said, what changes, what is asked next."""

    session: Session
    lines: tuple[Line, ...] = ()
    effects: tuple[Effect, ...] = field(default=())
    then: Then = Then.STAY
    reaction: str = ""  # acknowledge with this reaction instead of words
    in_full: bool = False  # the question was asked for: it is put in full, however lately it was

    def say(self, *lines: Line) -> Outcome:
        return replace(self, lines=(*self.lines, *lines))


def settled(session: Session, *lines: Line, effects: tuple[Effect, ...] = ()) -> Outcome:
    """The open question has its answer: go on."""
    return Outcome(replace(session, question=None, retries=0), lines, effects, Then.GO_ON)
