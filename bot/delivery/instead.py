"""A short message in place of one that no homeserver takes (too large, or of a form it refuses): never silence.

Rule: it is about the same question as the one it stands for, so that a reply to it is understood; it has none in its own place.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from bot import chat
from bot.chat import Refusal, UndeliverableError
from bot.dialogue.effects import line
from bot.texts import LANGUAGES, Texts
from storage import outbox, people
from storage.db import Transaction
from storage.outbox import OutboxRow, Outgoing

ITS_OWN_FAULT = (Refusal.TOO_LARGE, Refusal.MALFORMED)  # another message would arrive


def noted(tx: Transaction, row: OutboxRow, failed: UndeliverableError, now: datetime) -> None:
    """It can never be sent."""
    outbox.failed(tx, row.id, str(failed))


def short_instead(
    texts: Texts, tx: Transaction, row: OutboxRow, failed: UndeliverableError, now: datetime
) -> None:
    """It can never be sent; write the short one. What nobody waits for (a reaction, a reminder, a room to join) has none."""
    noted(tx, row, failed, now)
    said = {"message": "reply_refused", "ledger": "ledger_refused"}.get(row.act)
    if (
        failed.reason not in ITS_OWN_FAULT
        or said is None
        or row.type != "m.room.message"
        or row.reason != "reply"
    ):
        return
    language = people.by_id(tx, row.person_id).language if row.person_id is not None else LANGUAGES[0]
    content = chat.notice(texts.render(line(said), language))
    short = Outgoing(row.room_id, row.person_id, content, about=row.about, reason="instead")
    outbox.add(tx, short, now)


def shortener(texts: Texts) -> partial[None]:
    """For the outbox sender."""
    return partial(short_instead, texts)
