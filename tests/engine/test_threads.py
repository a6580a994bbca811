"""What is asked in a thread is answered in its thread; a thread under a question of ours answers that question."""

from __future__ import annotations

import pytest

from bot.chat import Edited, Reacted, Redacted, Said
from bot.rehearsal.chat import direct_room
from storage.outbox import OutboxRow
from tests.support.bot_in_memory import FIRST, GROUP, LI, ZHANG, InMemoryBot


def relation(row: OutboxRow) -> dict[str, object]:
    found = row.content.get("m.relates_to")
    return found if isinstance(found, dict) else {}


@pytest.mark.parametrize("room", [direct_room(ZHANG), GROUP])
def test_what_is_asked_in_a_thread_is_answered_in_its_thread(room: str) -> None:
    stand = InMemoryBot()
    [row] = stand.take(stand.event(Said("进度", thread="$root"), ZHANG, room))
    found = relation(row)
    assert (found["rel_type"], found["event_id"]) == ("m.thread", "$root")
    assert found["m.in_reply_to"] == {"event_id": stand.last}
    assert found["is_falling_back"] is (room != GROUP)


def new(rows: list[OutboxRow]) -> OutboxRow:
    """What is said anew; the edit of what was said before stands where that stands."""
    [row] = [row for row in rows if relation(row).get("rel_type") != "m.replace"]
    return row


@pytest.mark.parametrize("room", [direct_room(ZHANG), GROUP])
def test_edits_and_deletions_of_a_message_in_a_thread_are_answered_there(room: str) -> None:
    stand = InMemoryBot()
    stand.say(f"排查 {FIRST}", room=room)
    stand.take(stand.event(Said("@排查小助手 1", thread="$root"), ZHANG, room))
    target = stand.last
    assert stand.answers() == {3: "clear"}
    edited = new(stand.take(stand.event(Edited(target, "@排查小助手 3"), ZHANG, room)))
    assert stand.answers() == {3: "not_applicable"}
    deleted = new(stand.take(stand.event(Redacted(target), ZHANG, room)))
    assert stand.answers() == {}
    for row in (edited, deleted):
        assert (relation(row)["rel_type"], relation(row)["event_id"]) == ("m.thread", "$root")
    [outside] = stand.take(stand.event(Said("进度"), ZHANG, room))
    assert "rel_type" not in relation(outside)


def test_a_thread_under_our_question_answers_that_question() -> None:
    stand = InMemoryBot()
    stand.say(f"排查 {FIRST}", room=GROUP)
    root = stand.last_sent
    stand.say("跳到 22", room=GROUP)
    told = stand.send(Said("1", thread=root, after=root), room=GROUP)
    assert told.startswith("✓ 第3项")
    assert stand.send(Said("1", thread=root, after=stand.last_sent), room=GROUP).startswith("✓ ")
    assert len(stand.answers()) == 2
    assert stand.send(Said("大家好，明天九点开会", thread=root, after=root), LI, GROUP) == ""


def test_a_thread_of_others_is_theirs_even_after_we_spoke_in_it() -> None:
    stand = InMemoryBot()
    stand.say(f"排查 {FIRST}", room=GROUP)
    stand.take(stand.event(Said("进度", thread="$theirs"), ZHANG, GROUP))
    assert stand.send(Said("1", thread="$theirs", after=stand.last_sent), room=GROUP) == ""
    assert stand.answers() == {}


def test_a_ledger_asked_for_in_a_thread_of_a_direct_room_comes_in_it() -> None:
    stand = InMemoryBot()
    rows = stand.take(stand.event(Said("台账", thread="$root"), ZHANG, direct_room(ZHANG)))
    assert [row.content.get("thread") for row in rows if row.act == "ledger"] == ["$root"]
    rows = stand.take(stand.event(Said("台账", thread="$root"), ZHANG, GROUP))
    assert [row.content.get("thread") for row in rows if row.act == "ledger"] == [None]


def test_a_reaction_to_our_question_in_a_thread_is_answered_in_the_thread() -> None:
    stand = InMemoryBot()
    stand.take(stand.event(Said(f"排查 {FIRST}", thread="$root"), ZHANG, GROUP))
    [row] = stand.take(stand.event(Reacted(stand.last_sent, "1️⃣"), ZHANG, GROUP))
    assert (relation(row)["rel_type"], relation(row)["event_id"]) == ("m.thread", "$root")
    assert stand.answers() == {3: "clear"}
