"""The file that holds the bot's encryption keys (`crypto.db`): nio's tables, and one of ours beside them.

Rules: a key that was acknowledged to the homeserver is on disk (`synchronous=FULL`); what a sync brings is written in
one transaction (`with store.database.atomic()`). It is a file of its own, never the bot's other database: nio writes
from the event loop and would wait for a writer that waits for the loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from nio.store import SqliteStore
from peewee import PeeweeException, SqliteDatabase

FILE_NAME = "crypto.db"

# Never swallowed where strangers' nonsense is: with them, what we hold in memory is not what is on disk.
STORAGE_TROUBLES = (PeeweeException, sqlite3.Error, OSError, MemoryError)


class CryptoStore(SqliteStore):  # type: ignore[misc]
    """nio's store with a write-ahead log (a third of the disk flushes a commit) and the keys not yet reported.

    `arrived_keys` holds the sessions whose keys came with a sync whose batch is not known to be taken in: a crash
    between the two files must not make us forget to try the unread messages again.
    """

    def _create_database(self) -> SqliteDatabase:
        path = Path(self.database_path)
        path.touch(mode=0o600)
        pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        return SqliteDatabase(self.database_path, pragmas=pragmas)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.database.execute_sql(
            "CREATE TABLE IF NOT EXISTS arrived_keys (session_id TEXT PRIMARY KEY) WITHOUT ROWID"
        )

    def add_arrived(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            self.database.execute_sql("INSERT OR IGNORE INTO arrived_keys VALUES (?)", (session_id,))

    def arrived(self) -> tuple[str, ...]:
        """Session ids whose arrival was not yet taken in, in a fixed order."""
        rows = self.database.execute_sql("SELECT session_id FROM arrived_keys ORDER BY session_id").fetchall()
        return tuple(row[0] for row in rows)

    def forget_arrived(self, session_ids: Iterable[str]) -> None:
        with self.database.atomic():
            for session_id in session_ids:
                self.database.execute_sql("DELETE FROM arrived_keys WHERE session_id = ?", (session_id,))
