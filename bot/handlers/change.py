"""改 12 and 改 128 期限 8月20日: an earlier answer again, or one field of a finding; 作废 128: a finding that was none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import ChangeFinding, MoveFinding, PutOff, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import OF_DRAFT, AskAnswer, finding_in
from bot.domain.lifecycle import DRAFT, FORM_OPEN, SETTLED, move
from bot.domain.permissions import Right, Target, may
from bot.handlers import bulk, flow
from bot.handlers.answer import answer
from bot.handlers.finding_form import LONGEST, described
from bot.handlers.next_question import lacking
from bot.handlers.plan import Fields, changes, day_in, due_fields, person_id, planned, promised
from bot.handlers.turn import Outcome, Then, Turn, settled
from bot.handlers.whose_now import not_any_more
from storage import checks, findings, places
from storage.db import Reader
from storage.findings import Finding

_TO = re.compile(r"^(?:to|as|成|为|改成|改为|是)\s*")
_VALUE = re.compile(r"^(?:的)?\s*(?:改[为成到]|换[为成]|为|是|叫|[:：=])?\s*(.*)$", re.S)


def change(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """A number up to the last item is an item, unless a field of its finding is named; above that it is a finding."""
    number = turn.number
    if number is None:
        spoken_of = finding_in(turn.session.question) or turn.session.finding
        if _field(turn, turn.argument) is None or not spoken_of:
            return flow.refused(turn, line("change_what"))
        return amended(tx, turn, spoken_of, turn.argument, now)
    words = (
        re.sub(r"^\D*\d+\s*(?:号|项|题)?\s*[,，:：]?\s*", "", turn.argument, count=1) if turn.argument else ""
    )
    if number not in turn.campaign.by_no:
        return amended(tx, turn, number, words, now)
    only = _only_finding(tx, turn, number) if _field(turn, words) else None
    if only is not None:  # 22的期限改成8月25日
        return amended(tx, turn, only.no, words, now)
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
        said = replace(turn, session=session).hearing(_TO.sub("", words))
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


def amendable(tx: Reader, turn: Turn, number: int, verb: str) -> Finding | Outcome:
    """The finding, when this person may do this to it now; else what to say instead."""
    finding = visible(tx, turn, number)
    if finding is None or finding.state == "void":
        return flow.refused(turn, line("no_such_finding", finding=number))
    if may(turn.scope, Right.AMEND, target_of(tx, finding)) is not None:
        today = turn.campaign.today(turn.at).isoformat()
        return flow.refused(turn, not_any_more(tx, finding.place_id, turn.person.id, today))
    if finding.state in SETTLED or move(finding.state, verb) is None:
        return flow.refused(turn, line("finding_settled", finding=number))
    return finding


def _only_finding(tx: Reader, turn: Turn, item_no: int) -> Finding | None:
    """The finding that an item's number means: the only live one there."""
    place = flow.current_place(turn)
    live = findings.at(tx, place.id, turn.campaign.by_no[item_no].id) if place is not None else []
    return live[0] if len(live) == 1 else None


def _field(turn: Turn, words: str) -> tuple[str, str] | None:
    """期限 8月20日 -> due, 8月20日. None when no field of a finding is named first."""
    known = turn.context.vocabulary.amend
    said = words.strip().removeprefix("的").lstrip()
    named = known.said.match(said.lower())
    value = _VALUE.match(said[named.end() :]) if named else None
    return (known.column[named[0]], value[1].strip()) if named and value and value[1].strip() else None


def amended(tx: Reader, turn: Turn, number: int, words: str, now: datetime) -> Outcome:
    """Change what words name of a finding: a field first, or what shows by itself."""
    finding = amendable(tx, turn, number, "amend")
    if isinstance(finding, Outcome):
        return finding
    named = _field(turn, words)
    if named is None:
        return _unnamed(tx, turn, finding, words, now)
    name, value = named[0], named[1][:LONGEST]
    if name == "due":
        return _due(turn, finding, value, now)
    fields: Fields = {name: value}
    if name == "description":
        fields |= described(value)
    if name == "unit":
        fields["unit_id"] = places.unit_named(tx, value)
    if name == "responsible":
        fields["responsible_id"] = person_id(tx, turn, value, now)
    if name == "measure":
        fields |= promised(tx, turn, value, now)
    return _changed(turn, finding, fields)


def _unnamed(tx: Reader, turn: Turn, finding: Finding, words: str, now: datetime) -> Outcome:
    """101改成下周五 · 101 长期坚持 · 101 由李四负责: what is changed shows in the words themselves."""
    words = _VALUE.sub(r"\1", words)
    if finding.state in FORM_OPEN and words:
        outcome = planned(tx, turn, words, now)
        if outcome is not None:
            return outcome if isinstance(outcome, Outcome) else _changed(turn, finding, outcome)
    missing = lacking(turn.campaign, finding)
    if missing is not None and not words:
        session = replace(turn.session.interrupted(missing), finding=finding.no)
        unfinished = line("finding_unfinished", finding=finding.no)
        return Outcome(session, (unfinished,), (PutOff(finding.no, off=False),))
    return flow.refused(turn, line("change_how", finding=finding.no))


def _changed(turn: Turn, finding: Finding, fields: Fields) -> Outcome:
    session = replace(turn.session, finding=finding.no, retries=0)
    effects, said = (ChangeFinding(finding.no, fields),), changes(turn.campaign, finding.no, fields)
    missing = lacking(turn.campaign, replace(finding, **fields))  # type: ignore[arg-type]  # columns of a finding
    if missing is not None and finding.state != DRAFT:  # 长期坚持 of a filed one: what keeps it solved?
        return Outcome(replace(session.interrupted(missing), finding=finding.no), said, effects)
    if isinstance(session.question, OF_DRAFT) and finding_in(session.question) == finding.no:
        return settled(session, *said, effects=effects)  # it may be what was asked for
    return Outcome(session, said, effects)


def _due(turn: Turn, finding: Finding, words: str, now: datetime) -> Outcome:
    row = move(finding.state, "amend")
    if row is not None and "due" in row.locked:
        return flow.refused(turn, line("due_locked", finding=finding.no))
    campaign, day = turn.campaign, day_in(turn, words, now)
    if day is None:
        return flow.refused(turn, line("due_example", finding=finding.no))
    if day < campaign.today(now):
        return flow.refused(turn, line("due_past", day=day))
    chosen = campaign.horizon.get(finding.horizon)
    if chosen is not None and chosen.due is None:  # the end of a stage; long-term it stays
        return _changed(turn, finding, {"due": day.isoformat()})
    fields = due_fields(turn, day)
    if fields is None:
        last = max(option.due for option in campaign.horizons if option.due is not None)
        return flow.refused(turn, line("due_after_all", day=day, last=last))
    return _changed(turn, finding, fields)


def void(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """作废 128 原因: a finding that was none. The reason stays in the history."""
    number = turn.number or 0
    finding = amendable(tx, turn, number, "void")
    if isinstance(finding, Outcome):
        return finding
    reason = re.sub(r"^\D*\d+(?:号|的)?\s*[,，:：]?\s*", "", turn.argument, count=1).strip(" ,，。.:：")
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
