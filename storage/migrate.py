"""Brings a file to today's schema: numbered SQL files, each in its own transaction, never edited once they landed."""

from __future__ import annotations

import os
import re
import sqlite3
from importlib import resources
from pathlib import Path

_NAME = re.compile(r"(\d{4})_\w+\.sql")


class StorageError(Exception):
    """The file cannot be used as it is. str() is one plain line for the operator."""


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of every migration, in order."""
    files = resources.files("storage.migrations").iterdir()
    return sorted(
        (int(match[1]), file.read_text("utf-8")) for file in files if (match := _NAME.fullmatch(file.name))
    )


def migrate(connection: sqlite3.Connection, path: Path, steps: list[tuple[int, str]] | None = None) -> None:
    """Apply what is missing. A file with content is copied beside itself first; a newer file is refused."""
    steps = migrations() if steps is None else steps
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    newest = steps[-1][0]
    if have > newest:
        raise StorageError(
            f"{path}: written by a newer Paicha (schema {have}, this one knows {newest}). Install that version, or restore a backup."
        )
    if have and (lacking := _lacking(connection, [sql for number, sql in steps if number <= have])):
        raise StorageError(
            f"{path}: begun by an early Paicha, which kept its data otherwise (there is no {lacking}); this version cannot"
            " read it. Move the folder away and begin anew (the demo: paicha demo --fresh)."
        )
    if 0 < have < newest:
        keep_copy(connection, path.with_name(f"{path.name}.schema{have}.bak"))
    for number, sql in steps:
        if number > have:
            try:
                # executescript commits whatever is open before it starts, so the transaction stands in the script.
                connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


_COLUMNS = (
    "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
    " WHERE t.type = 'table' ORDER BY t.rowid, c.cid"
)


def _lacking(connection: sqlite3.Connection, steps: list[str]) -> str:
    """The first column that these steps make and the file has not; "" when there is none. Before the first release a
    number did not stand for one schema only. What other tools added to the file does no harm."""
    blank = sqlite3.connect(":memory:")
    try:
        blank.executescript("\n".join(steps))
        wanted = [str(row[0]) for row in blank.execute(_COLUMNS)]
    finally:
        blank.close()
    there = {str(row[0]) for row in connection.execute(_COLUMNS)}
    return next((column for column in wanted if column not in there), "")


def keep_copy(connection: sqlite3.Connection, target: Path) -> None:
    """A complete, checked copy of the open file; either all of it stands at `target` or nothing does."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(part),))
    copy = sqlite3.connect(part)
    try:
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        copy.close()
    if not sound:
        raise StorageError(f"{target}: the copy is damaged, so the file was left alone. Check the disk.")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)


def explain(error: sqlite3.Error, path: Path) -> str:
    """What the operator can do about an error of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    base = code & 0xFF if code is not None else None
    words = {
        sqlite3.SQLITE_FULL: "the disk is full. Nothing already confirmed is lost; free some space and start again.",
        sqlite3.SQLITE_IOERR: "the disk refused to read or write (is it full, or failing?). Nothing already confirmed is lost.",
        sqlite3.SQLITE_BUSY: "another program holds this file. Stop the other Paicha (or database tool) and start again.",
        sqlite3.SQLITE_LOCKED: "another program holds this file. Stop the other Paicha (or database tool) and start again.",
        sqlite3.SQLITE_READONLY: "the file or its folder cannot be written. Give this user the right to write there.",
        sqlite3.SQLITE_CANTOPEN: "the file cannot be opened or created. Does the folder exist, and may this user write there?",
        sqlite3.SQLITE_NOTADB: "this is not a Paicha database. Move it away, or restore a backup.",
        sqlite3.SQLITE_CORRUPT: "the file is damaged. Stop here and restore the newest backup.",
    }
    return f"{path}: {words.get(base or -1, str(error))}"
