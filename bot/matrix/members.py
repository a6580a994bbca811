"""Who is in a room, and what a change of that means for the room's key.

Rules: whoever leaves never gets another message of ours readable (the key is thrown away); whoever comes gets the
key from here on; invited people get it too, so that they can read what was said before they accepted.
"""

from __future__ import annotations

from urllib.parse import quote

from nio import MatrixRoom

from bot.matrix.json_access import Json, cleaned, get_id, get_object, get_objects, get_text
from bot.matrix.safe_client import SafeClient


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


def joined_others(client: SafeClient, room: MatrixRoom) -> tuple[str, ...]:
    """Ids of the other people who are in the room, in a fixed order."""
    return tuple(sorted(u for u, user in room.users.items() if not user.invited and u != client.user_id))


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
