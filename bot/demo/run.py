"""`paicha demo`: a homeserver, the demo county, the bot and a chat as one of its people, all on this machine.

Rule: everything lives under one folder and listens on loopback; what was started is stopped when the chat ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import Bot, assemble, run_until
from bot.clock import ShiftedClock
from bot.demo.accounts import alias_room, register
from bot.demo.homeserver import HomeserverError, Running, homeserver
from bot.demo.matrix_client.phone import Phone
from bot.demo.matrix_client.phone_client import PhoneError
from bot.demo.terminal import Talk, Waiting, chat, chat_on_standard_input, scripted
from bot.domain.roster import find_people
from bot.files import write_private
from bot.logs import log_to, watch
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from bot.setup.config import Config, Homeserver
from storage.lock import hold

BEGINNING = datetime(2023, 8, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
BOT = "paicha"
COUNTY = "county"
SHOWN = ("zhangsan", "lisi", "yingqiao", "mailing", "jiaotiju", "shuiliju", "xianban", "ducha")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What was asked for on the command line. `script` None: chat with whoever is at the terminal."""

    folder: Path
    who: str
    script: Path | None = None
    fresh: bool = False


async def demo(wishes: DemoOptions, plan: Setup, say: Callable[[str], None] = print) -> int:
    """Run the demo until its chat ends. 2: something the operator must mend."""
    people = find_people(plan.roster, wishes.who)
    if len(people) != 1:
        say(f"--as {wishes.who}: nobody (or more than one) of that name in the demo county")
        return 2
    lines = wishes.script.read_text("utf-8").splitlines() if wishes.script else None
    if wishes.fresh:
        shutil.rmtree(wishes.folder, ignore_errors=True)
    with hold(wishes.folder), hold(wishes.folder / "bot"):
        _log_to(wishes.folder / "bot.log")
        try:
            async with homeserver(wishes.folder / "homeserver") as hs:
                return await _town(hs, wishes, plan, _Chatting(people[0].user_id, lines, say))
        except (HomeserverError, PhoneError) as error:
            say(str(error))
            return 2


def _log_to(path: Path) -> None:
    """The terminal belongs to the chat; what the bot logs goes into a file."""
    log_to(logging.FileHandler(path, encoding="utf-8"))
    watch(asyncio.get_running_loop())


@dataclass(frozen=True, slots=True)
class _Chatting:
    """Who chats; the lines of a script, None at the keyboard; and where what the bot says is shown."""

    user_id: str
    lines: list[str] | None
    say: Callable[[str], None]


async def _town(hs: Running, wishes: DemoOptions, plan: Setup, chatting: _Chatting) -> int:
    user_id, lines, say = chatting.user_id, chatting.lines, chatting.say
    password = _password(wishes.folder)
    bot_id = await register(hs, BOT, password, "排查小助手")
    for person in plan.roster.people:
        await register(hs, person.user_id[1:].partition(":")[0], password, person.name)
    county = [p.user_id for p in plan.roster.people if p.role in ("county", "observer", "coordinator")]
    await alias_room(hs, COUNTY, "县专项行动群", [bot_id, *county])
    bot = await assemble(_config(hs, wishes, (bot_id, password)), plan, Hours(), _clock(wishes.folder))
    stop, ready = asyncio.Event(), asyncio.Event()
    _stop_on_signals(stop)
    running = asyncio.create_task(run_until(bot, stop, ready.set))
    try:
        await asyncio.wait(
            {running, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        async with Phone(
            hs.url, user_id, password, wishes.folder / "phones" / user_id[1:].partition(":")[0]
        ) as phone:
            room = await _room(phone, wishes.folder, user_id, bot_id)
            _introduce(hs, bot, password, say)
            talk = Talk(phone, room, wishes.folder / "downloads", say)
            talking = asyncio.create_task(
                chat(talk, scripted(lines), Waiting()) if lines is not None else chat_on_standard_input(talk)
            )
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait({talking, stopping, running}, return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, stopping):
                if not task.done():
                    task.cancel()
            await asyncio.gather(talking, stopping, return_exceptions=True)
            if talking.done() and not talking.cancelled():
                talking.result()
    finally:
        stop.set()
        status = await running
    return status


def _stop_on_signals(stop: asyncio.Event) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)


def _password(folder: Path) -> str:
    """One password for all accounts of this folder: made once, printed at every start."""
    path = folder / "password"
    if not path.exists():
        write_private(path, secrets.token_hex(4))
    return path.read_text("utf-8").strip()


def _clock(folder: Path) -> ShiftedClock:
    """Stands at the beginning when the folder is new, and has run on since at every later start."""
    path = folder / "clock.json"
    if not path.exists():
        path.write_text(json.dumps({"made": datetime.now(UTC).isoformat()}), "utf-8")
    made = datetime.fromisoformat(json.loads(path.read_text("utf-8"))["made"])
    return ShiftedClock(BEGINNING, made)


def _config(hs: Running, wishes: DemoOptions, account: tuple[str, str]) -> Config:
    user_id, password = account
    server = Homeserver(hs.url, user_id, password=password, county_room=f"#{COUNTY}:{hs.server_name}")
    unused = wishes.folder / "paicha.toml"  # the demo's files are read already
    return Config(wishes.folder / "bot", unused, unused, server)


async def _room(phone: Phone, folder: Path, user_id: str, bot_id: str) -> str:
    """The person's encrypted direct room with the bot: the one of last time, or a new one."""
    path = folder / "phones" / f"{user_id[1:].partition(':')[0]}.room"
    if path.exists():
        return path.read_text("utf-8")
    room = await phone.open_direct(bot_id)
    path.write_text(room, "utf-8")
    return room


def _introduce(hs: Running, bot: Bot, password: str, say: Callable[[str], None]) -> None:
    now = bot.clock.now().astimezone(bot.plan.campaign.timezone)
    names = [p for p in bot.plan.roster.people if p.user_id[1:].partition(":")[0] in SHOWN]
    say(f"\nPaicha 排查 · {bot.plan.campaign.county} · {now:%Y-%m-%d %H:%M} (the demo's clock)")
    say(f"homeserver  {hs.url}   bot  {bot.edge.user_id}   county room  #{COUNTY}:{hs.server_name}")
    say(f"accounts    {' '.join(p.user_id[1:].partition(':')[0] + '=' + p.name for p in names)}")
    say(f"password    {password}   (for any Matrix client on this machine)\n")
