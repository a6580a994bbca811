"""Taking back what a message brought about: for a deleted message, for 撤回, and before an edited one is read again.

Rule: only what still stands as that message left it is taken back; a later answer wins. What was already verified is
not touched. Nothing disappears: history keeps the change and its reversal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.context import Context
from bot.dialogue import session as sessions
from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Answer
from bot.dialogue.session import AskMerge, AskOffer, AskVisit
from bot.domain import progress
from bot.handlers.change import SETTLED
from storage import checks, evidence, findings, history, inbox, people
from storage.db import Reader, Transaction
from storage.history import Cause, Change
from storage.inbox import Seen

PROPOSALS = (AskMerge, AskOffer, AskVisit)  # questions that hold the words of the message they came from


def all_of(tx: Reader, original: Seen) -> tuple[str, ...]:
    """The message, and what its person replied to its proposals: with both its words became a record."""
    replies = [
        reply
        for question in original.opened_questions
        if isinstance(sessions.load_question(question), PROPOSALS)
        for reply in inbox.settling(tx, original, question)
    ]
    return (original.event_id, *replies)


def changes_of(tx: Reader, events: Sequence[str]) -> list[Change]:
    """What these messages brought about, latest first; reversals are not theirs."""
    changes = [change for event in events for change in history.of_event(tx, event)]
    mine = [change for change in changes if not change.action.startswith("restored")]
    return sorted(mine, key=lambda change: -change.seq)


def settled_by(tx: Reader, events: Sequence[str]) -> int | None:
    """The number of a finding that these messages had a part in and that is verified by now."""
    for change in changes_of(tx, events):
        kind, _, rest = change.subject.partition("/")
        if kind == "finding":
            finding = findings.get(tx, int(rest))
            if finding is not None and finding.state in SETTLED:
                return finding.no
    return None


def take_back(
    tx: Transaction, context: Context, events: Sequence[str], cause: Cause, now: datetime
) -> list[Line]:
    """Undo everything these messages did; say in a line each what changed. Marks them as withdrawn."""
    number = settled_by(tx, events)
    if number is not None:
        return [line("verified_stays", finding=number)]
    lines = together(said for _, said in undo(tx, context, (events, frozenset()), cause, now))
    for event in events:
        inbox.set_state(tx, event, "withdrawn")
    return lines or [line("nothing_changed")]


def together(lines: Iterable[Line]) -> list[Line]:
    """Many items that went the same way are one line."""
    result: list[Line] = []
    ways: dict[tuple[object, object], list[int]] = {}
    for said in lines:
        if said.key != "took_back_check":
            result.append(said)
        elif said.params["before"] != said.params["after"]:  # a basis alone is no answer
            way = (said.params["before"], said.params["after"])
            ways.setdefault(way, []).append(int(str(said.params["no"])))
    answers = [
        line("took_back_check", no=progress.ranges(nos), before=str(before), after=str(after))
        for (before, after), nos in ways.items()
    ]
    return [*answers, *result]


def undo(
    tx: Transaction,
    context: Context,
    what: tuple[Sequence[str], frozenset[str]],
    cause: Cause,
    now: datetime,
) -> list[tuple[str, Line]]:
    """(subject, line) of everything restored. `what` is (event ids, subjects to leave as they are)."""
    events, spare = what
    back = Cause(cause.person_id, cause.event_id, undoing=True)
    said: dict[str, Line] = {}
    touched: set[int] = set()
    changes = [change for change in changes_of(tx, events) if change.subject not in spare]
    for change in changes:
        kind, _, rest = change.subject.partition("/")
        if kind == "finding":
            touched.add(int(rest))
            said |= _finding(tx, change, int(rest), back, now)
        elif kind == "evidence":
            said |= _evidence(tx, change, int(rest), back, now)
        elif kind == "person":
            said |= _preference(tx, change, back, now)
        elif kind == "place":
            said[change.subject] = line("submission_stays")
    for number in touched:
        _demote(tx, context, number, back, now)
    for change in changes:  # after the findings: an answer of found stays while one of them lives
        if change.subject.startswith("check/"):
            said |= _check(tx, context, change, back, now)
    opened = {change.subject for change in changes if change.action == "opened"}
    for number in (number for number in touched if findings.subject(number) in opened):
        said |= _release(tx, context, number, back, now)
    return list(said.items())


def stands(tx: Reader, change: Change) -> bool:
    """Whether a place's answer to an item is still the one this change gave; its basis may have come later."""
    rows = _in_force(tx, change.subject)
    later = {row.after["answer"] for row in rows if row.seq > change.seq}
    return any(row.seq == change.seq for row in rows) and later <= {change.after["answer"]}


def overruled(tx: Reader, subject: str, events: Sequence[str]) -> bool:
    """Whether another message has given this item a different answer after these."""
    rows = _in_force(tx, subject)
    own = [row for row in rows if row.event_id in events]
    return bool(own) and rows[-1].after["answer"] != own[-1].after["answer"]


def _in_force(tx: Reader, subject: str) -> list[Change]:
    """The changes of a check that were not taken back, oldest first."""
    rows: list[Change] = []
    for row in history.of_subject(tx, subject):
        if not row.action.startswith("restored"):
            rows.append(row)
            continue
        while rows and rows.pop().before != row.after:
            continue
    return rows


def _check(tx: Transaction, context: Context, change: Change, back: Cause, now: datetime) -> dict[str, Line]:
    _, place_id, item_id = change.subject.split("/", 2)
    if not stands(tx, change):
        return {}
    if change.before.get("answer") != Answer.FOUND and findings.at(tx, place_id, item_id):
        return {}
    checks.put(tx, (place_id, item_id), {**change.before, "version": context.campaign.version}, back, now)
    item = context.campaign.item.get(item_id)
    if item is None:  # no longer asked by this checklist
        return {}
    before, after = (f"@word_{fields['answer'] or 'none'!s}" for fields in (change.after, change.before))
    return {change.subject: line("took_back_check", no=item.no, before=before, after=after)}


def _release(tx: Transaction, context: Context, number: int, back: Cause, now: datetime) -> dict[str, Line]:
    """An answer of found that has lost its last finding goes back to what it was before the first."""
    finding = findings.get(tx, number)
    if finding is None or finding.state != "void" or findings.at(tx, finding.place_id, finding.item_id):
        return {}
    found = None
    for row in reversed(_in_force(tx, checks.subject(finding.place_id, finding.item_id))):
        if row.after["answer"] != Answer.FOUND:
            break
        found = row
    return _check(tx, context, found, back, now) if found is not None else {}


def _finding(tx: Transaction, change: Change, no: int, back: Cause, now: datetime) -> dict[str, Line]:
    finding = findings.get(tx, no)
    if finding is None or (finding.state == "void" and change.after.get("state") != "void"):
        return {}
    if finding.state == "void":  # what was said of the item since then wins
        check = checks.get(tx, finding.place_id, finding.item_id)
        if check is None or check.answer != Answer.FOUND:
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


def _demote(tx: Transaction, context: Context, no: int, back: Cause, now: datetime) -> None:
    """A finding that lost something it needs is a draft again."""
    finding = findings.get(tx, no)
    if finding is None or finding.state != "rectifying":
        return
    horizon = context.campaign.horizon.get(finding.horizon)
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


def _preference(tx: Transaction, change: Change, back: Cause, now: datetime) -> dict[str, Line]:
    person = people.by_id(tx, int(change.subject.partition("/")[2]))
    said: dict[str, Line] = {}
    for name, value in change.before.items():
        if getattr(person, name) == change.after[name]:
            people.set_preference(tx, person, name, str(value))
            fields: tuple[history.Fields, history.Fields] = ({name: change.after[name]}, {name: value})
            history.add(tx, back, (change.subject, "preferred"), fields, now)
            said[change.subject] = line("language_set" if name == "language" else f"buttons_{value!s}")
    return said
