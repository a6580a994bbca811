"""What a sync says about rooms, in our own words: where we were asked in, what we lost, what was replaced.

Rule: pure functions over the sync's JSON. Only events in clear with a state key count: nobody can move the bot to
another room with a message. What a tombstone says is a claim: the room it names must say so too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.chat import RoomSeen
from bot.matrix.json_access import Json, get_id, get_items, get_object, get_objects, get_text


def invitations(answer: Json, own_id: str) -> Iterator[RoomSeen]:
    for room_id, info in get_items(answer, "rooms", "invite"):
        state = tuple(get_objects(info, "invite_state", "events"))
        asked = _own_membership(state, own_id, ("invite",))
        if asked is not None:
            direct = get_object(asked, "content").get("is_direct") is True
            encrypted = (
                True if any(get_text(event, "type") == "m.room.encryption" for event in state) else None
            )
            space = creation(state).space
            by = get_text(asked, "sender")
            yield RoomSeen(room_id, "invited", encrypted, by=by, direct=direct and not space, space=space)


def losses(answer: Json, own_id: str) -> Iterator[RoomSeen]:
    """Rooms we left, were removed or banned from, or whose invitation was withdrawn; `by` may be ourselves."""
    for room_id, info in get_items(answer, "rooms", "leave"):
        events = (*get_objects(info, "state", "events"), *get_objects(info, "timeline", "events"))
        ended = _own_membership(events, own_id, ("leave", "ban"))
        yield RoomSeen(room_id, "left", by=get_text(ended, "sender"))


def upgrades(answer: Json) -> Iterator[RoomSeen]:
    for room_id, info in get_items(answer, "rooms", "join"):
        for event in (*get_objects(info, "state", "events"), *get_objects(info, "timeline", "events")):
            successor = get_id(event, "content", "replacement_room")
            if get_text(event, "type") == "m.room.tombstone" and event.get("state_key") == "" and successor:
                yield RoomSeen(room_id, "upgraded", by=get_text(event, "sender"), successor=successor)


@dataclass(frozen=True, slots=True)
class Creation:
    """What a room was made as: `space` when it was given a type, which a room to talk in has none of."""

    predecessor: str = ""
    space: bool = False


def creation(events: Iterable[Json]) -> Creation:
    """What the room's own m.room.create says, where it is among these events."""
    for event in events:
        if get_text(event, "type") == "m.room.create" and event.get("state_key") == "":
            predecessor = get_text(event, "content", "predecessor", "room_id")
            return Creation(predecessor, bool(get_text(event, "content", "type")))
    return Creation()


def own_join(info: Json, own_id: str) -> Json | None:
    """Our own joining, where the sync shows it."""
    events = (*get_objects(info, "state", "events"), *get_objects(info, "timeline", "events"))
    return _own_membership(events, own_id, ("join",))


def since_invitation(events: tuple[Json, ...], own_id: str) -> tuple[Json, ...] | None:
    """The events after the last invitation to us; None when it is not among them."""
    for at in range(len(events) - 1, -1, -1):
        if _own_membership((events[at],), own_id, ("invite",)) is not None:
            return events[at + 1 :]
    return None


def _own_membership(events: tuple[Json, ...], own_id: str, wanted: tuple[str, ...]) -> Json | None:
    """The last of our own membership events that says one of `wanted`."""
    found = None
    for event in events:
        ours = get_text(event, "type") == "m.room.member" and event.get("state_key") == own_id
        if ours and get_text(event, "content", "membership") in wanted:
            found = event
    return found
