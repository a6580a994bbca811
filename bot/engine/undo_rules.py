"""What stands against taking back, or writing anew, what a message brought about. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue.effects import Line, line
from bot.domain import lifecycle
from bot.engine import former
from bot.engine.origin import Origin
from storage import evidence, findings, history
from storage.db import Reader
from storage.findings import Finding
from storage.history import Change

WRITTEN = frozenset(["description", "measure", "horizon", "due", "mechanism"])  # what messages put into words


def refusal(tx: Reader, origin: Origin, changes: Sequence[Change]) -> Line | None:
    """`changes`: what some messages changed. Why these messages cannot be taken back as a whole: what they made is settled, or somebody else acted on it."""
    lost = former.of_changes(tx, origin, changes)
    if lost is not None:
        return lost
    for change in changes:
        finding = _finding_of(tx, change)
        if finding is None or not is_last(tx, change) or _own_last_move(tx, origin, change):
            continue
        if finding.state in lifecycle.SETTLED:
            return line("verified_stays", finding=finding.no)
        if _shut(tx, origin, change, finding):
            return line("others_acted", finding=finding.no)
    return None


def _finding_of(tx: Reader, change: Change) -> Finding | None:
    """The finding that a change is about, or that the evidence it is about belongs to."""
    match change.subject.kind:
        case "finding":
            return findings.get(tx, int(change.subject.id))
        case "evidence":
            piece = evidence.get(tx, int(change.subject.id))
            return findings.get(tx, piece.finding_no) if piece and piece.finding_no else None
        case _:
            return None


def _own_last_move(tx: Reader, origin: Origin, change: Change) -> bool:
    """Whether the action made a move that the table lets its own author take back, and nobody has acted since."""
    if change.subject.kind != "finding" or change.verb not in lifecycle.VERBS or change.verb == "file":
        return False
    state = history.writer(tx, change.subject, "state")
    if state is None or state.action != change.action:
        return False
    row = lifecycle.move(str(state.before), state.verb)
    others = history.others_since(tx, change.subject, change.action, origin.person.id)
    return row is not None and bool(row.reverse) and not others


def _shut(tx: Reader, origin: Origin, change: Change, finding: Finding) -> bool:
    """Whether somebody else has built on what is to go back: acted on a state, or on a finding filed with a field."""
    if change.subject.kind != "finding" or (change.field == "state" and change.verb == "file"):
        return False
    form = {"place_id", "item_id", *(str(need) for need in lifecycle.FORM)}
    if change.field != "state" and (change.field not in form or finding.state == lifecycle.DRAFT):
        return False
    return history.others_since(tx, change.subject, change.action, origin.person.id)


def overtaken(tx: Reader, origin: Origin, changes: Sequence[Change]) -> Line | None:
    """Why an edit of these messages must not write their fields anew: another word has set them since."""
    events = {change.ref for change in changes}
    for change in changes:
        if change.subject.kind != "finding" or change.field not in WRITTEN:
            continue
        last = history.writer(tx, change.subject, change.field)
        if last is not None and last.ref not in events:
            no = int(change.subject.id)
            if last.person_id != origin.person.id:
                return line("others_acted", finding=no)
            return line("later_field_stays", finding=no, field=f"@field_{change.field}")
    return None


def is_last(tx: Reader, change: Change) -> bool:
    """Whether a field still owes its value to this change."""
    last = history.writer(tx, change.subject, change.field)
    return last is not None and last.action == change.action and not change.erased
