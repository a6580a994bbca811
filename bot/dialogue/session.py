"""Where a person stands in a conversation: the open question, and how to come back to it. Plain values, kept as JSON.

Rule: everything is held by id, never by position in a list, so that a changed checklist cannot shift an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

from bot.dialogue.chain_questions import AskChain, AskChainBasis
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
)

_KINDS: tuple[tuple[str, type[Question], Expect], ...] = (
    ("answer", AskAnswer, Expect.CHOICE),
    ("basis", AskBasis, Expect.BASIS),
    ("description", AskDescription, Expect.TEXT),
    ("measure", AskMeasure, Expect.TEXT),
    ("horizon", AskHorizon, Expect.OPTION),
    ("mechanism", AskMechanism, Expect.TEXT),
    ("stage", AskStage, Expect.TEXT),
    ("place", AskPlace, Expect.OPTION),
    ("resume", AskResume, Expect.CONFIRM),
    ("submit", AskSubmit, Expect.CONFIRM),
    ("merge", AskMerge, Expect.CONFIRM),
    ("offer", AskOffer, Expect.OPTION),
    ("visit", AskVisit, Expect.CONFIRM),
    ("chain", AskChain, Expect.CONFIRM),
    ("chain_basis", AskChainBasis, Expect.BASIS),
)
KINDS: Mapping[str, type[Question]] = {name: kind for name, kind, _ in _KINDS}
NAMES: Mapping[type[Question], str] = {kind: name for name, kind, _ in _KINDS}
EXPECTS: Mapping[type[Question], Expect] = {kind: expect for _, kind, expect in _KINDS}

OF_FINDING = (AskDescription, AskMeasure, AskHorizon, AskMechanism, AskStage)
OF_DRAFT = OF_FINDING[1:]
_encode = json.JSONEncoder(ensure_ascii=False).encode
BACK_STACK = 300  # steps that 返回 can go back: more than any place has items


def places_in(question: Question | None) -> tuple[str, ...]:
    """The ids of the places that a question names."""
    match question:
        case AskPlace(places) | AskChain(places) | AskChainBasis(places):
            return places
        case AskAnswer() | AskBasis() | AskResume() | AskSubmit() | AskMerge() | AskOffer() | AskVisit():
            return (question.place,)
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


@dataclass(frozen=True, slots=True)
class Session:
    """One person in one room. A new one is `Session()`.

    Rule: what stands on the disk is not kept here a second time. Drafts that lack something are asked about because they
    are on the disk; the queue holds only what exists nowhere else.
    """

    place: str = ""  # the place being spoken of
    in_walk: bool = False  # after an answer the next item is asked; not for who came for something else
    question: Question | None = None
    queue: tuple[Question, ...] = ()  # questions put aside by an interruption, the latest first
    back_stack: tuple[str, ...] = ()  # item ids answered in this place, the latest last: what 返回 walks back
    positions: tuple[tuple[str, str], ...] = ()  # place id -> item id where its walk stands
    retries: int = 0  # replies in a row that could not be understood
    finding: int = 0  # the finding last spoken of: where a photo belongs
    photos: tuple[int, ...] = ()  # evidence not bound to a finding yet

    @property
    def expect(self) -> Expect:
        return EXPECTS[type(self.question)] if self.question is not None else Expect.NOTHING

    def position(self, place: str) -> str:
        return dict(self.positions).get(place, "")

    def asking(self, question: Question | None) -> Session:
        """Put this question; a question about an item also moves the place's position."""
        now = replace(self, question=question, retries=0)
        if isinstance(question, AskAnswer):
            others = tuple(pair for pair in self.positions if pair[0] != question.place)
            stack = self.back_stack if question.place == self.place else ()
            now = replace(
                now,
                place=question.place,
                positions=(*others, (question.place, question.item)),
                back_stack=stack,
            )
        return now

    def interrupted(self, question: Question) -> Session:
        """Put this question first and come back to the open one after it."""
        return replace(self.put_aside(self.question), question=question, retries=0)

    def put_aside(self, *questions: Question | None) -> Session:
        """These questions stand first in the queue. One about a finding is not kept: the finding is on the disk."""
        new = [question for question in questions if question and not isinstance(question, OF_FINDING)]
        return replace(self, queue=tuple(dict.fromkeys((*new, *self.queue))))

    def passed(self, item: str) -> Session:
        """The item was dealt with: 返回 leads back to it."""
        stack = (*(seen for seen in self.back_stack if seen != item), item)
        return replace(self, back_stack=stack[-BACK_STACK:])


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
    kind = KINDS.get(fields.pop("ask", ""))
    if kind is None:
        return None
    try:
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return cast(Question, cast(Any, kind)(**values))
    except TypeError:
        return None


def dump(session: Session) -> str:
    asked = {"question": dump_question(session.question), "queue": [*map(dump_question, session.queue)]}
    return _encode({name: getattr(session, name) for name in session.__slots__} | asked)


def load(text: str) -> Session:
    kept: dict[str, Any] = {
        name: value for name, value in json.loads(text).items() if name in Session.__slots__
    }
    kept |= {name: tuple(kept.get(name, ())) for name in ("back_stack", "photos")}
    kept["question"] = load_question(kept.get("question"))
    kept["queue"] = tuple(
        asked for text in kept.get("queue", ()) if (asked := load_question(text)) is not None
    )
    kept["positions"] = tuple((place, item) for place, item in kept.get("positions", ()))
    return Session(**kept)
