"""Puts together what a running bot and a rehearsal have in common: data files, roster and campaign in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.campaign import Campaign
from bot.domain.roster import Roster
from storage import people, schedule
from storage.db import Transaction


@dataclass(frozen=True, slots=True)
class Setup:
    """The campaign with the text it was read from, and who takes part."""

    campaign: Campaign
    checklist_text: str
    roster: Roster


def fill_database(tx: Transaction, plan: Setup, now: datetime) -> None:
    """Make the database's people, places and checklist version those of the files. Answers stay as they are."""
    roster = plan.roster
    schedule.keep_checklist(tx, plan.campaign.version, plan.checklist_text, now)
    people.keep_units(tx, ((unit.id, unit.name, unit.kind) for unit in roster.units))
    people.keep_places(tx, ((place.id, place.name, place.kind, place.unit_id) for place in roster.places))
    people.retire_people(tx)
    for person in roster.people:
        row = (person.user_id, person.name, str(person.role), person.unit_id, person.language)
        people.keep_person(tx, row, person.places if person.role == "reporter" else ())
