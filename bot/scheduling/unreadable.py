"""Asks people to send again what could not be decrypted, once the grace period for its key is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import chat
from bot.context import KEY_GRACE, Context
from bot.dialogue.effects import line
from storage import outbox, people, rooms, unreadable
from storage.db import Transaction
from storage.outbox import Outgoing
from storage.unreadable import Unread


def tell_unreadable(tx: Transaction, context: Context, now: datetime) -> None:
    """What is still unreadable is asked for again, naming when it was written. Once."""
    for unread in unreadable.every(tx):
        waits = now - datetime.fromisoformat(unread.came_at)
        # one that came later than it is now came before the clock was set back
        if unread.told_at is None and not timedelta(0) <= waits < KEY_GRACE:
            unreadable.told(tx, unread.event_id, now)
            _tell(tx, context, unread, now)


def _tell(tx: Transaction, context: Context, unread: Unread, now: datetime) -> None:
    zone = context.campaign.timezone
    actor = people.actor(tx, unread.sender, context.campaign.today(now).isoformat())
    room = rooms.get(tx, unread.room_id)
    if actor is None or room is None or not (room.kind == "direct" or _replies_to_us(tx, unread)):
        return  # what others say to each other need not be said again to us
    person, at = actor.person, datetime.fromisoformat(unread.at).astimezone(zone)
    content = chat.text(context.texts.render(line("unreadable", at=f"{at:%m-%d %H:%M}"), person.language))
    if room.kind != "direct":
        content = chat.reply_to(content, unread.event_id, person.user_id)
    outbox.add(tx, Outgoing(room.room_id, person.id, content), now)


def _replies_to_us(tx: Transaction, unread: Unread) -> bool:
    """What a message belongs to stands outside of what is encrypted."""
    relation = unread.source.get("content")
    for name in ("m.relates_to", "m.in_reply_to"):
        relation = relation.get(name) if isinstance(relation, dict) else None
    target = relation.get("event_id") if isinstance(relation, dict) else None
    return isinstance(target, str) and outbox.is_ours(tx, target)
