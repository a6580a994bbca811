"""What a turn can bring about: the values handlers return. `bot/apply.py` has one `case` for each; mypy counts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.dialogue.meaning import Answer

Param = str | int | date


@dataclass(frozen=True, slots=True)
class Line:
    """One text of bot/texts by its key, with what fills its gaps. Rendered in the reader's language, at the door."""

    key: str
    params: Mapping[str, Param] = field(default_factory=dict)


def line(key: str, **params: Param) -> Line:
    return Line(key, params)


@dataclass(frozen=True, slots=True)
class SetCheck:
    place: str
    item: str
    answer: Answer
    basis: str = ""


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """`no` is the number it will get: the handler has read which one is next."""

    no: int
    place: str
    item: str
    fields: Mapping[str, str]  # description, object, cause, unit, responsible, source


@dataclass(frozen=True, slots=True)
class ChangeFinding:
    """New values of some of a finding's columns; `state` is among them only by way of the transition table."""

    no: int
    fields: Mapping[str, str | None]


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


Effect = (
    SetCheck
    | OpenFinding
    | ChangeFinding
    | AttachEvidence
    | SubmitPlace
    | SetPreference
    | GiveFeedback
    | NotifyRole
    | SendLedger
    | Withdraw
)
