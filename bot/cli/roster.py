"""paicha roster import: a roster file compared with the database and, when that is wanted, made true in it."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.stored import database_in
from bot.domain.roster import LANGUAGES
from bot.setup.bootstrap import stored_setup
from bot.setup.config import load_config
from bot.setup.errors import FileErrors
from bot.setup.roster_diff import RosterDiff
from bot.setup.roster_file import load_roster
from bot.setup.roster_import import compare, make_true
from storage import history, people
from storage.db import Database, Reader, Transaction
from storage.history import Action, record
from storage.lock import hold

SHEETS = (".xlsx", ".xls", ".csv")
DRY = "Nothing was changed. With --apply it is made so."
SAME = "The database says the same already; there is nothing to change."


def run(options: argparse.Namespace) -> int:
    """Show what the file would change; with --apply make it true."""
    file: Path = options.file
    if file.suffix.lower() in SHEETS:
        raise FileErrors([f"{file.name}: sheets come in a later version; write the roster as .toml for now"])
    if options.data:
        target = _Import(file, options.data)
    else:
        config = load_config(options.config, os.environ)
        server = config.homeserver.server if config.homeserver else ""
        target = _Import(file, config.data_dir, server, config.language, datetime.now(UTC))
    path = database_in(target.folder)
    if not path.exists():
        raise FileErrors([f"{path}: there is no database yet; the first start reads the roster by itself"])
    if not options.apply:
        return asyncio.run(_show(target))
    with hold(target.folder):
        return asyncio.run(_apply(target))


@dataclass(frozen=True, slots=True)
class _Import:
    """Which file comes into which folder, and what the settings say about it."""

    file: Path
    folder: Path
    server: str = ""  # completes ids written without one
    language: str = LANGUAGES[0]  # of new people who have none of their own
    now: datetime | None = None  # None: the clock of the folder


@dataclass(frozen=True, slots=True)
class _Found:
    """What the comparison came to, on which day and under which checklist."""

    diff: RosterDiff
    today: str
    now: datetime
    version: str


async def _show(target: _Import) -> int:
    database = await Database.open(database_in(target.folder))
    try:
        found = await database.read(lambda tx: _compare(tx, target))
    finally:
        await database.close()
    print(*found.diff.lines(), DRY if found.diff else SAME, sep="\n")
    return 0


async def _apply(target: _Import) -> int:
    def write(tx: Transaction) -> _Found:
        found = _compare(tx, target)
        action = Action("roster", None, found.now, found.version, target.file.name, source="roster")
        with record(tx, action, found.now) as written:
            make_true(written, found.diff, found.today)
        return found

    database = await Database.open(database_in(target.folder))
    try:
        found = await database.transaction(write)
        head = await database.read(history.head)
    finally:
        await database.close()
    print(*found.diff.lines(), head if found.diff else SAME, sep="\n")
    return 0


def _compare(tx: Reader, target: _Import) -> _Found:
    """FileErrors with every mistake in the file, and with everybody who could be several people."""
    setup = stored_setup(tx)
    if setup is None:
        raise FileErrors(
            [f"{database_in(target.folder)}: is empty; the first start reads the roster by itself"]
        )
    now = target.now or history.last_received(tx) or datetime.now(UTC)
    today = setup.campaign.today(now).isoformat()
    server = target.server or _server_of(tx)
    diff = compare(tx, load_roster(target.file, setup.campaign, server, target.language), today)
    if diff.unclear:
        raise FileErrors(f"{target.file.name}: {line}" for line in diff.unclear)
    return _Found(diff, today, now, setup.campaign.version)


def _server_of(tx: Reader) -> str:
    """The server on which everybody is; "" when there are several: then the file has to say it."""
    servers = {person.user_id.partition(":")[2] for person in people.with_ids(tx)}
    return servers.pop() if len(servers) == 1 else ""
