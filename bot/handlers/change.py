"""改 12 and 改 128 期限 8月20日: an earlier answer again, or one field of a finding."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import ChangeFinding, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import AskAnswer, AskHorizon, AskMeasure, AskMechanism, AskStage
from bot.domain.similarity import cause_of, object_of
from bot.handlers import bulk, flow
from bot.handlers.answer import answer
from bot.handlers.finding_form import LONGEST, day_in, due_fields, settle
from bot.handlers.turn import Outcome, Turn
from storage import checks, findings, people
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
OF_DRAFT = (AskMeasure, AskHorizon, AskMechanism, AskStage)
SETTLED = ("submitted", "closed")
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
    if number not in turn.context.campaign.by_no:
        return _finding(tx, turn, words, now)
    several = parse(turn.argument, Expect.NOTHING, turn.context.vocabulary)
    if len(several.marks) > 1 or any(len(mark.nos) > 1 for mark in several.marks):  # 改 4-8 无
        return bulk.marks(tx, replace(turn, said=several), now)
    place = flow.current_place(tx, turn)
    if place is None:
        return flow.which_place(tx, turn)
    item = turn.context.campaign.by_no[number]
    if flow.item_of(turn, place, item.id) is None:
        return flow.refused(turn, line("not_asked_here", place=place.name, items=str(number)))
    question = AskAnswer(place.id, item.id)
    session = replace(turn.session, place=place.id)
    if turn.session.question != question:
        session = session.holding(question)
    if words:
        said = parse(words, Expect.CHOICE, turn.context.vocabulary)
        if said.choice is not None:
            return answer(tx, replace(turn, session=session, said=said), now)
    check = checks.get(tx, place.id, item.id)
    return Outcome(session, (line(f"stands_{check.answer}", no=number),) if check else ())


def mine(tx: Reader, turn: Turn, number: int) -> Finding | None:
    """A finding this person may see: at one of their places, or reported by them."""
    finding = findings.get(tx, number)
    if finding is None:
        return None
    seen = {place.id for place in people.places_seen_by(tx, turn.person)}
    return finding if finding.place_id in seen or finding.reporter_id == turn.person.id else None


def _finding(tx: Reader, turn: Turn, words: str, now: datetime) -> Outcome:
    number = turn.number or 0
    finding = mine(tx, turn, number)
    if finding is None or finding.state == "void":
        return flow.refused(turn, line("no_such_finding", finding=number))
    if finding.state in SETTLED:
        return flow.refused(turn, line("finding_settled", finding=number))
    match = _FIELD.match(words)
    if match is None or not match[2].strip():
        missing = flow.ask_rest(tx, turn, number, {})
        if missing is not None and not words:
            return Outcome(turn.session.holding(missing), (line("finding_unfinished", finding=number),))
        return flow.refused(turn, line("change_how", finding=number))
    name, value = FIELDS[match[1].lower()], match[2].strip()[:LONGEST]
    fields: dict[str, str | None] = {name: value}
    if name == "due":
        outcome = _due(turn, finding, day_in(turn, value, now), now)
        if isinstance(outcome, Outcome):
            return outcome
        fields = outcome
    if name == "description":
        fields |= {"object": object_of(value), "cause": cause_of(value)}
    shown = date.fromisoformat(str(fields["due"])) if name == "due" else value
    said = line("field_changed", finding=number, field=line_name(name), value=shown)
    if isinstance(turn.session.question, OF_DRAFT) and _speaks_of(turn.session, number):
        settled = settle(tx, turn, number, fields)  # it may be what was asked for
        return replace(settled, lines=(said, *settled.lines))
    session = replace(turn.session, finding=number, retries=0)
    return Outcome(session, (said,), (ChangeFinding(number, fields),))


def line_name(column: str) -> str:
    """The key of a field's name in bot/texts, to be rendered in its place."""
    return f"@field_{column}"


def _due(turn: Turn, finding: Finding, day: date | None, now: datetime) -> Outcome | dict[str, str | None]:
    campaign = turn.context.campaign
    if day is None:
        return flow.refused(turn, line("due_example", finding=finding.no))
    if day < now.astimezone(campaign.timezone).date():
        return flow.refused(turn, line("due_past", day=day))
    chosen = campaign.horizon.get(finding.horizon)
    if chosen is not None and chosen.due is None:  # the end of a stage; long-term it stays
        return {"due": day.isoformat()}
    last = max(option.due for option in campaign.horizons if option.due is not None)
    return due_fields(turn, day) or flow.refused(turn, line("due_after_all", day=day, last=last))


def void(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """作废 128 原因: a finding that was none. The reason stays in the history."""
    number = turn.number or 0
    finding = mine(tx, turn, number)
    if finding is None or finding.state == "void":
        return flow.refused(turn, line("no_such_finding", finding=number))
    if finding.state in SETTLED:
        return flow.refused(turn, line("finding_settled", finding=number))
    reason = re.sub(r"^\D*\d+\s*[,，:：]?\s*", "", turn.argument, count=1).strip()
    if not reason:
        return flow.refused(turn, line("void_why", finding=number))
    session = replace(turn.session, retries=0)
    effects = (ChangeFinding(number, {"state": "void", "result": reason[:LONGEST]}),)
    item = turn.context.campaign.item.get(finding.item_id)
    others = [f for f in findings.at(tx, finding.place_id, finding.item_id) if f.no != number]
    if _speaks_of(session, number):
        session = replace(session, question=None)
    if item is not None and not others:  # nothing is left to stand for the answer: it is asked anew
        again = session.holding(AskAnswer(finding.place_id, item.id))
        return Outcome(again, (line("voided_ask", finding=number, no=item.no),), effects)
    if session.question is None:
        session = flow.go_on(tx, turn, session)
    return Outcome(session, (line("voided", finding=number),), effects)


def _speaks_of(session: object, number: int) -> bool:
    return getattr(getattr(session, "question", None), "finding", None) == number
