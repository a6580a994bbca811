"""改 12 and 改 128 期限 8月20日: an earlier answer again, or one field of a finding; 作废 128: a finding that was none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import ChangeFinding, MoveFinding, PutOff, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import OF_DRAFT, AskAnswer, finding_in
from bot.domain.lifecycle import SETTLED, move
from bot.domain.permissions import Right, Target, may
from bot.handlers import bulk, flow
from bot.handlers.answer import answer
from bot.handlers.finding_form import LONGEST, day_in, described, due_fields
from bot.handlers.next_question import lacking
from bot.handlers.turn import Outcome, Then, Turn, settled
from storage import checks, findings, places
from storage.db import Reader
from storage.findings import Finding

FIELDS = {
    "描述": "description", "问题": "description", "description": "description", "problem": "description",
    "原因": "cause", "cause": "cause",
    "对象": "object", "户主": "object", "object": "object",
    "措施": "measure", "整改措施": "measure", "measure": "measure",
    "期限": "due", "时限": "due", "整改时限": "due", "due": "due", "deadline": "due",
    "单位": "unit", "责任单位": "unit", "unit": "unit",
    "责任人": "responsible", "人": "responsible", "person": "responsible", "responsible": "responsible",
    "机制": "mechanism", "长效机制": "mechanism", "mechanism": "mechanism",
}  # fmt: skip
# matches "期限 8月20日", "的措施改成换PE管", "measure: replace the pipe"
_FIELD = re.compile(
    "(?i)^(?:的)?("
    + "|".join(sorted(FIELDS, key=len, reverse=True))
    + r")\s*(?:改[为成]|为|是|[:：=])?\s*(.*)$",
    re.S,
)


def change(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """A number up to the last item is an item; above that it is a finding."""
    number = turn.number
    if number is None:
        return flow.refused(turn, line("change_what"))
    words = (
        re.sub(r"^\D*\d+\s*(?:号|项|题)?\s*[,，:：]?\s*", "", turn.argument, count=1) if turn.argument else ""
    )
    if number not in turn.campaign.by_no:
        return _finding(tx, turn, words, now)
    several = turn.hearing(turn.argument).heard.under(Expect.NOTHING)
    if len(several.bulk) > 1 or any(len(each.nos) > 1 for each in several.bulk):  # 改 4-8 无
        return bulk.bulk(tx, replace(turn, said=several), now)
    place = flow.current_place(turn)
    if place is None:
        return flow.which_place(turn)
    item = turn.campaign.by_no[number]
    if flow.item_of(turn, place, item.id) is None:
        return flow.refused(turn, line("not_asked_here", place=place.name, items=str(number)))
    question = AskAnswer(place.id, item.id)
    session = replace(turn.session, place=place.id)
    if turn.session.question != question:
        session = session.interrupted(question)
    if words:
        said = replace(turn, session=session).hearing(words)
        if said.said.choice is not None:
            return answer(tx, said, now)
    check = checks.get(tx, place.id, item.id)
    return Outcome(session, (line(f"stands_{check.answer}", no=number),) if check else ())


def visible(tx: Reader, turn: Turn, number: int) -> Finding | None:
    """A finding this person may see: at one of their places, or reported by them."""
    finding = findings.get(tx, number)
    return finding if finding and may(turn.scope, Right.LOOK, target_of(tx, finding)) is None else None


def target_of(tx: Reader, finding: Finding) -> Target:
    place = places.get(tx, finding.place_id)
    return Target(place.id, place.unit_id, finding.reporter_id)


def _amendable(tx: Reader, turn: Turn, number: int, verb: str) -> Finding | Outcome:
    """The finding, when this person may do this to it now; else what to say instead."""
    finding = visible(tx, turn, number)
    if finding is None or finding.state == "void":
        return flow.refused(turn, line("no_such_finding", finding=number))
    if finding.state in SETTLED or move(finding.state, verb) is None:
        return flow.refused(turn, line("finding_settled", finding=number))
    return finding


def _finding(tx: Reader, turn: Turn, words: str, now: datetime) -> Outcome:
    number = turn.number or 0
    finding = _amendable(tx, turn, number, "amend")
    if isinstance(finding, Outcome):
        return finding
    match = _FIELD.match(words)
    if match is None or not match[2].strip():
        missing = lacking(turn.campaign, finding)
        if missing is not None and not words:
            session = replace(turn.session.interrupted(missing), finding=number)
            return Outcome(
                session, (line("finding_unfinished", finding=number),), (PutOff(number, off=False),)
            )
        return flow.refused(turn, line("change_how", finding=number))
    name, value = FIELDS[match[1].lower()], match[2].strip()[:LONGEST]
    fields: dict[str, str | int | None] = {name: value}
    row = move(finding.state, "amend")
    if name == "due" and row is not None and name in row.locked:
        return flow.refused(turn, line("due_locked", finding=number))
    if name == "due":
        outcome = _due(turn, finding, day_in(turn, value, now), now)
        if isinstance(outcome, Outcome):
            return outcome
        fields = outcome
    if name == "description":
        fields |= described(value)
    if name in ("unit", "responsible"):
        fields |= {f"{name}_id": places.unit_named(tx, value) if name == "unit" else None}
    shown = date.fromisoformat(str(fields["due"])) if name == "due" else value
    said = line("field_changed", finding=number, field=line_name(name), value=shown)
    session = replace(turn.session, finding=number, retries=0)
    effects = (ChangeFinding(number, fields),)
    if isinstance(session.question, OF_DRAFT) and finding_in(session.question) == number:
        return settled(session, said, effects=effects)  # it may be what was asked for
    return Outcome(session, (said,), effects)


def line_name(column: str) -> str:
    """The key of a field's name in bot/texts, to be rendered in its place."""
    return f"@field_{column}"


def _due(
    turn: Turn, finding: Finding, day: date | None, now: datetime
) -> Outcome | dict[str, str | int | None]:
    campaign = turn.campaign
    if day is None:
        return flow.refused(turn, line("due_example", finding=finding.no))
    if day < campaign.today(now):
        return flow.refused(turn, line("due_past", day=day))
    chosen = campaign.horizon.get(finding.horizon)
    if chosen is not None and chosen.due is None:  # the end of a stage; long-term it stays
        return {"due": day.isoformat()}
    last = max(option.due for option in campaign.horizons if option.due is not None)
    return due_fields(turn, day) or flow.refused(turn, line("due_after_all", day=day, last=last))


def void(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """作废 128 原因: a finding that was none. The reason stays in the history."""
    number = turn.number or 0
    finding = _amendable(tx, turn, number, "void")
    if isinstance(finding, Outcome):
        return finding
    reason = re.sub(r"^\D*\d+\s*[,，:：]?\s*", "", turn.argument, count=1).strip()
    if not reason:
        return flow.refused(turn, line("void_why", finding=number))
    session = replace(turn.session, retries=0)
    effects = (MoveFinding(number, "void", reason=reason[:LONGEST]),)
    item = turn.campaign.item.get(finding.item_id)
    others = [f for f in findings.at(tx, finding.place_id, finding.item_id) if f.no != number]
    if finding_in(session.question) == number:
        session = replace(session, question=None)
    if item is not None and not others:  # nothing is left to stand for the answer: it is asked anew
        again = session.interrupted(AskAnswer(finding.place_id, item.id))
        return Outcome(again, (line("voided_ask", finding=number, no=item.no),), effects)
    then = Then.GO_ON if session.question is None else Then.STAY
    return Outcome(session, (line("voided", finding=number),), effects, then)
