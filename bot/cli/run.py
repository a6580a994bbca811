"""paicha run: the bot in service."""

from __future__ import annotations

import argparse
import asyncio
import os

from bot.app import serve
from bot.cli.setup_files import hours_of, plan_of
from bot.setup.config import load_config


def run(options: argparse.Namespace) -> int:
    """Until it is stopped."""
    config = load_config(options.config, os.environ)
    return asyncio.run(serve(config, plan_of(config), hours_of(config)))
