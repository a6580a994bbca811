"""A small county on a real homeserver, with people's phones and the bot as a process of its own: what benches share.

Rule: everything lies under one folder, listens on loopback and ends with the process that started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.demo.accounts import register
from bot.demo.homeserver import Running, homeserver
from bot.demo.matrix_client.phone import Phone
from bot.setup.bootstrap import Setup
from bot.setup.campaign_file import parse_campaign
from bot.setup.fields import read_file
from bot.setup.roster_file import parse_roster

ROOT = Path(__file__).resolve().parent.parent
BEGINNING = datetime(2023, 8, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
LISTENING = "listening"  # what a child says when it asks the homeserver for news for the first time
JOIN_SECONDS = 120.0  # a bot that is killed all the time takes its time to follow an invitation


@dataclass(frozen=True, slots=True)
class Account:
    user_id: str
    password: str
    place: str = ""  # the village they answer for


@dataclass(frozen=True, slots=True)
class County:
    """Files of a county in `folder`, accounts on the homeserver. `config` is a paicha.toml."""

    folder: Path
    bot: Account
    people: tuple[Account, ...]
    plan: Setup

    @property
    def config(self) -> Path:
        return self.folder / "paicha.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"


async def found_county(hs: Running, folder: Path, people: int, url: str = "") -> County:
    """Make a county of so many reporters, a village each. `url`: where the bot finds the homeserver, if not directly."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:6]
    password = uuid.uuid4().hex
    bot = Account(await register(hs, f"paicha-{mark}", password), password)
    reporters = tuple(
        [
            Account(await register(hs, f"cadre{n}-{mark}", password), password, f"第{n}示范村")
            for n in range(1, people + 1)
        ]
    )
    (folder / "roster.toml").write_text(_roster(reporters), encoding="utf-8")
    (folder / "paicha.toml").write_text(
        f'data_dir = "data"\nchecklist = {json.dumps(str(ROOT / "checklist.json"))}\nroster = "roster.toml"\n'
        f'[homeserver]\nurl = "{url or hs.url}"\nuser_id = "{bot.user_id}"\n',
        encoding="utf-8",
    )
    text = read_file(ROOT / "checklist.json")
    campaign = parse_campaign(text, "checklist.json")
    roster = parse_roster(read_file(folder / "roster.toml"), campaign, hs.server_name, "roster.toml", "zh-CN")
    return County(folder, bot, reporters, Setup(campaign, text, roster))


def _roster(people: Sequence[Account]) -> str:
    villages = json.dumps([person.place for person in people], ensure_ascii=False)
    lines = [f'[[unit]]\nname = "示范镇"\nkind = "township"\nvillages = {villages}\n']
    for n, person in enumerate(people, 1):
        lines.append(
            f'[[person]]\nuser = "{person.user_id}"\nname = "干部{n}"\nrole = "reporter"\nplaces = ["{person.place}"]\n'
        )
    return "\n".join(lines)


@asynccontextmanager
async def phones(hs: Running, county: County) -> AsyncIterator[tuple[Phone, ...]]:
    """Everybody's phone, signed in and listening."""
    async with AsyncExitStack() as stack:
        found = []
        for n, person in enumerate(county.people, 1):
            phone = Phone(hs.url, person.user_id, person.password, county.folder / "phones" / str(n))
            found.append(await stack.enter_async_context(phone))
        yield tuple(found)


@dataclass(slots=True)
class Server:
    """An embedded homeserver that can be stopped and started again on its port."""

    folder: Path
    running: Running | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> Running:
        self.running = await self._stack.enter_async_context(homeserver(self.folder))
        return self.running

    async def stop(self) -> None:
        await self._stack.aclose()


@dataclass(slots=True)
class Process:
    """A bot as a child process. `tail` keeps the last lines of its standard error; `up`: it listens, or has ended."""

    child: asyncio.subprocess.Process
    tail: deque[str]
    up: asyncio.Event
    reading: asyncio.Task[None]

    @classmethod
    async def start(cls, county: County, *arguments: str, module: str = "bench.chaos_child") -> Process:
        """`arguments` are those of the module, after the settings."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            str(county.config),
            *arguments,
            stdin=asyncio.subprocess.PIPE,  # ends with us, and the child with it
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PAICHA_PASSWORD": county.bot.password},
        )
        tail: deque[str] = deque(maxlen=40)
        up = asyncio.Event()
        reading = asyncio.create_task(_read(child, county.folder / "bot.log", tail, up))
        return cls(child, tail, up, reading)

    async def wait(self, seconds: float | None = None) -> int | None:
        """Its exit code (negative: the signal that ended it); None when it still runs after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                code = await self.child.wait()
                await self.reading
        except TimeoutError:
            return None
        return code

    async def kill(self) -> int:
        """SIGKILL, unless it has ended already."""
        return await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM: asked to stop as an operator asks."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        if self.child.returncode is None:
            self.child.send_signal(how)
        code = await self.child.wait()
        await self.reading
        return code


async def _read(child: asyncio.subprocess.Process, path: Path, tail: deque[str], up: asyncio.Event) -> None:
    assert child.stderr is not None
    with path.open("a", encoding="utf-8") as log:
        while line := (await child.stderr.readline()).decode(errors="replace"):
            if line.rstrip() == LISTENING:
                up.set()
            tail.append(line.rstrip())
            log.write(line)
    up.set()
