"""What will be done about a finding, by when and by whom; what a measure says of day and person is taken from there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import ChangeFinding, Line, PutOff, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.normalise import fold, normalise
from bot.dialogue.parsing.plans import is_plan
from bot.dialogue.questions import AskHorizon, AskMeasure, AskMechanism, AskStage
from bot.domain.campaign import Campaign, Horizon
from bot.domain.deadlines import parse_date
from bot.domain.lifecycle import DRAFT
from bot.domain.mentions import SLIP, due_in, limit_in, person_in, said_beside, speaks_of_days
from bot.handlers import flow
from bot.handlers.finding_form import LONGEST, asked_about, drafts_beside
from bot.handlers.turn import Outcome, Then, Turn, settled
from storage import people
from storage.db import Reader
from storage.findings import SPOKEN_OF, Finding

Fields = dict[str, str | int | None]
SHORT = 8  # characters that name a horizon and nothing that is done
_ALL = re.compile(
    "(?:这几个|那几个|几个|这些|全部|全|都|all of them|all|both)+(?:都|是|在|到|:|：)?\\s*", re.I
)
_CLAUSE = re.compile(r"[,，。;；、]\s*|\s+(?![a-z])")
_AROUND = re.compile(
    r"^(?:选|就|那就|那|先|按|是|这个?|它|得|要|应该?|需要|属于|算){1,4}|(?:吧|呗|的|了|啊|呀|哈|吗|。|!|！|管护|坚持|整改|来|算){1,3}$"
)


def _plan(turn: Turn) -> str:
    """What the words promise. Empty when they are a mere answer or no sentence at all."""
    said, words = turn.heard.under(Expect.CHOICE), turn.said.words.strip()
    empty = (said.choice is not None and not said.detail) or turn.said.yes is not None
    return "" if empty or sum(character.isalpha() for character in words) < 3 else words[:LONGEST]


_OPTION = re.compile(r"(?:option|number|no\.?|选项?|第)\s?([1-9])\s?(?:个|项|条)?[,，。;；\s]", re.I)
_ENGLISH = re.compile(r"^(?:the|a|option|make it|say)\s|\s(?:one|option|please)$")  # the limited one


def _for_all(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """都8月20日前: one day for all problems of the place that this person still has to fill in. None: it is said of one."""
    words = turn.said.words.strip()
    finding, fields = asked_about(tx, turn), for_all(tx, turn, words, now)
    if fields is None or isinstance(fields, Outcome):
        return fields
    open_drafts = [each for each in drafts_beside(tx, finding) if not each.horizon]
    effects = tuple(ChangeFinding(each.no, fields) for each in open_drafts)
    told = tuple(said for each in open_drafts for said in changes(turn.campaign, each.no, fields))
    return settled(turn.session, *told, effects=effects) if len(open_drafts) > 1 else None


def for_all(tx: Reader, turn: Turn, words: str, now: datetime) -> Fields | Outcome | None:
    """都8月20日前: the day, and perhaps the person, for all of them; why it cannot be so; None: nothing of the kind is said."""
    head = _ALL.match(words)
    fields = planned(tx, turn, words[head.end() :], now) if head else None
    if head is None or fields is None or isinstance(fields, Outcome):
        return fields
    if "horizon" not in fields or said_beside(words[head.end() :], turn.campaign.today(now)):
        return None
    return fields


def measure(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what will be done about it?"""
    assert isinstance(turn.session.question, AskMeasure)
    words, finding = _plan(turn), asked_about(tx, turn)
    if not words:
        return flow.not_understood(turn, line("measure_example"))
    if bare(words) == bare(finding.description):
        return flow.refused(turn, line("measure_is_problem"))
    together = _for_all(tx, turn, now)
    if together is not None:
        return together
    promise = promised(tx, turn, words, now)
    named = _named(turn.campaign.horizons, words)
    if named is not None and not promise and len(words) <= SHORT:  # 立行立改: by when, not what
        return _beside(turn, finding.no, _whole(named))
    if promise and not said_beside(
        words, turn.campaign.today(now)
    ):  # 由李建国负责，8月20日前: by whom, not what
        return _beside(turn, finding.no, promise)
    return _doubted(turn, "measure") or fill(turn, finding, {**promise, "measure": words})


def _beside(turn: Turn, no: int, fields: Fields) -> Outcome:
    """Fields that were told though another one was asked for: said back, and that one is asked again."""
    return settled(turn.session, *changes(turn.campaign, no, fields), effects=(ChangeFinding(no, fields),))


def _doubted(turn: Turn, label: str) -> Outcome | None:
    """The question whether a sentence without any deed is meant as one; None: it is, or it was said to be."""
    labelled = turn.said.words != normalise(turn.heard.words)  # 措施：…
    if labelled or holds_a_deed(turn, turn.said.words):
        return None
    lines = (
        line("is_it_a_plan", words=flow.short(turn.said.words)),
        line("remark_as_said", label=f"@label_{label}"),
    )
    return Outcome(replace(turn.session, retries=turn.session.retries + 1), lines)


def holds_a_deed(turn: Turn, words: str) -> bool:
    """Whether words say what somebody will do."""
    known = turn.context.vocabulary
    return is_plan(fold(words, known.spelling), known.plans)


def bare(words: str) -> str:
    """Letters and digits alone, to compare what two texts say."""
    return "".join(character for character in words if character.isalnum())


def horizon(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: by when? A number of the list, a name, a date, or a sentence with one of these and who is in charge."""
    question = turn.session.question
    assert isinstance(question, AskHorizon)
    campaign, words = turn.campaign, turn.said.words.strip()
    number = turn.said.number
    if number is not None and 1 <= number <= len(campaign.horizons) and not words.endswith(("号", "日")):
        return fill(turn, asked_about(tx, turn), _whole(campaign.horizons[number - 1]))
    together = _for_all(tx, turn, now)
    if together is not None:
        return together
    fields = planned(tx, turn, words, now)
    if isinstance(fields, Outcome):
        return fields
    if fields is None:
        asks = line("which_day", words=flow.short(words))
        unclear = speaks_of_days(words)
        return flow.refused(turn, asks) if unclear else flow.not_understood(turn, line("horizon_example"))
    if not ("due" in fields or "horizon" in fields) and speaks_of_days(words):
        return flow.refused(turn, line("which_day", words=flow.short(words)))
    if not ("due" in fields or "horizon" in fields):  # 让孙巧云负责: by whom, not by when
        return _beside(turn, question.finding, fields)
    return fill(turn, asked_about(tx, turn), fields)


def planned(tx: Reader, turn: Turn, words: str, now: datetime) -> Fields | Outcome | None:
    """What words say of horizon, day and person; why they cannot be so; None when they say nothing of it."""
    day, named, person = (
        day_in(turn, words, now),
        _named(turn.campaign.horizons, words),
        in_charge(tx, turn, words, now),
    )
    if day is None:
        return {**_whole(named), **person} if named is not None else person or None
    if named is not None and named.due is None:
        past = day < turn.campaign.today(now)
        return (
            flow.refused(turn, line("due_past", day=day))
            if past
            else {**_whole(named), "due": day.isoformat(), **person}
        )
    if (
        named is not None and named.due is not None and day > named.due
    ):  # 立行立改，9月底: one of them is a slip
        return flow.refused(turn, line("due_or_horizon", day=day, horizon=named.name))
    against = not_a_due(turn, day, now)
    if against is not None:
        return against
    fields = due_fields(turn, day) or {}
    return {**fields, **({"horizon": named.id} if named is not None else {}), **person}


def not_a_due(turn: Turn, day: date, now: datetime) -> Outcome | None:
    """Why a day cannot be a finding's last one; None: it can."""
    if day < turn.campaign.today(now):
        return flow.refused(turn, line("due_past", day=day))
    if due_fields(turn, day) is None:
        return flow.refused(turn, line("due_too_late", day=day))
    return None


def _whole(option: Horizon) -> Fields:
    return {"horizon": option.id, "due": option.due.isoformat() if option.due else None}


def _named(options: tuple[Horizon, ...], words: str) -> Horizon | None:
    """The horizon that words are, or that one clause of them is: its name, the beginning of it, its id or an alias."""
    clauses = [words, *_CLAUSE.split(words), *words.split(",")]
    numbered = _OPTION.match(words)
    if numbered and int(numbered[1]) <= len(options):  # option 2, end of September
        return options[int(numbered[1]) - 1]
    found = [option for option in options if any(_names(option, clause) for clause in clauses)]
    return found[0] if len(found) == 1 else None


def _names(option: Horizon, clause: str) -> bool:
    """Never two letters inside a sentence: 没有限期 names none."""
    plain, folded = _AROUND.sub("", clause.strip()), _ENGLISH.sub("", clause.strip().lower())
    if folded.replace("-", "").replace(" ", "") == option.id or folded in option.aliases:
        return True
    return (len(plain) > 1 and option.name.startswith(plain)) or plain in option.aliases


def day_in(turn: Turn, words: str, now: datetime) -> date | None:
    """The day people mean. One that has just passed is a slip to be told of, not a day of next year."""
    today = turn.campaign.today(now)
    nearest = parse_date(words, today) or due_in(words, today)
    if nearest is None or nearest >= today or (today - nearest).days <= SLIP:
        return nearest
    return parse_date(words, today, today)


def due_fields(turn: Turn, day: date | None) -> Fields | None:
    """The first horizon that a date still fits into; None past all of them."""
    for option in turn.campaign.horizons:
        if day is not None and option.due is not None and day <= option.due:
            return {"horizon": option.id, "due": day.isoformat()}
    return None


def in_charge(tx: Reader, turn: Turn, words: str, now: datetime) -> Fields:
    """The columns for the person that a sentence puts in charge; none when it names nobody."""
    name = person_in(words)
    return {"responsible": name, "responsible_id": person_id(tx, turn, name, now)} if name else {}


def person_id(tx: Reader, turn: Turn, name: str, now: datetime) -> int | None:
    """The one person of that name who is in the roster today."""
    known = people.named(tx, name, turn.campaign.today(now).isoformat())
    return known[0].id if len(known) == 1 else None


def changes(campaign: Campaign, no: int, fields: Fields) -> tuple[Line, ...]:
    """One line for each column that people speak of."""
    told = [(name, value) for name, value in fields.items() if name in SPOKEN_OF and value]
    hidden = {"horizon"} if fields.get("due") else set()
    hidden |= {"object", "cause"} if "description" in fields else set()
    return tuple(
        line(
            "field_changed",
            finding=no,
            field=flow.column_name(name),
            value=_shown(campaign, name, str(value)),
        )
        for name, value in told
        if name not in hidden
    )


def _shown(campaign: Campaign, name: str, value: str) -> str | date:
    if name == "horizon":
        return campaign.horizon[value].name
    return date.fromisoformat(value) if name == "due" else value


def promised(tx: Reader, turn: Turn, words: str, now: datetime) -> Fields:
    """What a measure says of the day and the person: neither is asked again, and the columns cannot contradict it."""
    day = limit_in(words, turn.campaign.today(now))
    return {**(due_fields(turn, day) or {}), **in_charge(tx, turn, words, now)}


def mechanism(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: what keeps it solved? (long-term findings)"""
    question = turn.session.question
    assert isinstance(question, AskMechanism)
    words, finding = _plan(turn), asked_about(tx, turn)
    if not words:
        return flow.not_understood(turn, line("mechanism_example"))
    doubted = _doubted(turn, "mechanism")
    if doubted is not None:
        return doubted
    outcome = fill(turn, asked_about(tx, turn), {"mechanism": words})
    if finding.state != DRAFT and not finding.due:  # one on the books that became long-term
        session = replace(outcome.session, question=AskStage(finding.no))
        return replace(outcome, session=session, then=Then.STAY)
    return outcome


def stage(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: when does the first stage end? (long-term findings)"""
    question = turn.session.question
    assert isinstance(question, AskStage)
    day = day_in(turn, turn.said.words, now)
    if day is None:
        return flow.not_understood(turn, line("stage_example"))
    if day < turn.campaign.today(now):
        return flow.refused(turn, line("due_past", day=day))
    return fill(turn, asked_about(tx, turn), {"due": day.isoformat()})


def fill(turn: Turn, finding: Finding, fields: Fields) -> Outcome:
    """Set fields of a finding; it is filed when nothing is missing any more, else the next thing is asked."""
    session = replace(turn.session, finding=finding.no)
    said = () if finding.state == DRAFT else changes(turn.campaign, finding.no, fields)
    return settled(session, *said, effects=(PutOff(finding.no, off=False), ChangeFinding(finding.no, fields)))
