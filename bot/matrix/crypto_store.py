"""The file that holds the bot's encryption keys (`crypto.db`): nio's tables, and one of ours beside them.

Rules: a key that was acknowledged to the homeserver is on disk (`synchronous=FULL`); what a sync brings is written in
one transaction (`with store.database.atomic()`). It is a file of its own, never the bot's other database: nio writes
from the event loop and would wait for a writer that waits for the loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nio.store import SqliteStore
from peewee import PeeweeException, SqliteDatabase

from storage.migrate import explain

FILE_NAME = "crypto.db"

# Never swallowed where strangers' nonsense is: with them, what we hold in memory is not what is on disk.
STORAGE_TROUBLES = (PeeweeException, sqlite3.Error, OSError, MemoryError)


def is_nonsense(error: BaseException) -> bool:
    """What bad input may bring about: an error that is none of the file's, or a panic of vodozemac, which is no Exception.
    All else ends us."""
    panic = type(error).__name__ == "PanicException"
    return panic or (isinstance(error, Exception) and not isinstance(error, STORAGE_TROUBLES))


def in_words(error: BaseException, path: Path) -> str:
    """What the operator can do about a trouble with the file (peewee wraps SQLite's own)."""
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__ or error.__context__
    if isinstance(cause, sqlite3.Error):
        return explain(cause, path)
    return f"{path}: cannot be written any more ({error}). Nothing already confirmed is lost; free some space and start again."


TABLES = (
    # sessions whose keys came with a sync whose batch is not known to be taken in
    "CREATE TABLE IF NOT EXISTS arrived_keys (session_id TEXT PRIMARY KEY) WITHOUT ROWID",
    # which event a message of a Megolm session was, by whose key it was sent: under another event id it is a replay
    "CREATE TABLE IF NOT EXISTS opened (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, sender_key TEXT NOT NULL,"
    " message_index INTEGER NOT NULL, event_id TEXT NOT NULL, UNIQUE (session_id, sender_key, message_index))",
    # messages up to this index that are not in `opened` are too old to tell: refused
    "CREATE TABLE IF NOT EXISTS opened_floor (session_id TEXT NOT NULL, sender_key TEXT NOT NULL,"
    " message_index INTEGER NOT NULL, PRIMARY KEY (session_id, sender_key)) WITHOUT ROWID",
    # one row: the paicha.db these keys work for, and the number of the last sync in here (see storage.bound)
    "CREATE TABLE IF NOT EXISTS belongs (id INTEGER PRIMARY KEY CHECK (id = 1), instance TEXT NOT NULL, syncs INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO belongs VALUES (1, '', 0)",
)


MOST_OPENED = 200_000  # messages remembered (some 30 MB), in blocks of
A_BLOCK = 10_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A message of a Megolm session, and the event in which it came."""

    session_id: str
    sender_key: str
    message_index: int
    event_id: str


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key store says of itself without being opened for use; `damage` says why it cannot say anything.

    `devices`: ids in the order in which they signed in.
    """

    instance: str = ""
    syncs: int = 0
    devices: tuple[str, ...] = ()
    damage: str = ""


def look(folder: Path) -> KeyFile | None:
    """Look into the key store of a folder; None when there is none."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as file:
            return _look(file)
    except sqlite3.Error as error:
        return KeyFile(damage=_damage(error, path))


def _look(file: sqlite3.Connection) -> KeyFile:
    told = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
    if told != "ok":
        return KeyFile(damage=f"the file is damaged ({told.splitlines()[0]})")
    names = {str(row[0]) for row in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if names and "accounts" not in names:
        return KeyFile(damage="this is no key store, but a database of something else")
    found = file.execute("SELECT device_id FROM accounts ORDER BY id").fetchall() if names else []
    belongs = file.execute("SELECT instance, syncs FROM belongs").fetchone() if "belongs" in names else None
    instance, syncs = belongs or ("", 0)
    return KeyFile(str(instance), int(syncs), tuple(str(row[0]) for row in found))


def _damage(error: sqlite3.Error, path: Path) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return f"the file is damaged ({error})"
    return explain(error, path).removeprefix(f"{path}: ").rstrip(".")


class CryptoStore(SqliteStore):  # type: ignore[misc]
    """nio's store with a write-ahead log (a third of the disk flushes a commit) and tables of ours.

    Arrived keys are kept until their batch is known to be taken in: a crash between the two files must not make us
    forget to try the unread messages again.
    """

    def _create_database(self) -> SqliteDatabase:
        path = Path(self.database_path)
        path.touch(mode=0o600)
        pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        return SqliteDatabase(self.database_path, pragmas=pragmas)

    def __post_init__(self) -> None:
        super().__post_init__()
        for statement in TABLES:
            self.database.execute_sql(statement)

    def bind(self, instance: str, syncs: int) -> None:
        """These keys work for this paicha.db from now on, and are as new as it is."""
        self.database.execute_sql(
            "UPDATE belongs SET instance = ?1, syncs = ?2 WHERE instance <> ?1 OR syncs <> ?2",
            (instance, syncs),
        )

    def count_sync(self) -> None:
        self.database.execute_sql("UPDATE belongs SET syncs = syncs + 1")

    def syncs(self) -> int:
        """The number of the last sync that is in here."""
        return int(self.database.execute_sql("SELECT syncs FROM belongs").fetchone()[0])

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

    def is_first(self, opened: Opened) -> bool:
        """Whether this message came in no other event before; it is remembered. The same event may be read again."""
        key = (opened.session_id, opened.sender_key, opened.message_index)
        with self.database.atomic():
            known = self.database.execute_sql(
                "SELECT event_id FROM opened WHERE session_id = ? AND sender_key = ? AND message_index = ?",
                key,
            ).fetchone()
            if known is not None:
                return bool(known[0] == opened.event_id)
            floor = self.database.execute_sql(
                "SELECT message_index FROM opened_floor WHERE session_id = ? AND sender_key = ?", key[:2]
            ).fetchone()
            if floor is not None and opened.message_index <= floor[0]:
                return False
            added = self.database.execute_sql(
                "INSERT INTO opened (session_id, sender_key, message_index, event_id) VALUES (?, ?, ?, ?)",
                (*key, opened.event_id),
            )
            if added.lastrowid % A_BLOCK == 0:
                self._forget_opened(added.lastrowid - MOST_OPENED)
            return True

    def _forget_opened(self, last: int) -> None:
        """Let go of the oldest messages. Of their sessions nothing so old is believed any more."""
        self.database.execute_sql(
            "INSERT INTO opened_floor SELECT session_id, sender_key, max(message_index) FROM opened WHERE id <= ?"
            " GROUP BY session_id, sender_key ON CONFLICT (session_id, sender_key)"
            " DO UPDATE SET message_index = max(message_index, excluded.message_index)",
            (last,),
        )
        self.database.execute_sql("DELETE FROM opened WHERE id <= ?", (last,))
