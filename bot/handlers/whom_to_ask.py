"""Whom somebody can ring up who does not get on with us: by name and number."""

from __future__ import annotations

from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.handlers.flow import current_place
from bot.handlers.turn import Turn
from storage import people
from storage.db import Reader


def whom_to_ask(tx: Reader, turn: Turn, now: datetime) -> Line:
    """The coordinator of the unit, with telephone number or Matrix id; where there is none, the county office."""
    place = current_place(turn) or next(iter(turn.own), None)
    unit_id = place.unit_id if place else turn.person.unit_id
    today = turn.campaign.today(now).isoformat()
    listed = people.coordinators(tx, unit_id, today) if unit_id else []
    others = [one for one in listed if one.id != turn.person.id and (one.phone or one.user_id)]
    if not others:
        return line("ask_office", office=turn.campaign.office, phone=turn.campaign.phone)
    them = next((one for one in others if one.phone), others[0])
    return line("ask_coordinator", name=them.name, number=them.phone or them.user_id)
