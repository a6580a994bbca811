"""Whose words count: an edit or a deletion is its author's own and stands in its own room; a finding stays its reporter's."""

from __future__ import annotations

import pytest

from bot.chat import Edited, Redacted, Said, Unreadable
from bot.rehearsal.chat import direct_room
from tests.support.bot_in_memory import FIRST, GROUP, LI, START, ZHANG, InMemoryBot, said
from tests.support.handing_over import hand_over

LEAK = "22 水管老化漏水没人修"


@pytest.fixture
def stand() -> InMemoryBot:
    fresh = InMemoryBot()
    fresh.says("排查", "1")
    return fresh


@pytest.mark.parametrize("meddling", [Edited("$target", "3"), Redacted("$target")])
def test_what_somebody_else_sends_before_a_message_does_not_touch_it(
    stand: InMemoryBot, meddling: Edited | Redacted
) -> None:
    """Whoever guesses an event id, or sees the event first, can send an edit of it."""
    stand.send(meddling, LI, direct_room(ZHANG))
    stand.take(stand.event(Said("1"), event_id="$target"))
    assert stand.answers() == {3: "clear"}


def test_what_its_author_sends_before_a_message_is_what_it_says(stand: InMemoryBot) -> None:
    stand.edit("$target", "3")
    stand.take(stand.event(Said("1"), event_id="$target"))
    assert stand.answers() == {3: "not_applicable"}


@pytest.mark.parametrize("meddling", ["edit", "redact"])
def test_an_edit_or_deletion_that_comes_from_another_room_changes_nothing(
    stand: InMemoryBot, meddling: str
) -> None:
    stand.say("1")
    target = stand.last
    if meddling == "edit":
        assert stand.edit(target, "3", room=GROUP) == ""
    else:
        assert stand.redact(target, room=GROUP) == ""
    assert stand.answers() == {3: "clear"}
    stand.edit(target, "3")
    assert stand.answers() == {3: "not_applicable"}


def test_a_place_that_became_somebody_elses_is_answered_by_them_alone(stand: InMemoryBot) -> None:
    hand_over(stand)
    stand.says(f"切换 {FIRST}", "改 3 无")
    assert stand.answers() == {}
    stand.says(f"切换 {FIRST}", "改 3 无", who=LI)
    assert stand.answers() == {3: "clear"}


def asked_again(stand: InMemoryBot) -> list[str]:
    return [said([row]) for row in stand.tick() if "解不开" in said([row])]


def test_a_message_is_asked_for_again_only_after_its_key_had_time_to_come(stand: InMemoryBot) -> None:
    stand.take(stand.event(Unreadable("session", {"type": "m.room.encrypted"})))
    assert asked_again(stand) == []
    stand.later(seconds=60)
    assert asked_again(stand) == []
    stand.later(minutes=10)
    (told,) = asked_again(stand)
    assert f"{START:%m-%d %H:%M}" in told
    stand.later(minutes=10)
    assert asked_again(stand) == []


def test_a_long_term_finding_that_loses_its_mechanism_is_a_draft_again(stand: InMemoryBot) -> None:
    stand.says(LEAK, "村委会换管", "3", "村委会每月检查一次")
    mechanism = stand.last
    stand.say("8月20日")
    assert stand.finding(101)["state"] == "rectifying"
    stand.redact(mechanism)
    finding = stand.finding(101)
    assert (finding["state"], finding["mechanism"]) == ("draft", "")


def test_a_finding_with_a_date_of_its_own_needs_no_mechanism(stand: InMemoryBot) -> None:
    stand.says(LEAK, "村委会换管", "1", "改 101 机制 村委会每月检查一次")
    stand.redact(stand.last)
    finding = stand.finding(101)
    assert (finding["state"], finding["mechanism"]) == ("rectifying", "")
