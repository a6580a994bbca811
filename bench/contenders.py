"""The bots that are compared on a real homeserver: how each gets its account and is started.

Rule: every bot is a process of its own under its own account; ours is started as an operator starts it.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench import rivals
from bench.county import Account, write_settings
from bench.stub import answers_in
from bot.demo.accounts import register
from bot.demo.homeserver import Running

OURS = "paicha"
TITLES = {OURS: "Paicha (answers stored, FULL)", **rivals.RIVALS}


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot ready to be started. `token` joins rooms for the echo bots; ours joins by itself (empty)."""

    name: str
    user_id: str
    command: tuple[str, ...]
    token: str
    stored: Callable[[], int]  # answers on the disk

    @property
    def title(self) -> str:
        return TITLES[self.name]


def can_run(name: str) -> bool:
    """Whether what it needs is installed."""
    return name == OURS or rivals.can_run(name)


async def prepare(hs: Running, name: str, folder: Path, *, encrypted: bool, people: int) -> Contender:
    """Make the account and the files of a bot."""
    folder.mkdir(parents=True)
    account = Account("", secrets.token_hex(8))
    user_id = await register(hs, f"bot-{name}-{'e' if encrypted else 'p'}", account.password)
    account = Account(user_id, account.password)
    if name == OURS:
        settings = write_settings(folder, hs.url, account, people)
        ours = (sys.executable, "-m", "bot", "run", "--config", str(settings))
        return Contender(name, user_id, ours, "", lambda: answers_in(folder / "data" / "paicha.db"))
    answer = await _sign_in(hs, account)
    device = rivals.SignedIn(hs.url, user_id, answer["device_id"], answer["access_token"])
    command = rivals.command(name, folder, device, encrypted=encrypted)
    return Contender(name, user_id, command, device.token, lambda: 0)


async def _sign_in(hs: Running, account: Account) -> dict[str, str]:
    request = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": account.user_id},
        "password": account.password,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{hs.url}/_matrix/client/v3/login", json=request) as answer,
    ):
        found: dict[str, str] = await answer.json()
        return found
