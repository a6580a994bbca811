"""Where a photo belongs: decided here, once, after a turn's effects were written.

Rule: it goes with the finding it names, the one this very message opened or told of again, the one the open question is
about, or the one just spoken of. Otherwise it waits, and waits visibly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import AttachEvidence, line
from bot.dialogue.questions import (
    OF_DRAFT,
    AskAnswer,
    AskBasis,
    AskChainBasis,
    AskDescription,
    AskMerge,
    finding_in,
)
from bot.domain.lifecycle import LIVE
from bot.handlers import flow
from bot.handlers.change import visible
from bot.handlers.earlier import recorded
from bot.handlers.turn import Outcome, Then, Turn
from storage import evidence, findings
from storage.db import Reader

# A caption that begins with a finding's number: 101换好了, 问题101 换之前
_NAMED = re.compile(r"(?:问题|finding\s|problem\s)?([1-9]\d{2,5})(?!\d|[户人个家处米元块亩])", re.I)
SPEAKING = 1800  # seconds a finding stays the one being spoken of


@dataclass(frozen=True, slots=True)
class Written:
    """What a turn's effects came to: the findings it opened, and the one it told of again (0: none)."""

    opened: tuple[int, ...] = ()
    merged: int = 0


def named_number(turn: Turn) -> int | None:
    """The number that is all a caption says: 101, 问题101."""
    named = _NAMED.match(turn.said.words) if turn.photos else None
    if named:
        return int(named[1])
    command = turn.said.command
    if command is not None:
        return command.number if command.name == "show" else None
    return turn.said.number


def without_words(turn: Turn) -> bool:
    """A photo that came alone, or with nothing but a number."""
    if not turn.photos:
        return False
    return named_number(turn) is not None or not turn.said.words.strip() or _only_caption(turn)


def _only_caption(turn: Turn) -> bool:
    """Words under a photo while a question about a finding waits for others: a caption is no measure and no date."""
    said = turn.said
    waits = isinstance(turn.session.question, (*OF_DRAFT, AskBasis, AskChainBasis))
    return waits and not (said.bulk or said.command)


def received(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """A photo without words: `attach` says where it went. One that names an item asks for the answer to it."""
    number = named_number(turn)
    if number is None or visible(tx, turn, number) is not None:
        return Outcome(turn.session)
    item, place = turn.campaign.by_no.get(number), flow.current_place(turn)
    if item is None or place is None or flow.item_of(turn, place, item.id) is None:
        return Outcome(turn.session, (line("no_such_finding", finding=number),))
    return Outcome(turn.session.interrupted(AskAnswer(place.id, item.id)))


def attach(tx: Reader, turn: Turn, outcome: Outcome, written: Written) -> Outcome:
    """The outcome with its photos bound or put with those that wait."""
    waiting = outcome.session.photos
    if not turn.photos and not waiting:
        return outcome
    home = _home(tx, turn, outcome, written)
    if home is None:
        return _kept(turn, outcome)
    with_it = bool(written.opened or written.merged)
    pieces = tuple(dict.fromkeys((*waiting, *turn.photos))) if with_it or not turn.photos else turn.photos
    known = evidence.on_finding(tx, home)
    session = replace(outcome.session, finding=home, photos=() if with_it else waiting)
    outcome = replace(outcome, session=session, effects=(AttachEvidence(pieces, home),))
    if with_it:
        return outcome.say(line("photos_bound", n=len(pieces)))
    if known and not waiting and turn.session.finding == home:  # the first one was acknowledged in words
        return replace(outcome, then=Then.NOTHING, reaction=f"📎{home}")
    return outcome.say(line("photo_bound", finding=home))


def _home(tx: Reader, turn: Turn, outcome: Outcome, written: Written) -> int | None:
    """The finding that this turn's photos belong to; None: they wait."""
    if len(written.opened) == 1:
        return written.opened[0]
    if written.merged:
        return written.merged
    if not without_words(turn) or written.opened:
        return None
    number = named_number(turn)
    if number is not None:
        return number if _bindable(tx, number) and visible(tx, turn, number) is not None else None
    if turn.photos_to and visible(tx, turn, turn.photos_to) is not None:
        return turn.photos_to if _bindable(tx, turn.photos_to) else None
    if turn.quoted:  # the words that told of it
        told = recorded(tx, turn.quoted).findings
        return told[0] if len(told) == 1 and _bindable(tx, told[0]) else None
    return spoken_of(tx, turn)


def spoken_of(tx: Reader, turn: Turn) -> int | None:
    """The finding that the open question is about, or that was spoken of just now; None: none that takes evidence."""
    question = turn.session.question
    about = 0 if isinstance(question, AskMerge) else finding_in(question)
    if not about and turn.silence < SPEAKING:
        about = turn.session.finding
    return about if about and _bindable(tx, about) else None


def _bindable(tx: Reader, number: int) -> bool:
    finding = findings.get(tx, number)
    return finding is not None and finding.state in LIVE


def _kept(turn: Turn, outcome: Outcome) -> Outcome:
    """New photos wait with the others; they are spoken of when they come."""
    waiting = outcome.session.photos
    if not turn.photos:
        return outcome
    outcome = replace(
        outcome, session=replace(outcome.session, photos=tuple(dict.fromkeys((*waiting, *turn.photos))))
    )
    if not without_words(turn) or isinstance(outcome.session.question, AskDescription):
        return outcome.say(line("photo_kept"))
    asks = (
        isinstance(outcome.session.question, AskAnswer) and outcome.session.question != turn.session.question
    )
    if asks:
        return outcome.say(line("photo_kept"))
    if waiting and turn.silence < SPEAKING and not outcome.lines:
        return replace(outcome, then=Then.NOTHING, reaction="📎")
    return outcome.say(line("photo_waiting"))
