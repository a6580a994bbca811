"""Putting an event into a room: encrypted where the room is, and only after everybody in it was given the key.

Rules: a key that could not be handed out is a failure of the message (nio sends anyway and the reader sees nothing);
a send that is cancelled or fails leaves nothing behind that could hold up the next one; the transaction id is the
caller's, so that the same message twice is one message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from nio import MatrixRoom

from bot.chat import TryLaterError
from bot.matrix.decrypt import MEGOLM
from bot.matrix.http import RefusedError, named
from bot.matrix.json_access import Json, get_text
from bot.matrix.keys import learn_devices, open_sessions, send_to_devices
from bot.matrix.members import learn_members
from bot.matrix.safe_client import SafeClient

SENT_IN_CLEAR = frozenset({"m.reaction", "m.room.redaction"})  # as every client does: servers count them
ROUNDS = 5


async def put_event(client: SafeClient, room_id: str, kind: str, content: Json, txn_id: str) -> str:
    """Send an event and return its id. Raises TryLaterError, UndeliverableError or SignedOutError."""
    room = await known_room(client, room_id)
    if room.encrypted and kind not in SENT_IN_CLEAR:
        async with client.sending(room_id):
            await _hand_out_key(client, room)
            content = _encrypted(client, room_id, kind, content)
        kind = "m.room.encrypted"
    path = f"/_matrix/client/v3/rooms/{quote(room_id)}/send/{quote(kind)}/{quote(txn_id, safe='')}"
    return named(await client.line.call("PUT", path, content), "event_id", "a message")


async def known_room(client: SafeClient, room_id: str) -> MatrixRoom:
    """The room's model; for a room no sync has told us about, the homeserver is asked whether it is encrypted."""
    if room_id in client.rooms:
        return client.rooms[room_id]
    path = f"/_matrix/client/v3/rooms/{quote(room_id)}/state/m.room.encryption"
    try:
        encrypted = bool(get_text(await client.line.call("GET", path), "algorithm"))
    except RefusedError as refusal:
        if refusal.errcode != "M_NOT_FOUND":
            raise
        encrypted = False
    return client.room(room_id, encrypted)


async def _hand_out_key(client: SafeClient, room: MatrixRoom) -> None:
    """Return only when every device in the room that can get the room's key has it, with nothing awaited after."""
    olm = client.olm
    for turn in range(ROUNDS):
        if not room.members_synced:
            await learn_members(client, room)
        people = set(room.users)
        if turn == 0 and olm.should_share_group_session(room.room_id):
            olm.users_for_key_query |= people - olm.tracked_users
        if people & olm.users_for_key_query:
            await learn_devices(client, people)
            continue
        if not olm.should_share_group_session(room.room_id):
            return
        await open_sessions(client, people)
        await _share(client, room, people)
    raise TryLaterError(f"people and devices of {room.room_id} keep changing")


async def _share(client: SafeClient, room: MatrixRoom, people: set[str]) -> None:
    """Give the room's key to those devices of `people` that lack it."""
    olm = client.olm
    with client.store.database.atomic():
        portions = list(
            olm.share_group_session_parallel(room.room_id, sorted(people), ignore_unverified_devices=True)
        )
    session = olm.outbound_group_sessions[room.room_id]
    for devices, body in portions:
        await send_to_devices(client, "m.room.encrypted", body["messages"])
        session.users_shared_with.update(devices)
    if set(room.users) == people:
        session.shared = True


def _encrypted(client: SafeClient, room_id: str, kind: str, content: Json) -> Mapping[str, object]:
    session = client.olm.outbound_group_sessions[room_id]
    inside = json.dumps(
        {"type": kind, "content": content, "room_id": room_id}, ensure_ascii=False, separators=(",", ":")
    )
    outside: dict[str, object] = {
        "algorithm": MEGOLM,
        "sender_key": client.olm.account.identity_keys["curve25519"],
        "ciphertext": session.encrypt(inside),
        "session_id": session.id,
        "device_id": client.device_id,
    }
    if "m.relates_to" in content:
        outside["m.relates_to"] = content["m.relates_to"]  # the homeserver joins edits and replies by it
    return outside
