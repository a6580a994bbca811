"""Taking in the part of a sync that is about keys and rooms: everything in one transaction of `crypto.db`.

Rules: this commits before the bot's own database does, so that a replay after a crash still decrypts; nothing a
stranger sends can make it fail; a failure of the disk always does, and then the process must end, because the keys
in memory have moved on and those on the disk have not.
"""

from __future__ import annotations

import logging

from nio import MatrixRoom, OlmEvent, RoomKeyEvent

from bot.matrix.crypto_store import is_nonsense
from bot.matrix.decrypt import is_of, remember
from bot.matrix.json_access import Json, get_items, get_number, get_object, get_objects, get_text
from bot.matrix.members import take_membership
from bot.matrix.safe_client import Claim, SafeClient

log = logging.getLogger(__name__)

OLM = "m.olm.v1.curve25519-aes-sha2"
MOST_TROUBLED = 200


def ingest(client: SafeClient, answer: Json) -> frozenset[str]:
    """Take in a /sync answer; returns the joined rooms in which somebody came or went.

    Raises storage errors only. After one the process must end.
    """
    with client.store.database.atomic():
        if brings_something(answer):
            client.store.count_sync()
        client.store.add_arrived(_room_keys(client, answer))
        _count_our_keys(client, answer)
        _note_changed_devices(client, answer)
        changed = frozenset(
            room_id
            for room_id, info in get_items(answer, "rooms", "join")
            if _take_room(client, room_id, info)
        )
        for kind in ("join", "leave"):
            for room_id, info in get_items(answer, "rooms", kind):
                for event in get_objects(info, "timeline", "events"):
                    remember(client, room_id, event)
        for room_id, _info in get_items(answer, "rooms", "leave"):
            client.forget_room(room_id)
    return changed


def brings_something(answer: Json) -> bool:
    """Whether anything but counts and presence is in it: then it has a number in both files."""
    rooms = any(get_object(answer, "rooms", kind) for kind in ("join", "invite", "leave"))
    return rooms or any(True for _ in get_objects(answer, "to_device", "events"))


def _room_keys(client: SafeClient, answer: Json) -> list[str]:
    """Open what other devices sent to ours; returns the session ids whose keys were in it.

    Only keys are of use to us: verification requests, key requests and everything in clear are passed over.
    """
    arrived = []
    first_words = False
    for event in get_objects(answer, "to_device", "events"):
        if get_text(event, "type") != "m.room.encrypted" or get_text(event, "content", "algorithm") != OLM:
            continue
        ours = get_object(event, "content", "ciphertext", client.olm.account.identity_keys["curve25519"])
        first_words = first_words or get_number(ours, "type") == 0
        session_id = _opened(client, event)
        if session_id:
            arrived.append(session_id)
            _ask_whose(client, event, session_id)
    if first_words:
        # nio writes the account down before the one-time key is used up; without this it would come back.
        client.olm.save_account()
    return arrived


def _ask_whose(client: SafeClient, event: Json, session_id: str) -> None:
    claim = Claim(get_text(event, "sender"), get_text(event, "content", "sender_key"))
    if not is_of(client, claim.sender, claim.sender_key):
        client.note_unproven(claim, session_id)


def _opened(client: SafeClient, event: Json) -> str:
    """The session whose key was in one encrypted to-device event, or ""."""
    sender, sender_key = get_text(event, "sender"), get_text(event, "content", "sender_key")
    try:
        opened = client.olm.handle_to_device_event(
            OlmEvent(event, sender, sender_key, get_object(event, "content", "ciphertext"))
        )
    except BaseException as nonsense:
        if not is_nonsense(nonsense):
            raise
        log.warning("a malformed encrypted message from a device of %s: %s", sender, type(nonsense).__name__)
        opened = None
    if opened is None and len(client.troubled) < MOST_TROUBLED:
        client.troubled.add((sender, sender_key))
    return str(opened.session_id) if isinstance(opened, RoomKeyEvent) else ""


def _count_our_keys(client: SafeClient, answer: Json) -> None:
    """How many one-time keys the homeserver has left: what it does not name, it has none of."""
    if client.olm.account.shared:
        client.olm.uploaded_key_count = get_number(answer, "device_one_time_keys_count", "signed_curve25519")
    unused = answer.get("device_unused_fallback_key_types")
    if isinstance(unused, list):
        client.fallback_missing = "signed_curve25519" not in unused


def _note_changed_devices(client: SafeClient, answer: Json) -> None:
    """Remember whose devices must be asked for again before the next key goes out."""
    lists = get_object(answer, "device_lists")
    changed, left = (
        {user for user in found if isinstance(user, str)} if isinstance(found, list) else set()
        for found in (lists.get("changed"), lists.get("left"))
    )
    client.olm.users_for_key_query |= changed & client.olm.tracked_users
    for claim in [claim for claim in client.disproven if claim.sender in changed]:
        client.unproven[claim] = client.disproven.pop(claim)  # the device may be there now
    client.olm.tracked_users -= left
    client.olm.users_for_key_query -= left


def _take_room(client: SafeClient, room_id: str, info: Json) -> bool:
    """Apply a joined room's state; whether somebody came or went."""
    room = client.room(room_id)
    if get_object(info, "timeline").get("limited") is True:
        room.members_synced = False  # somebody may have come or gone in the part we were not sent
    changed = False
    for event in (*get_objects(info, "state", "events"), *get_objects(info, "timeline", "events")):
        changed = _take_state(client, room, event) or changed
    return changed


def _take_state(client: SafeClient, room: MatrixRoom, event: Json) -> bool:
    """Only what stands in clear and has a state key is state; what an encrypted event claims to be is not."""
    kind = get_text(event, "type")
    if not isinstance(event.get("state_key"), str):
        return False
    if kind == "m.room.encryption" and event["state_key"] == "":
        client.room(room.room_id, encrypted=True)
    if kind == "m.room.member" and event["state_key"] == client.user_id:
        client.names |= {name} if (name := get_text(event, "content", "displayname")) else set()
    return kind == "m.room.member" and take_membership(client, room, event)
