"""Keys between devices: ours offered to others, theirs asked for, and broken conversations begun again.

Rules: a key of ours is marked as given out and saved before the homeserver hears of it, so a crash wastes keys but
never offers the same one twice; one device's nonsense costs that device only, never the room it sits in.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from nio import KeysClaimResponse, KeysQueryResponse

from bot.chat import TryLaterError, UndeliverableError
from bot.matrix.crypto_store import STORAGE_TROUBLES
from bot.matrix.decrypt import is_of
from bot.matrix.json_access import Json, get_items, get_number, get_object, get_text
from bot.matrix.safe_client import MOST_CLAIMS, Claim, SafeClient

log = logging.getLogger(__name__)

USERS_A_QUERY = 50  # nio works through an answer without a pause
SERVER_PATIENCE_MS = 10_000  # how long the homeserver may wait for other homeservers
SHORT_PATIENCE_MS = 1_000  # … while a batch of messages waits
ASK_AGAIN_SECONDS = 300.0  # whose homeserver does not answer


async def keep_house(client: SafeClient) -> None:
    """What is due after a sync was taken in: fresh keys for the homeserver, broken conversations mended.

    Never raises TryLaterError: what could not be done now is due again after the next sync.
    """
    try:
        await offer_keys(client)
        await prove_senders(client)
        await _mend_troubled(client)
    except TryLaterError as trouble:
        log.info("keys wait for the next sync: %s", trouble)


# Ours ----------------------------------------------------------------------------------------------------------


async def offer_keys(client: SafeClient) -> None:
    """Upload what the homeserver lacks: our identity the first time, one-time keys, the fallback key."""
    body = client.pending_upload or _fresh_keys(client)
    if not body:
        return
    client.pending_upload = body
    try:
        answer = await client.line.call("POST", "/_matrix/client/v3/keys/upload", body)
    except UndeliverableError as refusal:
        # It knows other keys under these names: crypto.db came from an old backup. The next names are free again.
        client.pending_upload = None
        log.error("the homeserver refused fresh keys, new ones follow: %s", refusal)
        return
    client.pending_upload = None
    client.olm.account.shared = True
    client.olm.uploaded_key_count = get_number(answer, "one_time_key_counts", "signed_curve25519")
    client.fallback_missing = client.fallback_missing and "fallback_keys" not in body
    client.olm.save_account()


def _fresh_keys(client: SafeClient) -> Json | None:
    """The body of an upload whose keys are already saved as given out; None when nothing is lacking."""
    olm = client.olm
    most = olm.account.max_one_time_keys
    first_time = not olm.account.shared
    # Below half only: nio sends a request after every single use.
    few = olm.uploaded_key_count is not None and olm.uploaded_key_count <= most // 2
    if not (first_time or few or client.fallback_missing):
        return None
    body: dict[str, Any] = dict(olm.share_keys()) if first_time or few else {}
    if first_time or client.fallback_missing:
        body["fallback_keys"] = _fallback_key(client)
    olm.account.mark_keys_as_published()
    olm.save_account()
    return body


def _fallback_key(client: SafeClient) -> Json:
    """A new last-resort key, used when all one-time keys are gone. The account still opens what the previous one got."""
    account = client.olm.account._account
    account.generate_fallback_key()
    signed: dict[str, Json] = {}
    for key_id, key in account.fallback_key.items():
        entry: dict[str, object] = {"key": key.to_base64(), "fallback": True}
        signature = client.olm.sign_json(entry)
        entry["signatures"] = {client.user_id: {f"ed25519:{client.device_id}": signature}}
        signed[f"signed_curve25519:{key_id}"] = entry
    return signed


# Theirs --------------------------------------------------------------------------------------------------------


async def prove_senders(client: SafeClient, *, at_once: bool = False) -> None:
    """Ask whose the keys are that people's messages came with. What waited for the answer is read again, as if its key
    had come now; a key that is of nobody opens nothing. Raises TryLaterError.

    `at_once`: messages wait, so nobody is waited for long, and who did not answer before is not asked.
    """
    now = asyncio.get_running_loop().time()
    asked = {
        claim.sender
        for claim in client.unproven
        if (
            claim.sender not in client.ask_after
            if at_once
            else client.ask_after.get(claim.sender, now) <= now
        )
    }
    if not asked:
        return
    client.olm.users_for_key_query |= asked
    answered = await learn_devices(client, asked, SHORT_PATIENCE_MS if at_once else SERVER_PATIENCE_MS)
    for silent in asked - answered:
        client.ask_after[silent] = now if at_once else now + ASK_AGAIN_SECONDS
    with client.store.database.atomic():
        for claim in [claim for claim in client.unproven if claim.sender in answered]:
            _judge(client, claim, client.unproven.pop(claim))


def _judge(client: SafeClient, claim: Claim, sessions: set[str]) -> None:
    client.ask_after.pop(claim.sender, None)
    if is_of(client, claim.sender, claim.sender_key):
        client.store.add_arrived(sessions)
        return
    log.warning("%s has no device that sent their last messages: they are refused", claim.sender)
    if len(client.disproven) >= MOST_CLAIMS:
        client.disproven.clear()
    client.disproven[claim] = sessions


async def learn_devices(
    client: SafeClient, users: Collection[str], patience_ms: int = SERVER_PATIENCE_MS
) -> frozenset[str]:
    """Ask for the devices of those of `users` who are new to us or changed them; returns who was in an answer."""
    answered = set[str]()
    asked = sorted(set(users) & client.olm.users_for_key_query)
    for begin in range(0, len(asked), USERS_A_QUERY):
        some = asked[begin : begin + USERS_A_QUERY]
        body = {"device_keys": {user: [] for user in some}, "timeout": patience_ms}
        answer = await client.line.call("POST", "/_matrix/client/v3/keys/query", body)
        with client.store.database.atomic():
            for user in some:
                _take_devices(client, user, get_object(answer, "device_keys"))
        answered.update(user for user, _devices in get_items(answer, "device_keys"))
        await asyncio.sleep(0)
    return frozenset(answered)


def _take_devices(client: SafeClient, user: str, answer: Json) -> None:
    # Whoever is not in the answer (their homeserver is away) is asked for again when the room's key changes,
    # not before every message.
    client.olm.users_for_key_query.discard(user)
    if user not in answer:
        return
    sound = {
        device_id: keys for device_id, keys in get_items(answer, user) if _is_sound(user, device_id, keys)
    }
    _guarded(user, partial(client.receive_response, KeysQueryResponse({user: sound}, {})))


def _is_sound(user: str, device_id: str, keys: Json) -> bool:
    named = keys.get("user_id") == user and keys.get("device_id") == device_id
    whole = all(get_text(keys, "keys", f"{kind}:{device_id}") for kind in ("ed25519", "curve25519"))
    display_name = get_object(keys, "unsigned").get("device_display_name", "")
    return named and whole and isinstance(display_name, str) and isinstance(keys.get("unsigned", {}), dict)


async def open_sessions(client: SafeClient, users: Collection[str]) -> None:
    """Begin an encrypted conversation with every known device of `users` that we have none with.

    A device that offers no key, or nonsense, stays without; it gets later keys when it offers one.
    """
    async with client.claiming:
        await _claim(client, client.olm.get_missing_sessions(list(users)))


async def _claim(client: SafeClient, wanted: Mapping[str, Collection[str]]) -> None:
    if not wanted:
        return
    body = {
        "one_time_keys": {
            user: dict.fromkeys(devices, "signed_curve25519") for user, devices in wanted.items() if devices
        },
        "timeout": SERVER_PATIENCE_MS,
    }
    answer = await client.line.call("POST", "/_matrix/client/v3/keys/claim", body)
    with client.store.database.atomic():
        for user, device_id, keys in _claimed(answer, wanted):
            claimed = KeysClaimResponse({user: {device_id: keys}}, {})
            _guarded(user, partial(client.olm.handle_response, claimed))


def _claimed(answer: Json, wanted: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, Json]]:
    for user, devices in get_items(answer, "one_time_keys"):
        for device_id, keys in get_items(devices):
            if keys and device_id in wanted.get(user, ()):
                yield user, device_id, keys


async def _mend_troubled(client: SafeClient) -> None:
    """Begin anew with devices whose words we could not open (nio spares those met within the last hour)."""
    troubled, client.troubled = client.troubled, set()
    if troubled:
        users = {user for user, _key in troubled}
        client.olm.users_for_key_query |= users - client.olm.tracked_users
        await learn_devices(client, users)
        for user, sender_key in troubled:
            client.olm._mark_device_for_unwedging(user, sender_key)
    if client.olm.wedged_devices:
        async with client.claiming:
            await _claim(client, client.olm.get_users_for_key_claiming())
        client.olm.wedged_devices.clear()
    while client.olm.outgoing_to_device_messages:
        message = client.olm.outgoing_to_device_messages[0]
        await send_to_devices(
            client, message.type, {message.recipient: {message.recipient_device: message.content}}
        )
        client.olm.outgoing_to_device_messages.pop(0)


async def send_to_devices(client: SafeClient, kind: str, messages: Mapping[str, Json]) -> None:
    path = f"/_matrix/client/v3/sendToDevice/{quote(kind)}/{uuid.uuid4().hex}"
    await client.line.call("PUT", path, {"messages": messages})


def _guarded(user: str, take: Callable[[], object]) -> None:
    try:
        take()
    except STORAGE_TROUBLES:
        raise
    except Exception as nonsense:
        log.warning("a device of %s offers malformed keys: %s", user, type(nonsense).__name__)
