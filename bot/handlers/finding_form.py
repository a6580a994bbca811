"""A finding takes shape: what it is, what will be done, by when; the rest is filled in beforehand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import AttachEvidence, ChangeFinding, Effect, OpenFinding, SetCheck, line
from bot.dialogue.meaning import Answer, Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import AskDescription, AskHorizon, AskMeasure, AskMechanism, AskMerge, AskStage
from bot.domain.campaign import Item
from bot.domain.deadlines import parse_date
from bot.domain.similarity import cause_of, object_of, same_problem
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn
from storage import findings, people
from storage.db import Reader
from storage.people import Place

LONGEST = 2000  # characters of one field: a page of a ledger cell
SLIP = 100  # days: 7月1日 said in August is a slip, 1月10日 said in December is next year's


def describe(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what is the problem?"""
    question = turn.session.question
    assert isinstance(question, AskDescription)
    words = _problem(turn)
    if question.finding:
        if not words:
            return flow.not_understood(turn, line("describe_example"))
        fields = {"description": words, "object": object_of(words), "cause": cause_of(words)}
        missing = flow.ask_rest(tx, turn, question.finding, fields)
        changed = line("finding_changed", finding=question.finding)
        effects = (ChangeFinding(question.finding, fields),)
        if missing is not None:
            return Outcome(turn.session.asking(missing), (changed,), effects)
        return Outcome(flow.go_on(tx, turn, turn.session), (changed,), effects)
    place, item = people.place(tx, question.place), turn.context.campaign.item[question.item]
    if not words:
        return flow.not_understood(turn, line("describe_example"))
    return open_finding(tx, turn, (place, item), words)


def _problem(turn: Turn) -> str:
    """What the words tell beyond a mere answer: 有，水管漏 -> 水管漏. Empty when they tell nothing."""
    said = parse(turn.said.words, Expect.CHOICE, turn.context.vocabulary)
    words = said.detail if said.choice is Answer.FOUND else "" if said.choice else turn.said.words
    return words.strip()[:LONGEST] if any(character.isalpha() for character in words) else ""


def _plan(turn: Turn) -> str:
    """What the words promise. Empty when they are a mere answer or no sentence at all."""
    said, words = parse(turn.said.words, Expect.CHOICE, turn.context.vocabulary), turn.said.words.strip()
    empty = (said.choice is not None and not said.detail) or turn.said.yes is not None
    return "" if empty or sum(character.isalpha() for character in words) < 3 else words[:LONGEST]


def open_finding(tx: Reader, turn: Turn, where: tuple[Place, Item], words: str) -> Outcome:
    """Record a problem as a draft and ask for what is missing; one that sounds like an earlier one is asked about."""
    place, item = where
    words = words.strip()[:LONGEST]
    twin = next((f for f in findings.at(tx, place.id, item.id) if same_problem(f.description, words)), None)
    if twin is not None:
        return Outcome(replace(turn.session, question=AskMerge(place.id, item.id, twin.no, words), retries=0))
    return opened(tx, turn, where, words)


def opened(tx: Reader, turn: Turn, where: tuple[Place, Item], words: str) -> Outcome:
    """Record a problem for sure: the number it gets, the check, the photos that were waiting for it."""
    place, item = where
    no = findings.next_no(tx)
    effects = new_finding(turn, where, no, words)
    photos = (*turn.session.photos, *turn.photos)
    if photos:
        effects.append(AttachEvidence(photos, no))
    session = replace(turn.session.passed(item.id), question=AskMeasure(no), retries=0, finding=no, photos=())
    said = line("finding_opened", finding=no, no=item.no, place=place.name)
    extra = (line("photos_bound", n=len(photos)),) if photos else ()
    return Outcome(session, (said, *extra), tuple(effects))


def new_finding(turn: Turn, where: tuple[Place, Item], no: int, words: str) -> list[Effect]:
    """The effects that open one finding."""
    place, item = where
    fields = {
        "description": words,
        "object": object_of(words),
        "cause": cause_of(words),
        **flow.prefilled(turn, place, item),
    }
    return [OpenFinding(no, place.id, item.id, fields), SetCheck(place.id, item.id, Answer.FOUND)]


def measure(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what will be done about it?"""
    question = turn.session.question
    assert isinstance(question, AskMeasure)
    words = _plan(turn)
    if not words:
        return flow.not_understood(turn, line("measure_example"))
    finding = findings.get(tx, question.finding)
    if finding is not None and bare(words) == bare(finding.description):
        return flow.refused(turn, line("measure_is_problem"))
    return settle(tx, turn, question.finding, {"measure": words})


def bare(words: str) -> str:
    """Letters and digits alone, to compare what two texts say."""
    return "".join(character for character in words if character.isalnum())


def horizon(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: by when? A number of the list, a name, or a date."""
    question = turn.session.question
    assert isinstance(question, AskHorizon)
    campaign, words = turn.context.campaign, turn.said.words.strip()
    number = turn.said.number
    if number is not None and 1 <= number <= len(campaign.horizons):
        chosen = campaign.horizons[number - 1]
        return settle(
            tx,
            turn,
            question.finding,
            {"horizon": chosen.id, "due": chosen.due.isoformat() if chosen.due else None},
        )
    for option in campaign.horizons:
        if words and (words in option.name or option.name[:2] in words or _folded(words) == option.id):
            due = option.due.isoformat() if option.due else None
            return settle(tx, turn, question.finding, {"horizon": option.id, "due": due})
    day = day_in(turn, words, now)
    if day is None:
        return flow.not_understood(turn, line("horizon_example"))
    if day < now.astimezone(campaign.timezone).date():
        return flow.refused(turn, line("due_past", day=day))
    fields = due_fields(turn, day)
    if fields is None:
        return flow.refused(turn, line("due_too_late", day=day))
    return settle(tx, turn, question.finding, fields)


def _folded(words: str) -> str:
    return words.lower().replace("-", "").replace(" ", "")


def day_in(turn: Turn, words: str, now: datetime) -> date | None:
    """The day people mean. One that has just passed is a slip to be told of, not a day of next year."""
    today = now.astimezone(turn.context.campaign.timezone).date()
    nearest = parse_date(words, today)
    if nearest is None or nearest >= today or (today - nearest).days <= SLIP:
        return nearest
    return parse_date(words, today, today)


def due_fields(turn: Turn, day: date) -> dict[str, str | None] | None:
    """The first horizon that a date still fits into; None past all of them."""
    for option in turn.context.campaign.horizons:
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
    return settle(tx, turn, question.finding, {"mechanism": words})


def stage(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: when does the first stage end? (long-term findings)"""
    question = turn.session.question
    assert isinstance(question, AskStage)
    today = now.astimezone(turn.context.campaign.timezone).date()
    day = day_in(turn, turn.said.words, now)
    if day is None:
        return flow.not_understood(turn, line("stage_example"))
    if day < today:
        return flow.refused(turn, line("due_past", day=day))
    return settle(tx, turn, question.finding, {"due": day.isoformat()})


def settle(tx: Reader, turn: Turn, no: int, fields: dict[str, str | None]) -> Outcome:
    """Set fields of a draft; when nothing is missing it is on the books, else ask for the next thing."""
    missing = flow.ask_rest(tx, turn, no, fields)
    session = replace(turn.session, finding=no)
    if missing is not None:
        return Outcome(session.asking(missing), (), (ChangeFinding(no, fields),))
    finding = findings.get(tx, no)
    assert finding is not None
    if finding.state == "draft":
        fields = {**fields, "state": "rectifying"}
    due = fields.get("due", finding.due)
    chosen = turn.context.campaign.horizon[str(fields.get("horizon", finding.horizon))]
    done = line(
        "finding_done" if chosen.due else "finding_done_stage",
        finding=no,
        horizon=chosen.name,
        due=date.fromisoformat(due) if due else "",
        unit=finding.unit,
        person=finding.responsible,
    )
    session = flow.go_on(tx, turn, session)
    return Outcome(session, (done,), (ChangeFinding(no, fields),))
