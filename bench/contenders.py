"""The bots that are compared: how each is prepared and started.

Rule: every bot is a process of its own under its own account; ours is started as an operator starts it.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.county import Account, write_settings
from bench.process import ROOT
from bench.stub import answers_in
from bot.demo.accounts import register
from bot.demo.homeserver import Running

RIVALS_PYTHON = ROOT / ".venv" / "bench" / "bin" / "python"
OURS = "paicha"
NAMES = (OURS, "nio", "mautrix", "simple")
TITLES = {
    OURS: "Paicha (answers stored, FULL)",
    "nio": "matrix-nio 0.26, bare echo",
    "mautrix": "mautrix-python, echo",
    "simple": "simplematrixbotlib, echo",
}


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
    return name in (OURS, "nio") or RIVALS_PYTHON.exists()


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
    job = {
        "url": hs.url,
        "user_id": user_id,
        "device_id": answer["device_id"],
        "token": answer["access_token"],
        "folder": str(folder),
        "encrypted": "yes" if encrypted else "",
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job), "utf-8")
    python = sys.executable if name == "nio" else str(RIVALS_PYTHON)
    command = (python, str(ROOT / "bench" / f"echo_{name}.py"), str(path))
    return Contender(name, user_id, command, answer["access_token"], lambda: 0)


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
