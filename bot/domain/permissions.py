"""Who may do what where: one table of right x role, and how far each role's right reaches.

Rule: access is decided from grants in our own tables and from this page, never from the power levels of a room. Every
command names the right it needs; a refusal names who has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.roster import Role


class Reach(StrEnum):
    """How far a right goes."""

    OWN = "own"  # the places the person answers for
    UNIT = "unit"  # every place of the unit the person coordinates
    ALL = "all"  # the whole county


class Right(StrEnum):
    """What can be done."""

    TALK = "talk"  # help, language, search, policies, feedback: everybody who takes part
    LOOK = "look"  # progress, a finding, the ledger of what one may see
    REPORT = "report"  # answer items, open findings, send photos, take back what one said
    PROXY = "report for others"  # in the name of who answers for a place
    AMEND = "amend"  # change or void a finding that nobody has checked yet
    HAND_IN = "hand in"  # a place
    RESOLVE = "resolve"  # say what was done about a finding
    VERIFY = "verify"  # return, verify, strike off, extend
    OVERSEE = "oversee"  # reopen, confirm what was verified
    FIGURES = "figures"  # the digest of the county


_REPORTING = {Role.REPORTER: Reach.OWN, Role.COORDINATOR: Reach.UNIT}
_LOOKING = {**_REPORTING, Role.COUNTY: Reach.ALL, Role.OBSERVER: Reach.ALL}
RIGHTS: Mapping[Right, Mapping[Role, Reach]] = {
    Right.TALK: _LOOKING,
    Right.LOOK: _LOOKING,
    Right.REPORT: _REPORTING,
    Right.PROXY: {Role.COORDINATOR: Reach.UNIT},
    Right.AMEND: _REPORTING,
    Right.HAND_IN: _REPORTING,
    Right.RESOLVE: _REPORTING,
    Right.VERIFY: {Role.COORDINATOR: Reach.UNIT, Role.COUNTY: Reach.ALL},
    Right.OVERSEE: {Role.COUNTY: Reach.ALL},
    Right.FIGURES: {Role.COORDINATOR: Reach.ALL, Role.COUNTY: Reach.ALL, Role.OBSERVER: Reach.ALL},
}


@dataclass(frozen=True, slots=True)
class Scope:
    """权限范围 of one person, read once a turn: roles they hold, units they coordinate, places they answer for."""

    person_id: int
    roles: frozenset[Role]
    units: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def has(self, right: Right) -> bool:
        """Whether the right is theirs anywhere."""
        return not self.roles.isdisjoint(RIGHTS[right])

    def sees_all(self, right: Right = Right.LOOK) -> bool:
        return any(RIGHTS[right].get(role) is Reach.ALL for role in self.roles)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be done something with: a place, or a finding at a place."""

    place_id: str
    unit_id: str
    reporter_id: int | None = None  # of a finding


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not theirs to do. `who` may: roles, in the order of the table."""

    right: Right
    who: tuple[Role, ...]


def may(scope: Scope, right: Right, target: Target | None = None) -> Refusal | None:
    """None when the person may; without a target, whether they may anywhere. What somebody reported they may look at for
    ever, also when neither the place nor any role is theirs any more; more than looking goes with the place."""
    rights = RIGHTS[right]
    if right is Right.LOOK and target is not None and target.reporter_id == scope.person_id:
        return None
    for role in scope.roles & rights.keys():
        if target is None or _reaches(scope, rights[role], target):
            return None
    return Refusal(right, tuple(rights))


def _reaches(scope: Scope, reach: Reach, target: Target) -> bool:
    match reach:
        case Reach.ALL:
            return True
        case Reach.UNIT:
            return target.unit_id in scope.units
        case Reach.OWN:
            return target.place_id in scope.places


def printed() -> Iterator[str]:
    """The table as lines of Markdown."""
    yield "| right | " + " | ".join(Role) + " |"
    yield "|---|" + "---|" * len(Role)
    for right, reaches in RIGHTS.items():
        yield f"| {right} | " + " | ".join(str(reaches.get(role, "-")) for role in Role) + " |"
