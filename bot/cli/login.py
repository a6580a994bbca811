"""paicha login: a new device for the bot, under the identity that people know."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from datetime import UTC, datetime
from functools import partial

from bot.app import show
from bot.chat import SignedOutError, TryLaterError, UndeliverableError
from bot.cli.stored import database_in
from bot.matrix.cross_signing import IdentityError
from bot.matrix.gateway import Proof, Settings, connect, sign_in_anew
from bot.setup.config import Config, load_config, require_homeserver
from bot.setup.config_shape import PASSWORD_VARIABLE
from bot.setup.errors import FileErrors
from storage import outbox
from storage.db import Database
from storage.lock import hold

TOKEN_VARIABLE = "PAICHA_TOKEN"  # never an argument: other users of the machine see those


def run(options: argparse.Namespace) -> int:
    """Sign in, publish the keys, show the identity."""
    config = load_config(options.config, os.environ)
    account = require_homeserver(config)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if options.device_id or token:
        # a token without its device is refused where all tokens are checked
        proof = Proof(token=token or _asked("Access token", TOKEN_VARIABLE), device_id=options.device_id)
    else:
        proof = Proof(account.password or _asked(f"Password of {account.user_id}", PASSWORD_VARIABLE))
    return asyncio.run(_log_in(config, proof, datetime.now(UTC)))


async def _log_in(config: Config, proof: Proof, now: datetime) -> int:
    """Make the bot a new device under its old identity; everything in paicha.db stays."""
    homeserver = require_homeserver(config)
    settings = Settings(homeserver.url, homeserver.user_id, homeserver.device_name)
    with hold(config.data_dir):
        if (database_in(config.data_dir)).exists():
            database = await Database.open(database_in(config.data_dir))
            await database.transaction(partial(outbox.is_new_device, now=now))
            await database.close()
        try:
            aside = await sign_in_anew(settings, config.data_dir, proof, now)
            edge = await connect(settings, config.data_dir, {})
            try:
                identity = await edge.introduce()
            finally:
                await edge.close()
        except (SignedOutError, TryLaterError, IdentityError, UndeliverableError) as error:
            print(f"{homeserver.url}: {error}", file=sys.stderr)
            return 2
    if aside is not None:
        print(f"the keys of the old device are in {aside}")
    show(identity)
    return 0


def _asked(what: str, variable: str) -> str:
    """What somebody types without its being shown, or what is piped in."""
    try:
        typed = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        typed = ""
    if not typed:
        raise FileErrors([f"nothing was given: type it at the prompt, or set {variable}"])
    return typed
