"""A place becomes somebody else's, or somebody leaves: the roster says so from now on."""

from __future__ import annotations

from dataclasses import replace

from bot.setup.roster_import import compare, make_true
from storage import grants, people
from storage.db import Transaction
from tests.support.bot_in_memory import FIRST, LI, ZHANG, InMemoryBot, plan
from tests.support.records import written


def hand_over(stand: InMemoryBot) -> None:
    """Zhang's first village becomes Li's: the operator's roster says so from now on."""
    roster = plan().roster
    first = next(place.id for place in roster.places if place.name == FIRST)
    places = {
        ZHANG: lambda own: tuple(place for place in own if place != first),
        LI: lambda own: (*own, first),
    }
    moved = tuple(
        replace(person, places=places[person.user_id](person.places)) if person.user_id in places else person
        for person in roster.people
    )
    changed, today = replace(roster, people=moved), stand.now.date().isoformat()

    def bring_in(tx: Transaction) -> None:
        with written(tx, stand.now, None) as record:
            make_true(record, compare(tx, changed, today), today)

    stand.write(bring_in)


def let_go(stand: InMemoryBot, who: str) -> None:
    """Somebody has no grant any more."""
    today = stand.now.date().isoformat()
    with written(stand.tx, stand.now, None) as record:
        for held in grants.standing(stand.tx, today):
            if people.user_id_of(stand.tx, held.grant.person_id) == who:
                grants.end(record, held.id, today)
