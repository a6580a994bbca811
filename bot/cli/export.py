"""paicha export: the ledger as a file."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.setup_files import CHECKLIST, DEMO_ROSTER, plan_from, plan_of
from bot.dialogue.parsing.scope import parse_scope
from bot.domain.scope import Scope
from bot.ledger.deliver import LedgerSource, Order, make_ledger
from bot.rehearsal.names import SERVER
from bot.setup.bootstrap import Setup
from bot.setup.config import load_config
from bot.texts import load_texts
from storage import places
from storage.db import Database


def run(options: argparse.Namespace) -> int:
    """From a data folder to a workbook."""
    if options.data:
        folder, plan = options.data, plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
    else:
        config = load_config(options.config, os.environ)
        folder, plan = config.data_dir, plan_of(config)
    path = folder / "paicha.db"
    if not path.exists():
        print(f"{path}: there is no database yet. Has the bot run with this data folder?", file=sys.stderr)
        return 2
    return asyncio.run(_write_ledger(options, plan, path))


async def _write_ledger(options: argparse.Namespace, plan: Setup, path: Path) -> int:
    database = await Database.open(path)
    try:
        seen = await database.read(places.every)
        scope = parse_scope(options.scope, Scope(), plan.campaign, seen)
        if scope is None:
            print(f"--scope {options.scope}: neither a unit, a village nor a section", file=sys.stderr)
            return 1
        now = datetime.now(UTC)
        if options.data:  # its clock stands elsewhere: the cut-off is the last thing that happened there
            last = await database.read(lambda tx: tx.value("SELECT max(at) FROM actions"))
            now = datetime.fromisoformat(str(last)) if last else now
        source = LedgerSource(database, plan.campaign, load_texts(), path.parent / "media")
        upload = await make_ledger(source, Order(scope), now)
        options.output.write_bytes(upload.data)
        print(f"{options.output}: {len(upload.data)} bytes")
        return 0
    finally:
        await database.close()
