"""Makes what a handler asked for true, inside the one transaction. The only place where effects become rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import assert_never

from bot import chat
from bot.context import Context
from bot.dialogue.effects import (
    AttachEvidence,
    ChangeFinding,
    Effect,
    GiveFeedback,
    Line,
    MoveAnswer,
    MoveFinding,
    NotifyRole,
    OnBehalf,
    OpenFinding,
    Param,
    PutOff,
    SendLedger,
    SetCheck,
    SetPreference,
    SubmitPlace,
    Withdraw,
    day_said,
    line,
)
from bot.domain import lifecycle
from bot.domain.campaign import Campaign
from bot.domain.disclosure import Matter, Way, way
from bot.domain.lifecycle import Facts, Move, Who
from bot.domain.permissions import Right, may
from bot.engine import undo
from bot.engine.origin import Origin
from bot.handlers.change import target_of
from bot.handlers.next_question import lacking
from storage import checks, evidence, feedback, findings, hand_ins, inbox, outbox, people, places, rooms
from storage.checks import Given
from storage.db import Transaction
from storage.findings import Finding
from storage.history import Record, record, unsigned
from storage.outbox import Outgoing

AFTERWARDS = (SendLedger, NotifyRole)  # what leaves by itself leaves after the reply


class RefusedMoveError(Exception):
    """A move of the lifecycle that its guards refuse. Handlers ask first, so in chat this is a bug."""


@dataclass(slots=True)
class Applied:
    """What only the writing could find out."""

    lines: list[Line] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)  # numbers of new findings
    touched: list[int] = field(default_factory=list)  # numbers of findings that may be complete now
    withdrawn: list[str] = field(default_factory=list)  # messages that were taken back


def verb_of(effect: Effect) -> str:
    """The verb under which an effect goes down in history."""
    match effect:
        case SetCheck() | OpenFinding():
            return "answer"
        case MoveAnswer():
            return "move"
        case ChangeFinding():
            return "amend"
        case MoveFinding(_, verb, _, _):
            return verb
        case PutOff():
            return "put_off"
        case AttachEvidence():
            return "attach"
        case SubmitPlace():
            return "hand_in"
        case SetPreference():
            return "prefer"
        case GiveFeedback():
            return "give_feedback"
        case NotifyRole() | SendLedger() | Withdraw():
            return "say"
        case OnBehalf(_, inner):
            return verb_of(inner)
        case _:
            assert_never(effect)


def apply(tx: Transaction, origin: Origin, effects: Sequence[Effect], now: datetime) -> Applied:
    """Write the effects in their order: what one message does in one way is one action. Complete drafts are filed."""
    applied = Applied()
    if not effects:
        return applied
    for (verb, reason, behalf), group in groupby(effects, _kind):
        with record(tx, origin.action(verb, reason=reason, behalf=behalf), now) as written:
            for effect in group:
                _apply(written, origin, effect, applied)
    _file(tx, origin, applied, now)
    return applied


def _kind(effect: Effect) -> tuple[str, str, int | None]:
    """What goes down as one action: the same verb and reason, in the same name."""
    behalf = effect.person if isinstance(effect, OnBehalf) else None
    return verb_of(effect), effect.reason if isinstance(effect, MoveFinding) else "", behalf


def _apply(written: Record, origin: Origin, effect: Effect, applied: Applied) -> None:
    tx, now = written.tx, written.now
    match effect:
        case SetCheck(place, item, answer, basis):
            checks.put(written, place, item, Given(answer, basis))
        case OpenFinding():
            _open(written, origin.context, effect, applied)
        case MoveAnswer():
            _move_answer(written, effect)
        case ChangeFinding(no, fields):
            findings.change(written, _finding(tx, no), fields)
            applied.touched.append(no)
        case MoveFinding(no, verb, fields, reason):
            move_finding(written, origin, MoveFinding(no, verb, fields, reason))
        case PutOff(no, off):
            findings.put_off(written, no, off=off)
        case AttachEvidence(pieces, no):
            others = {_attach(written, piece, no) for piece in pieces}
            applied.lines += [line("photo_same", other=other, finding=no) for other in sorted(others - {0})]
        case SubmitPlace(place, figures):
            hand_ins.place(written, place, figures)
        case SetPreference(name, value):
            people.set_preference(written, people.by_id(tx, origin.person.id), name, value)
        case GiveFeedback(words, anonymous=False):
            feedback.add(written, words)
        case GiveFeedback(words):
            with record(tx, unsigned(written.action), now) as nobodys:
                feedback.add(nobodys, words)
        case NotifyRole(role, told):
            _notify(tx, origin.context, role, told, now)
        case SendLedger():
            _send_ledger(tx, origin, effect, now)
        case Withdraw(event_id):
            original = inbox.get(tx, event_id)
            assert original is not None, f"message {event_id} was never taken in"
            events = undo.related_events(tx, original)
            applied.lines += undo.take_back(tx, origin, events, now)
            applied.withdrawn += undo.withdrawn_among(tx, events)
        case OnBehalf(_, inner):
            _apply(written, origin, inner, applied)
        case _:
            assert_never(effect)


def _finding(tx: Transaction, no: int) -> Finding:
    finding = findings.get(tx, no)
    assert finding is not None, f"finding {no} does not exist"
    return finding


def _open(written: Record, context: Context, effect: OpenFinding, applied: Applied) -> None:
    values = {**effect.fields, "place_id": effect.place, "item_id": effect.item}
    no = findings.open_finding(written, values)
    applied.opened.append(no)
    applied.touched.append(no)
    if effect.fields.get("description"):
        item = context.campaign.item[effect.item]
        place = places.get(written.tx, effect.place)
        applied.lines.append(line("finding_opened", finding=no, no=item.no, place=place.name))


def _move_answer(written: Record, effect: MoveAnswer) -> None:
    """The answers first, then the findings: an undo goes the other way round, and finds no problem in its way."""
    tx = written.tx
    here, there = checks.get(tx, effect.place, effect.item), checks.get(tx, effect.to_place, effect.to_item)
    if here is not None:
        same = there is not None and there.answer == here.answer
        basis = there.basis if there is not None and same and there.basis else here.basis
        checks.put(written, effect.to_place, effect.to_item, Given(here.answer, basis))
    checks.put(written, effect.place, effect.item, Given(effect.left, effect.left_basis))
    for no, fields in effect.findings.items():
        findings.change(written, _finding(tx, no), fields)


def move_finding(written: Record, origin: Origin, effect: MoveFinding) -> Finding:
    """Make one move of the table. RefusedMoveError names what stands against it; nothing is written then."""
    finding = _finding(written.tx, effect.no)
    row = lifecycle.move(finding.state, effect.verb)
    if row is None:
        raise RefusedMoveError(f"{effect.verb} of a finding that is {finding.state}")
    against = lifecycle.lacking(row, _facts(written.tx, origin, finding, effect))
    if against is not None:
        raise RefusedMoveError(f"{effect.verb} of finding {effect.no} lacks {against}")
    findings.change(written, finding, {**effect.fields, **_stamps(row, finding, written)}, row)
    return finding


def _facts(tx: Transaction, origin: Origin, finding: Finding, effect: MoveFinding) -> Facts:
    scope, target = origin.actor.scope, target_of(tx, finding)
    rights = {Who.OWNER: Right.AMEND, Who.VERIFIER: Right.VERIFY, Who.COUNTY: Right.OVERSEE}
    values = {name: getattr(finding, name) for name in Finding.__slots__}
    values |= effect.fields
    horizon = origin.campaign.horizon.get(str(values["horizon"]))
    return Facts(
        fields=values,
        endless=horizon is not None and horizon.due is None,
        roles=frozenset(who for who, right in rights.items() if may(scope, right, target) is None),
        hand=scope.person_id in findings.hands(tx, finding.no),
        evidence=evidence.on_finding(tx, finding.no),
        reason=effect.reason,
    )


def _stamps(row: Move, finding: Finding, written: Record) -> dict[str, str | int | None]:
    """What the record itself keeps of a move."""
    of = written.action
    match row.verb:
        case "close":
            return {"closed_at": of.at.isoformat(), "verifier_id": of.person_id}
        case "extend":
            return {"extensions": finding.extensions + 1}
        case "reopen":
            return {"closed_at": None}
        case "recur":
            return {"closed_at": None, "recurrences": finding.recurrences + 1}
        case _:
            return {}


def _file(tx: Transaction, origin: Origin, applied: Applied, now: datetime) -> None:
    """A draft that lacks nothing any more is on the books."""
    for no in dict.fromkeys(applied.touched):
        finding = _finding(tx, no)
        if finding.state != lifecycle.DRAFT or lacking(origin.campaign, finding) is not None:
            continue
        with record(tx, origin.action("file"), now) as written:
            move_finding(written, origin, MoveFinding(no, "file"))
        applied.lines.append(_filed(origin.campaign, finding, origin.campaign.today(now)))
        if findings.filed_by(tx, finding.reporter_id) == 1:  # how to change one is learnt with the first
            applied.lines.append(line("finding_change", finding=no))


def _filed(campaign: Campaign, finding: Finding, today: date) -> Line:
    horizon, due = campaign.horizon[finding.horizon], date.fromisoformat(str(finding.due))
    said: dict[str, Param] = {"finding": finding.no, "due": day_said(due, today), "unit": finding.unit}
    if horizon.due is None:
        return line("finding_done_stage", **said, person=finding.responsible, horizon=horizon.name)
    return line("finding_done", **said, person=finding.responsible)


def _attach(written: Record, piece: int, no: int) -> int:
    """Evidence to its finding. The number of another finding that has the same file already; 0: none has."""
    evidence.change(written, piece, {"finding_no": no})
    bound = evidence.get(written.tx, piece)
    same = evidence.duplicate(written.tx, bound, bound.sha256) if bound and bound.sha256 else None
    return same.finding_no or 0 if same else 0


def _notify(tx: Transaction, context: Context, role: str, told: Line, now: datetime) -> None:
    today = context.campaign.today(now).isoformat()
    for other in people.everybody(tx, today, role):
        body = chat.notice(context.texts.render(told, other.language))
        outbox.add(tx, Outgoing(person_id=other.id, content=body, reason="notice"), now)


def _send_ledger(tx: Transaction, origin: Origin, effect: SendLedger, now: datetime) -> None:
    content = {
        "scope": dict(effect.scope),
        "name": effect.name,
        "language": origin.person.language,
        "by": origin.person.name,
        "asked": origin.event_id,
    }
    here = way(origin.setting, Matter.FILE) is Way.SHOWN
    if here and origin.thread:
        content["thread"] = origin.thread
    room_id = origin.room.room_id if here else rooms.private(tx, origin.person.id)
    outbox.add(tx, Outgoing(room_id, origin.person.id, content, "ledger"), now)


def split(effects: Iterable[Effect]) -> tuple[list[Effect], list[Effect]]:
    """(what is written before the reply, what leaves after it)."""
    every = list(effects)
    first: list[Effect] = [effect for effect in every if not isinstance(effect, AFTERWARDS)]
    return first, [effect for effect in every if isinstance(effect, AFTERWARDS)]
