"""Who comes in: invitations, rooms joined and left, the first word to somebody new, one polite line to a stranger.

Rule: a room is direct only while its person is known to be alone in it with us. What others say of a room (an
invitation that it is direct, a tombstone that it takes another's place) is a claim, and changes no room we know.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import chat
from bot.chat import Incoming, RoomSeen, Said, Unreadable
from bot.context import Context
from bot.dialogue.effects import line
from bot.dialogue.parsing.address import without_name
from bot.dialogue.parsing.normalise import normalise
from bot.engine import replies
from storage import outbox, people, rooms
from storage.db import Transaction
from storage.outbox import Outgoing
from storage.people import Actor, Person
from storage.rooms import Room


def on_room_change(tx: Transaction, context: Context, change: RoomSeen, now: datetime) -> None:
    """Keep our own list of rooms true to what a sync said."""
    known = rooms.get(tx, change.room_id)
    match change.change:
        case "invited":
            _invited(tx, context, change, known, now)
        case "left":
            rooms.set_state(tx, change.room_id, "left", now)
        case "upgraded":
            _claimed(tx, change, known, now)
        case _:
            _joined(tx, context, change, known, now)


def _joined(tx: Transaction, context: Context, change: RoomSeen, known: Room | None, now: datetime) -> None:
    """Who is in a room decides whether it is direct; until that is known it is what it was, and a new one is a group."""
    room = known or Room(change.room_id, "group", None, False, "joined")
    room = replace(
        room,
        state="left" if room.successor else "joined",
        encrypted=bool(change.encrypted) or room.encrypted,
        others=None if change.members is None else len(change.members),
        space=change.space or room.space,
        predecessor=room.predecessor or change.predecessor,
    )
    others = change.members or ()
    person = _actor(tx, context, others[0], now) if len(others) == 1 and not room.space else None
    if room.kind not in ("county", "unit") and person is not None:
        room = replace(room, kind="direct", person_id=person.person.id)
    elif room.kind == "direct" and (change.members is not None or room.space):
        room = replace(room, kind="group", person_id=None)  # others came in, or the other one left
    if known is not None and known.person_id not in (None, room.person_id):
        outbox.send_elsewhere(tx, room.room_id, known.person_id)
    rooms.keep(tx, room, now)
    old = rooms.get(tx, room.predecessor) if room.predecessor and room.learnt else None
    if old is not None and old.successor == room.room_id and room.kind in ("group", "direct"):
        rooms.succeed(tx, old, room, now)


def _claimed(tx: Transaction, change: RoomSeen, known: Room | None, now: datetime) -> None:
    """A tombstone: nobody talks there any more, and we go and look at the room it names. What that is shows there."""
    rooms.set_state(tx, change.room_id, "left", now)
    if known is None or not change.successor or change.successor == change.room_id:
        return
    rooms.name_successor(tx, change.room_id, change.successor)
    new = rooms.get(tx, change.successor)
    if new is None or new.state != "joined":
        _act(tx, change.successor, "join", now)
    elif new.predecessor == change.room_id and new.learnt and new.kind in ("group", "direct"):
        rooms.succeed(tx, known, new, now)


def _invited(tx: Transaction, context: Context, change: RoomSeen, known: Room | None, now: datetime) -> None:
    """Somebody of the roster, or whoever into the county room of the settings: join. A stranger elsewhere: one polite
    line the first time, then the door stays shut."""
    actor = _actor(tx, context, change.by, now)
    expected = known is not None and known.kind in ("county", "unit")
    if expected or rooms.is_named_successor(tx, change.room_id):
        _act(tx, change.room_id, "join", now)
        return
    room = Room(change.room_id, "group", None, bool(change.encrypted), "invited", space=change.space)
    if actor is not None:
        person = actor.person
        rooms.keep(tx, room, now)
        _act(tx, change.room_id, "join", now)
        if change.direct and not person.greeted:
            people.mark_greeted(tx, person)
            welcome = context.texts.render(replies.welcome(person), person.language)
            _say(tx, change.room_id, person, welcome, now)
        return
    rooms.keep(tx, room, now)
    if people.tell_stranger(tx, change.by, now):
        _act(tx, change.room_id, "join", now, stranger=True)
        _say(tx, change.room_id, None, _to_a_stranger(context), now)
    _act(tx, change.room_id, "leave", now, stranger=True)


def _actor(tx: Transaction, context: Context, user_id: str, now: datetime) -> Actor | None:
    return people.actor(tx, user_id, context.campaign.today(now).isoformat())


def _to_a_stranger(context: Context) -> str:
    return context.texts.render(line("stranger"), "zh-CN")


def _act(tx: Transaction, room_id: str, act: str, now: datetime, *, stranger: bool = False) -> None:
    outbox.add(tx, Outgoing(room_id, act=act, type="", reason="room", stranger=stranger), now)


def _say(tx: Transaction, room_id: str, person: Person | None, body: str, now: datetime) -> None:
    to = person.id if person else None
    row = Outgoing(room_id, to, chat.text(body), reason="notice", stranger=person is None)
    outbox.add(tx, row, now)


def room_of(tx: Transaction, event: Incoming, room: Room | None, now: datetime) -> Room:
    """The room an event came from, even if no sync told of it before."""
    if room is None:
        room = Room(event.room_id, "group", None, isinstance(event.content, Unreadable), "joined")
        rooms.keep(tx, room, now)
    elif room.state != "joined":
        rooms.set_state(tx, event.room_id, "joined", now)
    return room


def answer_stranger(tx: Transaction, context: Context, event: Incoming, room: Room, now: datetime) -> None:
    """One polite line to somebody outside the roster who speaks to the bot; nothing of theirs is kept."""
    if not _speaks_to_us(tx, context, event, room):
        return
    if people.tell_stranger(tx, event.sender, now):
        _say(tx, event.room_id, None, _to_a_stranger(context), now)


def _speaks_to_us(tx: Transaction, context: Context, event: Incoming, room: Room) -> bool:
    """In a room of several a stranger talks to the others, but where they reply to us or call us. The county room is not
    theirs to be answered in."""
    said = event.content
    if room.kind == "direct" or room.others == 1:
        return isinstance(said, (Said, Unreadable))
    if room.kind == "county" or not isinstance(said, Said):
        return False
    names = (*context.names, *said.called)
    named = without_name(normalise(said.words), names, context.vocabulary).named
    return said.to_us or named or bool(said.reply_to and outbox.is_ours(tx, said.reply_to))
