"""For who wants it, the four choices also to tap on: as reactions under the open item, or as a poll.

Rule: they stand under the open item alone; what was answered or put aside takes its buttons with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import chat
from bot.dialogue.effects import line
from bot.dialogue.questions import AskAnswer, Question, dump_question
from bot.dialogue.session import Buttons, Session
from bot.engine.origin import Origin
from storage import outbox
from storage.db import Transaction
from storage.outbox import Outgoing

CHOICES = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
OFF = "off"


def follow(tx: Transaction, origin: Origin, session: Session, row: int, now: datetime) -> Session:
    """Buttons under the question that stands in outbox row `row`; those of any other question are withdrawn."""
    kind, question, standing = origin.person.buttons, session.question, session.buttons
    if standing is not None and (standing.kind != kind or standing.question != question):
        _withdraw(tx, origin, standing, now)
        session, standing = replace(session, buttons=None), None
    if kind == OFF or standing is not None or not row or not isinstance(question, AskAnswer):
        return session
    return replace(session, buttons=Buttons(kind, question, _offer(tx, origin, question, row, now)))


def _offer(tx: Transaction, origin: Origin, question: Question, row: int, now: datetime) -> tuple[int, ...]:
    person, room_id, texts = origin.person, origin.room.room_id, origin.context.texts
    if person.buttons == "reactions":
        marks = (
            Outgoing(room_id, person.id, chat.reaction_to_row(row, key), type="m.reaction") for key in CHOICES
        )
        return tuple(outbox.add(tx, mark, now) for mark in marks)
    wording = texts.render(line("poll_question"), person.language)
    options = [texts.render(line(f"poll_{n}"), person.language) for n in range(1, 5)]
    content = chat.in_thread(chat.poll(wording, options), origin.thread, origin.event_id)
    poll = Outgoing(room_id, person.id, content, type=chat.POLL, about=dump_question(question))
    return (outbox.add(tx, poll, now),)


def _withdraw(tx: Transaction, origin: Origin, standing: Buttons, now: datetime) -> None:
    for row in standing.rows:
        gone = Outgoing(
            origin.room.room_id, origin.person.id, chat.redaction_of_row(row), type="m.room.redaction"
        )
        outbox.add(tx, gone, now)
