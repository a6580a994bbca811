"""Writes what is said into the outbox: one message for each message, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.dialogue.effects import Line, line
from bot.dialogue.session import AskAnswer, Question, dump_question
from bot.texts import Texts
from storage import outbox
from storage.db import Transaction
from storage.people import Person
from storage.rooms import Room

AWAY = timedelta(minutes=5)  # a reply later than this finds nobody waiting for it


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said something where: what an answer needs to find its way."""

    person: Person
    room: Room
    event_id: str
    at: datetime
    under: str = ""  # effects go down in history under this event instead: the original of an edit


def content(talk: Origin, body: str, now: datetime) -> dict[str, object]:
    """Message content. Who is talking with us has the phone in the hand: it must not ring for every answer. Who wrote
    while we were away has put it down: then it may. In a room of several it is a reply."""
    kind = "m.text" if now - talk.at > AWAY else "m.notice"
    text: dict[str, object] = {"msgtype": kind, "body": body, "m.mentions": {}}
    if talk.room.kind != "direct":
        text["m.mentions"] = {"user_ids": [talk.person.user_id]}
        text["m.relates_to"] = {"m.in_reply_to": {"event_id": talk.event_id}}
    return text


def send(tx: Transaction, texts: Texts, talk: Origin, lines: Iterable[Line], now: datetime) -> int:
    """A plain word without a question; return the outbox row."""
    body = texts.together(lines, talk.person.language)
    message = content(talk, body, now)
    return outbox.put(tx, (talk.room.room_id, talk.person.id), ("message", "m.room.message"), message, now)


def put(tx: Transaction, talk: Origin, body: str, about: str | None, now: datetime) -> int:
    """The body as a reply; `about` is what a reply to it will speak of."""
    to = (talk.room.room_id, talk.person.id)
    row = outbox.put(tx, to, ("message", "m.room.message"), content(talk, body, now), now)
    if about is not None:
        outbox.about(tx, row, about)
    return row


def react(tx: Transaction, talk: Origin, key: str, now: datetime) -> int:
    """A mark on the person's own message."""
    relation: Mapping[str, str] = {"rel_type": "m.annotation", "event_id": talk.event_id, "key": key}
    to = (talk.room.room_id, talk.person.id)
    return outbox.put(tx, to, ("message", "m.reaction"), {"m.relates_to": dict(relation)}, now)


CHOICES = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
POLL = "org.matrix.msc3381.poll.start"


def offer_buttons(
    tx: Transaction, texts: Texts, talk: Origin, asked: tuple[int, Question | None], now: datetime
) -> None:
    """For who wants it, the four choices also to tap on: as reactions under the question, or as a poll."""
    row, question = asked
    if not isinstance(question, AskAnswer) or talk.person.buttons == "off":
        return
    to = (talk.room.room_id, talk.person.id)
    if talk.person.buttons == "reactions":
        for key in CHOICES:
            outbox.put(
                tx,
                to,
                ("message", "m.reaction"),
                {"m.relates_to": {"rel_type": "m.annotation", "row": row, "key": key}},
                now,
            )
        return
    wording = texts.render(line("poll_question"), talk.person.language)
    options = [texts.render(line(f"poll_{n}"), talk.person.language) for n in range(1, 5)]
    start = {
        "question": {"org.matrix.msc1767.text": wording},
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 1,
        "answers": [{"id": str(n), "org.matrix.msc1767.text": option} for n, option in enumerate(options, 1)],
    }
    poll = outbox.put(
        tx,
        to,
        ("message", POLL),
        {POLL: start, "org.matrix.msc1767.text": f"{wording} {' '.join(options)}"},
        now,
    )
    outbox.about(tx, poll, dump_question(question))
