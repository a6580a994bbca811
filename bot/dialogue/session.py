"""Where a person stands in a conversation: the open question, and how to come back to it. Plain values, kept as JSON.

Rule: everything is held by id, never by position in a list, so that a changed checklist cannot shift an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from bot.dialogue.meaning import Expect


@dataclass(frozen=True, slots=True)
class AskAnswer:
    """The four choices for one item of one place."""

    place: str
    item: str


@dataclass(frozen=True, slots=True)
class AskBasis:
    """How a bulk clear was established. The answers are already recorded; this only adds to them."""

    place: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskDescription:
    """What the problem is, at an item that was answered with found; with a number, said anew."""

    place: str
    item: str
    finding: int = 0


@dataclass(frozen=True, slots=True)
class AskMeasure:
    finding: int


@dataclass(frozen=True, slots=True)
class AskHorizon:
    finding: int


@dataclass(frozen=True, slots=True)
class AskMechanism:
    """A long-term finding needs a sentence on what keeps it solved."""

    finding: int


@dataclass(frozen=True, slots=True)
class AskStage:
    """A long-term finding needs a date for its first stage."""

    finding: int


@dataclass(frozen=True, slots=True)
class AskPlace:
    """Which of the person's places. `words` were said before the place was known: they are taken up once it is."""

    places: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class AskResume:
    """The walk was left some time ago: go on at this item?"""

    place: str
    item: str


@dataclass(frozen=True, slots=True)
class AskSubmit:
    """The review page of a place: hand it in?"""

    place: str


@dataclass(frozen=True, slots=True)
class AskMerge:
    """A new description sounds like a finding that is already there."""

    place: str
    item: str
    finding: int
    words: str


@dataclass(frozen=True, slots=True)
class AskOffer:
    """Words (or a photo) nobody asked for: a problem under one of these items? Empty: nothing fitted."""

    place: str
    items: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class AskVisit:
    """Findings proposed from one sentence about a visit."""

    place: str
    object: str
    items: tuple[str, ...]
    words: tuple[str, ...]  # one for each item


Pending = (
    AskAnswer
    | AskBasis
    | AskDescription
    | AskMeasure
    | AskHorizon
    | AskMechanism
    | AskStage
    | AskPlace
    | AskResume
    | AskSubmit
    | AskMerge
    | AskOffer
    | AskVisit
)

KINDS: Mapping[str, type[Pending]] = {
    "answer": AskAnswer,
    "basis": AskBasis,
    "description": AskDescription,
    "measure": AskMeasure,
    "horizon": AskHorizon,
    "mechanism": AskMechanism,
    "stage": AskStage,
    "place": AskPlace,
    "resume": AskResume,
    "submit": AskSubmit,
    "merge": AskMerge,
    "offer": AskOffer,
    "visit": AskVisit,
}
NAMES: Mapping[type[Pending], str] = {kind: name for name, kind in KINDS.items()}

EXPECTS: Mapping[type[Pending], Expect] = {
    AskAnswer: Expect.CHOICE,
    AskBasis: Expect.BASIS,
    AskDescription: Expect.TEXT,
    AskMeasure: Expect.TEXT,
    AskHorizon: Expect.OPTION,
    AskMechanism: Expect.TEXT,
    AskStage: Expect.TEXT,
    AskPlace: Expect.OPTION,
    AskResume: Expect.CONFIRM,
    AskSubmit: Expect.CONFIRM,
    AskMerge: Expect.CONFIRM,
    AskOffer: Expect.OPTION,
    AskVisit: Expect.CONFIRM,
}

TRAIL = 300  # steps that 返回 can go back: more than any place has items


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person in one room. A new one is `Conversation()`."""

    place: str = ""  # the place being spoken of
    walking: bool = (
        False  # after an answer the next item is asked; not when the person came for something else
    )
    pending: Pending | None = None
    held: tuple[Pending, ...] = ()  # questions put aside by an interruption, the latest first
    trail: tuple[str, ...] = ()  # item ids answered in this place, the latest last: what 返回 walks back
    positions: tuple[tuple[str, str], ...] = ()  # place id -> item id where its walk stands
    misses: int = 0  # replies in a row that could not be understood
    finding: int = 0  # the finding last spoken of: where a photo belongs
    photos: tuple[int, ...] = ()  # evidence not bound to a finding yet

    @property
    def expect(self) -> Expect:
        return EXPECTS[type(self.pending)] if self.pending is not None else Expect.NOTHING

    def position(self, place: str) -> str:
        return dict(self.positions).get(place, "")

    def asking(self, pending: Pending | None) -> Conversation:
        """Put this question; a question about an item also moves the place's position."""
        now = replace(self, pending=pending, misses=0)
        if isinstance(pending, AskAnswer):
            others = tuple(pair for pair in self.positions if pair[0] != pending.place)
            trail = self.trail if pending.place == self.place else ()
            now = replace(
                now, place=pending.place, positions=(*others, (pending.place, pending.item)), trail=trail
            )
        return now

    def holding(self, pending: Pending) -> Conversation:
        """Put this question first and come back to the open one after it."""
        held = self.held if self.pending is None else (self.pending, *self.held)
        return replace(self, pending=pending, held=held[:8], misses=0)

    def passed(self, item: str) -> Conversation:
        """The item was dealt with: 返回 leads back to it."""
        return replace(self, trail=(*(seen for seen in self.trail if seen != item), item)[-TRAIL:])


def dump_pending(pending: Pending | None) -> str | None:
    if pending is None:
        return None
    return json.dumps({"ask": NAMES[type(pending)], **asdict(pending)}, ensure_ascii=False)


def load_pending(text: str | None) -> Pending | None:
    """None also for a question that this version no longer knows: the walk then simply goes on."""
    if not text:
        return None
    fields: dict[str, Any] = json.loads(text)
    kind = KINDS.get(fields.pop("ask", ""))
    if kind is None:
        return None
    try:
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return cast(Pending, cast(Any, kind)(**values))
    except TypeError:
        return None


def dump(conversation: Conversation) -> str:
    fields = asdict(conversation)
    fields["pending"] = dump_pending(conversation.pending)
    fields["held"] = [dump_pending(held) for held in conversation.held]
    return json.dumps(fields, ensure_ascii=False)


def load(text: str) -> Conversation:
    fields = json.loads(text)
    return Conversation(
        place=fields.get("place", ""),
        walking=fields.get("walking", False),
        pending=load_pending(fields.get("pending")),
        held=tuple(held for text in fields.get("held", ()) if (held := load_pending(text)) is not None),
        trail=tuple(fields.get("trail", ())),
        positions=tuple((place, item) for place, item in fields.get("positions", ())),
        misses=fields.get("misses", 0),
        finding=fields.get("finding", 0),
        photos=tuple(fields.get("photos", ())),
    )
