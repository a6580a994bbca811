"""Cross-signing: the bot's identity vouches for its own device, so that people's clients do not warn about it.

Rules: the seeds are on disk before the homeserver hears of them, and every step is looked up before it is done, so
each can be repeated after a crash; an identity whose seeds we do not hold is never replaced, because everybody who
verified it would be warned of an impostor.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nio.api import Api

from bot.files import write_private
from bot.matrix.http import RefusedError
from bot.matrix.json_access import Json, get_items, get_object, get_text
from bot.matrix.safe_client import SafeClient

FILE_NAME = "cross-signing.json"
USAGES = ("master", "self_signing", "user_signing")


class IdentityError(Exception):
    """The device cannot be signed until the operator does something; the text says what."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`fingerprint`: the master key as people compare it, in groups of four. `state`: signed, unsigned, foreign
    (the account has an identity whose seeds are not here) or none."""

    user_id: str
    device_id: str
    device_fingerprint: str
    fingerprint: str
    state: str


async def sign_device(client: SafeClient, folder: Path, password: str | None) -> None:
    """Make sure that the bot has an identity and that it signed this device.

    `password`: for homeservers that ask for it again. Raises IdentityError, TryLaterError or SignedOutError.
    """
    answer = await _ask(client)
    theirs = _master_key(client, answer)
    seeds = _kept(folder)
    if seeds is None:
        if theirs:
            raise IdentityError(
                f"{client.user_id} already has an identity ({grouped(theirs)}) and its seeds are not in "
                f"{folder / FILE_NAME}: put the file back from the backup, or reset the identity in another client"
            )
        seeds = {usage: secrets.token_hex(32) for usage in USAGES}
        write_private(folder / FILE_NAME, json.dumps(seeds, indent=1))
    keys = {usage: _Key(seeds[usage]) for usage in USAGES}
    if theirs and theirs != keys["master"].public:
        raise IdentityError(
            f"{client.user_id} has another identity ({grouped(theirs)}) than the one in {folder / FILE_NAME} "
            f"({grouped(keys['master'].public)}); it is not replaced"
        )
    if not theirs:
        await _publish(client, keys, password)
    if not _is_signed(client, answer, keys["self_signing"].public):
        await _sign(client, keys["self_signing"])


async def identity_of(client: SafeClient, folder: Path) -> Identity:
    """What the homeserver says about the bot's identity now."""
    answer = await _ask(client)
    theirs = _master_key(client, answer)
    seeds = _kept(folder)
    ours = {usage: _Key(seeds[usage]).public for usage in USAGES} if seeds else {}
    if not theirs:
        state = "none"
    elif ours.get("master") != theirs:
        state = "foreign"
    else:
        state = "signed" if _is_signed(client, answer, ours["self_signing"]) else "unsigned"
    device_key = client.olm.account.identity_keys["ed25519"]
    return Identity(client.user_id, client.device_id, grouped(device_key), grouped(theirs), state)


def grouped(key: str) -> str:
    """A key as clients show it: groups of four."""
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


class _Key:
    """One of the three signing keys, made from its seed (64 hexadecimal digits)."""

    def __init__(self, seed: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        self.public = _base64(self._private.public_key().public_bytes_raw())

    def sign(self, value: Json) -> str:
        bare = {key: part for key, part in value.items() if key not in ("signatures", "unsigned")}
        return _base64(self._private.sign(Api.to_canonical_json(bare).encode()))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _kept(folder: Path) -> dict[str, str] | None:
    path = folder / FILE_NAME
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        seeds = {usage: get_text(kept, usage) for usage in USAGES}
        for seed in seeds.values():
            _Key(seed)
    except ValueError as damage:
        raise IdentityError(
            f"{path} is damaged ({type(damage).__name__}): put it back from the backup"
        ) from damage
    return seeds


async def _ask(client: SafeClient) -> Json:
    return await client.line.call(
        "POST", "/_matrix/client/v3/keys/query", {"device_keys": {client.user_id: []}}
    )


def _master_key(client: SafeClient, answer: Json) -> str:
    values = [
        key
        for key in get_object(answer, "master_keys", client.user_id, "keys").values()
        if isinstance(key, str)
    ]
    return values[0] if values else ""


def _is_signed(client: SafeClient, answer: Json, signing_key: str) -> bool:
    devices = dict(get_items(answer, "device_keys", client.user_id))
    signatures = get_object(devices.get(client.device_id), "signatures", client.user_id)
    return f"ed25519:{signing_key}" in signatures


async def _publish(client: SafeClient, keys: dict[str, _Key], password: str | None) -> None:
    published: dict[str, dict[str, Any]] = {
        usage: {
            "user_id": client.user_id,
            "usage": [usage],
            "keys": {f"ed25519:{key.public}": key.public},
        }
        for usage, key in keys.items()
    }
    master = published["master"]
    signature = client.olm.sign_json(dict(master))
    master["signatures"] = {client.user_id: {f"ed25519:{client.device_id}": signature}}
    for usage in USAGES[1:]:
        signature = keys["master"].sign(published[usage])
        published[usage]["signatures"] = {client.user_id: {f"ed25519:{keys['master'].public}": signature}}
    body: dict[str, Any] = {f"{usage}_key": value for usage, value in published.items()}
    path = "/_matrix/client/v3/keys/device_signing/upload"
    try:
        await client.line.call("POST", path, body)
    except RefusedError as refusal:
        if not refusal.body.get("flows"):
            raise IdentityError(f"the homeserver refuses the identity: {refusal.explained}") from refusal
        await _publish_with_password(client, body, refusal, password)


async def _publish_with_password(
    client: SafeClient, body: dict[str, Any], refusal: RefusedError, password: str | None
) -> None:
    """Some homeservers want the password again even for the first identity."""
    if not password:
        raise IdentityError("the homeserver asks for the password to publish the identity: give it once more")
    body["auth"] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": client.user_id},
        "password": password,
        "session": get_text(refusal.body, "session"),
    }
    try:
        await client.line.call("POST", "/_matrix/client/v3/keys/device_signing/upload", body)
    except RefusedError as second:
        raise IdentityError(f"the homeserver refuses the identity: {second.explained}") from second


async def _sign(client: SafeClient, self_signing: _Key) -> None:
    own = client.olm.account.identity_keys
    device: dict[str, Any] = {
        "algorithms": client.olm._algorithms,
        "device_id": client.device_id,
        "user_id": client.user_id,
        "keys": {f"{kind}:{client.device_id}": own[kind] for kind in ("curve25519", "ed25519")},
    }
    device["signatures"] = {client.user_id: {f"ed25519:{self_signing.public}": self_signing.sign(device)}}
    body = {client.user_id: {client.device_id: device}}
    answer = await client.line.call("POST", "/_matrix/client/v3/keys/signatures/upload", body)
    if answer.get("failures"):
        raise IdentityError(f"the homeserver refuses the device's signature: {answer['failures']}")
