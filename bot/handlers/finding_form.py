"""A finding takes shape: what it is, what will be done, by when; the rest is filled in beforehand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import ChangeFinding, Effect, MoveFinding, OpenFinding, PutOff, SetCheck, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import (
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskMerge,
    AskStage,
    finding_in,
)
from bot.domain.answers import Answer
from bot.domain.campaign import Horizon
from bot.domain.deadlines import parse_date
from bot.domain.similarity import cause_of, object_of, same_problem
from bot.handlers import flow
from bot.handlers.turn import Cell, Outcome, Turn, settled
from storage import evidence, findings, places
from storage.db import Reader
from storage.findings import Finding

LONGEST = 2000  # characters of one field: a page of a ledger cell
SOME_DAY = date(2000, 1, 1)  # whether words are a date does not hang on the day
SLIP = 100  # days: 7月1日 said in August is a slip, 1月10日 said in December is next year's


_PARTICLES = re.compile(r"^(?:选|就|那就|那|先|按|是){1,2}|(?:吧|呗|的|了|啊|呀|哈|吗|。|!|！){1,3}$")


def asked_about(tx: Reader, turn: Turn) -> Finding:
    """The finding that the open question is about: the session was read without questions that lost theirs."""
    finding = findings.get(tx, finding_in(turn.session.question))
    assert finding is not None, "a question about no finding"
    return finding


def describe(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what is the problem?"""
    assert isinstance(turn.session.question, AskDescription)
    finding, words = asked_about(tx, turn), _problem(turn)
    if not words:
        return flow.not_understood(turn, line("describe_example"))
    if finding.description:
        changed = line("finding_changed", finding=finding.no)
        return settled(turn.session, changed, effects=(ChangeFinding(finding.no, described(words)),))
    other = same_as(tx, finding.place_id, finding.item_id, words)
    if other is not None:
        merge = AskMerge(finding.place_id, finding.item_id, other.no, words, finding.no)
        return Outcome(replace(turn.session, question=merge, retries=0))
    return worded(tx, turn, finding, words)


def worded(tx: Reader, turn: Turn, draft: Finding, words: str) -> Outcome:
    """A draft gets its words."""
    item = turn.campaign.item[draft.item_id]
    said = line("finding_opened", finding=draft.no, no=item.no, place=places.get(tx, draft.place_id).name)
    session = replace(turn.session.passed(item.id), finding=draft.no)
    return settled(
        session, said, effects=(PutOff(draft.no, off=False), ChangeFinding(draft.no, described(words)))
    )


def described(words: str) -> dict[str, str | int | None]:
    """The columns that a description fills."""
    return {"description": words, "object": object_of(words), "cause": cause_of(words)}


def _problem(turn: Turn) -> str:
    """What the words tell beyond a mere answer: 有，水管漏 -> 水管漏. Empty when they tell nothing."""
    said = turn.heard.under(Expect.CHOICE)
    words = said.detail if said.choice is Answer.FOUND else "" if said.choice else turn.said.words
    if parse_date(words.strip(), SOME_DAY) is not None:
        return ""
    return words.strip()[:LONGEST] if sum(character.isalpha() for character in words) > 1 else ""


def _plan(turn: Turn) -> str:
    """What the words promise. Empty when they are a mere answer or no sentence at all."""
    said, words = turn.heard.under(Expect.CHOICE), turn.said.words.strip()
    empty = (said.choice is not None and not said.detail) or turn.said.yes is not None
    return "" if empty or sum(character.isalpha() for character in words) < 3 else words[:LONGEST]


def same_as(tx: Reader, place_id: str, item_id: str, words: str) -> Finding | None:
    """A finding on record there that these words tell of again."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if f.description and same_problem(f.description, words)), None)


def empty_draft(tx: Reader, place_id: str, item_id: str) -> Finding | None:
    """A draft there that has neither words nor evidence yet."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if is_empty(tx, f)), None)


def wordless_draft(tx: Reader, place_id: str, item_id: str) -> Finding | None:
    """A draft there that nobody has put into words, with or without evidence."""
    live = findings.at(tx, place_id, item_id)
    return next((f for f in live if f.state == "draft" and not f.description), None)


def is_empty(tx: Reader, finding: Finding) -> bool:
    return finding.state == "draft" and not finding.description and not evidence.on_finding(tx, finding.no)


def told_of(tx: Reader, turn: Turn, cell: Cell, words: str) -> Outcome:
    """A problem in words: a new finding, the words of a draft that lacks them, or the question whether it is an old one."""
    place, item = cell.place, cell.item
    words = words.strip()[:LONGEST]
    draft, other = empty_draft(tx, place.id, item.id), same_as(tx, place.id, item.id, words)
    if other is not None:
        merge = AskMerge(place.id, item.id, other.no, words, draft.no if draft else 0)
        return Outcome(replace(turn.session, question=merge, retries=0))
    return new_or_worded(tx, turn, cell, words)


def new_or_worded(tx: Reader, turn: Turn, cell: Cell, words: str) -> Outcome:
    """Record a problem for sure."""
    place, item = cell.place, cell.item
    draft = empty_draft(tx, place.id, item.id)
    if draft is not None:
        return worded(tx, turn, draft, words)
    session = turn.session.passed(item.id)
    return settled(session, effects=new_finding(tx, turn, cell, words))


def new_finding(tx: Reader, turn: Turn, cell: Cell, words: str = "") -> tuple[Effect, ...]:
    """The effects that open one finding; without words a draft that is asked about."""
    place, item = cell.place, cell.item
    fields = {**(described(words) if words else {}), **flow.prefilled(tx, turn, place, item)}
    return (SetCheck(place.id, item.id, Answer.FOUND), OpenFinding(place.id, item.id, fields))


def dropped_drafts(tx: Reader, place_id: str, item_id: str) -> tuple[list[Effect], list[Finding]]:
    """What another answer to an item does to its findings: empty drafts go, the others stand in the way."""
    live = findings.at(tx, place_id, item_id)
    empty = [finding for finding in live if is_empty(tx, finding)]
    return [MoveFinding(finding.no, "drop") for finding in empty], [f for f in live if f not in empty]


def measure(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what will be done about it?"""
    assert isinstance(turn.session.question, AskMeasure)
    words, finding = _plan(turn), asked_about(tx, turn)
    if not words:
        return flow.not_understood(turn, line("measure_example"))
    if bare(words) == bare(finding.description):
        return flow.refused(turn, line("measure_is_problem"))
    return fill(turn, finding.no, {"measure": words})


def bare(words: str) -> str:
    """Letters and digits alone, to compare what two texts say."""
    return "".join(character for character in words if character.isalnum())


def horizon(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: by when? A number of the list, a name, or a date."""
    question = turn.session.question
    assert isinstance(question, AskHorizon)
    campaign, words = turn.campaign, turn.said.words.strip()
    number = turn.said.number
    if number is not None and 1 <= number <= len(campaign.horizons) and not words.endswith(("号", "日")):
        chosen = campaign.horizons[number - 1]
        due = chosen.due.isoformat() if chosen.due else None
        return fill(turn, question.finding, {"horizon": chosen.id, "due": due})
    for option in campaign.horizons:
        if _names(option, words):
            due = option.due.isoformat() if option.due else None
            return fill(turn, question.finding, {"horizon": option.id, "due": due})
    day = day_in(turn, words, now)
    if day is None:
        return flow.not_understood(turn, line("horizon_example"))
    if day < campaign.today(now):
        return flow.refused(turn, line("due_past", day=day))
    fields = due_fields(turn, day)
    if fields is None:
        return flow.refused(turn, line("due_too_late", day=day))
    return fill(turn, question.finding, fields)


def _names(option: Horizon, words: str) -> bool:
    """Whether words are a horizon's name, the beginning of it, or its id: never two letters of it in a sentence."""
    plain = _PARTICLES.sub("", words)
    return (len(plain) > 1 and option.name.startswith(plain)) or _folded(words) == option.id


def _folded(words: str) -> str:
    return words.lower().replace("-", "").replace(" ", "")


def day_in(turn: Turn, words: str, now: datetime) -> date | None:
    """The day people mean. One that has just passed is a slip to be told of, not a day of next year."""
    today = turn.campaign.today(now)
    nearest = parse_date(words, today)
    if nearest is None or nearest >= today or (today - nearest).days <= SLIP:
        return nearest
    return parse_date(words, today, today)


def due_fields(turn: Turn, day: date) -> dict[str, str | int | None] | None:
    """The first horizon that a date still fits into; None past all of them."""
    for option in turn.campaign.horizons:
        if option.due is not None and day <= option.due:
            return {"horizon": option.id, "due": day.isoformat()}
    return None


def mechanism(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what keeps it solved? (long-term findings)"""
    question = turn.session.question
    assert isinstance(question, AskMechanism)
    words = _plan(turn)
    if not words:
        return flow.not_understood(turn, line("mechanism_example"))
    return fill(turn, question.finding, {"mechanism": words})


def stage(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: when does the first stage end? (long-term findings)"""
    question = turn.session.question
    assert isinstance(question, AskStage)
    today = turn.campaign.today(now)
    day = day_in(turn, turn.said.words, now)
    if day is None:
        return flow.not_understood(turn, line("stage_example"))
    if day < today:
        return flow.refused(turn, line("due_past", day=day))
    return fill(turn, question.finding, {"due": day.isoformat()})


def fill(turn: Turn, no: int, fields: dict[str, str | int | None]) -> Outcome:
    """Set fields of a finding; it is filed when nothing is missing any more, else the next thing is asked."""
    session = replace(turn.session, finding=no)
    return settled(session, effects=(PutOff(no, off=False), ChangeFinding(no, fields)))
