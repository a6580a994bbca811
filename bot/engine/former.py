"""Places and findings that are no longer somebody's: what they wrote there they may read, and nothing more.

Rule: the table of rights is asked once more, with what is on disk now, before anything is written, taken back or answered
anew, whichever way led there. A refusal names who may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.dialogue.effects import (
    AttachEvidence,
    ChangeFinding,
    Effect,
    GiveFeedback,
    Line,
    MoveAnswer,
    NotifyRole,
    OnBehalf,
    OpenFinding,
    PutOff,
    SendLedger,
    SetCheck,
    SetPreference,
    SubmitPlace,
    Withdraw,
    line,
    plain,
)
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.normalise import as_kept
from bot.dialogue.parsing.parse import Utterance
from bot.dialogue.questions import Question, finding_in, places_in
from bot.dialogue.session import Session
from bot.domain.permissions import Right, Target, may
from bot.engine.origin import Origin
from bot.handlers import views
from bot.handlers.change import visible
from bot.handlers.turn import Turn
from bot.handlers.whom_to_ask import whom_to_ask
from bot.handlers.whose_now import not_any_more
from storage import evidence, findings, hand_ins, places
from storage.db import Reader
from storage.history import Change, Subject


def records(effects: Sequence[Effect]) -> bool:
    """Whether one of these puts something on record: such a message's words are kept as long as it may be edited."""
    no_record = (GiveFeedback, NotifyRole, SendLedger, SetPreference, Withdraw)
    return any(not isinstance(plain(effect), no_record) for effect in effects)


def of_effects(tx: Reader, origin: Origin, effects: Sequence[Effect]) -> Line | None:
    """Why these must not come about: one of them is at a place that is not this person's."""
    return of_places(tx, origin, (place for effect in effects for place in _places_of(tx, effect)))


def of_changes(tx: Reader, origin: Origin, changes: Sequence[Change]) -> Line | None:
    """Why these must not be taken back or written anew."""
    subjects = dict.fromkeys(change.subject for change in changes)
    return of_places(tx, origin, (place for it in subjects if (place := _place_of(tx, it))))


def of_question(tx: Reader, origin: Origin, question: Question | None) -> Line | None:
    """Why this question takes no answer of theirs any more."""
    if question is None:
        return None
    at = _of_finding(tx, finding_in(question))
    return of_places(tx, origin, [*(place for place in places_in(question) if place), *([at] if at else [])])


def answered(tx: Reader, origin: Origin, words: str, now: datetime) -> tuple[Line, ...]:
    """What somebody without any role is told: what they reported, when they ask for it; else that they can only look."""
    heard = Utterance(as_kept(words), origin.context.vocabulary)
    turn = Turn(
        origin.context,
        origin.actor,
        origin.room,
        Session(),
        heard.under(Expect.NOTHING),
        heard,
        origin.event_id,
        origin.at,
    )
    name = turn.said.command.name if turn.said.command is not None else ""
    if name == "mine":
        return views.mine_list(tx, turn, now).lines
    number = turn.number if name == "show" else None
    finding = visible(tx, turn, number) if number is not None else None
    if finding is not None:
        return views.card(tx, turn, finding)
    return (line("former"), whom_to_ask(tx, turn, now))


def of_places(tx: Reader, origin: Origin, where: Iterable[str]) -> Line | None:
    scope = origin.actor.scope
    for place_id in dict.fromkeys(where):
        if place_id in scope.places and scope.has(Right.REPORT):
            continue
        place = places.get(tx, place_id)
        if may(scope, Right.REPORT, Target(place.id, place.unit_id)) is not None:
            today = origin.campaign.today(origin.at).isoformat()
            return not_any_more(tx, place_id, origin.person.id, today)
    return None


def _places_of(tx: Reader, effect: Effect) -> tuple[str, ...]:
    """The places at which an effect changes something."""
    match effect:
        case SetCheck(place=place) | OpenFinding(place=place) | SubmitPlace(place=place):
            return (place,)
        case ChangeFinding(no=no) | PutOff(no=no) | AttachEvidence(finding=no):
            at = _of_finding(tx, no)
            return (at,) if at else ()
        case MoveAnswer(place=here, to_place=there):
            return (here, there)
        case OnBehalf(effect=inner):
            return _places_of(tx, inner)
        case _:
            return ()


def _place_of(tx: Reader, subject: Subject) -> str | None:
    match subject.kind:
        case "check":
            return subject.id
        case "finding":
            return _of_finding(tx, int(subject.id))
        case "evidence":
            piece = evidence.get(tx, int(subject.id))
            return _of_finding(tx, piece.finding_no or 0) if piece else None
        case "hand_in":
            return hand_ins.place_of(tx, int(subject.id))
        case _:
            return None


def _of_finding(tx: Reader, number: int) -> str | None:
    finding = findings.get(tx, number) if number else None
    return finding.place_id if finding else None
