"""Twenty people talking at once on a real homeserver: our bot beside echo bots of other libraries.

Rules: all bots run on the same Synapse in the same run and take turns (A B C, C B A), so that whatever drifts hits all;
a phone says the next word as soon as the answer has come; ours answers the walk and every answer must be on its disk,
the others store nothing.

Run: python -m bench.chat [--phones 20] [--messages 30 | --seconds 20] [--plain | --encrypted | --both]
     [--rivals nio,mautrix,simple]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import aiohttp

from bench import rivals
from bench.contenders import OURS, Contender, can_run, prepare
from bench.county import Account, walker
from bench.light_phone import Silence, Talk, learn_keys, open_talk
from bench.process import Child, Died, child, spent, usage
from bench.stub_server import ANSWER, OPENING
from bench.table import Cell, announce, quantile, show
from bot.demo.accounts import register
from bot.demo.homeserver import Running, homeserver

PATIENCE = 30.0  # seconds for an answer in a measurement
HELLO_PATIENCE = 4.0  # seconds for the first answer of a bot that is starting
HELLOS = 8
HEADER = (
    "bot", "answers/s", "x nio", "p50 ms", "p95 ms", "bot CPU ms/answer", "x nio", "RSS MiB", "server CPU ms/answer"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    phones: int
    messages: int  # a phone and bot, over all its turns
    seconds: float  # a bot, over all its turns; 0: so many messages instead
    rivals: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """What a bot has shown so far."""

    waits: list[float] = field(default_factory=list)  # seconds
    seconds: float = 0.0
    cpu_ms: float = 0.0
    server_ms: float = 0.0
    rss_mib: float = 0.0


@dataclass(slots=True)
class Entry:
    """A running bot with the phones that talk to it."""

    contender: Contender
    process: Child
    talks: list[Talk]
    score: Score = field(default_factory=Score)


async def compare(
    hs: Running, folder: Path, wishes: Wishes, *, encrypted: bool
) -> tuple[list[Entry], dict[str, str]]:
    """Run all bots in turn; also the reasons of those that could not run."""
    absent: dict[str, str] = {}
    entries: list[Entry] = []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        for name in (OURS, *wishes.rivals):
            if not can_run(name):
                absent[name] = rivals.NOT_INSTALLED
                continue
            try:
                entry = await _enter(stack, hs, Starting(session, name, folder), wishes, encrypted=encrypted)
                entries.append(entry)
            except (Died, Silence) as trouble:
                absent[name] = str(trouble).splitlines()[-1]
        for entry in entries:
            await _warm(
                entry, ANSWER
            )  # the devices that signed in for the later bots are news to the earlier ones
        turns = [*entries, *reversed(entries)]
        for entry in turns:
            await _turn(hs, entry, wishes)
    return entries, absent


@dataclass(frozen=True, slots=True)
class Starting:
    """Which bot is started, and what its phones speak through."""

    session: aiohttp.ClientSession
    name: str
    folder: Path


async def _enter(
    stack: AsyncExitStack,
    hs: Running,
    whom: Starting,
    wishes: Wishes,
    *,
    encrypted: bool,
) -> Entry:
    """Start a bot, open the rooms, say hello until it answers."""
    session, name, folder = whom.session, whom.name, whom.folder
    home = folder / f"{name}-{'encrypted' if encrypted else 'plain'}"
    contender = await prepare(hs, name, home, encrypted=encrypted, people=wishes.phones)
    talks = []
    for number in range(wishes.phones):
        person = Account(f"@{walker(number)}:{hs.server_name}", "walking")
        keys = home / f"phone-{number}" if encrypted else None
        talks.append(await open_talk(session, hs.url, person, contender.user_id, keys))
        stack.push_async_callback(talks[-1].close)
        if contender.token:
            await _join(session, hs, talks[-1].room_id, contender.token)
    process = stack.enter_context(child(contender.command, home / "bot.log"))
    entry = Entry(contender, process, talks)
    for talk in talks:
        await _until_joined(entry, talk)
        await learn_keys(talk, PATIENCE)
    await _hello(entry, talks[0])
    await _warm(entry, OPENING)
    return entry


async def _warm(entry: Entry, words: str) -> None:
    """Once around, unmeasured."""
    await asyncio.gather(*(talk.ask(words, PATIENCE) for talk in entry.talks))
    await asyncio.gather(*(talk.catch_up() for talk in entry.talks))


async def _join(session: aiohttp.ClientSession, hs: Running, room_id: str, token: str) -> None:
    url = f"{hs.url}/_matrix/client/v3/join/{quote(room_id)}"
    async with session.post(url, json={}, headers={"Authorization": f"Bearer {token}"}) as answer:
        answer.raise_for_status()


async def _until_joined(entry: Entry, talk: Talk) -> None:
    deadline = time.monotonic() + PATIENCE
    path = f"rooms/{quote(talk.room_id)}/joined_members"
    while talk.bot_id not in (await talk.call("GET", path))["joined"]:
        entry.process.check()
        if time.monotonic() > deadline:
            raise Silence(f"{talk.bot_id} does not join")
        await asyncio.sleep(0.05)


async def _hello(entry: Entry, talk: Talk) -> None:
    """A bot that is still starting passes over what it hears."""
    for _ in range(HELLOS):
        entry.process.check()
        try:
            await talk.ask(OPENING, HELLO_PATIENCE)
        except Silence:
            continue
        await talk.catch_up()
        return
    entry.process.check()
    raise Silence("it never answered")


async def _turn(hs: Running, entry: Entry, wishes: Wishes) -> None:
    """Half of a bot's share: everybody talks at once."""
    stored = entry.contender.stored()
    before, server_before = usage(entry.process.pid), usage(hs.pid)
    begun = time.perf_counter()
    until = begun + wishes.seconds / 2 if wishes.seconds else None
    waits = await asyncio.gather(*(_talk(talk, wishes.messages // 2, until) for talk in entry.talks))
    score = entry.score
    score.seconds += time.perf_counter() - begun
    after, server_after = usage(entry.process.pid), usage(hs.pid)
    count = sum(map(len, waits))
    score.waits += [wait for some in waits for wait in some]
    score.cpu_ms += spent(before, after)
    score.server_ms += spent(server_before, server_after)
    score.rss_mib = after.rss_mib
    if entry.contender.name == OURS and entry.contender.stored() - stored != count:
        raise SystemExit(f"{count} answers were given, {entry.contender.stored() - stored} are stored")


async def _talk(talk: Talk, messages: int, until: float | None) -> list[float]:
    waits: list[float] = []
    while time.perf_counter() < until if until else len(waits) < messages:
        waits.append(await talk.ask(ANSWER, PATIENCE))
    return waits


def rows(entries: Sequence[Entry]) -> list[list[Cell]]:
    """The table's lines; ratios against the bare nio bot where it ran."""
    nio = next((entry.score for entry in entries if entry.contender.name == "nio"), None)
    found: list[list[Cell]] = []
    for entry in entries:
        it = entry.score
        count = len(it.waits)
        rate, cpu = count / it.seconds, it.cpu_ms / count
        ratios: tuple[Cell, Cell] = (None, None)
        if nio is not None:
            ratios = (rate / (len(nio.waits) / nio.seconds), cpu / (nio.cpu_ms / len(nio.waits)))
        waits = (1000 * quantile(it.waits, 0.5), 1000 * quantile(it.waits, 0.95))
        server_ms = it.server_ms / count
        found.append([entry.contender.title, rate, ratios[0], *waits, cpu, ratios[1], it.rss_mib, server_ms])
    return found


async def run(wishes: Wishes, modes: Sequence[bool]) -> None:
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as name:
        folder = Path(name)
        async with homeserver(folder / "homeserver") as hs:
            for number in range(wishes.phones):
                await register(hs, walker(number), "walking")
            for encrypted in modes:
                kind = "encrypted" if encrypted else "plain"
                announce(f"{wishes.phones} phones at once, {kind} rooms, one Synapse")
                entries, absent = await compare(hs, folder, wishes, encrypted=encrypted)
                show(HEADER, rows(entries))
                for absentee, why in absent.items():
                    print(f"{absentee}: did not run: {why}\n")
                for entry in entries:
                    if unreadable := sum(talk.unreadable for talk in entry.talks):
                        print(f"{entry.contender.title}: {unreadable} answers could not be decrypted\n")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.chat", description="our bot beside echo bots")
    parser.add_argument("--phones", type=int, default=20)
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--messages", type=int, default=30, help="a phone and bot")
    amount.add_argument("--seconds", type=float, default=0, help="a bot")
    mode = parser.add_mutually_exclusive_group()
    for word in ("plain", "encrypted", "both"):
        mode.add_argument(f"--{word}", dest="mode", action="store_const", const=word, default="both")
    rivals.add_option(parser)
    options = parser.parse_args(arguments)
    wishes = Wishes(options.phones, options.messages, options.seconds, options.rivals)
    modes = {"plain": [False], "encrypted": [True], "both": [False, True]}[options.mode]
    asyncio.run(run(wishes, modes))


if __name__ == "__main__":
    main()
