"""Whose a place is now, said to somebody whose it no longer is."""

from __future__ import annotations

from bot.dialogue.effects import Line, line
from storage import people, places
from storage.db import Reader


def not_any_more(tx: Reader, place_id: str, person_id: int, today: str) -> Line:
    """A refusal that names who may: those who answer for the place, else who coordinates its unit, else the county."""
    place = places.get(tx, place_id)
    answering = [name for n, name in people.answering(tx, today).get(place_id, {}).items() if n != person_id]
    above = [one.name for one in people.coordinators(tx, place.unit_id, today) if one.id != person_id]
    return line("no_longer_yours", place=place.name, who=tuple(answering or above or ("@role_county",))[:3])
