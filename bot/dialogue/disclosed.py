"""What of a sentence may be said where: each gap of a text carries a matter, and `domain/disclosure` says what may stand
in which room.

Rule: a gap that nobody has decided about carries words on record. A day, a number or official wording is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.dialogue.effects import Line, Official, Param, line
from bot.domain.disclosure import Matter, Setting, Way, hides_nothing, way

COVER = "…"
OF_FIGURES = frozenset(
    (
        "after",
        "answer",
        "anchor",
        "answered",
        "asked",
        "at",
        "before",
        "begun",
        "begun_delta",
        "cells",
        "clear",
        "closed",
        "closed_delta",
        "day",
        "delta",
        "done",
        "done_delta",
        "drafts",
        "due",
        "field",
        "fields",
        "files",
        "finding",
        "findings",
        "first",
        "found",
        "here",
        "horizon",
        "index",
        "items",
        "label",
        "last",
        "later",
        "limit",
        "n",
        "na",
        "no",
        "office",
        "open",
        "options",
        "other",
        "overdue",
        "percent",
        "phase",
        "phone",
        "place",
        "places",
        "quiet",
        "recurrences",
        "reference",
        "returned",
        "section",
        "since",
        "size",
        "start",
        "state",
        "there",
        "time",
        "title",
        "to",
        "total",
        "units",
        "who",
        "why",
        "years",
    )
)
OF = {
    "basis": Matter.SAID,
    "name": Matter.RECORD,  # by which a finding is recognised
    "new": Matter.SAID,
    "number": Matter.PEOPLE,
    "object": Matter.RECORD,
    "old": Matter.RECORD,
    "person": Matter.PEOPLE,
    "said": Matter.SAID,
    "text": Matter.RECORD,
    "unit": Matter.RECORD,  # of a finding: whatever was written there
    "value": Matter.RECORD,
    "words": Matter.SAID,
}
# Where the same gap carries something else.
EXCEPT: Mapping[tuple[str, str], Matter] = {
    **{
        (key, "text"): Matter.FIGURES  # of the checklist, or the name of a place or a horizon
        for key in (
            "item_text",
            "hint",
            "offer_option",
            "option",
            "option_due",
            "policy",
            "policy_figure",
            "search_item",
            "what_it_says",
        )
    },
    **{
        (key, "name"): Matter.FIGURES  # of a phase, a horizon, a limit, a scope; of whom we are speaking with
        for key in (
            "hello",
            "horizon_endless",
            "horizon_until",
            "limit_calendar",
            "limit_month",
            "limit_unknown_year",
            "limit_until",
            "limit_working",
            "phase_until",
            "remind_whom",
            "welcome_coordinator",
            "welcome_county",
            "welcome_observer",
            "welcome_reporter",
        )
    },
    ("ask_coordinator", "name"): Matter.PEOPLE,
    ("feedback_from", "name"): Matter.PEOPLE,
    ("photo_gone", "name"): Matter.SAID,
    ("which_change", "words"): Matter.RECORD,
    ("ledger_coming", "name"): Matter.FILE,  # what it announces
}
# Sentences that can be said with less, where their words may not stand.
BRIEFLY = {
    "answered_clear_by": "answered_clear",
    "card": "card_brief",
    "field_changed": "finding_changed",
    "finding_done": "finding_done_brief",
    "finding_done_stage": "finding_done_brief",
    "ledger_coming": "sent_privately",
}
# Said only where everything about a finding may stand: of a card among others number, item, place, due and state are left.
IN_FULL_ONLY = frozenset({"card_evidence", "card_field", "with_basis"})


def carried(said: Line) -> Mapping[str, Matter]:
    """Gap -> what its words are, for those gaps that carry more than figures."""
    found = {}
    for gap, value in said.params.items():
        matter = EXCEPT.get((said.key, gap)) or (
            Matter.FIGURES if gap in OF_FIGURES else OF.get(gap, Matter.RECORD)
        )
        if (
            matter is not Matter.FIGURES
            and isinstance(value, (str, tuple))
            and not isinstance(value, Official)
        ):
            found[gap] = matter
    return found


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is said in the room, and what only to the asker."""

    here: tuple[Line, ...]
    privately: tuple[Line, ...] = ()


def fitted(said: Iterable[Line], where: Setting) -> Fitted:
    """What happened, as it may be told there. If any of it may not, all of it goes to the asker, who is told so here."""
    if hides_nothing(where):
        return Fitted(tuple(said))
    every = tuple(said)
    lines = tuple(each for each in every if each.key not in IN_FULL_ONLY)
    if any(
        way(where, m) is Way.PRIVATELY
        for each in lines
        if each.key not in BRIEFLY
        for m in carried(each).values()
    ):
        return Fitted((line("sent_privately"),), every)
    told: list[Line] = []
    for each in lines:
        brief = _briefly(each, where)
        told += [] if brief in told else [brief]
    return Fitted(tuple(told))


def covered(asked: Iterable[Line], where: Setting) -> tuple[Line, ...]:
    """A question as it may be put there: it stays where it can be answered, without the words that may not stand there."""
    return tuple(asked) if hides_nothing(where) else tuple(_cover(each, where) for each in asked)


def _briefly(said: Line, where: Setting) -> Line:
    hidden = _hidden(said, where)
    if said.key not in BRIEFLY or not hidden:
        return _cover(said, where)
    left = {gap: value for gap, value in said.params.items() if gap not in (*hidden, "field")}
    return Line(BRIEFLY[said.key], left)


def _hidden(said: Line, where: Setting) -> list[str]:
    return [gap for gap, matter in carried(said).items() if way(where, matter) is not Way.SHOWN]


def _cover(said: Line, where: Setting) -> Line:
    hidden = _hidden(said, where)
    if not hidden:
        return said
    covers: dict[str, Param] = dict.fromkeys(hidden, COVER)
    return replace(said, params={**said.params, **covers})
