"""The one SQLite file: whole transactions or nothing, plain words for the operator."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest

from storage.db import Database, Reader, StorageError, Transaction
from storage.lock import hold
from storage.migrate import migrate, migrations

NEW_SLOT = "INSERT INTO slots VALUES ('reminder', ?, 'day', 'now')"
SLOTS = "SELECT count(*) FROM slots"


def with_database(path: Path, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.open(path / "paicha.db")
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


def add(scope: str) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        tx.run(NEW_SLOT, (scope,))

    return work


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    def fails(tx: Transaction) -> None:
        tx.run(NEW_SLOT, ("1",))
        raise ValueError("no")

    async def work(database: Database) -> None:
        with pytest.raises(ValueError, match="no"):
            await database.transaction(fails)
        assert await database.read(lambda r: r.number(SLOTS)) == 0
        await database.transaction(add("2"))
        assert await database.read(lambda r: r.number(SLOTS)) == 1

    with_database(tmp_path, work)


def test_a_cancelled_caller_leaves_no_open_transaction(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        waiting = [asyncio.ensure_future(database.transaction(add(str(n)))) for n in range(20)]
        await asyncio.sleep(0)
        for task in waiting[::2]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await database.transaction(add("last"))
        assert await database.read(lambda r: r.number(SLOTS)) >= 11

    with_database(tmp_path, work)


def test_a_savepoint_undoes_only_itself(tmp_path: Path) -> None:
    def mixed(tx: Transaction) -> None:
        tx.run(NEW_SLOT, ("kept",))
        with contextlib.suppress(KeyError), tx.savepoint():
            tx.run(NEW_SLOT, ("gone",))
            raise KeyError
        tx.run(NEW_SLOT, ("also kept",))

    async def work(database: Database) -> None:
        await database.transaction(mixed)
        rows = await database.read(lambda r: r.all("SELECT scope FROM slots ORDER BY scope"))
        assert [row["scope"] for row in rows] == ["also kept", "kept"]

    with_database(tmp_path, work)


def test_the_reader_cannot_write_and_sees_one_snapshot(tmp_path: Path) -> None:
    def write(reader: Reader) -> None:
        reader.all(NEW_SLOT, ("1",))

    async def work(database: Database) -> None:
        with pytest.raises(StorageError):
            await database.read(write)

    with_database(tmp_path, work)


def test_the_file_is_durable_strict_and_checks_references(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        def facts(tx: Transaction) -> list[object]:
            return [tx.value(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]

        assert await database.transaction(facts) == ["wal", 2, 1]
        loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'"
        assert [row[0] for row in await database.read(lambda r: r.all(loose))] == []
        with pytest.raises(sqlite3.IntegrityError):
            await database.transaction(
                lambda tx: tx.run(
                    "INSERT INTO places (id, name, kind, unit_id, rank) VALUES ('p', 'P', 'village', 'no', 1)"
                )
            )

    with_database(tmp_path, work)


def test_history_cannot_be_changed_or_deleted(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        row = "INSERT INTO actions (at, received_at, source, verb, version, hash) VALUES ('t', 't', 'cli', 'a', 'v', x'00')"
        await database.transaction(lambda tx: tx.run(row))
        for sql in ("UPDATE actions SET verb = 'b'", "DELETE FROM actions"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                await database.transaction(lambda tx, sql=sql: tx.run(sql))  # type: ignore[misc]

    with_database(tmp_path, work)


def test_a_newer_file_is_refused_with_a_plain_word(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "paicha.db")
    connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(StorageError, match="newer Paicha"):
        with_database(tmp_path, lambda database: asyncio.sleep(0))


def test_a_file_of_another_first_schema_is_refused_with_its_remedy(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "paicha.db")
    connection.executescript("CREATE TABLE meta (key TEXT); CREATE TABLE history (id); PRAGMA user_version=1")
    connection.close()
    before = (tmp_path / "paicha.db").read_bytes()
    with pytest.raises(StorageError, match="early Paicha") as caught:
        with_database(tmp_path, lambda database: asyncio.sleep(0))
    assert "Move the folder away" in str(caught.value)
    assert "demo --fresh" in str(caught.value)
    assert (tmp_path / "paicha.db").read_bytes()[100:] == before[100:]


def test_what_other_tools_added_to_a_file_does_no_harm(tmp_path: Path) -> None:
    with_database(tmp_path, lambda database: asyncio.sleep(0))
    connection = sqlite3.connect(tmp_path / "paicha.db")
    connection.executescript("CREATE TABLE notes (a); CREATE INDEX more ON outbox (written_at)")
    connection.close()
    with_database(tmp_path, lambda database: asyncio.sleep(0))


def test_something_else_than_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "paicha.db").write_text(
        "these are notes, and long enough to be looked at as a file header. " * 40
    )
    with pytest.raises(StorageError, match="not a Paicha database"):
        with_database(tmp_path, lambda database: asyncio.sleep(0))


def test_a_copy_is_kept_before_migrating_and_a_failing_step_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "paicha.db"
    connection = sqlite3.connect(path, isolation_level=None)
    first = migrations()[0]
    migrate(connection, path, [first])
    bad = [first, (2, "CREATE TABLE extra (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);")]
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, bad)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone()[0] == 0
    migrate(connection, path, [first, (2, "CREATE TABLE extra (a INTEGER) STRICT;")])
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
    connection.close()
    copy = sqlite3.connect(tmp_path / "paicha.db.schema1.bak")
    assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
    copy.close()


def test_a_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    program = "import sys, pathlib; from storage.lock import hold\nwith hold(pathlib.Path(sys.argv[1])): pass"
    with hold(tmp_path):
        other = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert "in use by another Paicha" in other.stderr
    again = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert again.returncode == 0


def test_aiosqlite_still_runs_functions_in_its_thread() -> None:
    assert hasattr(aiosqlite.Connection, "_execute"), (
        "aiosqlite lost Connection._execute: see storage/db.py, _hop"
    )
    assert hasattr(aiosqlite.Connection, "_conn"), "aiosqlite lost Connection._conn: see storage/db.py, _hop"


def test_the_log_is_emptied_beside_the_work_and_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.db.COMMITS", 20)

    async def work(database: Database) -> None:
        sizes = []
        for n in range(400):
            await database.transaction(add(str(n)))
            sizes.append((tmp_path / "paicha.db-wal").stat().st_size)
        assert await database.read(lambda r: r.number(SLOTS)) == 400
        assert max(sizes[200:]) < 400 * 3 * 4096, "the log keeps everything"

    with_database(tmp_path, work)
