"""How fast the history is proven: the walk along its chain, and its replay against the tables.

Rule: rows are actions and changes; the file is one a bot has made, filled with answers of the past.

Run: python -m bench.audit [--answers 200000]
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from bench.prefill import prefill
from bench.table import Cell, announce, show
from bench.turn import WALKERS, fill
from storage.audit import Report, Wrong, replay, walk
from storage.db import Reader

ROUNDS = 3
HEADER = ("what", "rows", "seconds", "rows/s")


def measure(path: Path) -> list[list[Cell]]:
    """The best of three rounds of each; ends when the history is not sound."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        tx = Reader(connection)
        report = Report()
        _sound(walk(tx, report))
        walking = min(_seconds(lambda: walk(tx, Report())) for _ in range(ROUNDS))
        replaying = min(_seconds(lambda: replay(tx)) for _ in range(ROUNDS))
    return [
        _row("the chain walked, every seal computed", report.rows, walking),
        _row("the history replayed against the tables", report.rows, replaying),
        _row("both", report.rows, walking + replaying),
    ]


def _seconds(work: Callable[[], Wrong | None]) -> float:
    begun = time.perf_counter()
    _sound(work())
    return time.perf_counter() - begun


def _sound(wrong: Wrong | None) -> None:
    if wrong is not None:
        raise SystemExit(f"the history is not sound: {wrong}")


def _row(what: str, rows: int, seconds: float) -> list[Cell]:
    return [what, rows, seconds, rows / seconds]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description="the history, proven")
    parser.add_argument("--answers", type=int, default=200_000)
    options = parser.parse_args(arguments)
    announce("the history proven")
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        path = Path(folder) / "paicha.db"
        asyncio.run(fill(path, 0))
        prefill(path, WALKERS, options.answers)
        show(HEADER, measure(path))


if __name__ == "__main__":
    main()
