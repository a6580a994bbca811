"""Signing in anew, as a new device under the old identity: after the homeserver has refused or forgotten the old one.

Rules: nothing in the folder is touched before the homeserver has accepted us; the key of the key store, the seeds of
the identity and the secret of the direct rooms go on; the old key store is put aside with its date, never deleted.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot.chat import SignedOutError, TryLaterError, UndeliverableError
from bot.logs import kind_and_place
from bot.matrix.account import FILE_NAME as ACCOUNT_FILE
from bot.matrix.account import Account, Settings, fresh, kept, sign_in_as, write
from bot.matrix.crypto_store import FILE_NAME, CryptoStore
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import get_object, get_text
from bot.matrix.safe_client import SafeClient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proof:
    """By what the homeserver knows us: the password, or the token of a device that somebody has signed in for us."""

    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    device_id: str = ""


async def sign_in_anew(settings: Settings, folder: Path, proof: Proof, now: datetime) -> Path | None:
    """Make the folder that of a new device; returns where the old key store was put.

    Raises SignedOutError, with the remedy, or TryLaterError; then everything is as it was.
    """
    old, damaged = _old(folder)
    if old is not None and old.user_id != settings.user_id:
        raise SignedOutError(
            f"{folder / ACCOUNT_FILE} belongs to {old.user_id}, the configuration says {settings.user_id}"
        )
    base = old or fresh(settings.user_id)
    line = HomeserverClient(settings.homeserver)
    try:
        account = await _accepted(line, settings, base, proof)
        aside = _put_aside(folder, FILE_NAME, now)
        if damaged:
            _put_aside(folder, ACCOUNT_FILE, now)
        if old is not None and aside is not None:
            _take_over((old, aside), SafeClient(line, account, folder))
        write(folder, account)
        if old is not None and old.token != account.token:
            await _leave(line, old)
    finally:
        await line.close()
    return aside


def _old(folder: Path) -> tuple[Account | None, bool]:
    """What matrix.json holds, and whether it is damaged: then it is no reason to stay signed out."""
    try:
        return kept(folder), False
    except SignedOutError:
        return None, True


async def _accepted(line: HomeserverClient, settings: Settings, base: Account, proof: Proof) -> Account:
    """The new device, once the homeserver knows it."""
    if not proof.token:
        device_id = fresh(base.user_id).device_id
        token = await sign_in_as(line, replace(settings, password=proof.password), device_id)
        if not token:
            raise SignedOutError(f"{settings.user_id} cannot sign in at {line.url}: it gives no token")
        line.token = token
        return replace(base, device_id=device_id, token=token)
    if not proof.device_id:
        raise SignedOutError(
            "a token is of no use without its device: give both from the same sign-in (paicha login --device-id ID)"
        )
    line.token = proof.token
    await _check_token(line, base.user_id, proof)
    return replace(base, device_id=proof.device_id, token=proof.token)


async def _check_token(line: HomeserverClient, user_id: str, proof: Proof) -> None:
    """The token must be the bot's and of this device, and nobody may have made keys for it: they would not be ours."""
    again = "Sign in once more, for the bot alone, and give token and device of that sign-in."
    try:
        answer = await line.call("GET", "/_matrix/client/v3/account/whoami")
        whose, device_id = get_text(answer, "user_id"), get_text(answer, "device_id")
        known = await line.call("POST", "/_matrix/client/v3/keys/query", {"device_keys": {user_id: []}})
    except SignedOutError as refusal:
        raise SignedOutError(f"the homeserver does not accept this token. {again}") from refusal
    except UndeliverableError as refusal:
        raise SignedOutError(f"the homeserver does not accept this token ({refusal}). {again}") from refusal
    if whose != user_id:
        raise SignedOutError(f"this token is of {whose or 'nobody'}, not of {user_id}. {again}")
    if device_id != proof.device_id:
        raise SignedOutError(
            f"this token is of the device {device_id or '(none)'}, not of {proof.device_id}. {again}"
        )
    if get_object(known, "device_keys", user_id).get(device_id):
        raise SignedOutError(f"the device {device_id} has been used already and has keys. {again}")


def _put_aside(folder: Path, name: str, now: datetime) -> Path | None:
    """Rename a file, and what SQLite keeps beside it, to its name with the date; None when there is none."""
    if not (folder / name).exists():
        return None
    stamp, number = f"{name}.{now:%Y-%m-%d}", 1
    while (folder / stamp).exists():
        number += 1
        stamp = f"{name}.{now:%Y-%m-%d}-{number}"
    for end in ("-wal", "-shm", ""):  # the file itself last: a crash before leaves one that opens
        beside = folder / f"{name}{end}"
        if beside.exists():
            beside.replace(folder / f"{stamp}{end}")
    return folder / stamp


def _take_over(was: tuple[Account, Path], client: SafeClient) -> None:
    """Keys of rooms that the old device was given: with them the new one reads what was said while nobody listened,
    and knows what was already sent. A key store that is damaged is left as it is: these messages are asked for again."""
    old, aside = was
    try:
        before = CryptoStore(old.user_id, old.device_id, str(aside.parent), old.pickle_key, aside.name)
        try:
            with client.store.database.atomic():
                for session in before.load_inbound_group_sessions():
                    client.store.save_inbound_group_session(session)
                client.store.save_encrypted_rooms(before.load_encrypted_rooms())
        finally:
            before.database.close()
    except Exception as damage:
        log.warning("keys of the old device cannot be read: %s", kind_and_place(damage))
    finally:
        client.store.database.close()


async def _leave(line: HomeserverClient, old: Account) -> None:
    """The old device is of no use to anybody; people's clients would go on writing to it."""
    line.token = old.token
    with contextlib.suppress(SignedOutError, TryLaterError, UndeliverableError):  # refused already, as a rule
        await line.call("POST", "/_matrix/client/v3/logout", {})
