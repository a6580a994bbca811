"""Who comes in: invitations, rooms joined and left, the first word to somebody new, one polite line to a stranger."""

from __future__ import annotations

from datetime import datetime

from bot.chat import Incoming, RoomSeen, Said, Unreadable
from bot.dialogue.effects import line
from bot.texts import Texts
from storage import outbox, people, rooms
from storage.db import Transaction
from storage.people import Person
from storage.rooms import Room

NO_CONTENT: dict[str, object] = {}


def room_changed(tx: Transaction, texts: Texts, change: RoomSeen, now: datetime) -> None:
    """Keep our own list of rooms true to what a sync said."""
    known = rooms.get(tx, change.room_id)
    match change.change:
        case "invited":
            _invited(tx, texts, (change, known), now)
        case "left":
            rooms.set_state(tx, change.room_id, "left", now)
        case "upgraded":
            rooms.set_state(tx, change.room_id, "left", now)
            if known is not None and change.successor:
                new = Room(change.successor, known.kind, known.person_id, known.encrypted, "invited")
                rooms.keep(tx, new, now)
                outbox.put(tx, (change.successor, None), ("join", ""), NO_CONTENT, now)
        case _:
            _joined(tx, change, known, now)


def _joined(tx: Transaction, change: RoomSeen, known: Room | None, now: datetime) -> None:
    encrypted = bool(change.encrypted) or (known.encrypted if known else False)
    kind, person_id = (known.kind, known.person_id) if known else ("group", None)
    others = change.members or ()
    if kind != "county" and len(others) == 1 and (person := people.by_user_id(tx, others[0])) is not None:
        kind, person_id = "direct", person.id
    elif kind == "direct" and change.members is not None:  # others came in, or the other one left
        kind, person_id = "group", None
    rooms.keep(tx, Room(change.room_id, kind, person_id, encrypted, "joined"), now)


def _invited(tx: Transaction, texts: Texts, what: tuple[RoomSeen, Room | None], now: datetime) -> None:
    """Somebody of the roster, or whoever into the county room of the settings: join. A stranger elsewhere: one polite
    line the first time, then the door stays shut."""
    change, known = what
    person = people.by_user_id(tx, change.by)
    encrypted = bool(change.encrypted)
    to = (change.room_id, None)
    if known is not None and known.kind == "county":
        outbox.put(tx, to, ("join", ""), NO_CONTENT, now)
        return
    if person is not None:
        kind = "direct" if change.direct else "group"
        room = Room(change.room_id, kind, person.id if change.direct else None, encrypted, "invited")
        rooms.keep(tx, room, now)
        outbox.put(tx, to, ("join", ""), NO_CONTENT, now)
        if change.direct and not person.greeted:
            people.mark_greeted(tx, person)
            _say(
                tx,
                (change.room_id, person.id),
                texts.render(line(f"welcome_{person.role}", name=person.name), person.language),
                now,
            )
        return
    rooms.keep(tx, Room(change.room_id, "group", None, encrypted, "invited"), now)
    if people.tell_stranger(tx, change.by, now):
        outbox.put(tx, to, ("join", ""), NO_CONTENT, now)
        _say(tx, to, texts.render(line("stranger"), "zh-CN"), now)
    outbox.put(tx, to, ("leave", ""), NO_CONTENT, now)


def _say(tx: Transaction, to: tuple[str, int | None], body: str, now: datetime) -> None:
    outbox.put(
        tx, to, ("message", "m.room.message"), {"msgtype": "m.text", "body": body, "m.mentions": {}}, now
    )


def room_of(tx: Transaction, event: Incoming, person: Person | None, now: datetime) -> Room:
    """The room an event came from, even if no sync told of it before."""
    room = rooms.get(tx, event.room_id)
    if room is None:
        room = Room(event.room_id, "group", None, isinstance(event.content, Unreadable), "joined")
        rooms.keep(tx, room, now)
    elif room.state != "joined":
        rooms.set_state(tx, event.room_id, "joined", now)
    return room


def stranger(tx: Transaction, texts: Texts, event: Incoming, room: Room, now: datetime) -> None:
    """One polite line to somebody outside the roster who speaks to the bot; nothing of theirs is kept."""
    if room.kind == "county" or not isinstance(event.content, (Said, Unreadable)):
        return
    if people.tell_stranger(tx, event.sender, now):
        _say(tx, (event.room_id, None), texts.render(line("stranger"), "zh-CN"), now)
