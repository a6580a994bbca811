"""Opens the one SQLite file, migrates it, and runs whole transactions on it in their own thread.

Rule: nothing is written outside `Database.transaction`. It takes a plain function and runs it from BEGIN IMMEDIATE to
COMMIT in one hop to the database's thread, so no other task can slip a statement in between, a cancelled caller can
leave nothing half open, and the event loop never waits for a disk. `Database.read` does the same on a second,
read-only connection, so that a long export holds up nobody.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from storage.migrate import StorageError, explain, migrate

T = TypeVar("T")
Row = sqlite3.Row
Value = str | int | float | bytes | None
Values = Sequence[Value] | Mapping[str, Value]

__all__ = ["Database", "Reader", "Row", "StorageError", "Transaction", "Value", "is_of_the_file"]


def is_of_the_file(error: BaseException) -> bool:
    """Whether an error says that the file or the disk under it fails: then no part of a transaction can be saved."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


class Reader:
    """What a handler is given: it can look, and that is all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, values: Values = ()) -> Row | None:
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Values = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """Row by row, as plain tuples: for what is too long to hold."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        yield from cursor.execute(sql, values)

    def value(self, sql: str, values: Values = ()) -> Value:
        """The first column of the first row, None without rows."""
        row = self._connection.execute(sql, values).fetchone()
        found: Value = None if row is None else row[0]
        return found

    def number(self, sql: str, values: Values = ()) -> int:
        """The first column of the first row as a whole number, 0 without rows."""
        found = self.value(sql, values)
        return int(found) if found is not None else 0


class Transaction(Reader):
    """What only the inbox, the tick and the doors' own book-keeping are given: it can write.

    Made at the beginning of a transaction, before anything is written in it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._untouched = connection.total_changes

    def run(self, sql: str, values: Values = ()) -> int:
        """Execute; return how many rows changed."""
        return self._connection.execute(sql, values).rowcount

    def run_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Execute once for each row."""
        self._connection.executemany(sql, rows)

    def insert(self, sql: str, values: Values = ()) -> int:
        """Execute an INSERT; return the new row's id."""
        rowid = self._connection.execute(sql, values).lastrowid
        assert rowid is not None
        return rowid

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside when it raises, and nothing else.

        As long as nothing was written the transaction itself is the savepoint: it is begun anew. That spares each single
        message two statements.
        """
        if self._connection.total_changes == self._untouched:
            yield from self._afresh()
            return
        self._connection.execute("SAVEPOINT piece")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have ended it already
                self._connection.execute("ROLLBACK TO piece")
                self._connection.execute("RELEASE piece")
            raise
        self._connection.execute("RELEASE piece")

    def _afresh(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
            raise


# FULL: what the bot says it recorded survives a power cut. WAL: readers and the writer do not wait for each other.
# The log is emptied by a connection of its own (`_tidy`); the writer steps in only when it falls behind by 64 MB.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-16000",
    "wal_autocheckpoint=16000",
)
COMMITS = 100  # between two emptyings of the log


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512, timeout=5)
    connection.row_factory = sqlite3.Row
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path) -> None:
    """Migrate on a connection of its own: what can go wrong goes wrong before any thread is started."""
    try:
        connection = _connect(path)
        try:
            migrate(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(explain(error, path)) from error


def _open_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


class Database:
    """The connections to `paicha.db`: writer, reader, keeper. Build it with `await Database.open(path)`."""

    def __init__(self, path: Path, connections: Sequence[aiosqlite.Connection]) -> None:
        self.path = path
        self._writer, self._reader, self._keeper = connections
        self._commits = 0
        self._tidying: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open or create the file and bring it to today's schema. StorageError says what the operator can do."""
        await asyncio.to_thread(_prepare, path)
        writer = await aiosqlite.Connection(lambda: _connect(path), 64)
        reader = await aiosqlite.Connection(lambda: _open_reader(path), 64)
        keeper = await aiosqlite.Connection(lambda: _connect(path), 64)
        return cls(path, (writer, reader, keeper))

    async def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` from BEGIN IMMEDIATE to COMMIT; whatever it raises rolls everything back and comes out here.

        A caller that is cancelled while waiting does not stop the work half-way: it ends with COMMIT or ROLLBACK.
        """
        result = await self._hop(self._writer, lambda connection: _whole(connection, work))
        self._tidy()
        return result

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one unchanging snapshot of everything committed so far."""
        return await self._hop(self._reader, lambda connection: _snapshot(connection, work))

    async def close(self) -> None:
        if self._tidying is not None:
            await asyncio.wait({self._tidying})
        for connection in (self._keeper, self._reader, self._writer):
            await connection.close()

    def _tidy(self) -> None:
        """Move the log into the file now and then, beside the work: inside a COMMIT it would hold people up for half a
        second once the file is large. A disk that refuses here refuses the next COMMIT too, and is told then."""
        self._commits += 1
        if self._commits >= COMMITS and (self._tidying is None or self._tidying.done()):
            self._commits = 0
            self._tidying = asyncio.ensure_future(self._hop(self._keeper, _checkpoint))
            self._tidying.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _hop(self, where: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        # aiosqlite has no public call for "run this function in your thread"; tests/storage/test_db.py watches this one.
        hop = asyncio.ensure_future(where._execute(lambda: work(where._conn)))  # type: ignore[no-untyped-call]
        try:
            return await asyncio.shield(hop)
        except sqlite3.DatabaseError as error:
            if not is_of_the_file(error):
                raise
            raise StorageError(explain(error, self.path)) from error


def _whole(connection: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(Transaction(connection))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise
    return result


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _snapshot(connection: sqlite3.Connection, work: Callable[[Reader], T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(Reader(connection))
    finally:
        connection.execute("ROLLBACK")
