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
}

BACK_STACK = 300  # steps that 返回 can go back: more than any place has items


@dataclass(frozen=True, slots=True)
class Session:
    """One person in one room. A new one is `Conversation()`."""

    place: str = ""  # the place being spoken of
    in_walk: bool = (
        False  # after an answer the next item is asked; not when the person came for something else
    )
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
            back_stack = self.back_stack if question.place == self.place else ()
            now = replace(
                now,
                place=question.place,
                positions=(*others, (question.place, question.item)),
                back_stack=back_stack,
            )
        return now

    def holding(self, question: Question) -> Session:
        """Put this question first and come back to the open one after it."""
        queue = self.queue if self.question is None else (self.question, *self.queue)
        return replace(self, question=question, queue=queue[:8], retries=0)

    def passed(self, item: str) -> Session:
        """The item was dealt with: 返回 leads back to it."""
        return replace(
            self, back_stack=(*(seen for seen in self.back_stack if seen != item), item)[-BACK_STACK:]
        )


def dump_question(question: Question | None) -> str | None:
    if question is None:
        return None
    return json.dumps({"ask": NAMES[type(question)], **asdict(question)}, ensure_ascii=False)


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
    fields = asdict(session)
    fields["question"] = dump_question(session.question)
    fields["queue"] = [dump_question(queue) for queue in session.queue]
    return json.dumps(fields, ensure_ascii=False)


def load(text: str) -> Session:
    fields = json.loads(text)
    return Session(
        place=fields.get("place", ""),
        in_walk=fields.get("in_walk", False),
        question=load_question(fields.get("question")),
        queue=tuple(queue for text in fields.get("queue", ()) if (queue := load_question(text)) is not None),
        back_stack=tuple(fields.get("back_stack", ())),
        positions=tuple((place, item) for place, item in fields.get("positions", ())),
        retries=fields.get("retries", 0),
        finding=fields.get("finding", 0),
        photos=tuple(fields.get("photos", ())),
    )
