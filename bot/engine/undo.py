"""Taking back what a message brought about: for a deleted message, for 撤回, and before an edited one is read again.

How it works. A message's changes are looked at action by action, the latest first. A field goes back to what it was
before only while this very action is its last writer: a value that somebody wrote since stays, even if it is the same
value. A move of the lifecycle goes back only if the table has a reverse for it and nobody else has acted on the finding
since; what such a move needed (a filed finding its measure and its date) goes back with it or not at all. Every undo is
an action of its own that names the one it takes back, so that later "last writer" passes over both. Nothing disappears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.context import Context
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import AskChain, AskMany, AskMerge, AskOffer, AskVisit, load_question
from bot.domain import lifecycle
from bot.domain.answers import Answer
from bot.engine.origin import Origin
from bot.engine.undo_rules import is_last, refusal
from bot.engine.undone import Undone, WentBack
from bot.handlers.next_question import lacking
from storage import checks, evidence, findings, hand_ins, history, inbox, people, places
from storage.checks import Given
from storage.db import Reader, Transaction
from storage.findings import Finding
from storage.history import Change, Record, Subject, record
from storage.inbox import Seen

PROPOSALS = (
    AskMerge,
    AskOffer,
    AskVisit,
    AskChain,
    AskMany,
)  # questions that hold the words of the message they came from


def related_events(tx: Reader, original: Seen) -> tuple[str, ...]:
    """The message, and what its person replied to its proposals: with both its words became a record."""
    replies = [
        reply
        for question in original.opened_questions
        if isinstance(load_question(question), PROPOSALS)
        for reply in inbox.settling(tx, original, question)
    ]
    return (original.event_id, *replies)


def take_back(tx: Transaction, origin: Origin, events: Sequence[str], now: datetime) -> list[Line]:
    """Undo everything these messages did; say in a line each what changed. Marks them as withdrawn."""
    changes = history.of_refs(tx, events)
    stays = refusal(tx, origin, changes)
    if stays is not None:
        return [stays]
    undone = undo(tx, origin, Undo(changes), now)
    for event in events:
        inbox.set_state(tx, event, "withdrawn")
    return undone.said() or [line("nothing_changed")]


def withdrawn_among(tx: Reader, events: Sequence[str]) -> list[str]:
    """Those of the messages that count as taken back."""
    return [event for event in events if (seen := inbox.get(tx, event)) and seen.state == "withdrawn"]


@dataclass(frozen=True, slots=True)
class Undo:
    """What some messages changed, as `history.of_refs` has it, and what of it to leave as it is."""

    changes: Sequence[Change]
    spare: frozenset[Subject] = frozenset()
    keep_evidence: bool = False  # what was sent along stays; only where it belonged is open again


def undo(tx: Transaction, origin: Origin, what: Undo, now: datetime) -> Undone:
    """Take back, action by action, whatever still stands as it was left."""
    undone = Undone(now)
    changes = [change for change in what.changes if change.subject not in what.spare]
    for seq, group in groupby(changes, lambda change: change.action):
        fields_of_it = list(group)
        action = origin.action("undo", undoes=seq, behalf=fields_of_it[0].on_behalf_of)
        with record(tx, action, now) as written:
            for subject, fields in groupby(fields_of_it, lambda change: change.subject):
                mine = _mine(tx, list(fields))
                came = subject.kind == "evidence" and any(change.field == "kind" for change in mine)
                if subject.kind == "check" and history.others_since(tx, subject, seq, origin.person.id):
                    undone.later(origin.campaign, subject)
                elif not (came and what.keep_evidence):
                    _subject(written, origin.context, subject, mine, undone)
    _demote(tx, origin, undone, now)
    return undone


def _mine(tx: Reader, fields: list[Change]) -> list[Change]:
    """The fields that are still as the action left them; what a move brought along goes with the move or not at all."""
    mine = [change for change in fields if is_last(tx, change)]
    moved = any(c.field == "state" and c.verb != "file" and c.subject.kind == "finding" for c in fields)
    opened = any(change.field == "opened_at" for change in fields)
    stands = any(change.field == "state" for change in mine)
    return [] if moved and not opened and not stands else mine


def _subject(
    written: Record, context: Context, subject: Subject, mine: Sequence[Change], undone: Undone
) -> None:
    """One thing goes back, in the fields that are still as this action left them."""
    if not mine:
        return
    match subject.kind:
        case "finding":
            _finding(written, context, mine, undone)
        case "check":
            _check(written, context, mine, undone)
        case "evidence":
            _evidence(written, mine, undone)
        case "person":
            _preference(written, mine, undone)
        case "hand_in":
            hand_ins.withdraw(written, int(subject.id))
            undone.lines.append((subject, line("took_back_submission")))
        case _:
            return
    undone.subjects.add(subject)


def _finding(written: Record, context: Context, mine: Sequence[Change], undone: Undone) -> None:
    subject, tx = mine[0].subject, written.tx
    finding = findings.get(tx, int(subject.id))
    mine = [
        change for change in mine if change.verb != "file" or change.field != "state"
    ]  # _demote sees to it
    state = next((change for change in mine if change.field == "state"), None)
    assert finding is not None
    if not mine:
        return
    if any(change.field == "opened_at" for change in mine):  # it came into being
        if finding.state in lifecycle.LIVE:
            back = lifecycle.withdrawal(finding.state)
            findings.change(written, finding, {}, back)
            undone.lines.append((subject, line("took_back_finding", finding=finding.no)))
        return
    move = None
    if state is not None:
        row = lifecycle.move(str(state.before), state.verb)
        stands = row is not None and row.to == state.after == finding.state
        if row is None or not stands or not row.reverse or not _restorable(tx, finding, state):
            return
        move = row.back()
    elif finding.state not in lifecycle.AMENDABLE:
        return
    fields = {
        c.field: c.before if c.before is not None else _empty(c.field) for c in mine if c.field != "state"
    }
    if not _may_return(tx, finding, fields, mine[0].action):
        undone.lines.append((subject, line("move_stays", finding=finding.no)))
        return
    if findings.change(written, finding, fields, move):
        if fields.keys() & {"place_id", "item_id"}:
            undone.lines.append((subject, _where(tx, context, finding.no)))
        named = tuple(f"@field_{name}" for name in fields if name in findings.SPOKEN_OF)
        if not named and move is None:
            return
        key = "took_back_field" if named else "took_back_state"
        params = {"fields": named} if named else {"state": f"@state_{move.to if move else finding.state}"}
        undone.lines.append((subject, line(key, finding=finding.no, **params)))


def _may_return(tx: Reader, finding: Finding, fields: Mapping[str, object], seq: int) -> bool:
    """A finding that was moved goes back unless something else has been answered where it came from."""
    spot = (str(fields.get("place_id", finding.place_id)), str(fields.get("item_id", finding.item_id)))
    if spot == (finding.place_id, finding.item_id):
        return True
    last, stands = history.writer(tx, checks.subject(*spot), "answer"), checks.get(tx, *spot)
    return (last is not None and last.action == seq) or (stands is not None and stands.answer == Answer.FOUND)


def _where(tx: Reader, context: Context, number: int) -> Line:
    """Where a finding stands again."""
    finding = findings.get(tx, number)
    assert finding is not None
    item = context.campaign.item.get(finding.item_id)
    place = places.get(tx, finding.place_id).name
    return line("took_back_move", finding=number, place=place, no=item.no if item else "?")


def _restorable(tx: Reader, finding: Finding, state: Change) -> bool:
    """A finding that was void comes back only while its item still says that there is a problem."""
    if state.after != lifecycle.VOID:
        return True
    check = checks.get(tx, finding.place_id, finding.item_id)
    return check is not None and check.answer == Answer.FOUND


def _empty(column: str) -> str | None:
    return None if column in ("due", "unit_id", "responsible_id", "closed_at", "verifier_id") else ""


def _check(written: Record, context: Context, mine: Sequence[Change], undone: Undone) -> None:
    subject, tx = mine[0].subject, written.tx
    before = {change.field: change.before for change in mine}
    stands = checks.get(tx, subject.id, subject.part)
    answer = before.get("answer", stands.answer if stands else None)
    live = findings.at(tx, subject.id, subject.part)
    if live and answer != Answer.FOUND:  # a problem is still there
        return
    basis = before.get("basis", stands.basis if stands else "")
    if not checks.put(written, subject.id, subject.part, Given(_text(answer), _text(basis) or "")):
        return
    item = context.campaign.item.get(subject.part)
    if item is not None:  # else no longer asked by this checklist
        if subject.id not in undone.names:
            undone.names[subject.id] = places.get(tx, subject.id).name
        undone.answers.append(WentBack(subject, item.no, stands.answer if stands else None, _text(answer)))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _evidence(written: Record, mine: Sequence[Change], undone: Undone) -> None:
    subject = mine[0].subject
    piece = evidence.get(written.tx, int(subject.id))
    if piece is None or piece.state == "withdrawn":
        return
    fields = {change.field: change for change in mine}
    if "kind" in fields:  # it came
        evidence.change(written, piece.id, {"state": "withdrawn"})
        undone.lines.append((subject, line("took_back_photo")))
    elif "finding_no" in fields:
        evidence.change(written, piece.id, {"finding_no": fields["finding_no"].before})
        undone.lines.append((subject, line("took_back_binding", finding=piece.finding_no or 0)))


def _preference(written: Record, mine: Sequence[Change], undone: Undone) -> None:
    person = people.by_id(written.tx, int(mine[0].subject.id))
    for change in mine:
        if change.field in ("language", "buttons"):
            people.set_preference(written, person, change.field, str(change.before))
            key = "language_set" if change.field == "language" else f"buttons_{change.before!s}"
            undone.lines.append((change.subject, line(key)))


def _demote(tx: Transaction, origin: Origin, undone: Undone, now: datetime) -> None:
    """After the fields: a filed finding that lost something it needs is a draft again; an answer that lost its last
    finding goes back to what it was before the first."""
    for subject in sorted(undone.subjects, key=lambda it: (it.kind, it.id)):
        if subject.kind != "finding":
            continue
        finding = findings.get(tx, int(subject.id))
        assert finding is not None
        if finding.state == lifecycle.RECTIFYING and lacking(origin.campaign, finding) is not None:
            filed = lifecycle.TABLE[lifecycle.DRAFT, "file"].back()
            with record(tx, origin.action("undo", undoes=_filing(tx, subject)), now) as w:
                findings.change(w, finding, {}, filed)
            undone.lines.append((subject, line("back_to_draft", finding=finding.no)))
        if finding.state == lifecycle.VOID:
            _release(tx, origin, undone, finding)


def _filing(tx: Reader, subject: Subject) -> int | None:
    last = history.writer(tx, subject, "state")
    return last.action if last else None


def _release(tx: Transaction, origin: Origin, undone: Undone, finding: Finding) -> None:
    """The answer of found that has lost its last finding goes back to what it was before."""
    subject = checks.subject(finding.place_id, finding.item_id)
    last = history.writer(tx, subject, "answer")
    if last is None or last.after != Answer.FOUND or findings.at(tx, finding.place_id, finding.item_id):
        return
    stands = checks.get(tx, finding.place_id, finding.item_id)
    if stands is None or stands.answer != Answer.FOUND:
        return
    action = origin.action("undo", undoes=last.action, behalf=last.on_behalf_of)
    with record(tx, action, undone.now) as written:
        _check(written, origin.context, [last], undone)
