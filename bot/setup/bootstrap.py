"""What a running bot and a rehearsal have in common at start: the files' values, and the first fill of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.campaign import Campaign
from bot.domain.roster import Roster
from bot.setup.campaign_file import parse_campaign
from bot.setup.roster_import import compare, make_true
from storage import checklists, people
from storage.checklists import Checklist
from storage.db import Reader, Transaction
from storage.history import Action, record


@dataclass(frozen=True, slots=True)
class Setup:
    """The campaign with the text it was read from, and the roster for an empty database (none once it is filled)."""

    campaign: Campaign
    checklist_text: str
    roster: Roster
    roster_name: str = "roster"  # of the file it was read from


def stored_setup(tx: Reader) -> Setup | None:
    """The campaign of a database that was filled, read from the newest checklist in it; its roster stays where it is."""
    checklist = checklists.newest(tx)
    if checklist is None:
        return None
    campaign = parse_campaign(checklist.text, f"checklist {checklist.version} in the database")
    return Setup(campaign, checklist.text, Roster((), (), ()))


def fill_database(tx: Transaction, setup: Setup, now: datetime) -> bool:
    """Keep this version of the checklist; read the roster in if there is nobody yet. Whether it was read in."""
    campaign = setup.campaign
    action = Action("checklist", None, now, campaign.version, source="system")
    with record(tx, action, now) as written:
        checklist = Checklist(campaign.version, campaign.id, setup.checklist_text)
        checklists.keep(written, checklist, {item.id: item.no for item in campaign.items}, now)
    if people.anybody(tx):
        return False
    # Whoever is there at the beginning was there all along: a clock that is set right later on locks nobody out.
    today = min(campaign.today(now), campaign.starts).isoformat()
    action = Action("roster", None, now, campaign.version, setup.roster_name, source="roster")
    with record(tx, action, now) as written:
        make_true(written, compare(tx, setup.roster, today), today)
    return True
