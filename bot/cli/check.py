"""paicha check: every mistake in the files an operator writes, told before a start; and their JSON Schema."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import resources

from bot.cli.setup_files import plan_from, plan_of
from bot.domain import disclosure, lifecycle, permissions
from bot.domain.campaign import Campaign
from bot.domain.deadlines import parse_holidays
from bot.rehearsal.names import SERVER
from bot.setup.campaign_shape import ChecklistFile
from bot.setup.config import load_config
from bot.setup.roster_shape import RosterFile
from bot.setup.shape import Table, json_schema

SHAPES: dict[str, type[Table]] = {"checklist": ChecklistFile, "roster": RosterFile}


def run(options: argparse.Namespace) -> int:
    """Say what is in the files, or raise FileErrors with what is wrong in them."""
    asked = {"rights": permissions, "lifecycle": lifecycle, "disclosure": disclosure}
    tables = [table.printed() for name, table in asked.items() if getattr(options, name)]
    if tables:
        print("\n\n".join("\n".join(table) for table in tables))
        return 0
    if options.schema:
        print(json.dumps(json_schema(SHAPES[options.schema]), ensure_ascii=False, indent=2))
        return 0
    if options.config:
        plan = plan_of(load_config(options.config, os.environ))
    else:
        plan = plan_from(options.checklist, options.roster, SERVER)
    campaign, roster = plan.campaign, plan.roster
    print(f"{campaign.title}")
    print(
        f"{len(campaign.items)} items, {len(campaign.sections)} sections, {len(campaign.phases)} phases, version {campaign.version}"
    )
    print(f"{len(roster.units)} units, {len(roster.places)} places, {len(roster.people)} people")
    _warn_of_unannounced_days(campaign)
    return 0


def _warn_of_unannounced_days(campaign: Campaign) -> None:
    """Working days are counted all the same, so this is no mistake."""
    holidays = parse_holidays(resources.files("bot.domain").joinpath("holidays.toml").read_text("utf-8"))
    last = max([campaign.ends, *(horizon.due for horizon in campaign.horizons if horizon.due)])
    for year in holidays.unannounced(range(campaign.starts.year, last.year + 1)):
        print(
            f"warning: the days off of {year} are not known here, so working days are counted with weekends and fixed "
            "holidays only; update the package holidays, or enter them in bot/domain/holidays.toml",
            file=sys.stderr,
        )
