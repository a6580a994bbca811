"""paicha keys: the state of the bot's own keys."""

from __future__ import annotations

import argparse
import asyncio
import os

from bot.app import show_keys
from bot.setup.config import load_config


def run(options: argparse.Namespace) -> int:
    """Sign in, look, tell."""
    return asyncio.run(show_keys(load_config(options.config, os.environ)))
