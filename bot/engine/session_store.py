"""Where a person stands when they speak: the conversation as kept, without what can no longer be asked of them.

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
from bot.dialogue.session import Question, Session
from bot.domain.campaign import Campaign
from bot.engine.replies import Origin
from bot.handlers.change import SETTLED
from storage import findings, inbox, outbox, people
from storage.db import Reader
from storage.people import Person

MOST_HELD = 80  # questions put aside: more than any one message brings up


@dataclass(frozen=True, slots=True)
class Bound:
    """What a reply speaks to. `bound`: one of our own messages; `refusal`: why its question takes no answer now."""

    session: Session
    bound: bool = False
    refusal: Line | None = None


def load(tx: Reader, campaign: Campaign, talk: Origin, now: datetime) -> tuple[Session, float]:
    """The conversation, and the seconds since this person last spoke here: for ever in a room that is new.

    A new phone or chat begins where the person's newest other conversation stands.
    """
    row = inbox.load_state(tx, talk.room.room_id, talk.person.id)
    if row is None:
        other = inbox.newest_state(tx, talk.person.id)
        return Session(positions=sessions.load(other).positions if other else ()), math.inf
    kept, silence = sessions.load(row[0]), max(0.0, (now - datetime.fromisoformat(row[1])).total_seconds())
    queue = tuple(question for question in kept.queue if _asked_of(tx, campaign, talk.person, question))
    question = kept.question
    if question is not None and not _asked_of(tx, campaign, talk.person, question):
        question = None
    return replace(kept, question=question, queue=queue), silence


def bind(tx: Reader, campaign: Campaign, talk: Origin, said: Said, session: Session) -> Bound:
    """A reply to one of our messages speaks to the question or finding that message was about."""
    about = outbox.asked_by(tx, said.reply_to) if said.reply_to else None
    if about is None:
        return Bound(session, bool(said.reply_to) and outbox.is_ours(tx, said.reply_to))
    fields = json.loads(about)
    if "card" in fields:
        return Bound(replace(session, finding=int(fields["card"])), True)
    question = sessions.load_question(about)
    if question is None or question == session.question:
        return Bound(session, True)
    if not _asked_of(tx, campaign, talk.person, question):
        if talk.room.kind != "direct":  # a word among others about a question of theirs
            return Bound(session)
        return Bound(session, True, _refusal(tx, talk.person, question))
    queue = (session.question, *session.queue) if session.question else session.queue
    place = getattr(question, "place", "") or session.place
    return Bound(replace(session, question=question, queue=queue[:MOST_HELD], place=place), True)


def _asked_of(tx: Reader, campaign: Campaign, person: Person, question: Question) -> bool:
    """Whether this question, put at some time, can be answered by this person now."""
    own = {place.id for place in people.places_of(tx, person)}
    places = (getattr(question, "place", ""), *getattr(question, "places", ()))
    items = (getattr(question, "item", ""), *getattr(question, "items", ()))
    if any(place and place not in own for place in places):
        return False
    if any(item and item not in campaign.item for item in items):
        return False
    number = getattr(question, "finding", 0)
    return not number or _open(tx, person, number, own)


def _open(tx: Reader, person: Person, number: int, own: set[str]) -> bool:
    finding = findings.get(tx, number)
    if finding is None or finding.state == "void" or finding.state in SETTLED:
        return False
    return finding.place_id in own or finding.reporter_id == person.id


def _refusal(tx: Reader, person: Person, question: Question) -> Line:
    number = getattr(question, "finding", 0)
    finding = findings.get(tx, number) if number else None
    own = {place.id for place in people.places_of(tx, person)}
    if finding is not None and finding.state in SETTLED and finding.place_id in own:
        return line("finding_settled", finding=number)
    if number:
        return line("no_such_finding", finding=number)
    place = getattr(question, "place", "")
    return line("place_unknown", words=people.place(tx, place).name if place else "")
