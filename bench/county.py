"""A county for the benches: 448 villages, as many walking reporters as wanted, and the settings of the bot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bench.process import ROOT
from bot.demo.homeserver import SERVER_NAME
from bot.files import write_private
from bot.setup.bootstrap import Setup
from bot.setup.campaign_file import parse_campaign
from bot.setup.roster_file import parse_roster

TOWNSHIPS = 16
VILLAGES_EACH = 28
PLACES_EACH = 2  # of a reporter: 140 answers to give
CHECKLIST = ROOT / "checklist.json"


@dataclass(frozen=True, slots=True)
class Account:
    user_id: str
    password: str


def walker(number: int) -> str:
    """The name of the account of a reporter (from 0)."""
    return f"walker-{number:04d}"


def walker_id(number: int) -> str:
    return f"@{walker(number)}:{SERVER_NAME}"


def villages() -> list[str]:
    return [f"{_township(t)}{v + 1:02d}村" for t in range(TOWNSHIPS) for v in range(VILLAGES_EACH)]


def _township(number: int) -> str:
    return f"第{number + 1:02d}镇"


def roster_text(walkers: int) -> str:
    """A roster in which each of the walkers answers for two villages (shared when there are more than 224)."""
    lines = []
    for number in range(TOWNSHIPS):
        names = villages()[number * VILLAGES_EACH : (number + 1) * VILLAGES_EACH]
        lines.append(f'[[unit]]\nname = "{_township(number)}"\nkind = "township"')
        lines.append(f"villages = {json.dumps(names, ensure_ascii=False)}\n")
    everywhere = villages()
    for number in range(walkers):
        first = PLACES_EACH * number % len(everywhere)
        places = json.dumps(everywhere[first : first + PLACES_EACH], ensure_ascii=False)
        unit = _township(first // VILLAGES_EACH)
        lines.append(f'[[person]]\nuser = "{walker(number)}"\nname = "填报员{number + 1}"\nrole = "reporter"')
        lines.append(f'unit = "{unit}"\nplaces = {places}\n')
    return "\n".join(lines)


def plan(walkers: int) -> Setup:
    """The county as the bot reads it."""
    text = CHECKLIST.read_text("utf-8")
    campaign = parse_campaign(text)
    return Setup(campaign, text, parse_roster(roster_text(walkers), campaign, SERVER_NAME))


def write_settings(folder: Path, url: str, bot: Account, walkers: int) -> Path:
    """The bot's `paicha.toml`, with everything it names beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.toml").write_text(roster_text(walkers), "utf-8")
    write_private(folder / "password", bot.password)
    settings = folder / "paicha.toml"
    settings.write_text(
        f"checklist = {json.dumps(str(CHECKLIST))}\n"
        "messages_a_day = 0\n\n"
        f'[homeserver]\nurl = "{url}"\nuser_id = "{bot.user_id}"\npassword_file = "password"\n',
        "utf-8",
    )
    return settings
