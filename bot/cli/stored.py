"""What a data folder holds already: the campaign and the roster in its database, which files no longer decide."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.rehearsal.names import SERVER
from bot.setup import bootstrap
from bot.setup.bootstrap import Setup
from bot.setup.campaign_file import load_campaign
from bot.setup.config import load_config
from bot.setup.roster_file import load_roster
from bot.setup.roster_import import compare
from storage.db import Database


def folder_of(options: argparse.Namespace) -> Path:
    """The data folder named by --data, else by the settings."""
    folder: Path = options.data or load_config(options.config, os.environ).data_dir
    return folder


def database_in(folder: Path) -> Path:
    return folder / "paicha.db"


async def stored_setup(folder: Path) -> Setup | None:
    """The campaign of a folder that was in use before; None for a new one."""
    path = database_in(folder)
    if not path.exists():
        return None
    database = await Database.open(path)
    try:
        return await database.read(bootstrap.stored_setup)
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Named:
    """What was asked for on the command line although the folder has it already."""

    checklist: Path | None = None
    roster: Path | None = None
    language: str = ""


async def unused(database: Database, setup: Setup, named: Named, now: datetime) -> list[str]:
    """A line for each of them that says otherwise than the database, which is what counts."""
    campaign, lines = setup.campaign, []
    if named.checklist is not None:
        version = load_campaign(named.checklist).version
        if version != campaign.version:
            lines.append(
                f"{named.checklist}: not used; the folder has version {campaign.version}, this is {version}"
            )
    if named.roster is not None:
        roster = load_roster(named.roster, campaign, SERVER)
        today = campaign.today(now).isoformat()
        if await database.read(lambda tx: bool(compare(tx, roster, today))):
            lines.append(
                f"{named.roster}: not used; the folder has another roster (see paicha roster import)"
            )
    if named.language:
        lines.append(f"--lang {named.language}: not used; people of this folder have a language already")
    return lines
