"""What several commands read before they begin: checklist, roster and settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.rehearsal.names import SERVER
from bot.setup.bootstrap import Setup
from bot.setup.campaign_file import parse_campaign
from bot.setup.config import Config
from bot.setup.errors import FileErrors
from bot.setup.fields import read_file
from bot.setup.roster_file import parse_roster

if TYPE_CHECKING:
    from bot.scheduling.hours import Hours

ROOT = Path(__file__).resolve().parents[2]
CHECKLIST = ROOT / "checklist.json"
DEMO_ROSTER = ROOT / "bot" / "demo" / "roster.toml"


def plan_from(checklist: Path, roster: Path, server: str, language: str = "zh-CN") -> Setup:
    """Read both files; FileErrors lists the mistakes of both."""
    lines: list[str] = []
    text, campaign, people_of = "", None, None
    try:
        text = read_file(checklist)
        campaign = parse_campaign(text, checklist.name)
    except FileErrors as problems:
        lines += problems.lines
    try:
        people_of = parse_roster(read_file(roster), campaign, server, roster.name, language)
    except FileErrors as problems:
        lines += problems.lines
    if campaign is None or people_of is None:
        raise FileErrors(lines)
    return Setup(campaign, text, people_of)


def plan_of(config: Config) -> Setup:
    """The files the settings name."""
    server = config.homeserver.server if config.homeserver else SERVER
    return plan_from(config.checklist, config.roster, server, config.language)


def hours_of(config: Config) -> Hours:
    """When the bot may begin to speak."""
    from bot.scheduling.hours import Hours  # loads the whole bot, which checks and exports do without

    return Hours(config.remind_at, config.digest_at, config.quiet_hours, config.messages_a_day)
