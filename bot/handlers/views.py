"""Looking without changing: 进度, 我的, 核对, 问题 128, 帮助."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import Line, first_of, line
from bot.dialogue.meaning import Expect
from bot.dialogue.questions import NAMES, AskSubmit
from bot.domain import progress
from bot.domain.lifecycle import VOID
from bot.handlers import flow
from bot.handlers.change import visible
from bot.handlers.turn import Outcome, Then, Turn
from storage import checks, evidence, findings, hand_ins, history, places, walks
from storage.db import Reader
from storage.findings import Finding
from storage.places import Place

SHOWN = 10  # lines of a list on a phone
OFFICES = ("county", "observer")  # they look by unit


def show_progress(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """How far the places this person may see have come."""
    seen = flow.visible(tx, turn)
    if turn.argument:
        unit = [place for place in seen if place.unit == turn.argument]
        seen = unit or flow.named_places(seen, turn.argument)
    if not seen and turn.argument:
        key = "unit_unknown" if turn.person.role in OFFICES else "place_unknown"
        return flow.refused(turn, line(key, words=flow.short(turn.argument)))
    if not seen:
        return flow.refused(turn, line(f"no_places_{turn.person.role}"))
    if len(seen) <= SHOWN:
        return Outcome(
            replace(turn.session, retries=0), tuple(_place_line(tx, turn, place) for place in seen)
        )
    return Outcome(replace(turn.session, retries=0), _overview(tx, turn, seen))


def _place_line(tx: Reader, turn: Turn, place: Place) -> Line:
    n = progress.count(turn.items_of(place), walks.answers(tx, place.id))
    key = "progress_done" if n.missing == 0 else "progress"
    return line(
        key,
        place=place.name,
        answered=n.answered,
        asked=n.asked,
        clear=n.clear,
        found=n.found,
        na=n.not_applicable,
        later=n.later,
    )


def _overview(tx: Reader, turn: Turn, seen: list[Place]) -> tuple[Line, ...]:
    counts = checks.counts(tx)
    asked = answered = done = begun = 0
    quiet: list[str] = []
    for place in seen:
        total = len(turn.items_of(place))
        given = sum(n for kind, n in counts.get(place.id, {}).items() if kind != "later")
        asked, answered = asked + total, answered + given
        done += given >= total
        begun += given > 0
        quiet += [] if given else [place.name]
    lines = [line("overview", places=len(seen), done=done, begun=begun, answered=answered, asked=asked)]
    if quiet:
        lines.append(line("overview_quiet", n=len(quiet), places=first_of(quiet, SHOWN)))
    ids = {place.id for place in seen}
    lines.append(
        line("overview_findings", n=sum(1 for finding in findings.live(tx) if finding.place_id in ids))
    )
    return tuple(lines)


def mine_list(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """我的: what this person has sent, and how it stands."""
    lines = [_place_line(tx, turn, place) for place in turn.own[:SHOWN]]
    own = findings.of_reporter(tx, turn.person.id)
    handed = hand_ins.newest_by_place(tx)
    lines += [
        line("mine_submitted", place=place.name, at=_when(turn, handed[place.id]))
        for place in turn.own[:SHOWN]
        if place.id in handed
    ]
    lines.append(line("mine_findings", n=len(own)))
    for finding in own[:SHOWN]:
        item = turn.campaign.item.get(finding.item_id)
        lines.append(
            line(
                "mine_finding",
                finding=finding.no,
                no=item.no if item else "?",
                text=flow.cut(finding.description, 20),
                state=f"@state_{finding.state}",
                due=date.fromisoformat(finding.due) if finding.due else "@no_due",
            )
        )
    return Outcome(replace(turn.session, retries=0), tuple(lines))


def _when(turn: Turn, at: str) -> str:
    return datetime.fromisoformat(at).astimezone(turn.campaign.timezone).strftime("%m-%d %H:%M")


def show(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """问题 128: everything known about one finding."""
    return shown(tx, turn, turn.number or 0)


def shown(tx: Reader, turn: Turn, number: int) -> Outcome:
    """The card of a finding."""
    finding = visible(tx, turn, number)
    if finding is None:
        return flow.refused(turn, line("no_such_finding", finding=number or "?"))
    return Outcome(replace(turn.session, finding=finding.no, retries=0), card(tx, turn, finding))


def card(tx: Reader, turn: Turn, finding: Finding) -> tuple[Line, ...]:
    """Everything known about a finding."""
    item = turn.campaign.item.get(finding.item_id)
    head = line(
        "card",
        finding=finding.no,
        state=f"@state_{finding.state}",
        place=places.get(tx, finding.place_id).name,
        no=item.no if item else "?",
        text=finding.description,
        due=date.fromisoformat(finding.due) if finding.due else "@no_due",  # said where it is told briefly
    )
    lines = [head]
    for column in ("object", "cause", "measure", "due", "mechanism", "unit", "responsible", "result"):
        value = getattr(finding, column)
        if value:
            shown = date.fromisoformat(value) if column == "due" else value
            lines.append(line("card_field", field=flow.column_name(column), value=shown))
    if finding.state == VOID and (why := history.reason(tx, findings.subject(finding.no))):
        lines.append(line("card_field", field="@field_reason", value=why))
    pieces = evidence.of_finding(tx, finding.no)
    lines += [line("card_evidence", n=len(pieces))] if pieces else []
    return tuple(lines)


def review(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """核对: the review page of the place, from which it can be handed in."""
    if not turn.own:
        return flow.refused(turn, line(f"no_places_{turn.person.role}"))
    named = flow.named_places(turn.own, turn.argument) if turn.argument else []
    if turn.argument and not named:
        return flow.refused(turn, line("place_unknown", words=flow.short(turn.argument)))
    place = named[0] if len(named) == 1 else flow.current_place(turn)
    if place is None or len(named) > 1:
        return flow.which_place(turn)
    session = replace(turn.session, place=place.id, in_walk=False)
    return Outcome(session.asking(AskSubmit(place.id)), in_full=True)


def help_me(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """帮助: what can be said here and now, at most ten lines."""
    session = replace(turn.session, retries=0)
    question = session.question
    if question is not None and session.expect is not Expect.NOTHING:
        return Outcome(session, (line(f"help_at_{NAMES[type(question)]}"), line("help_always")))
    key = f"help_{turn.person.role}"
    return Outcome(
        session,
        (
            line(key),
            line("help_office", office=turn.campaign.office, phone=turn.campaign.phone),
        ),
    )


def greet(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """你好, 菜单: a short word and what to say next."""
    session = replace(turn.session, retries=0)
    if session.question is not None:
        return Outcome(session, (line("hello_back"),))
    return Outcome(session, (line("hello", name=turn.person.name), line(f"menu_{turn.person.role}")))


def not_yet(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """延期, 退回, 明天提醒 …: not built yet, and better said than guessed at."""
    return flow.refused(turn, line("not_yet", words=flow.short(turn.said.words, 12)))


def courtesy(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """谢谢, 收到: a nod is enough."""
    return Outcome(turn.session, then=Then.NOTHING, reaction="👌")
