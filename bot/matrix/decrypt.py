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
from nio.crypto import InboundGroupSession

from bot.matrix.crypto_store import Opened, is_nonsense
from bot.matrix.json_access import Json, get_id, get_object, get_text
from bot.matrix.safe_client import Claim, SafeClient

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
    """The key of this session has not come (yet), or not for so early a message, or nobody knows yet whose key it is."""

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
    except BaseException as nonsense:
        if not is_nonsense(nonsense):
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
    except BaseException as nonsense:
        if not is_nonsense(nonsense):
            raise


def _decrypted(client: SafeClient, room_id: str, session_id: str, event: Json) -> Json | Locked:
    session = _session(client, room_id, session_id, get_text(event, "sender"))
    if session is None:
        return Locked(session_id)
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


def _session(client: SafeClient, room_id: str, session_id: str, sender: str) -> InboundGroupSession | None:
    """The key of a session, when a device of the sender made it. None: there is no key, or nobody knows yet whose it is."""
    claims = client.olm.claims_of(room_id, session_id)
    for claim in claims:
        if is_of(client, sender, claim.sender_key):
            return claim
    open_ones = [claim.sender_key for claim in claims if not _is_known(client, claim.sender_key)]
    if claims and not open_ones:
        raise _NotBelievedError("its key belongs to a device of somebody else")
    for sender_key in open_ones:
        client.note_unproven(Claim(sender, sender_key), session_id)
    return None


def is_of(client: SafeClient, user: str, sender_key: str) -> bool:
    """Whether a key is of a device of this person: of one that is signed out by now, too, since the server no longer
    takes anything from it."""
    if user == client.user_id:
        return bool(sender_key == client.olm.account.identity_keys["curve25519"])
    return any(device.curve25519 == sender_key for device in client.device_store[user].values())


def _is_known(client: SafeClient, sender_key: str) -> bool:
    ours = client.olm.account.identity_keys["curve25519"]
    return sender_key == ours or any(device.curve25519 == sender_key for device in client.device_store)
