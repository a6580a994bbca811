"""Opening an encrypted room event: the one place that decides whether what was inside is believed.

Rules: a missing key is no reason to drop a message (it may come later); state never comes encrypted, so an encrypted
event that says it is state is refused; an event counts once, in the room it was encrypted for, from the person whose
device made it; nothing inside can make this fail.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import vodozemac

from bot.matrix.crypto_store import STORAGE_TROUBLES, Opened
from bot.matrix.json_access import Json, get_id, get_object, get_text
from bot.matrix.safe_client import SafeClient

log = logging.getLogger(__name__)

MEGOLM = "m.megolm.v1.aes-sha2"
STATE_TYPES = frozenset(
    f"m.room.{name}"
    for name in (
        "avatar",
        "canonical_alias",
        "create",
        "encryption",
        "guest_access",
        "history_visibility",
        "join_rules",
        "member",
        "name",
        "pinned_events",
        "power_levels",
        "server_acl",
        "third_party_invite",
        "tombstone",
        "topic",
    )
) | {"m.space.child", "m.space.parent", "m.room.encrypted"}


@dataclass(frozen=True, slots=True)
class Locked:
    """The key of this session has not come (yet), or not for so early a message."""

    session_id: str


class _NotBelievedError(Exception):
    """What was inside is not what it says. The text names the reason, never the words inside."""


def opened(client: SafeClient, room_id: str, event: Json) -> Json | Locked | None:
    """A room event as if it had been sent in clear; None when it can never be read or must not be believed."""
    if get_text(event, "type") != "m.room.encrypted":
        return event
    session_id = get_id(event, "content", "session_id")
    readable = get_text(event, "content", "algorithm") == MEGOLM and get_text(event, "content", "ciphertext")
    if not (readable and session_id):
        return None
    try:
        return _decrypted(client, room_id, session_id, event)
    except STORAGE_TROUBLES:
        raise
    except BaseException as nonsense:  # vodozemac panics with one that is no Exception
        if isinstance(nonsense, KeyboardInterrupt | SystemExit):
            raise
        reason = str(nonsense) if isinstance(nonsense, _NotBelievedError) else type(nonsense).__name__
        log.warning(
            "encrypted event %s of %s refused: %s",
            get_text(event, "event_id"),
            get_text(event, "sender"),
            reason,
        )
        return None


def remember(client: SafeClient, room_id: str, event: Json) -> None:
    """Note a message that can be opened, so that what repeats it later is known; what is wrong with it is told later."""
    session_id = get_id(event, "content", "session_id")
    if get_text(event, "type") != "m.room.encrypted" or get_text(event, "content", "algorithm") != MEGOLM:
        return
    try:
        _decrypted(client, room_id, session_id, event)
    except STORAGE_TROUBLES:
        raise
    except BaseException as nonsense:  # vodozemac panics with one that is no Exception
        if isinstance(nonsense, KeyboardInterrupt | SystemExit):
            raise


def _decrypted(client: SafeClient, room_id: str, session_id: str, event: Json) -> Json | Locked:
    sender = get_text(event, "sender")
    theirs = frozenset(device.curve25519 for device in client.device_store.active_user_devices(sender))
    session = client.olm.session_of(room_id, session_id, theirs)
    if session is None:
        return Locked(session_id)
    if session.sender_key not in theirs and _belongs_to_another(client, sender, session.sender_key):
        raise _NotBelievedError("its key belongs to a device of somebody else")
    try:
        plaintext, index = session.decrypt(get_text(event, "content", "ciphertext"))
    except vodozemac.MegolmDecryptionException:
        return Locked(session_id)
    found = _believed(room_id, json.loads(plaintext), event)
    if not client.store.is_first(Opened(session_id, session.sender_key, index, get_text(event, "event_id"))):
        raise _NotBelievedError("it repeats an earlier message")
    return found


def _believed(room_id: str, inside: object, event: Json) -> Json:
    """The event with what was inside in place of what was outside."""
    if not isinstance(inside, dict) or not isinstance(inside.get("content"), dict):
        raise _NotBelievedError("there is no event in it")
    if inside.get("room_id") != room_id:
        raise _NotBelievedError("it was written for another room")
    kind = get_text(inside, "type")
    if "state_key" in inside or kind in STATE_TYPES or not kind:
        raise _NotBelievedError("state is never encrypted")
    content = dict(inside["content"])
    relation = get_object(event, "content", "m.relates_to")
    if relation:
        content.setdefault("m.relates_to", relation)
    return {**event, "type": kind, "content": content}


def _belongs_to_another(client: SafeClient, sender: str, sender_key: str) -> bool:
    return any(
        device.user_id != sender and device.curve25519 == sender_key and not device.deleted
        for device in client.device_store
    )
