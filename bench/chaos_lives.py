"""The bot's lives: started, killed at a drawn point, started again at once; and the one life on a full disk.

Rule: every end that was not asked for is told: a bot may die only by our hand, or say plainly why it stops.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.chaos_child import Wishes
from bench.chaos_talk import Sent, Speaker
from bench.chaos_verdict import open_ends
from bench.county_on_synapse import BEGINNING, County, Process
from storage.db import Database

LONGEST_LIFE = 8.0  # seconds; who has not reached the point by then is killed wherever they are
LONGEST_FULL = 60.0
LATEST_FULL = 12  # writes of the database; one message makes more than that
LONGEST_LULL = 30.0
STOPPED_PLAINLY = 2
# How often each kind of point is drawn, and how far into a life it may lie.
KINDS = {
    "start": (1, 80),
    "http": (5, 24),
    "crypto": (4, 20),
    "sql": (5, 160),
    "commit": (3, 12),
    "taking": (2, 3),
    "taken": (2, 3),
    "sent": (2, 4),
}


@dataclass(slots=True)
class Lives:
    """`kills` by place. `full`: databases whose disk shall run full in a life to come, each after so many kills.

    Which life ends how is drawn here and hangs on the seed and the kills alone, never on the clock.
    """

    county: County
    dice: random.Random
    made: datetime
    baseline: bool = False
    kills: Counter[str] = field(default_factory=Counter)
    full: list[tuple[int, str]] = field(default_factory=list)
    on_full_disk: bool = False
    plain_ends: list[str] = field(default_factory=list)
    bad_ends: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.county.folder / "kills.log"

    @property
    def wishes(self) -> Wishes:
        """A life without a kill."""
        return Wishes(
            log=str(self.log), start=BEGINNING.isoformat(), made=self.made.isoformat(), baseline=self.baseline
        )

    def drawn(self) -> Wishes:
        """The next life's end: a kind by weight, then any of its first points."""
        kind = self.dice.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        return self.aimed(kind, self.dice.randint(1, KINDS[kind][1]))

    def aimed(self, kind: str, count: int) -> Wishes:
        return replace(self.wishes, kind=kind, count=count)

    async def run(self, over: Callable[[], bool]) -> None:
        """One life after the other until it is over; the last one is ended from outside."""
        while not over():
            if self.full and self.kills.total() >= self.full[0][0]:
                await self._on_full_disk(self.full[0][1])
                self.full.pop(0)
            else:
                await self.one(self.drawn())
            if len(self.bad_ends) > 5:
                raise RuntimeError("the bot ends by itself again and again:\n" + "\n".join(self.bad_ends))

    async def one(self, wishes: Wishes, longest: float = LONGEST_LIFE) -> None:
        """One life that ends by SIGKILL."""
        process = await Process.start(self.county, wishes.as_argument())
        before = self._places()
        try:
            code = await process.wait(longest)
        finally:
            if process.child.returncode is None:
                await process.kill()
        after = self._places()
        self._tell(f"{(after[-1] if len(after) > len(before) else code)}")
        if len(after) > len(before):
            self.kills[after[-1]] += 1
        elif code is None:
            self.kills["any: wherever it was by the clock"] += 1
        else:
            self.bad_ends.append(f"ended by itself with {code}:\n" + "\n".join(process.tail))

    async def _on_full_disk(self, name: str) -> None:
        """A life whose disk fills up: it must end by itself, with a plain word and without a stack of calls."""
        self.on_full_disk = True
        wishes = replace(self.wishes, full=name, count=self.dice.randint(1, LATEST_FULL))
        process = await Process.start(self.county, wishes.as_argument())
        try:
            code = await process.wait(LONGEST_FULL)
        finally:
            self.on_full_disk = False
            if process.child.returncode is None:
                await process.kill()
        words = "\n".join(process.tail)
        self._tell(f"full disk: {code}")
        if code != STOPPED_PLAINLY or not words or "Traceback" in words:
            self.bad_ends.append(
                f"on a full disk ({name}.db) at write {wishes.count} it ended with {code}:\n{words}"
            )
        else:
            self.plain_ends.append(f"on a full disk: {process.tail[-1].partition(': ')[2]}")

    def _tell(self, end: str) -> None:
        """Progress, for who watches a long run."""
        seconds = (datetime.now(UTC) - self.made).total_seconds()
        with (self.county.folder / "lives.log").open("a", encoding="utf-8") as log:
            log.write(f"{seconds:7.1f} s  {end}\n")

    def _places(self) -> list[str]:
        return self.log.read_text("utf-8").splitlines() if self.log.exists() else []


async def settle(
    lives: Lives, sent: Sequence[Sent], speakers: Sequence[Speaker], process: Process | None = None
) -> None:
    """A life without kills (`process`, or a new one) until nothing is open, ended as operators do.

    It also ends when what is open has not changed for long: the judge will say what is missing.
    """
    if process is None:
        process = await Process.start(lives.county, replace(lives.wishes, baseline=False).as_argument())
    await process.up.wait()
    database = await Database.open(lives.county.data / "paicha.db")
    loop = asyncio.get_running_loop()
    last, since = await open_ends(database, sent, speakers), loop.time()
    try:
        while any(last) and process.child.returncode is None:
            await asyncio.sleep(0.2)
            now = await open_ends(database, sent, speakers)
            if now != last:
                last, since = now, loop.time()
            elif loop.time() - since > (LONGEST_LULL / 8 if lives.baseline else LONGEST_LULL):
                break
    finally:
        await database.close()
        code = await process.stop()
    if code != 0:
        lives.bad_ends.append(f"asked to stop, it ended with {code}:\n" + "\n".join(process.tail))
