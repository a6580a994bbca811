"""The benches still run: the smallest of each ends well and prints its table. What they measure is not judged here."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.prefill import prefill
from bench.process import ROOT
from bench.stub_server import room_id
from bench.table import quantile
from bench.turn import fill
from storage.audit import Wrong, audit
from storage.db import Database


def output_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "rows"),
    [
        (("bench.turn", "--turns", "60"), 3),
        (("bench.rooms", "--rooms", "3"), 3),
        (("bench.turn", "--turns", "60", "--rounds", "1", "--against", "."), 6),
        (("bench.stub", "--stored", "0,50", "--messages", "6", "--rooms", "3", "--rivals", "nio"), 3),
        (
            (
                "bench.stub",
                "--stored",
                "0",
                "--messages",
                "6",
                "--rooms",
                "3",
                "--rivals",
                "",
                "--against",
                ".",
            ),
            2,
        ),
    ],
)
def test_the_smallest_bench_ends_well_and_prints_its_table(command: tuple[str, ...], rows: int) -> None:
    table = [line for line in output_of(*command).splitlines() if line.startswith("|")]

    assert len(table) == rows + 2  # a header and its line
    assert all(cell.strip() not in ("", "-") for line in table[2:] for cell in line.strip("|").split("|"))


@pytest.mark.synapse
def test_our_bot_and_a_bare_one_answer_side_by_side_on_a_real_homeserver() -> None:
    printed = output_of("bench.chat", "--plain", "--phones", "2", "--messages", "2", "--rivals", "nio")

    assert "| Paicha" in printed
    assert "| matrix-nio" in printed
    assert "did not run" not in printed


async def stored(path: Path) -> tuple[Wrong | None, list[int]]:
    await fill(path, 1)
    prefill(path, 20, 100)
    database = await Database.open(path)
    try:
        broken = await database.read(lambda tx: audit(tx).first_wrong)
    finally:
        await database.close()
    connection = sqlite3.connect(path)
    counts = [
        connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("inbox", "outbox", "checks")
    ]
    connection.close()
    return broken, counts


def test_filled_in_answers_leave_the_rows_of_real_ones(tmp_path: Path) -> None:
    broken, counts = asyncio.run(stored(tmp_path / "paicha.db"))

    assert broken is None
    assert counts == [100, 100, 100]


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([], 0.5) == 0.0
    assert room_id(7).startswith("!r0007:")
