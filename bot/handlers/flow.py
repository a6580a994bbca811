"""What the handlers share: which place is meant, what a new finding starts out with, and how to say no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import AskPlace
from bot.domain.campaign import Item
from bot.domain.permissions import Refusal
from bot.handlers.turn import Outcome, Turn
from storage import places
from storage.db import Reader
from storage.places import Place

QUOTED, SEVERAL = 40, 3  # characters of words that were not taken down, and how many of them are quoted
LOST = ("miss_help", "miss_help_idle")  # said when somebody is lost: whom they can ask is named below


def current_place(turn: Turn) -> Place | None:
    """The place being spoken of; a person's only place needs no choosing."""
    only = turn.own[0] if len(turn.own) == 1 else None
    return next((place for place in turn.own if place.id == turn.session.place), only)


def visible(tx: Reader, turn: Turn) -> list[Place]:
    """The places a person may look at: their own, their unit's, or all for county and observers."""
    return places.every(tx) if turn.scope.sees_all() else list(turn.own)


def which_place(turn: Turn) -> Outcome:
    """Ask which place is meant; what was said goes down there as soon as that is known."""
    if not turn.own:
        return refused(turn, line(f"no_places_{turn.person.role}"))
    question = AskPlace(tuple(place.id for place in turn.own), turn.said.words)
    return Outcome(turn.session.asking(question))


def named_places(among: Iterable[Place], words: str) -> list[Place]:
    """The places people can mean by these words: the whole name, else every name that holds them."""
    words, among = "".join(words.split()), list(among)
    exact = [place for place in among if place.name == words]
    return exact or [place for place in among if words and words in place.name]


def short(words: str, length: int = 20) -> str:
    """Words quoted back, on one line."""
    return cut(" ".join(words.split()), length)


def cut(text: str, length: int) -> str:
    """The beginning of a text, marked where something is left out."""
    return text if len(text) <= length else text[:length] + "…"


def item_of(turn: Turn, place: Place, item_id: str) -> Item | None:
    return next((item for item in turn.items_of(place) if item.id == item_id), None)


def untaken(*words: str) -> tuple[Line, ...]:
    """What a message said beside its answers and could not be taken down with them."""
    return (line("not_taken", words=tuple(short(each, QUOTED) for each in words[:SEVERAL])),) if words else ()


def prefilled(tx: Reader, turn: Turn, place: Place, item: Item) -> dict[str, str | int | None]:
    """Unit and person a finding starts out with: the unit named first for the item, and who reports it."""
    campaign, unit = turn.campaign, item.lead
    if unit in (campaign.township_group, campaign.member_group):
        unit, unit_id = place.unit, place.unit_id
    else:
        unit_id = places.unit_named(tx, unit) or ""
    return {
        "unit": unit,
        "unit_id": unit_id or None,
        "responsible": turn.person.name,
        "responsible_id": turn.person.id,
        "source": campaign.sources[0],
    }


def column_name(column: str) -> str:
    """The key of a column's name in bot/texts, to be rendered in its place."""
    return f"@field_{column}"


def not_understood(turn: Turn, *hints: Line) -> Outcome:
    """The three steps of a reply nobody can make sense of: an example; the choices; the ways out (`handle` says who can help)."""
    retries, idle = turn.session.retries + 1, turn.session.question is None
    lines: tuple[Line, ...]
    if retries == 1:
        readable = any(character.isalnum() for character in turn.said.words)
        miss = line("miss_example", words=short(turn.said.words)) if readable else line("miss_wordless")
        lines = (miss, *hints)
    elif retries == 2 and idle:
        lines = (line(f"menu_{turn.person.role}"),)
    elif retries == 2:
        in_words = turn.session.expect in (Expect.TEXT, Expect.BASIS)
        lines = (line("miss_menu_text" if in_words else "miss_menu"),)
    else:
        lines = (line("miss_help_idle" if idle else "miss_help"),)
    return Outcome(replace(turn.session, retries=retries), lines)


def not_theirs(refusal: Refusal) -> Line:
    """A refusal that names who may."""
    return line("not_for_you", who=tuple(f"@role_{role}" for role in refusal.who))


def refused(turn: Turn, *lines: Line) -> Outcome:
    """Say why not, change nothing, ask again."""
    return Outcome(turn.session, lines)
