"""The tick: makes reminders and the digest right as of `now`. Run late, twice or after a crash it changes nothing more.

Rule: every scheduled message takes a slot in the same transaction that writes it. Of several missed ones only the
newest is sent, marked as late. Nobody is disturbed in quiet hours, in the middle of a conversation, or more than the
daily limit, and nobody who has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.context import Context
from bot.dialogue.effects import Line, line
from bot.domain import progress
from bot.domain.campaign import Campaign, Phase, PlaceKind
from bot.engine.inbox import tell_unreadable
from bot.scheduling.digest import figures, lines_of
from storage import checks, findings, inbox, outbox, people, rooms, schedule
from storage.db import Reader, Transaction
from storage.people import Person

TALKING = timedelta(minutes=10)  # since somebody's last word: not in the middle of a conversation
LATE = timedelta(minutes=30)  # after the hour it was due: say so
CATCH_UP = timedelta(days=7)  # what was missed longer ago is no longer told
AWAKE = "awake"  # the slot of a day whose reminders were seen to


@dataclass(frozen=True, slots=True)
class Hours:
    """When the bot may speak up by itself, in the campaign's time zone."""

    remind_at: time = time(9)
    digest_at: time = time(18)
    quiet: tuple[tuple[time, time], ...] = ((time(20, 30), time(8)), (time(12), time(14)))
    messages_a_day: int = 2

    def are_quiet(self, at: time) -> bool:
        return any(a <= at < b if a < b else at >= a or at < b for a, b in self.quiet)


def tick(tx: Transaction, context: Context, hours: Hours, now: datetime) -> None:
    """Everything that is due by `now` and was not done yet."""
    campaign = context.campaign
    local = now.astimezone(campaign.timezone)
    tell_unreadable(tx, context, now)
    _digest(tx, context, hours, local)
    if local.time() >= hours.remind_at and not hours.are_quiet(local.time()):
        occasions = _due(tx, campaign, local.date())
        schedule.take(tx, AWAKE, "", local.date().isoformat(), local)
        for person in people.everybody(tx) if occasions else ():
            _remind(tx, context, hours, (person, occasions), local)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why people are written to on a day: a phase opens, or ends in so many days."""

    phase: Phase
    kind: str  # opening | before3 | before1 | day
    on: date


def _occasions(campaign: Campaign, day: date) -> list[Occasion]:
    found = []
    for phase in campaign.phases:
        distance = {3: "before3", 1: "before1", 0: "day"}.get((phase.ends - day).days)
        if distance is not None:
            found.append(Occasion(phase, distance, day))
        elif phase.starts == day:
            found.append(Occasion(phase, "opening", day))
    return found


def _due(tx: Reader, campaign: Campaign, today: date) -> list[Occasion]:
    """Today's occasions; without any, the newest that passed since we last saw to reminders and is not over yet."""
    awake = schedule.newest_before(tx, AWAKE, "", today.isoformat())
    earliest = date.fromisoformat(awake) + timedelta(days=1) if awake else today
    day = today
    while day >= max(earliest, today - CATCH_UP):
        found = [occasion for occasion in _occasions(campaign, day) if occasion.phase.ends >= today]
        if found:
            return found
        day -= timedelta(days=1)
    return []


def _worded(occasion: Occasion, today: date) -> Line:
    """What an occasion is called on its day, and when it is told of later."""
    phase = occasion.phase
    if occasion.on == today:
        return line(f"remind_{occasion.kind}", phase=phase.name, day=phase.ends)
    return line("remind_left", phase=phase.name, day=phase.ends, n=(phase.ends - today).days)


def _remind(
    tx: Transaction, context: Context, hours: Hours, whom: tuple[Person, Sequence[Occasion]], local: datetime
) -> None:
    """One merged message to one person, if something is left for them, once a day."""
    person, occasions = whom
    day = local.date().isoformat()
    if schedule.taken(tx, "reminder", str(person.id), day):
        return
    spoke = inbox.last_spoke(tx, person.id)
    if spoke is not None and local - datetime.fromisoformat(spoke) < TALKING:
        return
    left = _left(tx, context.campaign, person)
    if not left:
        return
    midnight = datetime.combine(local.date(), time(), local.tzinfo).isoformat()
    if outbox.initiated_since(tx, person.id, midnight) >= hours.messages_a_day:
        return
    schedule.take(tx, "reminder", str(person.id), day, local)
    lines = [_worded(occasion, local.date()) for occasion in occasions]
    due = datetime.combine(occasions[0].on, hours.remind_at, local.tzinfo)
    late = context.texts.render(line("late"), person.language) if local - due > LATE else ""
    body = context.texts.together([*lines, *left, line("remind_how")], person.language)
    content = {
        "msgtype": "m.text",
        "body": f"{late}{person.name}：{body}",
        "m.mentions": {"user_ids": [person.user_id]},
    }
    row = outbox.put(tx, (None, person.id), ("message", "m.room.message"), content, local)
    outbox.mark_initiated(tx, row)


def _left(tx: Reader, campaign: Campaign, person: Person) -> list[Line]:
    """What this person still has to do; empty for who has finished, and for who has nothing to do."""
    places = people.places_of(tx, person)
    open_places: list[str] = []
    missing = drafts = unfixed = 0
    for place in places:
        answers = {item: check.answer for item, check in checks.of_place(tx, place.id).items()}
        n = progress.count(campaign.items_of(PlaceKind(place.kind), place.unit), answers)
        missing += n.missing
        open_places += [place.name] if n.missing else []
        for finding in findings.of_place(tx, place.id):
            drafts += finding.state == "draft"
            unfixed += finding.state in ("rectifying", "returned", "reopened")
    lines = []
    if missing:
        named = "、".join(open_places[:3]) + ("…" if len(open_places) > 3 else "")
        lines.append(line("left_items", n=missing, places=named))
    if drafts:
        lines.append(line("left_drafts", n=drafts))
    if unfixed:
        lines.append(line("left_findings", n=unfixed))
    return lines


def _digest(tx: Transaction, context: Context, hours: Hours, local: datetime) -> None:
    """The newest digest that is due: today's from its hour on, before that yesterday's if it was missed."""
    campaign = context.campaign
    room_id = rooms.county(tx)
    if room_id is None:
        return
    day = local.date() if local.time() >= hours.digest_at else local.date() - timedelta(days=1)
    if not campaign.starts <= day <= campaign.ends + timedelta(days=1):
        return
    due = datetime.combine(day, hours.digest_at, local.tzinfo)
    late = local - due > LATE
    if late and (day != local.date() and _first_day(tx, room_id)):
        return
    if late and hours.are_quiet(local.time()):
        return
    if not schedule.take(tx, "digest", room_id, day.isoformat(), local):
        return
    current = figures(tx, campaign, local.date())
    lines = lines_of(campaign, current, schedule.figures_before(tx, day.isoformat()), local)
    schedule.keep_figures(tx, day.isoformat(), current.plain())
    body = context.texts.together([*([line("late")] if late else []), *lines], "zh-CN")
    content = {"msgtype": "m.notice", "body": body, "m.mentions": {}}
    outbox.put(tx, (room_id, None), ("message", "m.room.message"), content, local)


def _first_day(tx: Reader, room_id: str) -> bool:
    """Nothing was ever posted there: there is nothing to catch up with."""
    return tx.value("SELECT 1 FROM slots WHERE kind = 'digest' AND scope = ?", (room_id,)) is None
