"""A scope is kept as text and has a short name."""

from __future__ import annotations

from bot.domain.scope import Scope, load_scope
from storage import places
from storage.places import Place
from tests.support.bot_in_memory import FIRST, InMemoryBot, plan

CAMPAIGN = plan().campaign


def test_a_scope_survives_the_outbox() -> None:
    for scope in (Scope(), Scope(("a", "b"), "u", "s", "open")):
        assert load_scope(scope.dump()) == scope


def test_a_scope_has_the_name_of_what_it_holds() -> None:
    every = places.every(InMemoryBot().tx)
    ids = (*(place.id for place in every if place.name == FIRST), every[-1].id)

    def label(scope: Scope, places: list[Place] = every) -> str:
        return scope.label(CAMPAIGN, places)

    assert label(Scope(places=ids[:1])) == FIRST
    assert label(Scope(unit="颍桥回族镇")) == "颍桥回族镇"
    assert label(Scope()) == CAMPAIGN.county
    assert label(Scope(state="overdue")).endswith("逾期")
    assert label(Scope(places=ids)) == f"{FIRST}等2处"
