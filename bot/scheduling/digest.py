"""Posts the daily digest to the county room: the newest one that is due, once, with the anchor of the history in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import chat
from bot.context import Context
from bot.dialogue.digest import lines_of
from bot.dialogue.disclosed import fitted
from bot.dialogue.effects import line
from bot.domain.disclosure import setting
from bot.scheduling.hours import LATE, Hours
from bot.texts.formatted import formatted
from storage import digests, figures, history, outbox, rooms, slots
from storage.db import Reader, Transaction
from storage.outbox import Outgoing
from storage.slots import Slot


def post_digest(tx: Transaction, context: Context, hours: Hours, local: datetime) -> None:
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
    later = Slot("digest", room_id, (day + timedelta(days=1)).isoformat())
    if slots.is_claimed(tx, later):  # posted before the clock was set back
        return
    if not slots.claim(tx, Slot("digest", room_id, day.isoformat()), local):
        return
    current = figures.county(tx, campaign, local.date())
    lines = lines_of(campaign, current, digests.before(tx, digests.COUNTY, day.isoformat()), local)
    digests.keep(tx, digests.COUNTY, day.isoformat(), current.plain())
    lines.append(line("digest_anchor", anchor=history.head(tx)))
    room = rooms.get(tx, room_id)
    where = setting("county", encrypted=room is not None and room.encrypted)
    lines = [*([line("late")] if late else []), *fitted(lines, where).here]
    html = formatted(context.texts, (lines,), "zh-CN")
    message = chat.with_html(chat.notice(context.texts.together(lines, "zh-CN")), html)
    outbox.add(tx, Outgoing(room_id, content=message, reason="digest"), local)


def _first_day(tx: Reader, room_id: str) -> bool:
    """Nothing was ever posted there: there is nothing to catch up with."""
    return slots.newest(tx, "digest", room_id) is None
