"""`paicha demo`: a homeserver, the demo county, the bot and a chat as one of its people, all on this machine.

Rule: everything lives under one folder and listens on loopback; what was started is stopped when the chat ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import Bot, assemble, run_until
from bot.chat import SignedOutError, TryLaterError
from bot.cli.interrupt import INTERRUPTED
from bot.clock import ShiftedClock
from bot.demo.accounts import alias_room, register
from bot.demo.folder import begin_anew, check_fresh, full, mark
from bot.demo.homeserver import HomeserverError, Running, homeserver
from bot.demo.matrix_client.phone import Phone
from bot.demo.matrix_client.phone_client import PHONE_TROUBLES, PhoneError
from bot.demo.terminal import Talk, Waiting, chat, chat_on_standard_input, scripted
from bot.domain.roster import Person, find_people
from bot.files import plain_os_error, write_private
from bot.logs import log_to, watch
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from bot.setup.config import Config, Homeserver
from storage.db import StorageError
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
    port: int | None = None  # of the homeserver


async def demo(wishes: DemoOptions, plan: Setup, say: Callable[[str], None] = print) -> int:
    """Run the demo until its chat ends. 2: something the operator must mend; 130: stopped before the chat began."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):  # from here on a second Ctrl-C is as harmless as the first
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    people = find_people(plan.roster, wishes.who)
    if len(people) != 1:
        say(f"--as {wishes.who}: {_whom(people or plan.roster.people, bool(people))}")
        return 2
    chatting = _Chatting(people[0].user_id, _lines(wishes.script), say, stop)
    playing = asyncio.create_task(_told(wishes, plan, chatting))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done() and not chatting.begun.is_set():
            playing.cancel()
        await asyncio.wait({playing})
    finally:
        stopping.cancel()
    return INTERRUPTED if playing.cancelled() else playing.result()


def _whom(people: Iterable[Person], several: bool) -> str:
    """Whom one can be."""
    names = "  ".join(f"{_local(p.user_id)}={p.name}" for p in people)
    return f"{'several people are meant' if several else 'nobody in the demo county'}. Choose one of: {names}"


def _local(user_id: str) -> str:
    return user_id[1:].partition(":")[0]


def _lines(script: Path | None) -> list[str] | None:
    return script.read_text("utf-8", errors="replace").splitlines() if script else None


async def _told(wishes: DemoOptions, plan: Setup, chatting: _Chatting) -> int:
    """Play, and say in plain words what the operator must mend."""
    try:
        return await _played(wishes, plan, chatting)
    except (HomeserverError, PhoneError, SignedOutError, TryLaterError, StorageError) as error:
        problem = str(error)
    except TimeoutError:
        problem = f"the bot did not answer in time; {wishes.folder / 'bot.log'} may say why"
    except OSError as error:
        problem = plain_os_error(error)
    except PHONE_TROUBLES as error:  # the phone's keys
        problem = f"{wishes.folder}: the phone's keys cannot be written ({error})"
    chatting.say(full(wishes.folder, problem) or problem)
    return 2


async def _played(wishes: DemoOptions, plan: Setup, chatting: _Chatting) -> int:
    folder = wishes.folder
    if wishes.fresh:
        check_fresh(folder)
    mark(folder)
    with hold(folder):
        if wishes.fresh:
            with hold(folder / "bot"):  # somebody may run the bot of a demo by itself
                await begin_anew(folder)
        log_to(logging.FileHandler(folder / "bot.log", encoding="utf-8"))  # the terminal belongs to the chat
        watch(asyncio.get_running_loop())
        with hold(folder / "bot"):
            async with homeserver(folder / "homeserver", port=wishes.port) as hs:
                return await _town(hs, wishes, plan, chatting)


@dataclass(frozen=True, slots=True)
class _Chatting:
    """Who chats; the lines of a script, None at the keyboard; and where what the bot says is shown."""

    user_id: str
    lines: list[str] | None
    say: Callable[[str], None]
    stop: asyncio.Event  # set: somebody wants to leave
    begun: asyncio.Event = field(default_factory=asyncio.Event)  # set: from here on leaving is the usual end


async def _town(hs: Running, wishes: DemoOptions, plan: Setup, chatting: _Chatting) -> int:
    user_id, lines, say = chatting.user_id, chatting.lines, chatting.say
    password = _password(wishes.folder)
    bot_id = await register(hs, BOT, password, "排查小助手")
    for person in plan.roster.people:
        await register(hs, _local(person.user_id), password, person.name)
    county = [p.user_id for p in plan.roster.people if p.role in ("county", "observer", "coordinator")]
    await alias_room(hs, COUNTY, "县专项行动群", [bot_id, *county])
    bot = await _assembled(_config(hs, wishes, (bot_id, password)), plan, _clock(wishes.folder))
    stop, ready = chatting.stop, asyncio.Event()
    running = asyncio.create_task(run_until(bot, stop, ready.set))
    try:
        getting_ready = asyncio.ensure_future(ready.wait())
        await asyncio.wait({running, getting_ready}, return_when=asyncio.FIRST_COMPLETED)
        getting_ready.cancel()
        if running.done():
            return await running
        async with Phone(hs.url, user_id, password, wishes.folder / "phones" / _local(user_id)) as phone:
            room = await _room(phone, wishes.folder, user_id, bot_id)
            _introduce(hs, bot, password, say)
            chatting.begun.set()
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


async def _assembled(config: Config, plan: Setup, clock: ShiftedClock) -> Bot:
    """The bot, put together. Whoever leaves meanwhile waits until it can be closed: half open files would be left."""
    making = asyncio.create_task(assemble(config, plan, Hours(), clock))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        bot = await making
        await bot.edge.close()
        await bot.database.close()
        raise


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
        write_private(path, json.dumps({"made": datetime.now(UTC).isoformat()}))
    made = datetime.fromisoformat(json.loads(path.read_text("utf-8"))["made"])
    return ShiftedClock(BEGINNING, made)


def _config(hs: Running, wishes: DemoOptions, account: tuple[str, str]) -> Config:
    user_id, password = account
    server = Homeserver(hs.url, user_id, password=password, county_room=f"#{COUNTY}:{hs.server_name}")
    unused = wishes.folder / "paicha.toml"  # the demo's files are read already
    return Config(wishes.folder / "bot", unused, unused, server)


async def _room(phone: Phone, folder: Path, user_id: str, bot_id: str) -> str:
    """The person's encrypted direct room with the bot: the one of last time, or a new one."""
    path = folder / "phones" / f"{_local(user_id)}.room"
    if path.exists():
        return path.read_text("utf-8")
    room = await phone.open_direct(bot_id)
    write_private(path, room)
    return room


def _introduce(hs: Running, bot: Bot, password: str, say: Callable[[str], None]) -> None:
    now = bot.clock.now().astimezone(bot.plan.campaign.timezone)
    names = [p for p in bot.plan.roster.people if _local(p.user_id) in SHOWN]
    say(f"\nPaicha 排查 · {bot.plan.campaign.county} · {now:%Y-%m-%d %H:%M} (the demo's clock)")
    say(f"homeserver  {hs.url}   bot  {bot.edge.user_id}   county room  #{COUNTY}:{hs.server_name}")
    say(f"accounts    {' '.join(f'{_local(p.user_id)}={p.name}' for p in names)}")
    say(f"password    {password}   (for any Matrix client on this machine)\n")
