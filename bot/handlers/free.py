"""Words and photos nobody asked for: offered as a finding, bound to one, or kept until it is clear where they belong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import Bind, ChangeFinding, line
from bot.dialogue.search import confident, search
from bot.dialogue.state import AskAnswer, AskDescription, AskMerge, AskOffer, AskPlace
from bot.handlers import flow
from bot.handlers.change import mine
from bot.handlers.describe import LONGEST, open_finding, opened
from bot.handlers.turn import Outcome, Turn
from storage import findings, people
from storage.db import Reader

CANDIDATES = 3
SPEAKING = 1800  # seconds a finding stays the one being spoken of


def unsolicited(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Free words: if they sound like an item's problem, offer to record them; never ignored, never a loop."""
    own = people.places_of(tx, turn.person)
    words = turn.said.words.strip()[:LONGEST]
    hits = search(turn.world.index, words, CANDIDATES) if own else ()
    if not confident(hits):
        return (
            flow.not_understood(turn, line("miss_menu_idle"))
            if turn.conversation.pending is None
            else flow.not_understood(turn)
        )
    place = flow.current_place(tx, turn)
    if place is None:
        asking = turn.conversation.asking(AskPlace(tuple(other.id for other in own)))
        return Outcome(asking, (line("place_first", words=words[:20]),))
    asked = {item.id for item in turn.items_of(place)}
    items = [hit.item_id for hit in hits if hit.item_id in asked]
    pending = turn.conversation.pending
    if isinstance(pending, AskAnswer) and pending.item in items:
        items = [pending.item, *(item for item in items if item != pending.item)]
    if not items:
        return flow.not_understood(turn)
    return Outcome(turn.conversation.holding(AskOffer(place.id, tuple(items), words)))


def offered(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: record this under one of these items?"""
    pending = turn.conversation.pending
    assert isinstance(pending, AskOffer)
    number, last = turn.said.number, len(pending.items) + 1
    if (number is not None and 1 <= number < last) or (turn.said.yes and len(pending.items) == 1):
        item = turn.world.campaign.item[pending.items[(number or 1) - 1]]
        return open_finding(tx, turn, (people.place(tx, pending.place), item), pending.words)
    by_no = turn.world.campaign.by_no.get(number or 0)
    if by_no is not None and number != last:
        return open_finding(tx, turn, (people.place(tx, pending.place), by_no), pending.words)
    if number == last or turn.said.yes is False:
        conversation = flow.go_on(tx, turn, replace(turn.conversation, pending=None))
        return Outcome(conversation, (line("dropped"),))
    return flow.not_understood(turn, line("offer_example"))


def merge(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: is it the same as this earlier one?"""
    pending = turn.conversation.pending
    assert isinstance(pending, AskMerge)
    where = (people.place(tx, pending.place), turn.world.campaign.item[pending.item])
    if turn.said.yes or turn.said.number == 1:
        old = findings.get(tx, pending.finding)
        assert old is not None
        same = pending.words in old.description
        text = old.description if same else f"{old.description}；{pending.words}"
        effects = () if same else (ChangeFinding(old.no, {"description": text[:LONGEST]}),)
        photos = (*turn.conversation.photos, *turn.photos)
        conversation = replace(
            turn.conversation.passed(pending.item), pending=None, finding=old.no, photos=()
        )
        conversation = flow.go_on(tx, turn, conversation)
        return Outcome(
            conversation,
            (line("merged", finding=old.no),),
            (*effects, *((Bind(photos, old.no),) if photos else ())),
        )
    if turn.said.yes is False or turn.said.number == 2:
        return opened(tx, turn, where, pending.words)
    return flow.not_understood(turn, line("confirm_example"))


def attach(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """Where a photo belongs that came without words, or with nothing but a number. None: its words decide."""
    conversation, words = turn.conversation, turn.said.words.strip()
    number = turn.said.number or (
        turn.said.command.number if _names_finding(turn) and turn.said.command else None
    )
    if number is not None:
        return _to_number(tx, turn, number)
    if words:
        return None
    about = getattr(conversation.pending, "finding", 0)
    if (
        not about
        and conversation.finding
        and turn.silence < SPEAKING
        and not isinstance(conversation.pending, AskDescription)
    ):
        about = conversation.finding
    if about:
        return _bind(tx, turn, about)
    waiting = replace(conversation, photos=(*conversation.photos, *turn.photos))
    if conversation.photos:
        return Outcome(waiting, ask=False, nod="📎")
    return Outcome(waiting, (line("photo_waiting"),))


def _names_finding(turn: Turn) -> bool:
    return turn.said.command is not None and turn.said.command.name == "show"


def _to_number(tx: Reader, turn: Turn, number: int) -> Outcome:
    finding = mine(tx, turn, number)
    if finding is not None and finding.state != "void":
        return _bind(tx, turn, number)
    waiting = replace(turn.conversation, photos=(*turn.conversation.photos, *turn.photos))
    item, place = turn.world.campaign.by_no.get(number), flow.current_place(tx, turn)
    if item is None or place is None or flow.item_of(turn, place, item.id) is None:
        return Outcome(waiting, (line("no_such_finding", finding=number), line("photo_waiting")))
    return Outcome(waiting.holding(AskDescription(place.id, item.id)), (line("photo_kept"),))


def _bind(tx: Reader, turn: Turn, no: int) -> Outcome:
    """The first photo of a finding is answered in words, the next ones with a mark on the photo itself."""
    again = turn.conversation.finding == no and bool(turn.conversation.photos == ()) and _has_evidence(tx, no)
    conversation = replace(turn.conversation, finding=no)
    effects = (Bind(turn.photos, no),)
    if again:
        return Outcome(conversation, (), effects, ask=False, nod=f"📎{no}")
    return Outcome(conversation, (line("photo_bound", finding=no),), effects)


def _has_evidence(tx: Reader, no: int) -> bool:
    return tx.value("SELECT 1 FROM evidence WHERE finding_no = ? AND state <> 'withdrawn'", (no,)) is not None
