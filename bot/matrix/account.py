"""The bot's account: signed in once with a password, afterwards with the token and device kept in a private file.

Rules: the device id is chosen and written down before the first sign-in, so that a crash in between makes no second
device; the file is replaced whole or not at all; the key that seals `crypto.db` is never changed.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bot.chat import SIGN_IN_ANEW, SignedOutError
from bot.files import write_private
from bot.matrix.http import HomeserverClient, RefusedError
from bot.matrix.json_access import get_object, get_text

FILE_NAME = "matrix.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator says about the bot's account. `password` is needed for the first sign-in only."""

    homeserver: str  # https://matrix.example.org
    user_id: str  # @paicha:example.org
    device_name: str = "Paicha"
    password: str | None = field(default=None, repr=False)
    display_name: str = ""  # what people see; empty: as the account has it


@dataclass(frozen=True, slots=True)
class Account:
    """What the private file holds. `token` is empty until signed in."""

    user_id: str
    device_id: str
    token: str = field(repr=False)
    pickle_key: str = field(repr=False)  # seals crypto.db
    seed: str = field(repr=False)  # makes the names of direct rooms unguessable
    bound: str = (
        ""  # "instance device": the paicha.db this device works for; of another device: not bound yet
    )

    @property
    def instance(self) -> str:
        """The instance of the paicha.db it works for, "" when it was signed in just now."""
        instance, _, device_id = self.bound.partition(" ")
        return instance if device_id == self.device_id else ""

    @property
    def is_bound(self) -> bool:
        return bool(self.instance)


async def sign_in(line: HomeserverClient, settings: Settings, folder: Path) -> Account:
    """The account of `folder`, signed in; `line` then carries its token. Makes no request when a token is kept.

    Raises SignedOutError when there is neither a token nor a password that is accepted, TryLaterError when the server is away.
    """
    account = kept(folder) or fresh(settings.user_id)
    if account.user_id != settings.user_id:
        raise SignedOutError(
            f"{folder / FILE_NAME} belongs to {account.user_id}, the configuration says {settings.user_id}"
        )
    if not account.token:
        write(folder, account)
        account = replace(account, token=await sign_in_as(line, settings, account.device_id))
        write(folder, account)
    line.token = account.token
    return account


def forget_sign_in(folder: Path) -> None:
    """Make the next start sign in anew, as a new device. For an account whose token the homeserver refuses:
    it has deleted the old device and its keys, so they cannot be used again."""
    account = kept(folder)
    if account is not None:
        write(folder, replace(account, token="", device_id=fresh(account.user_id).device_id))


def bind(folder: Path, instance: str) -> None:
    """Write down for which paicha.db this device works."""
    account = kept(folder)
    if account is not None and account.instance != instance:
        write(folder, replace(account, bound=f"{instance} {account.device_id}"))


def write(folder: Path, account: Account) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(folder / FILE_NAME, json.dumps(asdict(account), indent=1))


def fresh(user_id: str) -> Account:
    """A device that nobody has heard of."""
    return Account(
        user_id, f"PAICHA{secrets.token_hex(4).upper()}", "", secrets.token_urlsafe(32), secrets.token_hex(16)
    )


def kept(folder: Path) -> Account | None:
    """What the private file holds; None without one. Raises SignedOutError when it is damaged."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    try:
        found = get_object(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        found = {}
    names = ("user_id", "device_id", "token", "pickle_key", "seed", "bound")
    values = {name: get_text(found, name) for name in names}
    if not all(value for name, value in values.items() if name not in ("token", "bound")):
        raise SignedOutError(f"{path} is damaged: take it from the backup. Without one: {SIGN_IN_ANEW}")
    return Account(**values)


async def sign_in_as(line: HomeserverClient, settings: Settings, device_id: str) -> str:
    """The token of a device that is signed in with the password. Raises SignedOutError."""
    if not settings.password:
        raise SignedOutError(f"{settings.user_id} has never signed in here: give the password once")
    request = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": settings.user_id},
        "password": settings.password,
        "device_id": device_id,
        "initial_device_display_name": settings.device_name,
    }
    try:
        answer = await line.call("POST", "/_matrix/client/v3/login", request)
    except RefusedError as refusal:
        raise SignedOutError(
            f"{settings.user_id} cannot sign in at {line.url}: {refusal.explained}"
        ) from refusal
    token, whose = get_text(answer, "access_token"), get_text(answer, "user_id")
    if not token or whose not in ("", settings.user_id):
        why = f"its answer is for {whose}" if token else "its answer holds no access token"
        raise SignedOutError(f"{settings.user_id} cannot sign in at {line.url}: {why}. Is the address right?")
    return token
