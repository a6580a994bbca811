"""Who is in a room, and what a change of that means for the room's key.

Rules: whoever leaves never gets another message of ours readable (the key is thrown away); whoever comes gets the
key from here on; invited people get it too, so that they can read what was said before they accepted. Members that
could not be learnt are learnt again, also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from nio import MatrixRoom

from bot.chat import RoomSeen, TryLaterError, UndeliverableError
from bot.matrix.json_access import Json, cleaned, get_id, get_object, get_objects, get_text
from bot.matrix.safe_client import SafeClient, Unlearnt

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 2.5, 600.0  # seconds between two tries to learn who is in a room
WHEN_QUIET, WHEN_BUSY = (
    20,
    2,
)  # rooms asked for after one sync; where something was said its answer waits for them


def take_membership(client: SafeClient, room: MatrixRoom, event: Json) -> bool:
    """Apply one m.room.member event; whether the list of joined or invited people changed."""
    user_id, membership = get_id(event, "state_key"), get_text(event, "content", "membership")
    if not user_id:
        return False
    if membership in ("join", "invite"):
        return _comes(client, room, user_id, invited=membership == "invite")
    return _goes(client, room, user_id)


async def learn_members(client: SafeClient, room: MatrixRoom) -> None:
    """Ask the homeserver who is in the room. Raises UndeliverableError when we are not."""
    path = f"/_matrix/client/v3/rooms/{quote(room.room_id)}/members"
    answer = await client.line.call("GET", path, query={"not_membership": "leave"})
    there = {
        get_id(event, "state_key"): get_text(event, "content", "membership") == "invite"
        for event in get_objects(answer, "chunk")
        if get_text(event, "content", "membership") in ("join", "invite")
    }
    for user_id in set(room.users) - set(there):
        _goes(client, room, user_id)
    for user_id, invited in there.items():
        _comes(client, room, user_id, invited=invited)
    room.members_synced = True


def others(client: SafeClient, room: MatrixRoom) -> tuple[str, ...]:
    """Ids of the other people who are in the room or asked into it (they get its key), in a fixed order."""
    return tuple(sorted(user_id for user_id in room.users if user_id != client.user_id))


async def known_others(client: SafeClient, room: MatrixRoom) -> tuple[str, ...] | None:
    """The others, asked for where they are not known. None when that failed: it is tried again later, unless what was
    heard of meanwhile says already that there are several."""
    try:
        async with client.sending(room.room_id):  # two answers must not overtake each other
            if not room.members_synced:
                await learn_members(client, room)
    except UndeliverableError as refusal:
        log.info("members of %s are not ours to know: %s", room.room_id, refusal)
        client.unlearnt.pop(room.room_id, None)
    except TryLaterError as trouble:
        log.info("members of %s stay unknown for now: %s", room.room_id, trouble)
        waits = client.unlearnt.setdefault(room.room_id, Unlearnt())
        waits.tries += 1
        waits.not_before = _now() + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(waits.tries, 20))
    else:
        client.unlearnt.pop(room.room_id, None)
        return others(client, room)
    heard = others(client, room)
    return heard if len(heard) > 1 else None


def is_due(client: SafeClient, room_id: str) -> bool:
    """Whether the members of a room are to be asked for now."""
    waits = client.unlearnt.get(room_id)
    return waits is not None and waits.not_before <= _now()


async def learn_again(client: SafeClient, *, busy: bool) -> list[RoomSeen]:
    """Rooms whose members could not be learnt before and now were; some of those whose time has come are asked for."""
    due = [room_id for room_id in client.unlearnt if is_due(client, room_id)]
    due = due[: WHEN_BUSY if busy else WHEN_QUIET]
    found = []
    for room_id in due:
        room = client.room(room_id)
        members = await known_others(client, room)
        if members is not None and room_id not in client.unlearnt:
            found.append(RoomSeen(room_id, "joined", room.encrypted, members))
        if room.members_synced is False and room_id in client.unlearnt:
            break  # the homeserver is busy: the others can wait for the next sync
    return found


def _now() -> float:
    return asyncio.get_running_loop().time()


def heroes_are_all(summary: Json) -> tuple[str, ...] | None:
    """The other members as the summary of a small room names them; None where it does not name every one."""
    named = get_object(summary).get("m.heroes")
    heroes = [cleaned(hero) for hero in named if isinstance(hero, str)] if isinstance(named, list) else []
    complete = summary.get("m.joined_member_count") == len(heroes) + 1 and not summary.get(
        "m.invited_member_count"
    )
    return tuple(sorted(heroes)) if complete else None


def _comes(client: SafeClient, room: MatrixRoom, user_id: str, *, invited: bool) -> bool:
    known = room.users.get(user_id)
    if known is not None:
        changed = known.invited != invited
        known.invited = invited
        return bool(changed)
    room.add_member(user_id, None, None, invited)
    session = client.olm.outbound_group_sessions.get(room.room_id)
    if session is not None:
        session.shared = False  # not with everybody any more; who has it is remembered
    return True


def _goes(client: SafeClient, room: MatrixRoom, user_id: str) -> bool:
    if user_id not in room.users:
        return False
    room.remove_member(user_id)
    client.olm.outbound_group_sessions.pop(room.room_id, None)
    return True
