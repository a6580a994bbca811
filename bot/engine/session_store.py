"""Where a person stands when they speak: the session as kept, without what can no longer be asked of them.

Rule: a question is only answered by who may answer it. Roster, checklist and findings may have changed since it was put.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import datetime

from bot.chat import Said
from bot.dialogue import session as sessions
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import (
    AskBasis,
    AskChain,
    AskChainBasis,
    AskMany,
    AskMerge,
    AskOffer,
    AskTakeBack,
    AskVisit,
    Question,
    dump_question,
    finding_in,
    items_in,
    load_question,
    places_in,
)
from bot.dialogue.session import Session
from bot.domain.lifecycle import AMENDABLE, SETTLED
from bot.domain.permissions import Right, may
from bot.engine import former
from bot.engine.origin import Origin
from bot.handlers.change import target_of
from storage import findings, inbox, outbox, places
from storage import sessions as stored
from storage.db import Reader
from storage.people import Actor
from storage.sessions import Arrival

# What is asked because of one message, and is moot without it.
OF_ONE_MESSAGE = (AskBasis, AskMerge, AskOffer, AskVisit, AskChain, AskChainBasis, AskTakeBack, AskMany)


@dataclass(frozen=True, slots=True)
class Standing:
    """`silence`: seconds since this person last spoke here, for ever in a room that is new."""

    session: Session
    silence: float


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """What a reply speaks to. `bound`: one of our own messages; `refusal`: why its question takes no answer now; `reopened`:
    it is another question than the open one; `quoted`: not ours, but an earlier message of the person's own; `card`: the finding that our message showed and
    asked nothing below it; `photos_to`: the one that it showed."""

    session: Session
    bound: bool = False
    refusal: Line | None = None
    reopened: bool = False
    quoted: str = ""
    card: int = 0
    photos_to: int = 0


def load(tx: Reader, origin: Origin, now: datetime) -> Standing:
    """The session of this person in this room."""
    row = stored.load(tx, origin.room.room_id, origin.person.id)
    return read(tx, origin, row, now)


def arrived(tx: Reader, origin: Origin, found: Arrival, now: datetime) -> Standing:
    """The same, from what was read when the event came in."""
    row = (found.session, found.changed_at) if found.session and found.changed_at else None
    return read(tx, origin, row, now)


def read(tx: Reader, origin: Origin, row: tuple[str, str] | None, now: datetime) -> Standing:
    """`row` is (JSON, when it last changed). A new phone or chat begins where the newest other session stands."""
    if row is None:
        other = stored.newest(tx, origin.person.id)
        return Standing(Session(positions=sessions.load(other).positions if other else ()), math.inf)
    kept = sessions.load(row[0])
    queue = tuple(question for question in kept.queue if _asked_of(tx, origin, question))
    question = kept.question
    if question is not None and not _asked_of(tx, origin, question):
        question = None
    silence = max(0.0, (now - datetime.fromisoformat(row[1])).total_seconds())
    return Standing(replace(kept, question=question, queue=queue), silence)


def resolve_reply(tx: Reader, origin: Origin, said: Said, session: Session) -> ReplyTarget:
    """A reply to one of our messages speaks to the question or finding that message was about."""
    replied = said.reply_to or _in_our_thread(tx, said)
    about = outbox.asked_by(tx, replied) if replied else None
    if about is None and not (replied and outbox.is_ours(tx, replied)):
        return ReplyTarget(session, quoted=replied if _own(tx, origin, replied) else "")
    if about is None:
        return ReplyTarget(session, True)
    fields = json.loads(about)
    if "card" in fields and "ask" not in fields:
        card = int(fields["card"])
        return ReplyTarget(replace(session, finding=card), True, card=card, photos_to=card)
    question, photos_to = load_question(about), int(fields.get("card", 0))
    if question is None or question == session.question:
        return ReplyTarget(session, True, photos_to=photos_to)
    if not _asked_of(tx, origin, question):
        if origin.room.kind != "direct":  # a word among others about a question of theirs
            return ReplyTarget(session)
        return ReplyTarget(session, True, _refusal(tx, origin, question))
    return ReplyTarget(under(session, question), True, reopened=True, photos_to=photos_to)


def _own(tx: Reader, origin: Origin, event_id: str) -> bool:
    """Whether a message is this person's, said to us in this direct room, and still counts."""
    seen = inbox.get(tx, event_id) if event_id and origin.room.kind == "direct" else None
    if seen is None or seen.person_id != origin.person.id or seen.room_id != origin.room.room_id:
        return False
    return seen.kind == "said" and seen.state == "done"


def _in_our_thread(tx: Reader, said: Said) -> str:
    """In a thread under a message of ours every word replies to us: to what we said there last, else to its root."""
    if not said.thread or not outbox.is_ours(tx, said.thread):
        return ""
    return said.after if said.after and outbox.is_ours(tx, said.after) else said.thread


def under(session: Session, question: Question | None) -> Session:
    """The session with this question open again, whatever is open now put behind it."""
    if session.question == question:
        return session
    aside = session.put_aside(session.question)
    queue = tuple(other for other in aside.queue if other != question)
    named = places_in(question)
    place = named[0] if len(named) == 1 else session.place
    return replace(aside, question=question, queue=queue, place=place)


def _asked_of(tx: Reader, origin: Origin, question: Question) -> bool:
    """Whether this question, put at some time, can be answered by this person now."""
    if any(place not in origin.actor.scope.places for place in places_in(question) if place):
        return False
    if any(item not in origin.campaign.item for item in items_in(question)):
        return False
    number = finding_in(question)
    return not number or _open(tx, origin.actor, number)


def _open(tx: Reader, actor: Actor, number: int) -> bool:
    finding = findings.get(tx, number)
    if finding is None or finding.state not in AMENDABLE:
        return False
    return may(actor.scope, Right.AMEND, target_of(tx, finding)) is None


def _refusal(tx: Reader, origin: Origin, question: Question) -> Line:
    actor, number = origin.actor, finding_in(question)
    finding = findings.get(tx, number) if number else None
    lost = former.of_question(tx, origin, question)
    mine = finding is None or may(actor.scope, Right.LOOK, target_of(tx, finding)) is None
    if lost is not None and mine:
        return lost
    if finding is not None and finding.state in SETTLED and finding.place_id in actor.scope.places:
        return line("finding_settled", finding=number)
    if number:
        return line("no_such_finding", finding=number)
    named = places_in(question)
    return line("place_unknown", words=places.get(tx, named[0]).name if named else "")


def brought_up(before: Session, after: Session) -> tuple[str, ...]:
    """The questions, as JSON, that a message is the reason for."""
    known = {before.question, *before.queue}
    new = (q for q in (after.question, *after.queue) if isinstance(q, OF_ONE_MESSAGE) and q not in known)
    return tuple(text for q in new if (text := dump_question(q)))
