"""paicha rehearse: the bot in a terminal, without a homeserver."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.setup_files import CHECKLIST, DEMO_ROSTER, plan_from
from bot.cli.stored import Named, database_in, stored_setup, unused
from bot.rehearsal.chat import open_rehearsal
from bot.rehearsal.names import SERVER
from bot.rehearsal.player import Misdirected, Player, as_json, as_text, parse_time, perform
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from storage.lock import hold


def run(options: argparse.Namespace) -> int:
    """Until standard input ends."""
    files = None if options.data and database_in(options.data).exists() else _files(options)
    folder = options.data or Path(tempfile.mkdtemp(prefix="paicha-rehearsal-"))
    if options.data is None:
        print(f"rehearsal in {folder}", file=sys.stderr)
    with hold(folder):
        return asyncio.run(_perform(options, files, folder))


def _files(options: argparse.Namespace) -> Setup:
    """What a new folder is filled with."""
    checklist, roster = options.checklist or CHECKLIST, options.roster or DEMO_ROSTER
    plan = plan_from(checklist, roster, SERVER, options.lang or "zh-CN")
    if not options.lang:
        return plan
    spoken = tuple(replace(person, language=options.lang) for person in plan.roster.people)
    return replace(plan, roster=replace(plan.roster, people=spoken))


async def _perform(options: argparse.Namespace, files: Setup | None, folder: Path) -> int:
    stored = await stored_setup(folder)
    plan = stored or files or _files(options)
    rehearsal = await open_rehearsal(plan, folder, datetime(2023, 8, 5, 1, tzinfo=UTC), Hours())
    try:
        player = Player(rehearsal, lambda shown: None)

        def show(shown: object) -> None:
            text = as_json(shown) if options.json else as_text(shown, player.room_id)  # type: ignore[arg-type]
            print(text, flush=True) if options.json else print(f"{text}\n", flush=True)

        player.show = show
        try:
            rehearsal.clock.at = parse_time(options.now, rehearsal)
            if stored is not None:
                named = Named(options.checklist, options.roster, options.lang or "")
                for line in await unused(rehearsal.database, plan, named, rehearsal.clock.at):
                    print(f"rehearse: {line}", file=sys.stderr)
            await player.become(options.who)
        except Misdirected as error:
            print(f"rehearse: {error}", file=sys.stderr)
            return 1
        await rehearsal.tick()
        player.show_new()
        return await perform(player, sys.stdin.readline)
    finally:
        await rehearsal.close()
