"""Taking back what a message brought about: for a deleted message, for 撤回, and before an edited one is read again.

Rule: only what still stands as that message left it is taken back; a later answer wins. What was already verified is
not touched. Nothing disappears: history keeps the change and its reversal.
"""

from __future__ import annotations

from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.handlers.change import SETTLED
from bot.handlers.turn import World
from storage import checks, evidence, findings, history, inbox, people
from storage.db import Reader, Transaction
from storage.history import Cause, Change


def settled_by(tx: Reader, event_id: str) -> int | None:
    """The number of a finding that this message had a part in and that is verified by now."""
    for change in history.of_event(tx, event_id):
        kind, _, rest = change.subject.partition("/")
        if (
            kind == "finding"
            and (finding := findings.get(tx, int(rest))) is not None
            and finding.state in SETTLED
        ):
            return finding.no
    return None


def take_back(tx: Transaction, world: World, event_id: str, cause: Cause, now: datetime) -> list[Line]:
    """Undo everything a message did; say in a line each what changed. Marks the message as withdrawn."""
    number = settled_by(tx, event_id)
    if number is not None:
        return [line("verified_stays", finding=number)]
    lines = [said for _, said in undo(tx, world, (event_id, frozenset()), cause, now)]
    inbox.set_state(tx, event_id, "withdrawn")
    return lines or [line("nothing_changed")]


def undo(
    tx: Transaction, world: World, what: tuple[str, frozenset[str]], cause: Cause, now: datetime
) -> list[tuple[str, Line]]:
    """(subject, line) of everything restored. `what` is (event id, subjects to leave as they are)."""
    event_id, spare = what
    back = Cause(cause.person_id, cause.event_id, undoing=True)
    said: dict[str, Line] = {}
    touched: set[int] = set()
    for change in history.of_event(tx, event_id):
        kind, _, rest = change.subject.partition("/")
        if change.subject in spare or change.action.startswith("restored"):
            continue
        if kind == "check":
            said |= _check(tx, world, change, back, now)
        elif kind == "finding":
            touched.add(int(rest))
            said |= _finding(tx, change, int(rest), back, now)
        elif kind == "evidence":
            said |= _evidence(tx, change, int(rest), back, now)
        elif kind == "person" and change.person_id is not None:
            for name, value in change.before.items():
                people.set_preference(tx, people.by_id(tx, change.person_id), name, str(value))
        elif kind == "place":
            said[change.subject] = line("submission_stays")
    for number in touched:
        _demote(tx, world, number, back, now)
    return list(said.items())


def _check(tx: Transaction, world: World, change: Change, back: Cause, now: datetime) -> dict[str, Line]:
    _, place_id, item_id = change.subject.split("/", 2)
    now_is = checks.get(tx, place_id, item_id)
    state = {"answer": now_is.answer if now_is else None, "basis": now_is.basis if now_is else ""}
    if state != change.after:
        return {}
    checks.put(tx, (place_id, item_id), {**change.before, "version": world.campaign.version}, back, now)
    item = world.campaign.item.get(item_id)
    before, after = (f"@word_{fields['answer'] or 'none'!s}" for fields in (change.after, change.before))
    return {change.subject: line("took_back_check", no=item.no if item else "?", before=before, after=after)}


def _finding(tx: Transaction, change: Change, no: int, back: Cause, now: datetime) -> dict[str, Line]:
    finding = findings.get(tx, no)
    if finding is None or (finding.state == "void" and change.after.get("state") != "void"):
        return {}
    if change.action == "opened":
        findings.change(tx, no, {"state": "void"}, back, now)
        return {change.subject: line("took_back_finding", finding=no)}
    standing = {
        name: change.before[name] for name, value in change.after.items() if getattr(finding, name) == value
    }
    if not standing:
        return {}
    findings.change(tx, no, standing, back, now)
    return {change.subject: line("took_back_field", finding=no)}


def _demote(tx: Transaction, world: World, no: int, back: Cause, now: datetime) -> None:
    """A finding that lost something it needs is a draft again."""
    finding = findings.get(tx, no)
    if finding is None or finding.state != "rectifying":
        return
    horizon = world.campaign.horizon.get(finding.horizon)
    complete = finding.measure and horizon and finding.due and (horizon.due is not None or finding.mechanism)
    if not complete:
        findings.change(tx, no, {"state": "draft"}, back, now)


def _evidence(tx: Transaction, change: Change, number: int, back: Cause, now: datetime) -> dict[str, Line]:
    piece = evidence.get(tx, number)
    if piece is None or piece.state == "withdrawn":
        return {}
    if change.action == "came":
        evidence.change(tx, number, {"state": "withdrawn"}, back, now)
        return {change.subject: line("took_back_photo")}
    if piece.finding_no == change.after.get("finding_no"):
        evidence.change(tx, number, {"finding_no": change.before.get("finding_no")}, back, now)
    return {}
