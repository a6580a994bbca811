"""paicha export: the ledger as a file. It only reads: what the operator takes out is not among the exports."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.stored import database_in, folder_of
from bot.dialogue.parsing.scope import parse_scope
from bot.domain.scope import Scope
from bot.ledger.deliver import LedgerSource, Order, make_ledger
from bot.setup.bootstrap import stored_setup
from bot.texts import load_texts
from storage import history, places
from storage.db import Database


def run(options: argparse.Namespace) -> int:
    """From a data folder to a workbook."""
    path = database_in(folder_of(options))
    if not path.exists():
        return _no_database(path)
    return asyncio.run(_write_ledger(options, path))


def _no_database(path: Path) -> int:
    print(f"{path}: there is no database yet. Has the bot run with this data folder?", file=sys.stderr)
    return 2


async def _write_ledger(options: argparse.Namespace, path: Path) -> int:
    database = await Database.open(path)
    try:
        plan = await database.read(stored_setup)
        if plan is None:
            return _no_database(path)
        seen = await database.read(places.every)
        scope = parse_scope(options.scope, Scope(), plan.campaign, seen)
        if scope is None:
            print(f"--scope {options.scope}: neither a unit, a village nor a section", file=sys.stderr)
            return 1
        now = datetime.now(UTC)
        if options.data:  # its clock stands elsewhere: the cut-off is the last thing that happened there
            last = await database.read(history.last_received)
            now = last or now
        source = LedgerSource(database, plan.campaign, load_texts(), path.parent / "media")
        data = (await make_ledger(source, Order(scope), now)).upload.data
        options.output.write_bytes(data)
        print(f"{options.output}: {len(data)} bytes")
        return 0
    finally:
        await database.close()
