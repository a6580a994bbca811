"""How many answers a second reach the disk when the homeserver costs nothing, and whether a million old ones slow it.

Rules: an answer of ours counts when it stands in the bot's file; the bench fails when one is missing there. Echo bots of
other libraries, which store nothing, and an older checkout of ours can run beside it: all on the same stub homeserver,
each in rooms of its own, taking turns (A B C, C B A), so that whatever drifts hits all.

Run: python -m bench.stub [--stored 0,100000,1000000] [--messages 2000] [--rooms 100] [--rivals nio,mautrix,simple]
     [--against DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench import rivals
from bench.checkout import THIS, Checkout, older
from bench.process import Child, Died, child, spent, usage
from bench.stub_server import TOKEN
from bench.table import Cell, announce, quantile, show
from bot.demo.homeserver import HOST, SERVER_NAME

START_SECONDS = 30.0
WAVE_SECONDS = 120.0
MOST_A_ROOM = 65  # a village has 70 items; then the walk asks something else
ANSWERS = "SELECT count(*) FROM actions WHERE verb = 'answer'"
OLD_ANSWERS = "SELECT count(*) FROM history WHERE action = 'answered'"
HEADER = ("bot", "answers/s", "p50 ms", "p95 ms", "bot CPU ms/answer", "x first", "RSS MiB")


@dataclass(frozen=True, slots=True)
class Wishes:
    stored: tuple[int, ...]
    messages: int  # a bot, over its two turns
    rooms: int
    rivals: tuple[str, ...] = ()
    checkouts: tuple[Checkout, ...] = (THIS,)


@dataclass(slots=True)
class Entry:
    """A running bot and what it has shown so far. `stored` counts the answers in its file."""

    title: str
    user_id: str
    process: Child
    stored: Callable[[], int]
    keeps: bool  # its answers must stand in its file
    waits: list[float] = field(default_factory=list)  # seconds
    seconds: float = 0.0
    cpu_ms: float = 0.0
    rss_mib: float = 0.0


async def measure(wishes: Wishes, folder: Path) -> tuple[list[Entry], dict[str, str]]:
    """All bots in turn; also the reasons of those that could not run."""
    absent: dict[str, str] = {}
    entries: list[Entry] = []
    with stub(wishes.rooms, folder) as (_server, url), ExitStack() as stack:
        for level in wishes.stored:
            for number, checkout in enumerate(wishes.checkouts):
                home = folder / f"paicha-{number}-{level}"
                entries.append(await _ours(stack, Level(checkout, level), (url, home), wishes.rooms))
        for name in wishes.rivals:
            if not rivals.can_run(name):
                absent[name] = rivals.NOT_INSTALLED
                continue
            try:
                entries.append(await _rival(stack, name, (url, folder / name), wishes.rooms))
            except (Died, TimeoutError) as trouble:
                absent[name] = (str(trouble) or "it never answered").splitlines()[-1]
        before = [entry.stored() for entry in entries]
        first = wishes.messages // 2
        turns = [(it, first) for it in entries] + [(it, wishes.messages - first) for it in reversed(entries)]
        for entry, messages in turns:
            if messages:
                await _turn(url, entry, messages)
        for entry, stored in zip(entries, before, strict=True):
            missing = wishes.messages - (entry.stored() - stored) if entry.keeps else 0
            if missing:
                raise SystemExit(f"{entry.title}: {missing} of {wishes.messages} answers are not in the file")
    return entries, absent


@dataclass(frozen=True, slots=True)
class Level:
    """A checkout, and how many answers are stored when it is measured."""

    checkout: Checkout
    stored: int


async def _ours(stack: ExitStack, what: Level, where: tuple[str, Path], rooms: int) -> Entry:
    """A checkout's bot on a file with so many stored answers, warm."""
    checkout, level, (url, home) = what.checkout, what.stored, where
    user_id = f"@{home.name}:{SERVER_NAME}"
    settings = checkout.settings(home, url, user_id, rooms)
    database = home / "data" / "paicha.db"
    with bot(settings, home, checkout) as fresh:
        await wave(url, (user_id, fresh), 2 * rooms)  # makes the file, opens the walks
    checkout.prefill(database, rooms, level)
    running = stack.enter_context(bot(settings, home, checkout))
    await wave(url, (user_id, running), rooms)  # connections open, caches warm
    title = f"{checkout.title}, {level:,} stored"
    return Entry(title, user_id, running, lambda: checkout.answers_in(database), keeps=True)


async def _rival(stack: ExitStack, name: str, where: tuple[str, Path], rooms: int) -> Entry:
    """An echo bot, warm. Raises Died, or TimeoutError when it stays silent."""
    url, home = where
    user_id = f"@{name}:{SERVER_NAME}"
    device = rivals.SignedIn(url, user_id, "STUB", TOKEN + user_id)
    command = rivals.command(name, home, device, encrypted=False)
    running = stack.enter_context(child(command, home / "bot.log"))
    await wave(url, (user_id, running), 2 * rooms)
    return Entry(rivals.RIVALS[name], user_id, running, lambda: 0, keeps=False)


async def _turn(url: str, entry: Entry, messages: int) -> None:
    """Half of a bot's share."""
    before = usage(entry.process.pid)
    seconds, waits = await wave(url, (entry.user_id, entry.process), messages)
    after = usage(entry.process.pid)
    entry.seconds += seconds
    entry.waits += waits
    entry.cpu_ms += spent(before, after)
    entry.rss_mib = after.rss_mib


@contextmanager
def stub(rooms: int, folder: Path) -> Iterator[tuple[Child, str]]:
    """The stub homeserver in a process of its own, and its address."""
    with child([sys.executable, "-m", "bench.stub_server", str(rooms)], folder / "stub.log") as server:
        deadline = time.monotonic() + START_SECONDS
        while not (port := (folder / "stub.log").read_text("utf-8").partition("\n")[0]):
            server.check()
            if time.monotonic() > deadline:
                raise SystemExit("the stub homeserver does not start")
            time.sleep(0.02)
        yield server, f"http://{HOST}:{port}"


def bot(settings: Path, folder: Path, checkout: Checkout = THIS) -> AbstractContextManager[Child]:
    """The real bot, started as an operator starts it."""
    return child([*checkout.run_command, str(settings)], folder / "bot.log", folder=checkout.folder)


async def wave(url: str, of: tuple[str, Child], messages: int) -> tuple[float, list[float]]:
    """Have a bot (user id, process) answer so many messages: the seconds it took, and each wait.

    Raises Died as soon as the bot has ended, TimeoutError when it is silent for too long.
    """
    user_id, running = of
    query = {"bot": user_id, "messages": str(messages)}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WAVE_SECONDS)) as session:
        asking = asyncio.create_task(_answer(session, f"{url}/bench/wave", query))
        while not asking.done():
            running.check()
            await asyncio.wait({asking}, timeout=0.5)
        return await asking


async def _answer(
    session: aiohttp.ClientSession, url: str, query: dict[str, str]
) -> tuple[float, list[float]]:
    async with session.get(url, params=query) as answer:
        found = await answer.json()
    return found["seconds"], found["waits"]


def answers_in(database: Path) -> int:
    """How many answers the file holds, read from outside the bot: of today's schema, or of the one that kept `history`.
    (`bench.checkout` asks every checkout for this.)"""
    with closing(sqlite3.connect(database)) as connection:
        old = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'history'"
        ).fetchone()
        sql = OLD_ANSWERS if old else ANSWERS
        return int(connection.execute(sql).fetchone()[0])


def rows(entries: Sequence[Entry]) -> list[list[Cell]]:
    """The table's lines; the ratio is against the first, our own with the fewest stored answers."""
    costs = [it.cpu_ms / len(it.waits) for it in entries]
    found: list[list[Cell]] = []
    for it, cost in zip(entries, costs, strict=True):
        waits = (1000 * quantile(it.waits, 0.5), 1000 * quantile(it.waits, 0.95))
        found.append([it.title, len(it.waits) / it.seconds, *waits, cost, cost / costs[0], it.rss_mib])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stub", description="durable answers a second")
    parser.add_argument("--stored", default="0,100000,1000000", help="levels of stored answers, growing")
    parser.add_argument("--messages", type=int, default=2000, help="a bot")
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="an older checkout to run beside this one"
    )
    rivals.add_option(parser)
    options = parser.parse_args(arguments)
    if options.messages > MOST_A_ROOM * options.rooms:
        parser.error(f"{options.messages} messages need {-(-options.messages // MOST_A_ROOM)} rooms at least")
    stored = tuple(int(level) for level in options.stored.split(","))
    checkouts = (THIS, older(options.against)) if options.against else (THIS,)
    announce("durable answers a second, instant homeserver, plain rooms; the echo bots store nothing")
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        wishes = Wishes(stored, options.messages, options.rooms, options.rivals, checkouts)
        entries, absent = asyncio.run(measure(wishes, Path(folder)))
    show(HEADER, rows(entries))
    for absentee, why in absent.items():
        print(f"{absentee}: did not run: {why}\n")


if __name__ == "__main__":
    main()
