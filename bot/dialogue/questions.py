"""The questions of ours that can be open: plain values, kept as JSON.

Rule: everything is held by id, never by position in a list, so that a changed checklist cannot shift an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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
    """What the problem is: of a draft without words, or said anew."""

    finding: int


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
    """A new description sounds like the finding `other` that is already there. `draft`: the finding it was said for."""

    place: str
    item: str
    other: int
    words: str
    draft: int = 0


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


@dataclass(frozen=True, slots=True)
class AskChain:
    """What would be stored of each village; `words` were said of it, `shown` is what they came to when this was asked.

    `behalf`: the person in whose name it goes down, 0 where it is only the speaker's.
    """

    places: tuple[str, ...]
    words: tuple[str, ...]  # one for each place
    shown: tuple[str, ...]
    behalf: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskChainBasis:
    """How the clears were established that the message `event` has stored at these places."""

    places: tuple[str, ...]
    event: str


@dataclass(frozen=True, slots=True)
class AskTakeBack:
    """The message `event` recorded `n` things, at these printed items: shall all of it go?"""

    event: str
    items: tuple[str, ...]
    n: int


@dataclass(frozen=True, slots=True)
class AskMany:
    """So many findings in one message: meant? `words` are the message, `under` the question it was said to, as JSON."""

    place: str
    words: str
    findings: int
    under: str


Question = (
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
    | AskChain
    | AskChainBasis
    | AskTakeBack
    | AskMany
)

KINDS: Mapping[str, type[Question]] = {
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
    "chain": AskChain,
    "chain_basis": AskChainBasis,
    "take_back": AskTakeBack,
    "many": AskMany,
}
NAMES: Mapping[type[Question], str] = {kind: name for name, kind in KINDS.items()}

EXPECTS: Mapping[type[Question], Expect] = {
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
    AskChain: Expect.CONFIRM,
    AskChainBasis: Expect.BASIS,
    AskTakeBack: Expect.CONFIRM,
    AskMany: Expect.CONFIRM,
}

OF_FINDING = (AskDescription, AskMeasure, AskHorizon, AskMechanism, AskStage)
OF_DRAFT = OF_FINDING[1:]
_encode = json.JSONEncoder(ensure_ascii=False).encode


def places_in(question: Question | None) -> tuple[str, ...]:
    """The ids of the places that a question names."""
    match question:
        case AskPlace(places) | AskChain(places) | AskChainBasis(places):
            return places
        case AskAnswer() | AskBasis() | AskResume() | AskSubmit() | AskMerge() | AskOffer() | AskVisit():
            return (question.place,)
        case AskMany(place) if place:
            return (place,)
        case _:
            return ()


def items_in(question: Question | None) -> tuple[str, ...]:
    """The ids of the items that a question names."""
    match question:
        case AskAnswer() | AskResume() | AskMerge():
            return (question.item,)
        case AskBasis() | AskOffer() | AskVisit():
            return question.items
        case _:
            return ()


def finding_in(question: Question | None) -> int:
    """The number of the finding that a question is about; 0: about none."""
    match question:
        case AskDescription(no) | AskMeasure(no) | AskHorizon(no) | AskMechanism(no) | AskStage(no):
            return no
        case AskMerge():
            return question.other
        case _:
            return 0


@lru_cache(maxsize=4096)  # the same one is written and read several times a turn
def dump_question(question: Question | None) -> str | None:
    if question is None:
        return None
    return _encode(
        {"ask": NAMES[type(question)]} | {name: getattr(question, name) for name in question.__slots__}
    )


@lru_cache(maxsize=4096)
def load_question(text: str | None) -> Question | None:
    """None also for a question that this version no longer knows: the walk then simply goes on."""
    if not text:
        return None
    fields: dict[str, Any] = json.loads(text)
    fields.pop("card", None)  # the finding that was shown above it
    kind = KINDS.get(fields.pop("ask", ""))
    if kind is None:
        return None
    try:
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return cast(Question, cast(Any, kind)(**values))
    except TypeError:
        return None
