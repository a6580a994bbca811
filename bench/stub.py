"""How many answers a second reach the disk when the homeserver costs nothing, and whether a million old ones slow it.

Rule: an answer counts when it stands in the bot's file; the bench fails when one is missing there.

Run: python -m bench.stub [--stored 0,100000,1000000] [--messages 2000] [--rooms 100]
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.county import Account, write_settings
from bench.prefill import prefill
from bench.process import Child, child, spent, usage
from bench.stub_server import BOT
from bench.table import Cell, announce, show
from bot.demo.homeserver import HOST

START_SECONDS = 30.0
WAVE_SECONDS = 120.0
ANSWERS = "SELECT count(*) FROM actions WHERE verb = 'answer'"
OLD_ANSWERS = "SELECT count(*) FROM history WHERE action = 'answered'"
HEADER = ("stored answers", "answers/s", "p50 ms", "p95 ms", "bot CPU ms/answer", "RSS MiB", "against empty")


@dataclass(frozen=True, slots=True)
class Wishes:
    stored: tuple[int, ...]
    messages: int
    rooms: int


@dataclass(frozen=True, slots=True)
class Figures:
    answers_a_second: float
    p50: float
    p95: float
    cpu_ms: float
    rss_mib: float


async def measure(wishes: Wishes, folder: Path) -> list[tuple[int, Figures]]:
    """Each level of stored answers in turn, each with a fresh bot process on the same file."""
    found = []
    with stub(wishes.rooms, folder) as (_server, url):
        settings = write_settings(folder / "bot", url, Account(BOT, "stub"), wishes.rooms)
        database = folder / "bot" / "data" / "paicha.db"
        for level in wishes.stored:
            if not database.exists():
                with bot(settings, folder) as fresh:
                    await wave(url, fresh, 2 * wishes.rooms)  # makes the file, opens the walks
            prefill(database, wishes.rooms, level)
            with bot(settings, folder) as running:
                await wave(url, running, wishes.rooms)  # connections open, caches warm
                found.append((level, await _level(url, running, database, wishes.messages)))
    return found


async def _level(url: str, running: Child, database: Path, messages: int) -> Figures:
    stored = answers_in(database)
    before = usage(running.pid)
    figures = await wave(url, running, messages)
    after = usage(running.pid)
    missing = messages - (answers_in(database) - stored)
    if missing:
        raise SystemExit(f"{missing} of {messages} answers are not in the file")
    cpu_ms = spent(before, after) / messages
    return Figures(messages / figures["seconds"], figures["p50"], figures["p95"], cpu_ms, after.rss_mib)


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


def bot(settings: Path, folder: Path) -> AbstractContextManager[Child]:
    """The real bot, started as an operator starts it."""
    return child([sys.executable, "-m", "bot", "run", "--config", str(settings)], folder / "bot.log")


async def wave(url: str, running: Child, messages: int) -> dict[str, float]:
    """Have so many messages answered; seconds it took and the quantiles of the waits in ms."""
    timeout = aiohttp.ClientTimeout(total=WAVE_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{url}/bench/wave", params={"messages": str(messages)}) as answer,
    ):
        figures: dict[str, float] = await answer.json()
    return figures


def answers_in(database: Path) -> int:
    """How many answers the file holds, read from outside the bot: of today's schema, or of the one that kept `history`."""
    with closing(sqlite3.connect(database)) as connection:
        old = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'history'"
        ).fetchone()
        sql = OLD_ANSWERS if old else ANSWERS
        return int(connection.execute(sql).fetchone()[0])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stub", description="durable answers a second")
    parser.add_argument("--stored", default="0,100000,1000000", help="levels of stored answers, growing")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rooms", type=int, default=100)
    options = parser.parse_args(arguments)
    stored = tuple(int(level) for level in options.stored.split(","))
    announce("durable answers a second, instant homeserver, plain rooms")
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        wishes = Wishes(stored, options.messages, options.rooms)
        found = asyncio.run(measure(wishes, Path(folder)))
    first = found[0][1]
    rows: list[list[Cell]] = [
        [
            f"{level:,}",
            it.answers_a_second,
            it.p50,
            it.p95,
            it.cpu_ms,
            it.rss_mib,
            f"{it.cpu_ms / first.cpu_ms:.2f}x CPU",
        ]
        for level, it in found
    ]
    show(HEADER, rows)


if __name__ == "__main__":
    main()
