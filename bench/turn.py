"""What one message costs without any network: dialogue and one durable transaction; a search; a county's figures.

Rule: against an older checkout each of the two measures itself with its own bench, by turns in the same run.

Run: python -m bench.turn [--turns 1000] [--against DIR [--rounds 3]]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from bench.checkout import THIS, Checkout, older
from bench.county import plan, walker_id
from bench.prefill import prefill
from bench.stub_server import ANSWER, BOT, OPENING, room_id
from bench.table import Cell, announce, quantile, show
from bot.chat import Batch, Incoming, RoomSeen, Said
from bot.context import build_context
from bot.dialogue.search import search
from bot.engine.inbox import take_in
from bot.setup.bootstrap import fill_database
from storage import figures
from storage.db import Database

NOW = datetime(2023, 8, 5, 2, tzinfo=UTC)
WALKERS = 20
STORED = 31_360  # every cell of the villages that are not walked
FIGURES = 20  # runs
LEAST_TURNS = 100  # below, it is only a trial of the bench itself
QUERIES = ("水管漏水没人修", "孩子上学", "低保", "危房", "医保报销不了", "路灯不亮", "厕所", "小额贷款")
HEADER = ("what", "median ms", "p95 ms", "times")
AGAINST_HEADER = ("what", "checkout", "median ms", "p95 ms", "x")


async def measure(folder: Path, turns: int) -> list[list[Cell]]:
    """Milliseconds of each."""
    path = folder / "paicha.db"
    campaign_plan = plan(WALKERS)
    context = build_context(campaign_plan.campaign, BOT)
    await fill(path, turns)
    database = await Database.open(path)
    try:
        waits = []
        for number in range(turns):
            begun = time.perf_counter()
            await database.transaction(partial(take_in, context=context, batch=_batch(number), now=NOW))
            waits.append(time.perf_counter() - begun)
        skipped = 2 * WALKERS  # opening the walk is not an answer
        queries = []
        for number in range(turns):
            begun = time.perf_counter()
            search(context.index, QUERIES[number % len(QUERIES)])
            queries.append(time.perf_counter() - begun)
        counted = []
        for _ in range(FIGURES):
            begun = time.perf_counter()
            await database.read(lambda tx: figures.county(tx, campaign_plan.campaign, NOW.date()))
            counted.append(time.perf_counter() - begun)
    finally:
        await database.close()
    return [
        _row("a turn: batch in, answer recorded and replied to, one commit (FULL)", waits[skipped:]),
        _row("a search among the items", queries),
        _row("the digest's figures over 448 villages", counted),
    ]


async def fill(path: Path, turns: int) -> None:
    """The file with people, rooms and old answers."""
    database = await Database.open(path)
    await database.transaction(lambda tx: fill_database(tx, plan(WALKERS), NOW))
    seen = [RoomSeen(room_id(n), "joined", False, (walker_id(n),)) for n in range(WALKERS)]
    context = build_context(plan(WALKERS).campaign, BOT)
    await database.transaction(lambda tx: take_in(tx, context, Batch("0", (), tuple(seen)), NOW))
    await database.close()
    await asyncio.to_thread(prefill, path, WALKERS, STORED if turns >= LEAST_TURNS else 0)


def _batch(number: int) -> Batch:
    walker = number % WALKERS
    said = Said(OPENING if number < WALKERS else ANSWER)
    event = Incoming(f"$said-{number}", room_id(walker), walker_id(walker), NOW, said)
    return Batch(str(number + 1), (event,))


def _row(what: str, seconds: Sequence[float]) -> list[Cell]:
    waits = [1000 * it for it in seconds]
    return [what, quantile(waits, 0.5), quantile(waits, 0.95), len(waits)]


def compare(other: Checkout, turns: int, rounds: int) -> list[list[Cell]]:
    """The same of two checkouts, A B A B: each row's median over the rounds, and how this one stands to the other."""
    found: dict[tuple[str, Checkout], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for checkout in (other, THIS):
            for what, middle, p95 in _printed(checkout.output("-m", "bench.turn", "--turns", str(turns))):
                found.setdefault((what, checkout), []).append((middle, p95))
    table: list[list[Cell]] = []
    for (what, checkout), pairs in found.items():
        medians, p95s = zip(*pairs, strict=True)
        theirs = [middle for middle, _ in found.get((what, other), ())]
        ratio = median(medians) / median(theirs) if theirs else None
        table.append([what, checkout.title, median(medians), median(p95s), ratio])
    return sorted(table, key=lambda row: str(row[0]))


def _printed(output: str) -> list[tuple[str, float, float]]:
    """The rows of the table in a bench's output: what, median, p95."""
    lines = [line.strip("| ").split("|") for line in output.splitlines() if line.startswith("|")]
    return [(cells[0].strip(), float(cells[1]), float(cells[2])) for cells in lines[2:]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.turn", description="one turn, without a network")
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="an older checkout, by turns with this one"
    )
    parser.add_argument("--rounds", type=int, default=3, help="with --against")
    options = parser.parse_args(arguments)
    announce("one turn, local")
    if options.against:
        show(AGAINST_HEADER, compare(older(options.against), options.turns, options.rounds))
        return
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        show(HEADER, asyncio.run(measure(Path(folder), options.turns)))


if __name__ == "__main__":
    main()
