"""A reply of ours whose message was edited or taken back is edited too: no ✓ stands that is no longer true.

Rule: the question below it stays only while it is the open one; nobody's phone rings for an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import chat
from bot.dialogue.disclosed import covered, fitted
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import Question, load_question
from bot.engine import replies
from bot.engine.origin import Origin
from bot.engine.replies import Asked
from storage import inbox, outbox
from storage.db import Transaction
from storage.outbox import Outgoing

ABOUT_THE_EDIT = ("edited", "unedited")  # said in the new reply only


@dataclass(frozen=True, slots=True)
class After:
    """What holds now: the lines said of it, none when the message was taken back; the question that is open."""

    lines: Sequence[Line]
    question: Question | None


def mend(tx: Transaction, origin: Origin, event_id: str, after: After, now: datetime) -> None:
    """Edit what this message of a person was answered with, if it was answered in words."""
    seen = inbox.get(tx, event_id)
    said = outbox.message_of(tx, seen.reply) if seen is not None and seen.reply else None
    if said is None:
        return
    happened = [each for each in after.lines if each.key not in ABOUT_THE_EDIT]
    told = (line("reply_mended"), *happened) if happened else (line("reply_withdrawn"),)
    # What may not stand there is told to the asker alone, with the new reply.
    first = fitted(told, origin.setting).here
    asked = load_question(said.about)
    stays = asked is not None and asked == after.question
    below = covered(replies.put(tx, origin, Asked(asked), now), origin.setting) if stays else ()
    words = replies.worded(origin, (first, below))
    content = chat.replacement_of_row(said.id, chat.with_html(chat.notice(words.body), words.html))
    outbox.add(tx, Outgoing(said.room_id, origin.person.id, content, about=said.about), now)
