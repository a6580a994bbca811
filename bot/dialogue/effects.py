"""What a turn can bring about: the values handlers return. `bot/engine/effects.py` has one `case` for each; mypy counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.domain.answers import Answer


class Day(date):
    """A day of the year that people are in: said without the year."""


def day_said(day: date, today: date) -> date:
    """The day as people say it today."""
    return Day(day.year, day.month, day.day) if day.year == today.year else day


class Official(str):
    """Words of the checklist, where in other cases a person's stand: they may be said anywhere."""


Param = str | int | date | tuple[str, ...]  # "@key" names another text; several are listed


@dataclass(frozen=True, slots=True)
class Line:
    """One text of bot/texts by its key, with what fills its gaps. Rendered in the reader's language, at the door."""

    key: str
    params: Mapping[str, Param] = field(default_factory=dict)


def line(key: str, **params: Param) -> Line:
    return Line(key, params)


def first_of(names: Sequence[str], length: int) -> tuple[str, ...]:
    """The beginning of a list, marked where more follow."""
    first = tuple(names[:length])
    return (*first[:-1], f"{first[-1]}…") if len(names) > length else first


@dataclass(frozen=True, slots=True)
class SetCheck:
    """`basis` None: the one that stands is kept where the answer stays the same."""

    place: str
    item: str
    answer: Answer
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A draft; its number is found by the writing, which says it. `fields`: description, object, cause, unit, ... or none."""

    place: str
    item: str
    fields: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class MoveAnswer:
    """What stands at an item of a place goes to another item or place, with the findings named and all they have.

    `findings`: number -> its columns that change. `left`: what the old item says then, None: nothing; with its basis.
    """

    place: str
    item: str
    to_place: str
    to_item: str
    findings: Mapping[int, Mapping[str, str | int | None]]
    left: Answer | None
    left_basis: str = ""


@dataclass(frozen=True, slots=True)
class ChangeFinding:
    """New values of some of a finding's columns. A draft that is complete by them is filed."""

    no: int
    fields: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class MoveFinding:
    """A move of the lifecycle table, with the fields it brings along and the words why."""

    no: int
    verb: str
    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PutOff:
    """A draft is not asked about by itself any more, or again."""

    no: int
    off: bool = True


@dataclass(frozen=True, slots=True)
class AttachEvidence:
    """Evidence belongs to a finding."""

    evidence: tuple[int, ...]
    finding: int


@dataclass(frozen=True, slots=True)
class SubmitPlace:
    place: str
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SetPreference:
    """`language` or `buttons` of the person speaking."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    words: str
    anonymous: bool


@dataclass(frozen=True, slots=True)
class NotifyRole:
    """A message of its own to all people of a role, each in their language."""

    role: str
    line: Line


@dataclass(frozen=True, slots=True)
class SendLedger:
    """A workbook for this scope, as a file in the same room."""

    scope: Mapping[str, str]
    name: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back what a message of this person brought about."""

    event_id: str


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """What the speaker does in the name of somebody else: history keeps both names."""

    person: int
    effect: Effect


Effect = (
    SetCheck
    | OpenFinding
    | MoveAnswer
    | ChangeFinding
    | MoveFinding
    | PutOff
    | AttachEvidence
    | SubmitPlace
    | SetPreference
    | GiveFeedback
    | NotifyRole
    | SendLedger
    | Withdraw
    | OnBehalf
)


def plain(effect: Effect) -> Effect:
    """The effect itself, in whoever's name."""
    return effect.effect if isinstance(effect, OnBehalf) else effect
