"""Opens a file to look at it and nothing else: beside a running bot, or a copy on a disk that cannot be written.

Rule: it never migrates, and leaves nothing behind: a log made here would belong to whoever looked, and shut the bot out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from storage.db import Reader
from storage.migrate import StorageError, explain, migrations


@contextmanager
def look_into(path: Path) -> Iterator[Reader]:
    """One unchanging snapshot of everything committed so far. StorageError says what the operator can do."""
    if not path.is_file():
        raise StorageError(f"{path}: there is no database yet. Has the bot run with this data folder?")
    log = path.with_name(f"{path.name}-wal")
    asleep = "" if log.exists() else "&immutable=1"  # nobody has it open, and nobody's log is to be read
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro{asleep}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("BEGIN")
            _same_schema(connection, path)
            yield Reader(connection)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise StorageError(explain(error, path)) from error


def _same_schema(connection: sqlite3.Connection, path: Path) -> None:
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    newest = migrations()[-1][0]
    if have > newest:
        raise StorageError(
            f"{path}: written by a newer Paicha (schema {have}, this one knows {newest}). Install that version."
        )
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "history" in tables or 0 < have < newest:
        raise StorageError(
            f"{path}: written by an older Paicha (schema {have}, this one needs {newest})."
            " Look at it with that version, or start the bot once: it brings a file up to date."
        )
    if not have or "actions" not in tables:
        raise StorageError(f"{path}: this is not a Paicha database. Is it the right folder?")
