"""Makes what a handler asked for true, inside the one transaction. The only place where effects become rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.context import Context
from bot.dialogue.effects import (
    AttachEvidence,
    ChangeFinding,
    Effect,
    GiveFeedback,
    Line,
    NotifyRole,
    OpenFinding,
    SendLedger,
    SetCheck,
    SetPreference,
    SubmitPlace,
    Withdraw,
    line,
)
from bot.engine import undo
from storage import checks, evidence, findings, history, inbox, outbox, people, schedule
from storage.db import Transaction
from storage.people import Person
from storage.rooms import Room


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose message brings the effects about, where, and under which event they go down in history."""

    person: Person
    room: Room
    cause: history.Cause


def apply(tx: Transaction, context: Context, speaker: Speaker, effect: Effect, now: datetime) -> list[Line]:
    """Write one effect. Returns what only the writing could find out, as lines for the reply."""
    texts = context.texts
    cause, version = speaker.cause, context.campaign.version
    match effect:
        case SetCheck(place, item, answer, basis):
            checks.put(tx, (place, item), {"answer": answer, "basis": basis, "version": version}, cause, now)
        case OpenFinding(no, place, item, fields):
            given = findings.open_finding(
                tx, {**fields, "place_id": place, "item_id": item, "version": version}, cause, now
            )
            assert given == no, f"finding {no} became {given}"
        case ChangeFinding(no, fields):
            findings.change(tx, no, fields, cause, now)
        case AttachEvidence(pieces, finding):
            others = {_bind(tx, piece, finding, cause, now) for piece in pieces}
            return [line("photo_same", other=no, finding=finding) for no in sorted(others - {0})]
        case SubmitPlace(place, figures):
            receipt = schedule.submitted(tx, place, speaker.person.id, figures, now)
            history.add(
                tx, cause, (f"place/{place}", "submitted"), ({}, {"receipt": receipt, **figures}), now
            )
        case SetPreference(name, value):
            before = getattr(speaker.person, name)
            if before != value:
                people.set_preference(tx, speaker.person, name, value)
                what = (f"person/{speaker.person.id}", "preferred")
                history.add(tx, cause, what, ({name: before}, {name: value}), now)
        case GiveFeedback(words, anonymous):
            schedule.feedback(tx, None if anonymous else speaker.person.id, words, now)
        case NotifyRole(role, told):
            for other in people.everybody(tx, role):
                content = {
                    "msgtype": "m.notice",
                    "body": texts.render(told, other.language),
                    "m.mentions": {},
                }
                outbox.put(tx, (None, other.id), ("message", "m.room.message"), content, now)
        case SendLedger(scope, name):
            content = {
                "scope": dict(scope),
                "name": name,
                "language": speaker.person.language,
                "by": speaker.person.name,
            }
            outbox.put(
                tx, (speaker.room.room_id, speaker.person.id), ("ledger", "m.room.message"), content, now
            )
        case Withdraw(event_id):
            original = inbox.get(tx, event_id)
            assert original is not None, f"message {event_id} was never taken in"
            return undo.take_back(tx, context, undo.all_of(tx, original), cause, now)
        case _:
            assert_never(effect)
    return []


def _bind(tx: Transaction, piece: int, finding: int, cause: history.Cause, now: datetime) -> int:
    """Evidence to its finding. The number of another finding that has the same file already; 0: none has."""
    evidence.change(tx, piece, {"finding_no": finding}, cause, now)
    bound = evidence.get(tx, piece)
    twin = evidence.twin(tx, bound, bound.sha256) if bound and bound.sha256 else None
    return twin.finding_no or 0 if twin else 0
