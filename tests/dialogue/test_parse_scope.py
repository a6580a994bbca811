"""What is said after 台账 names a part of the county, never more than the person may see."""

from __future__ import annotations

import pytest

from bot.dialogue.parsing.scope import EVERYTHING, OPEN, OVERDUE, parse_scope
from bot.domain.scope import Scope
from storage import places
from tests.support.bot_in_memory import FIRST, InMemoryBot, plan

CAMPAIGN = plan().campaign
THIRD = "麦岭示范一村"


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("", Scope()),
        ("全县", Scope()),
        ("逾期", Scope(state="overdue")),
        ("open", Scope(state="open")),
        ("OVERDUE", Scope(state="overdue")),
        ("颍桥回族镇", Scope(unit="颍桥回族镇")),
        ("颍桥示范一村", Scope(places=("颍桥示范一村",))),
        ("颍桥回族镇 逾期", Scope(unit="颍桥回族镇", state="overdue")),
        ("颍桥回族镇，未销号、", Scope(unit="颍桥回族镇", state="open")),
    ],
)
def test_words_after_the_command_narrow_it_down(words: str, scope: Scope) -> None:
    assert parse_scope(words, Scope(), CAMPAIGN, places.every(InMemoryBot().tx)) == scope


def test_words_that_name_nothing_are_not_guessed_at() -> None:
    assert parse_scope("火星", Scope(), CAMPAIGN, places.every(InMemoryBot().tx)) is None


def test_nobody_can_widen_their_scope_beyond_what_they_see() -> None:
    stand = InMemoryBot()
    own = [place for place in places.every(stand.tx) if place.name == FIRST]
    base = Scope(places=(own[0].id,))
    for words in ("全县", "麦岭镇", THIRD, "颍桥回族镇"):
        scope = parse_scope(words, base, CAMPAIGN, own)
        assert scope is None or all(
            scope.holds(place) == (place.name == FIRST) for place in places.every(stand.tx)
        )


def test_every_kind_of_scope_can_be_said_in_both_languages() -> None:
    for words in (OPEN, OVERDUE, EVERYTHING):
        assert {word.isascii() for word in words} == {True, False}
