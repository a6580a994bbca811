"""paicha demo: homeserver, bot and chat on this machine."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.setup_files import CHECKLIST, DEMO_ROSTER, plan_from
from bot.demo.run import DemoOptions, demo
from bot.rehearsal.names import SERVER


def run(options: argparse.Namespace) -> int:
    """Until the chat is left, or the script is played."""
    wishes = DemoOptions(options.data, options.who, options.script, options.fresh, options.port)
    return asyncio.run(demo(wishes, plan_from(CHECKLIST, DEMO_ROSTER, SERVER)))
