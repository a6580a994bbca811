"""Words and photos nobody asked for: offered as a finding, bound to one, or kept until it is clear where they belong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import AttachEvidence, ChangeFinding, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.search import confident, search
from bot.dialogue.session import AskAnswer, AskDescription, AskMerge, AskOffer
from bot.domain.campaign import Item
from bot.domain.deadlines import parse_date
from bot.handlers import flow
from bot.handlers.change import mine
from bot.handlers.finding_form import LONGEST, bare, open_finding, opened
from bot.handlers.turn import Outcome, Turn
from storage import findings, people
from storage.db import Reader

CANDIDATES = 3
DIGITS = 9  # up to here a bare number is meant for the list, even if the list is shorter
PATIENCE = 2  # misses after which an offer nobody took up is dropped
SOME_DAY = date(2000, 1, 1)  # whether words are a date does not hang on the day
SPEAKING = 1800  # seconds a finding stays the one being spoken of


def unsolicited(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Free words: if they sound like an item's problem, offer to record them; never ignored, never a loop."""
    question = turn.session.question
    hint = line("miss_menu_idle" if question is None else "answer_example")
    words = turn.said.words.strip()[:LONGEST]
    hits = search(turn.context.index, words, CANDIDATES) if _tells(turn) else ()
    if not confident(hits) or not people.places_of(tx, turn.person):
        return flow.not_understood(turn, hint)
    place = flow.current_place(tx, turn)
    if place is None:
        return flow.which_place(tx, turn)
    asked = {item.id for item in turn.items_of(place)}
    items = [hit.item_id for hit in hits if hit.item_id in asked]
    if isinstance(question, AskAnswer) and question.item in items:
        items = [question.item, *(item for item in items if item != question.item)]
    if not items:
        return flow.not_understood(turn, hint)
    return Outcome(turn.session.holding(AskOffer(place.id, tuple(items), words)))


def _tells(turn: Turn) -> bool:
    """Words that can tell of a problem: not a bare date, number or answer."""
    said = parse(turn.said.words, Expect.CHOICE, turn.context.vocabulary)
    if said.number is not None or (said.choice is not None and not said.detail):
        return False
    return parse_date(turn.said.words, SOME_DAY) is None


def offered(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: record this under one of these items?"""
    question = turn.session.question
    assert isinstance(question, AskOffer)
    number, last = turn.said.number, len(question.items) + 1
    place = people.place(tx, question.place)
    if number == last or turn.said.yes is False:
        return _dropped(tx, turn)
    chosen: Item | None = None
    if (number is not None and 1 <= number < last) or (turn.said.yes and len(question.items) == 1):
        chosen = turn.context.campaign.item[question.items[(number or 1) - 1]]
    elif number is not None and (number > DIGITS or not turn.said.words.strip().isdecimal()):
        by_no = turn.context.campaign.by_no.get(number)
        chosen = flow.item_of(turn, place, by_no.id) if by_no else None
    if chosen is not None:
        return open_finding(tx, turn, (place, chosen), question.words)
    instead = unsolicited(tx, replace(turn, session=replace(turn.session, question=None)), now)
    if isinstance(instead.session.question, AskOffer):  # another problem: the first one was not taken up
        return Outcome(instead.session, (line("not_taken", words=flow.short(question.words)),))
    if turn.session.retries >= PATIENCE:
        return _dropped(tx, turn)
    return flow.not_understood(turn, line("offer_example", n=last))


def _dropped(tx: Reader, turn: Turn) -> Outcome:
    return Outcome(flow.go_on(tx, turn, replace(turn.session, question=None)), (line("dropped"),))


def merge(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: is it the same as this earlier one?"""
    question = turn.session.question
    assert isinstance(question, AskMerge)
    where = (people.place(tx, question.place), turn.context.campaign.item[question.item])
    if turn.said.yes or turn.said.number == 1:
        old = findings.get(tx, question.finding)
        assert old is not None
        text = _together(old.description, question.words)
        effects = () if text == old.description else (ChangeFinding(old.no, {"description": text[:LONGEST]}),)
        photos = (*turn.session.photos, *turn.photos)
        session = replace(turn.session.passed(question.item), question=None, finding=old.no, photos=())
        session = flow.go_on(tx, turn, session)
        return Outcome(
            session,
            (line("merged", finding=old.no),),
            (*effects, *((AttachEvidence(photos, old.no),) if photos else ())),
        )
    if turn.said.yes is False or turn.said.number == 2:
        return opened(tx, turn, where, question.words)
    return flow.not_understood(turn, line("confirm_example"))


def _together(old: str, new: str) -> str:
    """Two tellings of one problem: the fuller one where it holds the other, else both."""
    if bare(new) in bare(old):
        return old
    return new if bare(old) in bare(new) else f"{old}；{new}"


def attach(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """Where a photo belongs that came without words, or with nothing but a number. None: its words decide."""
    session, words = turn.session, turn.said.words.strip()
    number = turn.said.number or (
        turn.said.command.number if _names_finding(turn) and turn.said.command else None
    )
    if number is not None:
        return _to_number(tx, turn, number)
    if words:
        return None
    about = getattr(session.question, "finding", 0)
    if (
        not about
        and session.finding
        and turn.silence < SPEAKING
        and not isinstance(session.question, AskDescription)
    ):
        about = session.finding
    spoken_of = findings.get(tx, about) if about else None
    if spoken_of is not None and spoken_of.state != "void":  # one taken back has no use for it
        return _bind(tx, turn, about)
    waiting = replace(session, photos=(*session.photos, *turn.photos))
    if session.photos and turn.silence < SPEAKING:
        return Outcome(waiting, ask=False, reaction="📎")
    return Outcome(waiting, (line("photo_waiting"),))


def _names_finding(turn: Turn) -> bool:
    return turn.said.command is not None and turn.said.command.name == "show"


def _to_number(tx: Reader, turn: Turn, number: int) -> Outcome:
    finding = mine(tx, turn, number)
    if finding is not None and finding.state != "void":
        return _bind(tx, turn, number)
    waiting = replace(turn.session, photos=(*turn.session.photos, *turn.photos))
    item, place = turn.context.campaign.by_no.get(number), flow.current_place(tx, turn)
    if item is None or place is None or flow.item_of(turn, place, item.id) is None:
        return Outcome(waiting, (line("no_such_finding", finding=number), line("photo_waiting")))
    return Outcome(waiting.holding(AskDescription(place.id, item.id)), (line("photo_kept"),))


def _bind(tx: Reader, turn: Turn, no: int) -> Outcome:
    """The first photo of a finding is answered in words, the next ones with a mark on the photo itself."""
    again = turn.session.finding == no and bool(turn.session.photos == ()) and _has_evidence(tx, no)
    session = replace(turn.session, finding=no)
    effects = (AttachEvidence(turn.photos, no),)
    if again:
        return Outcome(session, (), effects, ask=False, reaction=f"📎{no}")
    return Outcome(session, (line("photo_bound", finding=no),), effects)


def _has_evidence(tx: Reader, no: int) -> bool:
    return tx.value("SELECT 1 FROM evidence WHERE finding_no = ? AND state <> 'withdrawn'", (no,)) is not None
