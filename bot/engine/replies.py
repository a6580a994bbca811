"""Writes what is said into the outbox: one message for each message, in the reader's language.

Rule: nothing is said in a room but what may stand there (`domain/disclosure`); what may not goes to the asker alone, and
the room is told so in one line. A message of a thread is answered in its thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import chat
from bot.dialogue.disclosed import covered, fitted
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import Question, dump_question
from bot.domain.disclosure import Matter, Way, way
from bot.engine.origin import Origin
from bot.handlers.again import put_again
from bot.handlers.questions import Audience, put_question
from bot.texts.formatted import formatted
from storage import outbox, rooms
from storage.db import Transaction
from storage.outbox import Outgoing
from storage.people import Person

LONGEST = 16_000  # bytes of words in one reply; with the same as HTML still far below the 64 KB of an event
AWAY = timedelta(minutes=5)  # a reply later than this finds nobody waiting for it
WELCOME = "welcome_"  # the texts of a first contact, one a role: they stand apart from what happened


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands below what is said: a question, or nothing but the finding that was spoken of."""

    question: Question | None
    in_full: bool = True
    finding: int = 0


def welcome(person: Person) -> Line:
    """Who we are and what one can say, for somebody's first contact."""
    return line(f"{WELCOME}{person.role}", name=person.name)


def content(origin: Origin, body: str, now: datetime, html: str = "") -> dict[str, object]:
    """Message content. Who is talking with us has the phone in the hand: it must not ring for every answer. Who wrote
    while we were away has put it down: then it may. In a room of several it is a reply."""
    message = chat.with_html(chat.text(body) if now - origin.at > AWAY else chat.notice(body), html)
    if origin.room.kind != "direct":
        message = chat.reply_to(message, origin.event_id, origin.person.user_id)
    return chat.in_thread(message, origin.thread, origin.event_id)


def send(tx: Transaction, origin: Origin, lines: Iterable[Line], now: datetime) -> int:
    """A plain word without a question; return the outbox row."""
    return answer(tx, origin, tuple(lines), Asked(None), now)


def react(tx: Transaction, origin: Origin, key: str, now: datetime) -> int:
    """A mark on the person's own message."""
    mark = chat.reaction(origin.event_id, key)
    return outbox.add(tx, Outgoing(origin.room.room_id, origin.person.id, mark, type="m.reaction"), now)


def answer(tx: Transaction, origin: Origin, lines: Sequence[Line], asked: Asked, now: datetime) -> int:
    """One message: what happened, and the open question below it. Its outbox row; 0 when there was nothing to say."""
    below = covered(put(tx, origin, asked, now), origin.setting)
    welcome = [line for line in lines if line.key.startswith(WELCOME)]
    happened = fitted((line for line in lines if line not in welcome), origin.setting)
    words = worded(origin, (welcome, happened.here, below))
    if happened.privately:
        _tell_alone(tx, origin, happened.privately, asked, now)
    if not words.body:
        return 0
    about = _about(asked.question, asked.finding, lines)
    message = content(origin, words.body, now, words.html)
    return outbox.add(tx, Outgoing(origin.room.room_id, origin.person.id, message, about=about), now)


def _tell_alone(tx: Transaction, origin: Origin, lines: Sequence[Line], asked: Asked, now: datetime) -> None:
    """What may not stand in the room, to the asker's direct room, which is opened when there is none."""
    to, body = origin.person, chat.notice(worded(origin, (lines,)).body)
    room_id = rooms.private(tx, to.id)
    outbox.add(tx, Outgoing(room_id, to.id, body, about=_about(None, asked.finding, lines)), now)


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, plain and as HTML; "" where there is nothing to set off."""

    body: str
    html: str


def worded(origin: Origin, parts: Sequence[Sequence[Line]]) -> Words:
    """The parts of a message in the reader's language, an empty line between them, cut where they are too long."""
    texts, language = origin.context.texts, origin.person.language

    def body(of: Sequence[Sequence[Line]]) -> str:
        return "\n\n".join(words for part in of if (words := texts.together(part, language)))

    words = body(parts)
    if len(words.encode()) >= LONGEST:
        parts = fitting(origin, parts)
        words = body(parts)
    return Words(words, formatted(texts, parts, language))


def fitting(origin: Origin, parts: Sequence[Sequence[Line]]) -> tuple[Sequence[Line], ...]:
    """The parts of a reply, the long ones with their first lines only and a word on how many there are. What is asked,
    the last part, comes whole before anything else does."""
    left, kept = LONGEST, list[Sequence[Line]]()
    for part in reversed(parts):
        shown = list[Line]()
        for each in part:
            left -= len(origin.context.texts.render(each, origin.person.language).encode()) + 1
            if left < 0:
                shown.append(line("reply_cut", n=len(part)))
                break
            shown.append(each)
        kept.insert(0, shown)
    return tuple(kept)


def put(tx: Transaction, origin: Origin, asked: Asked, now: datetime) -> tuple[Line, ...]:
    """The question as it stands below what is said."""
    if asked.question is None:
        return ()
    told = way(origin.setting, Matter.RECORD) is Way.SHOWN
    to = Audience(origin.actor.own, told, origin.campaign.today(now))
    if asked.in_full:
        return put_question(tx, origin.context, to, asked.question)
    return (put_again(tx, origin.context, to, asked.question),)


def _about(question: Question | None, finding: int, lines: Sequence[Line]) -> str | None:
    """What a reply to this message speaks of, as JSON: its question, and the one finding that it shows."""
    cards = [line.params["finding"] for line in lines if line.key == "card"]
    if question is None:
        return json.dumps({"card": finding}) if finding else None
    about = dump_question(question) or ""
    return (
        json.dumps({**json.loads(about), "card": cards[0]}, ensure_ascii=False) if len(cards) == 1 else about
    )
