"""The benches still run: the smallest of each ends well and prints its table. What they measure is not judged here."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.county import plan, walker_id
from bench.prefill import prefill
from bench.process import ROOT
from bench.stub import answers_in
from bench.stub_server import ANSWER, BOT, OPENING, room_id
from bench.table import quantile
from bench.turn import NOW, fill
from bot.chat import Batch, Incoming, Said
from bot.context import build_context
from bot.engine.inbox import take_in
from storage.audit import audit
from storage.db import Database, Reader


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
        (("bench.audit", "--answers", "500"), 3),
        (("bench.rooms", "--rooms", "3"), 3),
        (("bench.replies",), 2),
        (("bench.replies", "--repo", "."), 2),
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


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A file with 100 answers of the past, and a real one beside them. It is only read."""
    path = tmp_path_factory.mktemp("filled") / "paicha.db"
    asyncio.run(fill(path, 1))
    prefill(path, 20, 100)
    asyncio.run(said(path, OPENING, ANSWER, ANSWER))
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


async def said(path: Path, *words: str) -> None:
    database = await Database.open(path)
    context = build_context(plan(20).campaign, BOT)
    try:
        for n, each in enumerate(words):
            batch = Batch(str(n), (Incoming(f"$said-{n}", room_id(0), walker_id(0), NOW, Said(each)),))
            await database.transaction(lambda tx, batch=batch: take_in(tx, context, batch, NOW))  # type: ignore[misc]
    finally:
        await database.close()


ROWS = {
    "inbox": "SELECT * FROM inbox WHERE event_id = :ref",
    "actions": "SELECT * FROM actions WHERE ref = :ref",
    "changes": "SELECT * FROM changes WHERE action = (SELECT seq FROM actions WHERE ref = :ref)",
    "outbox": "SELECT * FROM outbox WHERE id = :out",
    "checks": "SELECT * FROM checks WHERE (place_id, item_id) = (SELECT subject, part FROM changes JOIN actions"
    " ON seq = action WHERE ref = :ref)",
}


@pytest.mark.parametrize("table", ROWS)
def test_filled_in_answers_leave_the_rows_of_real_ones(filled: sqlite3.Connection, table: str) -> None:
    kinds = []
    for ref, out in (("$past-9", 10), ("$said-2", 103)):
        (row,) = filled.execute(ROWS[table], {"ref": ref, "out": out}).fetchall()
        kinds.append({name: type(value) for name, value in dict(row).items()})

    assert kinds[0] == {**kinds[1], **({"sent_at": str, "event_id": str} if table == "outbox" else {})}


def test_filled_in_answers_are_counted_and_stand_in_a_sound_history(filled: sqlite3.Connection) -> None:
    path = Path(filled.execute("PRAGMA database_list").fetchone()["file"])

    assert audit(Reader(filled)).first_wrong is None
    assert answers_in(path) == 101
    for table in ("inbox", "outbox", "checks"):
        assert filled.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 101


def test_the_answers_of_a_file_of_the_schema_before_are_counted_too(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.executescript(
        "CREATE TABLE history (action TEXT); INSERT INTO history VALUES ('answered'), ('told')"
    )
    connection.close()

    assert answers_in(tmp_path / "old.db") == 1


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([], 0.5) == 0.0
    assert room_id(7).startswith("!r0007:")
