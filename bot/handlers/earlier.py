"""What one message stands for on the disk, and words in reply to it: they speak of what it recorded, or showed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import AskAnswer, finding_in
from bot.domain import progress
from bot.domain.answers import Answer
from bot.domain.lifecycle import LIVE
from bot.handlers import change, flow, named
from bot.handlers.turn import Outcome, Turn
from storage import checks, evidence, findings, history, places
from storage.db import Reader
from storage.findings import Finding
from storage.history import Change


@dataclass(frozen=True, slots=True)
class Spot:
    """An item of a place, by their ids."""

    place: str
    item: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """Answers that are no problem, and problems, which may be several under one answer."""

    answers: tuple[Spot, ...]
    findings: tuple[int, ...]


def recorded(tx: Reader, event_id: str, *, only_answers: bool = False) -> Recorded:
    """What this message brought about or changed last, photos told by the problem they belong to. `only_answers`: not
    where it only said how an answer was established."""
    found = history.of_refs(tx, (event_id,))
    numbers = sorted({no for change in found if (no := _finding(tx, change))})
    live = [f for no in numbers if (f := findings.get(tx, no)) is not None and f.state in LIVE]
    spots = dict.fromkeys(
        Spot(change.subject.id, change.subject.part)
        for change in reversed(found)
        if change.subject.kind == "check" and (change.field == "answer" or not only_answers)
    )
    told = {Spot(finding.place_id, finding.item_id) for finding in live}
    answers = [s for s in spots if s not in told and checks.get(tx, s.place, s.item) is not None]
    return Recorded(tuple(answers), tuple(finding.no for finding in live))


def _finding(tx: Reader, change: Change) -> int:
    if change.subject.kind == "finding":
        return int(change.subject.id)
    piece = evidence.get(tx, int(change.subject.id)) if change.subject.kind == "evidence" else None
    return piece.finding_no or 0 if piece is not None and piece.state != "withdrawn" else 0


def to_earlier(tx: Reader, turn: Turn, now: datetime) -> Turn | Outcome | None:
    """Words in reply to a card speak of its finding; in reply to an earlier message of one's own they correct what that
    one recorded. None: they speak for themselves."""
    card = change.visible(tx, turn, turn.card) if turn.card and not turn.said.bulk else None
    if card is not None:
        return _to_finding(tx, turn, card, now)
    was = recorded(tx, turn.quoted) if turn.quoted and not turn.said.bulk else Recorded((), ())
    if len(was.answers) + len(was.findings) > 1:
        return flow.refused(turn, *_several(tx, turn, was))
    finding = findings.get(tx, was.findings[0]) if was.findings else None
    if finding is not None:
        return _to_finding(tx, turn, finding, now)
    if not was.answers:
        return None
    return _at(tx, turn, was.answers[0])


def _to_finding(tx: Reader, turn: Turn, finding: Finding, now: datetime) -> Turn | Outcome | None:
    choice = turn.heard.under(Expect.CHOICE).choice
    if choice in (Answer.CLEAR, Answer.NOT_APPLICABLE):
        return _at(tx, turn, Spot(finding.place_id, finding.item_id))
    if finding_in(turn.session.question) == finding.no and turn.said.remark is None:
        return None  # the very thing that is being asked about
    turn = replace(turn, session=replace(turn.session, finding=finding.no))
    return named.said_of(tx, turn, finding, turn.said.words, now)


def _at(tx: Reader, turn: Turn, spot: Spot) -> Turn | Outcome:
    """The words as a reply to that item, whatever is open."""
    item = turn.campaign.item.get(spot.item)
    if item is None or spot.place not in turn.scope.places:
        return flow.refused(turn, line("place_unknown", words=places.get(tx, spot.place).name))
    question, session = AskAnswer(spot.place, spot.item), turn.session
    session = session if session.question == question else session.interrupted(question)
    return replace(turn, session=session, said=turn.heard.under(Expect.CHOICE), reopened=True)


def _several(tx: Reader, turn: Turn, was: Recorded) -> list[Line]:
    """What the message recorded, and how to say which of it is meant."""
    spots = [*was.answers]
    for number in was.findings:
        finding = findings.get(tx, number)
        spots += [Spot(finding.place_id, finding.item_id)] if finding is not None else []
    nos = sorted({turn.campaign.item[spot.item].no for spot in spots if spot.item in turn.campaign.item})
    return [line("quoted_several", items=progress.ranges(nos), first=nos[0])] if nos else []
