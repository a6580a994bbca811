"""Reminds people of a phase that opens or ends, while something is left for them.

Rule: of several missed reminders only the newest is sent, marked as late. Nobody is disturbed in quiet hours, in the
middle of a conversation, or more than the daily limit, and nobody who has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot import chat
from bot.context import Context
from bot.dialogue.effects import Line, first_of, line
from bot.domain import progress
from bot.domain.campaign import Campaign, Phase, PlaceKind
from bot.domain.lifecycle import DRAFT, TO_FIX
from bot.scheduling.hours import LATE, Hours
from storage import findings, outbox, people, sessions, slots, walks
from storage.db import Reader, Transaction
from storage.outbox import Outgoing
from storage.people import Actor, Person
from storage.slots import Slot

TALKING = timedelta(minutes=10)  # since somebody's last word: not in the middle of a conversation
CATCH_UP = timedelta(days=7)  # what was missed longer ago is no longer told
NAMED = 3  # places named in a list
AWAKE = "awake"  # the slot of a day whose reminders were seen to


def remind(tx: Transaction, context: Context, hours: Hours, local: datetime) -> None:
    """Write to everybody who has a reason today. `local` is now, in the campaign's zone."""
    if local.time() < hours.remind_at or hours.are_quiet(local.time()):
        return
    today = local.date().isoformat()
    occasions = _due(tx, context.campaign, local.date())
    slots.claim(tx, Slot(AWAKE, "", today), local)
    for person in people.everybody(tx, today) if occasions else ():
        _remind(tx, context, hours, Reason(person, occasions), local)


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
    awake = slots.newest(tx, AWAKE, "", today.isoformat())
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


@dataclass(frozen=True, slots=True)
class Reason:
    """Whom to write to, and why."""

    person: Person
    occasions: Sequence[Occasion]


def _remind(tx: Transaction, context: Context, hours: Hours, reason: Reason, local: datetime) -> None:
    """One merged message to one person, if something is left for them, once a day."""
    person, occasions = reason.person, reason.occasions
    day = local.date().isoformat()
    slot = Slot("reminder", str(person.id), day)
    if slots.is_claimed(tx, slot):
        return
    spoke = sessions.last_spoke(tx, person.id)
    if spoke is not None and timedelta(0) <= local - datetime.fromisoformat(spoke) < TALKING:
        return
    actor = people.actor_by_id(tx, person.id, day)
    left = _left(tx, context.campaign, actor) if actor else []
    if not left:
        return
    midnight = datetime.combine(local.date(), time(), local.tzinfo).isoformat()
    if outbox.reminders_since(tx, person.id, midnight) >= hours.messages_a_day:
        return
    slots.claim(tx, slot, local)
    lines = [_worded(occasion, local.date()) for occasion in occasions]
    due = datetime.combine(occasions[0].on, hours.remind_at, local.tzinfo)
    say, language = context.texts, person.language
    late = say.render(line("late"), language) if local - due > LATE else ""
    head = say.render(line("remind_whom", name=person.name), language)
    body = say.together([*lines, *left, line("remind_how")], language)
    content = chat.text(f"{late}{head}{body}", person.user_id)
    outbox.add(tx, Outgoing(person_id=person.id, content=content, reason="reminder"), local)


def _left(tx: Reader, campaign: Campaign, actor: Actor) -> list[Line]:
    """What this person still has to do; empty for who has finished, and for who has nothing to do."""
    open_places: list[str] = []
    missing = drafts = unfixed = 0
    for place in actor.own:
        answers = walks.answers(tx, place.id)
        n = progress.count(campaign.items_of(PlaceKind(place.kind), place.unit), answers)
        missing += n.missing
        open_places += [place.name] if n.missing else []
        for finding in findings.of_place(tx, place.id):
            drafts += finding.state == DRAFT
            unfixed += finding.state in TO_FIX
    lines = []
    if missing:
        lines.append(line("left_items", n=missing, places=first_of(open_places, NAMED)))
    if drafts:
        lines.append(line("left_drafts", n=drafts))
    if unfixed:
        lines.append(line("left_findings", n=unfixed))
    return lines
