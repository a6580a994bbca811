"""The tick: makes everything scheduled right as of `now`. Run late, twice or after a crash it changes nothing more.

Rule: every scheduled message takes a slot in the same transaction that writes it.
"""

from __future__ import annotations

from datetime import datetime

from bot.context import Context
from bot.scheduling.digest import post_digest
from bot.scheduling.hours import Hours
from bot.scheduling.reminders import remind
from bot.scheduling.unreadable import tell_unreadable
from storage import outbox
from storage.db import Transaction


def tick(tx: Transaction, context: Context, hours: Hours, now: datetime) -> None:
    """Everything that is due by `now` and was not done yet."""
    local = now.astimezone(context.campaign.timezone)
    outbox.begin_waiting_anew(tx, now)
    tell_unreadable(tx, context, now)
    post_digest(tx, context, hours, local)
    remind(tx, context, hours, local)
