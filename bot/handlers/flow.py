"""What the handlers share: which place is meant, what is asked next, what a new finding starts out with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Answer, Expect
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskPlace,
    AskStage,
    AskSubmit,
    Question,
    Session,
)
from bot.domain import progress
from bot.domain.campaign import Item
from bot.handlers.turn import Outcome, Turn
from storage import checks, findings, people
from storage.db import Reader
from storage.people import Place

NOTHING: Mapping[str, str] = {}


def answers_at(tx: Reader, place: Place, newly: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Item id -> answer, with what this very turn is about to record."""
    return {**{item: check.answer for item, check in checks.of_place(tx, place.id).items()}, **newly}


def current_place(tx: Reader, turn: Turn) -> Place | None:
    """The place being spoken of; a person's only place needs no choosing."""
    own = people.places_of(tx, turn.person)
    return next((place for place in own if place.id == turn.session.place), own[0] if len(own) == 1 else None)


def which_place(tx: Reader, turn: Turn) -> Outcome:
    """Ask which place is meant; what was said goes down there as soon as that is known."""
    own = people.places_of(tx, turn.person)
    if not own:
        return refused(turn, line(f"no_places_{turn.person.role}"))
    question = AskPlace(tuple(place.id for place in own), turn.said.words)
    return Outcome(turn.session.asking(question))


def named_places(places: list[Place], words: str) -> list[Place]:
    """The places people can mean by these words: the whole name, else every name that holds them."""
    words = "".join(words.split())
    exact = [place for place in places if place.name == words]
    return exact or [place for place in places if words and words in place.name]


def short(words: str, length: int = 20) -> str:
    """Words quoted back, on one line."""
    words = " ".join(words.split())
    return words if len(words) <= length else words[:length] + "…"


def item_of(turn: Turn, place: Place, item_id: str) -> Item | None:
    return next((item for item in turn.items_of(place) if item.id == item_id), None)


def go_on(tx: Reader, turn: Turn, session: Session, newly: Mapping[str, str] = NOTHING) -> Session:
    """The open question is settled: back to what was put aside, else the walk's next item, else the review page.

    `newly` are the answers this turn records: item id -> answer, at the conversation's place.
    """
    session = replace(session, queue=unsettled(session.queue, session.place, newly))
    while session.queue:
        top, rest = session.queue[0], session.queue[1:]
        session = replace(session, queue=rest, question=None)
        if still_open(tx, top, newly if getattr(top, "place", "") == session.place else NOTHING):
            return session.asking(top)
    if not session.in_walk or not session.place:
        return replace(session, question=None, retries=0)
    place = people.place(tx, session.place)
    answers = answers_at(tx, place, newly)
    items, position = turn.items_of(place), session.position(place.id)
    here = next((item for item in items if item.id == position and item.id not in answers), None)
    item = here or progress.next_item(items, answers, position)
    if item is None:
        return replace(session.asking(AskSubmit(place.id)), in_walk=False)
    return session.asking(AskAnswer(place.id, item.id))


def unsettled(queue: tuple[Question, ...], place: str, newly: Mapping[str, str]) -> tuple[Question, ...]:
    """The questions put aside, without those for a problem at an item that has another answer by now."""

    def answered(other: Question) -> bool:
        if not isinstance(other, AskDescription) or other.finding:
            return False
        return other.place == place and other.item in newly

    return tuple(other for other in queue if not answered(other))


def still_open(tx: Reader, question: Question, newly: Mapping[str, str]) -> bool:
    """Whether a question that was put aside is still worth asking."""
    match question:
        case AskAnswer(place, item):
            return item not in newly and checks.get(tx, place, item) is None
        case AskDescription(_, item, 0):
            return item not in newly
        case AskBasis(place, items):
            given = checks.of_place(tx, place)
            return any(newly.get(i) == Answer.CLEAR or (i in given and not given[i].basis) for i in items)
        case AskDescription(_, _, no) | AskMeasure(no) | AskHorizon(no) | AskMechanism(no) | AskStage(no):
            finding = findings.get(tx, no)
            return finding is None or finding.state in ("draft", "rectifying")
        case _:
            return True


def ask_rest(tx: Reader, turn: Turn, no: int, fields: Mapping[str, str | None]) -> Question | None:
    """What a draft still lacks, as the question to ask next; None when it is complete.

    `fields` are the values this turn is about to set; a finding opened by this very turn is not on disk yet.
    """
    finding = findings.get(tx, no)

    def value(name: str) -> str:
        return str(fields.get(name, getattr(finding, name, "") or "") or "")

    if not value("measure"):
        return AskMeasure(no)
    if not value("horizon"):
        return AskHorizon(no)
    if turn.context.campaign.horizon[value("horizon")].due is None:
        if not value("mechanism"):
            return AskMechanism(no)
        if not value("due"):
            return AskStage(no)
    return None


def prefilled(turn: Turn, place: Place, item: Item) -> dict[str, str]:
    """Unit and person a finding starts out with: the unit named first for the item, and who reports it."""
    campaign = turn.context.campaign
    unit = item.lead
    if unit == campaign.township_group or (unit == campaign.member_group):
        unit = place.unit
    return {"unit": unit, "responsible": turn.person.name, "source": campaign.sources[0]}


def not_understood(turn: Turn, *hints: Line) -> Outcome:
    """The three steps of a reply nobody can make sense of: an example; the choices; who can help."""
    retries, idle = turn.session.retries + 1, turn.session.question is None
    lines: tuple[Line, ...]
    if retries == 1:
        lines = (line("miss_example", words=short(turn.said.words)), *hints)
    elif retries == 2 and idle:
        lines = (line(f"menu_{turn.person.role}"),)
    elif retries == 2:
        in_words = turn.session.expect in (Expect.TEXT, Expect.BASIS)
        lines = (line("miss_menu_text" if in_words else "miss_menu"),)
    else:
        lines = (line("miss_help_idle" if idle else "miss_help"),)
    return Outcome(replace(turn.session, retries=retries), lines)


def refused(turn: Turn, *lines: Line) -> Outcome:
    """Say why not, change nothing, ask again."""
    return Outcome(turn.session, lines)
