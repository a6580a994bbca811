"""Where a person stands in a conversation: the open question, and how to come back to it. Plain values, kept as JSON.

Rule: everything is held by id, never by position in a list, so that a changed checklist cannot shift an answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.dialogue.meaning import Expect
from bot.dialogue.questions import (
    EXPECTS,
    OF_FINDING,
    AskAnswer,
    Question,
    dump_question,
    load_question,
)

_encode = json.JSONEncoder(ensure_ascii=False).encode
BACK_STACK = 300  # steps that 返回 can go back: more than any place has items
IN_MIND = timedelta(days=1)  # so long a question that was put in full need not be put in full again


@dataclass(frozen=True, slots=True)
class Shown:
    """A question that was put in full in this room, and when (ISO)."""

    question: Question
    at: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """What can be tapped on under a question: the outbox rows of its reactions, or of its poll."""

    kind: str  # reactions | polls
    question: Question
    rows: tuple[int, ...]


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
    buttons: Buttons | None = None  # that stand now
    shown: tuple[Shown, ...] = ()  # put in full here: the newest of each kind, and those that wait

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

    def showing(self, question: Question, now: datetime) -> Session:
        """This question is put in full now."""
        kept = (
            old
            for old in self.shown
            if old.question != question
            and (type(old.question) is not type(question) or old.question in self.queue)
        )
        return replace(self, shown=(*kept, Shown(question, now.isoformat())))

    def forgetting(self, kind: type[Question]) -> Session:
        """Questions of this kind would look different now."""
        return replace(self, shown=tuple(old for old in self.shown if not isinstance(old.question, kind)))

    def has_in_mind(self, question: Question, now: datetime) -> bool:
        """Whether it was put in full here not long ago: then one line brings it back."""
        at = next((old.at for old in self.shown if old.question == question), None)
        return at is not None and timedelta(0) <= now - datetime.fromisoformat(at) < IN_MIND

    def passed(self, item: str) -> Session:
        """The item was dealt with: 返回 leads back to it."""
        stack = (*(seen for seen in self.back_stack if seen != item), item)
        return replace(self, back_stack=stack[-BACK_STACK:])


def dump(session: Session) -> str:
    asked = {
        "question": dump_question(session.question),
        "queue": [*map(dump_question, session.queue)],
        "buttons": _dump_buttons(session.buttons),
        "shown": [(dump_question(old.question), old.at) for old in session.shown],
    }
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
    kept["buttons"] = _load_buttons(kept.get("buttons"))
    kept["shown"] = tuple(
        Shown(asked, at) for text, at in kept.get("shown", ()) if (asked := load_question(text)) is not None
    )
    kept["positions"] = tuple((place, item) for place, item in kept.get("positions", ()))
    return Session(**kept)


def _dump_buttons(buttons: Buttons | None) -> dict[str, Any] | None:
    if buttons is None:
        return None
    return {"kind": buttons.kind, "question": dump_question(buttons.question), "rows": buttons.rows}


def _load_buttons(kept: dict[str, Any] | None) -> Buttons | None:
    question = load_question(kept["question"]) if kept else None
    return Buttons(kept["kind"], question, tuple(kept["rows"])) if kept and question else None
