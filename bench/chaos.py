"""Kills the bot again and again while people talk to it, and shows that nothing is lost and nothing happens twice.

Run: python -m bench.chaos --kills 200 --messages 300 --seed 1 [--baseline] [--folder DIR]
A real homeserver, phones in encrypted and plain rooms, the real bot as a child process that gets SIGKILL at requests,
key writes, SQL statements and between them; a bad line (429, 502, resets), a homeserver that stops, a full disk.
Exit code 0 only when lost, doubled and undecryptable are all 0. `--baseline` saves the position before the effects,
as bots commonly do: it must lose messages, which shows that this run can fail.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.chaos_lives import Lives, settle
from bench.chaos_proxy import SPELLS, BadLine, bad_line
from bench.chaos_talk import Talk, direct_rooms
from bench.chaos_verdict import Verdict, judge
from bench.county_on_synapse import Server, found_county, phones
from bot.demo.homeserver import Running

ALL_SPELLS = (*SPELLS, "stop", "full paicha", "full crypto")
SPELL_SECONDS = 12.0
HARMED_ENOUGH = 25  # requests
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What is wished for. `spells` come one after the other, spread over the kills."""

    kills: int
    messages: int
    seed: int
    baseline: bool = False
    people: int = 8
    spells: tuple[str, ...] = ALL_SPELLS

    def share(self, number: int) -> int:
        """After how many kills the spell with this number, from 1, comes."""
        return self.kills * number // (len(self.spells) + 1)

    def full_disks(self) -> list[tuple[int, str]]:
        return [
            (self.share(n), spell.removeprefix("full "))
            for n, spell in enumerate(self.spells, 1)
            if spell.startswith("full ")
        ]


@dataclass(frozen=True, slots=True)
class Report:
    storm: Storm
    verdict: Verdict
    kills: Counter[str]
    harmed: Counter[str]
    ends: tuple[list[str], list[str]]  # plain, bad
    seconds: float

    @property
    def good(self) -> bool:
        return self.verdict.good and not self.ends[1] and self.kills.total() >= self.storm.kills

    def lines(self) -> list[str]:
        return [
            *self.verdict.lines(),
            f"{'kills':<16}{self.kills.total():>6}",
            *(f"    {n:>4}  {place}" for place, n in sorted(self.kills.items())),
            f"{'requests harmed':<16}{self.harmed.total():>6}",
            *(f"    {n:>4}  {what}" for what, n in sorted(self.harmed.items())),
            *self.ends[0],
            *self.ends[1],
            f"{'seconds':<16}{self.seconds:>6.0f}",
            "passed" if self.good else "FAILED",
        ]


async def rage(storm: Storm, hs: Running, folder: Path, server: Server | None = None) -> Report:
    """Run a storm on a homeserver. `server` is needed for the spell "stop"."""
    begun, made = time.monotonic(), datetime.now(UTC)
    async with bad_line(hs.url, storm.seed) as line:
        county = await found_county(hs, folder, storm.people, line.url)
        dice = random.Random(storm.seed)
        lives = Lives(county, dice, made, storm.baseline, full=storm.full_disks())
        weather = _Weather(storm, lives, line, server)
        async with phones(hs, county) as people:
            living = asyncio.create_task(lives.run(lambda: weather.over))
            try:
                async with direct_rooms(people, county, storm.seed) as speakers:
                    talk = Talk(speakers, weather.may_speak, weather.enough)
                    blowing = asyncio.create_task(weather.blow())
                    await _first(talk.run(), living)
                    weather.over = True
                    await asyncio.gather(blowing, living)
                    await settle(lives, talk.sent, speakers)
                    verdict = await judge(county, talk.sent, speakers, made)
            finally:
                living.cancel()
                await asyncio.wait([living])
    seconds = time.monotonic() - begun
    return Report(storm, verdict, lives.kills, line.harmed, (lives.plain_ends, lives.bad_ends), seconds)


async def _first(talking: Coroutine[None, None, None], living: asyncio.Task[None]) -> None:
    """Wait for the talk's end; what ends the bot's lives before ends the talk."""
    task = asyncio.create_task(talking)
    await asyncio.wait({task, living}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await asyncio.gather(living)
    await task


@dataclass(slots=True)
class _Weather:
    """Spells over the run, and how fast people may talk so that messages and kills end together."""

    storm: Storm
    lives: Lives
    line: BadLine
    server: Server | None
    over: bool = False
    blown: bool = False
    spoke_at: float = 0.0

    def may_speak(self, sent: int) -> bool:
        now = asyncio.get_running_loop().time()
        due = self.storm.messages * (self.lives.kills.total() + 1) / max(self.storm.kills, 1) + 2
        if sent < due or self.lives.on_full_disk or now - self.spoke_at > 1.5:
            self.spoke_at = now
            return True
        return False

    def enough(self, sent: int) -> bool:
        killed = self.lives.kills.total() >= self.storm.kills
        return self.blown and killed and sent >= self.storm.messages

    async def blow(self) -> None:
        """One spell after the other, each at its share of the kills."""
        for n, spell in enumerate(self.storm.spells, 1):
            share = self.storm.share(n)
            await _until(partial(self._killed, share))
            if spell == "stop":
                await self._stop()
            elif spell.startswith("full "):
                await _until(partial(self._has_been_full, spell.removeprefix("full ")))
            else:
                wanted = self.line.harmed.total() + HARMED_ENOUGH
                self.line.spell = spell
                await _until(partial(self._harmed, wanted), SPELL_SECONDS)
                self.line.spell = ""
        self.blown = True

    def _has_been_full(self, name: str) -> bool:
        return all(database != name for _, database in self.lives.full)

    def _killed(self, kills: int) -> bool:
        return self.lives.kills.total() >= kills

    def _harmed(self, requests: int) -> bool:
        return self.line.harmed.total() >= requests

    async def _stop(self) -> None:
        assert self.server is not None, "only a homeserver of our own can be stopped"
        await self.server.stop()
        await asyncio.sleep(STOP_SECONDS)
        await self.server.start()


async def _until(true: Callable[[], bool], seconds: float | None = None) -> None:
    """Wait for a condition, or at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                if true():
                    return
                await asyncio.sleep(0.05)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--baseline", action="store_true", help="save the position before the effects: must fail"
    )
    parser.add_argument("--folder", type=Path, help="keep everything here (default: a temporary folder)")
    options = parser.parse_args(arguments)
    storm = Storm(options.kills, options.messages, options.seed, options.baseline)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="paicha-chaos-"))
    logging.getLogger("nio").setLevel(logging.ERROR)  # phones tell of every pause of the homeserver
    print(f"chaos in {folder}", file=sys.stderr)
    report = asyncio.run(_own_homeserver(storm, folder))
    print("\n".join(report.lines()))
    return 0 if report.good else 1


async def _own_homeserver(storm: Storm, folder: Path) -> Report:
    server = Server(folder / "homeserver")
    hs = await server.start()
    try:
        return await rage(storm, hs, folder / "county", server)
    finally:
        await server.stop()


if __name__ == "__main__":
    sys.exit(main())
