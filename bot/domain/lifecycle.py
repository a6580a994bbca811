"""The life of a finding: every state, and every move between states, stands in this file.

Rule 1: what is not in TABLE does not happen. Sets of states that others need are derived from it below, never listed.
Rule 2: a move's needs are met before it is made, whatever path leads to it: chat, an edited message, a file, the command line.
Rule 3: a move is taken back only by who made it, only while nobody else has acted on the finding since, and only if it
has a reverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

DRAFT, RECTIFYING, SUBMITTED, VERIFIED = "draft", "rectifying", "submitted", "verified"
RETURNED, CLOSED, REOPENED, VOID = "returned", "closed", "reopened", "void"
STATES = (DRAFT, RECTIFYING, SUBMITTED, VERIFIED, RETURNED, CLOSED, REOPENED, VOID)


class Who(StrEnum):
    """Who makes a move, by what they are to the finding."""

    OWNER = "owner"  # answers for its place, or reported it
    VERIFIER = "verifier"  # coordinates its unit, or is of the county office
    COUNTY = "county"  # is of the county office


class Need(StrEnum):
    """What a move needs. The first ones are fields that must have a value."""

    DESCRIPTION = "description"
    MEASURE = "measure"
    HORIZON = "horizon"
    MECHANISM = "mechanism"  # of a horizon without an end
    DUE = "due"
    UNIT = "unit"
    RESPONSIBLE = "responsible"
    RESULT = "result"
    REASON = "reason"  # why, in words
    EMPTY = "empty"  # no words and no evidence yet
    NO_HAND = "no_hand"  # whoever wrote in this round does not judge it


class Tell(StrEnum):
    """Who hears of a move besides who made it."""

    OWNER = "owner"
    VERIFIER = "verifier"


FORM = (
    Need.DESCRIPTION,
    Need.MEASURE,
    Need.HORIZON,
    Need.MECHANISM,
    Need.DUE,
    Need.UNIT,
    Need.RESPONSIBLE,
)
DATES = frozenset({"horizon", "due"})  # moved only by an extension once somebody has looked at the finding


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `reverse` is the verb that takes it back, empty: it cannot be taken back."""

    source: str
    verb: str
    to: str
    who: Who
    needs: tuple[Need, ...] = ()
    tells: tuple[Tell, ...] = ()
    reverse: str = ""
    locked: frozenset[str] = field(default=frozenset())  # fields that an amendment must leave alone

    def back(self) -> Move:
        """The move that takes this one back. Only for a move that has a reverse."""
        assert self.reverse, f"{self.verb} cannot be taken back"
        return replace(self, source=self.to, verb=self.reverse, to=self.source, needs=(), reverse="")


OPENING = Move("", "open", DRAFT, Who.OWNER, reverse="withdraw")  # how a finding comes into being

_ROWS = (
    Move(DRAFT, "amend", DRAFT, Who.OWNER),
    Move(DRAFT, "file", RECTIFYING, Who.OWNER, FORM, reverse="unfile"),
    Move(DRAFT, "drop", VOID, Who.OWNER, (Need.EMPTY,), reverse="restore"),
    Move(DRAFT, "void", VOID, Who.OWNER, (Need.REASON,), reverse="restore"),
    Move(RECTIFYING, "amend", RECTIFYING, Who.OWNER),
    Move(RECTIFYING, "submit", SUBMITTED, Who.OWNER, (Need.RESULT,), (Tell.VERIFIER,), reverse="retract"),
    Move(RECTIFYING, "extend", RECTIFYING, Who.VERIFIER, (Need.DUE, Need.REASON), (Tell.OWNER,)),
    Move(RECTIFYING, "void", VOID, Who.OWNER, (Need.REASON,), reverse="restore"),
    Move(
        SUBMITTED,
        "return",
        RETURNED,
        Who.VERIFIER,
        (Need.REASON, Need.NO_HAND),
        (Tell.OWNER,),
        reverse="unreturn",
    ),
    Move(
        SUBMITTED,
        "verify",
        VERIFIED,
        Who.VERIFIER,
        (Need.RESULT, Need.NO_HAND),
        (Tell.OWNER,),
        reverse="unverify",
    ),
    Move(
        SUBMITTED,
        "close",
        CLOSED,
        Who.VERIFIER,
        (Need.RESULT, Need.NO_HAND),
        (Tell.OWNER,),
        reverse="unclose",
    ),
    Move(
        VERIFIED,
        "return",
        RETURNED,
        Who.COUNTY,
        (Need.REASON, Need.NO_HAND),
        (Tell.OWNER,),
        reverse="unreturn",
    ),
    Move(
        VERIFIED, "close", CLOSED, Who.COUNTY, (Need.RESULT, Need.NO_HAND), (Tell.OWNER,), reverse="unclose"
    ),
    Move(RETURNED, "amend", RETURNED, Who.OWNER, locked=DATES),
    Move(RETURNED, "resume", RECTIFYING, Who.OWNER, reverse="unresume"),
    Move(RETURNED, "submit", SUBMITTED, Who.OWNER, (Need.RESULT,), (Tell.VERIFIER,), reverse="retract"),
    Move(RETURNED, "extend", RETURNED, Who.VERIFIER, (Need.DUE, Need.REASON), (Tell.OWNER,)),
    Move(RETURNED, "void", VOID, Who.OWNER, (Need.REASON,), reverse="restore"),
    Move(CLOSED, "reopen", REOPENED, Who.COUNTY, (Need.REASON,), (Tell.OWNER, Tell.VERIFIER)),
    Move(CLOSED, "recur", REOPENED, Who.OWNER, (Need.DESCRIPTION,), (Tell.VERIFIER,)),
    Move(REOPENED, "amend", REOPENED, Who.OWNER, locked=DATES),
    Move(REOPENED, "resume", RECTIFYING, Who.OWNER, reverse="unresume"),
    Move(REOPENED, "submit", SUBMITTED, Who.OWNER, (Need.RESULT,), (Tell.VERIFIER,), reverse="retract"),
    Move(REOPENED, "extend", REOPENED, Who.VERIFIER, (Need.DUE, Need.REASON), (Tell.OWNER,)),
    Move(REOPENED, "void", VOID, Who.OWNER, (Need.REASON,), reverse="restore"),
)
TABLE: Mapping[tuple[str, str], Move] = {(row.source, row.verb): row for row in _ROWS}
VERBS = tuple(dict.fromkeys(row.verb for row in (OPENING, *_ROWS)))


def _from(verb: str, rows: Iterable[Move] = _ROWS) -> frozenset[str]:
    return frozenset(row.source for row in rows if row.verb == verb)


LIVE = frozenset(STATES) - {VOID}
AMENDABLE = _from("amend")  # whose fields may still change
SETTLED = LIVE - AMENDABLE  # what somebody checks or has checked is not touched any more
FORM_OPEN = _from("amend", (row for row in _ROWS if not row.locked))  # still asked about, field by field
TO_FIX = _from("submit")  # somebody has still to do something about it
OPEN = LIVE - {DRAFT, CLOSED}  # on the books and not struck off
MAY_BE_OVERDUE = OPEN
ENDED = frozenset({CLOSED, VOID})


def move(state: str, verb: str) -> Move | None:
    """The row for doing this to a finding in that state; None: it is not done."""
    return TABLE.get((state, verb))


def withdrawal(state: str) -> Move:
    """Taking back that a finding was opened at all, whatever became of it in the same hands."""
    return replace(OPENING.back(), source=state, to=VOID)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a move is judged by: the finding as it will stand, who makes it, and the round so far."""

    fields: Mapping[str, object]
    endless: bool  # its horizon has no end
    roles: frozenset[Who]  # what the person is to the finding
    hand: bool  # the person wrote in this round
    evidence: bool
    reason: str = ""


def lacking(row: Move, facts: Facts) -> Who | Need | None:
    """The first thing that stands against a move: who must make it, or what it needs; None when nothing does."""
    if row.who not in facts.roles:
        return row.who
    return next((need for need in row.needs if not _met(need, facts)), None)


def _met(need: Need, facts: Facts) -> bool:
    match need:
        case Need.REASON:
            return bool(facts.reason)
        case Need.NO_HAND:
            return not facts.hand
        case Need.EMPTY:
            return not facts.fields.get("description") and not facts.evidence
        case Need.MECHANISM:
            return not facts.endless or bool(facts.fields.get("mechanism"))
        case _:
            return bool(facts.fields.get(str(need)))


def printed() -> Iterator[str]:
    """The table as lines of Markdown."""
    yield "| from | verb | to | who | needs | told | taken back by |"
    yield "|---|---|---|---|---|---|---|"
    for row in (OPENING, *_ROWS):
        to = row.to if row.to != row.source else "(stays)"
        needs = ", ".join(row.needs) or "-"
        told = ", ".join(row.tells) or "-"
        if row.locked:
            needs = f"no change of {', '.join(sorted(row.locked))}"
        yield f"| {row.source or '-'} | {row.verb} | {to} | {row.who} | {needs} | {told} | {row.reverse or 'nobody'} |"
    yield ""
    for name, states in (
        ("live", LIVE),
        ("amendable", AMENDABLE),
        ("settled", SETTLED),
        ("to fix", TO_FIX),
        ("open, may be overdue", OPEN),
    ):
        yield f"{name}: {', '.join(state for state in STATES if state in states)}"
