"""What is asked next, chosen from what is on the disk after a turn's effects were written.

Order: what the finding being spoken of lacks; the other drafts at this place, by number; what an interruption put
aside; the walk's next item; the review page.
"""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue.questions import (
    AskAnswer,
    AskBasis,
    AskChainBasis,
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskStage,
    AskSubmit,
    AskTakeBack,
    Question,
    finding_in,
)
from bot.dialogue.session import Session
from bot.domain import progress
from bot.domain.campaign import Campaign
from bot.domain.lifecycle import FORM_OPEN
from bot.handlers.turn import items_of
from storage import findings, history, inbox, walks
from storage.db import Reader
from storage.findings import Finding
from storage.people import Actor
from storage.walks import Draft


def next_question(tx: Reader, campaign: Campaign, actor: Actor, session: Session) -> Session:
    """The session with its next question put; without one when nothing is left to ask."""
    stands = walks.standing(tx, session.place, actor.person.id, session.finding)
    draft = lacking(campaign, stands.draft) if stands.draft else None
    if draft is not None:
        return replace(session, finding=finding_in(draft)).asking(draft)
    while session.queue:
        first, rest = session.queue[0], session.queue[1:]
        session = replace(session, queue=rest, question=None)
        if still_open(tx, first):
            return session.asking(first)
    place = next((place for place in actor.own if place.id == session.place), None)
    if not session.in_walk or place is None:
        return replace(session, question=None, retries=0)
    items, position, answers = items_of(campaign, place), session.position(place.id), stands.answers
    here = next((item for item in items if item.id == position and item.id not in answers), None)
    item = here or progress.next_item(items, answers, position)
    if item is None:
        return replace(session.asking(AskSubmit(place.id)), in_walk=False)
    return session.asking(AskAnswer(place.id, item.id))


def lacking(campaign: Campaign, finding: Finding | Draft) -> Question | None:
    """What a finding still lacks, as the question to ask; None when it is complete or past asking."""
    no, horizon = finding.no, campaign.horizon.get(finding.horizon)
    if finding.state not in FORM_OPEN:
        return None
    if not finding.description:
        return AskDescription(no)
    if not finding.measure:
        return AskMeasure(no)
    if horizon is None:
        return AskHorizon(no)
    if horizon.due is None and not finding.mechanism:
        return AskMechanism(no)
    if not finding.due:
        return AskStage(no) if horizon.due is None else AskHorizon(no)
    return None


def still_open(tx: Reader, question: Question) -> bool:
    """Whether a question that was put aside, or is open, is still worth asking."""
    match question:
        case AskAnswer(place, item):
            return item not in walks.answers(tx, place)
        case AskBasis(place, items):
            bare = walks.without_basis(tx, place)
            return any(item in bare for item in items)
        case AskTakeBack(event):
            seen = inbox.get(tx, event)
            return seen is not None and seen.state == "done"
        case AskChainBasis():
            return bool(clears_without_basis(tx, question))
        case _ if no := finding_in(question):
            finding = findings.get(tx, no)
            return finding is not None and finding.state in FORM_OPEN
        case _:
            return True


def clears_without_basis(tx: Reader, question: AskChainBasis) -> dict[str, list[str]]:
    """Place id -> items that the message of a list has marked as clear, as far as they stand so and without a basis."""
    found: dict[str, list[str]] = {place: [] for place in question.places}
    bare = {place: walks.without_basis(tx, place) for place in question.places}
    for change in history.of_refs(tx, (question.event,)):
        subject = change.subject
        if subject.kind == "check" and change.field == "answer" and subject.part in bare.get(subject.id, ()):
            found[subject.id].append(subject.part)
    return {place: items for place, items in found.items() if items}
