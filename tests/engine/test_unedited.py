"""A deleted edit brings back the words before it; an edit of an edit is one of the message; whatever the order they come in."""

from __future__ import annotations

from itertools import permutations

import pytest

from bot.chat import Edited, Media, Redacted, Said
from bot.rehearsal.names import SERVER
from tests.support.bot_in_memory import LI, InMemoryBot, copy_of
from tests.support.handing_over import hand_over

LEAK = "22 水管老化漏水没人修"
WORDS = ("1", "3", "2 三组没水喝", "4")  # a message and three edits of it
PHOTO = Media("image", "a.jpg", f"mxc://{SERVER}/a.jpg", "image/jpeg", 10)


@pytest.fixture
def stand() -> InMemoryBot:
    fresh = InMemoryBot()
    fresh.says("排查", "1")
    return fresh


def reopened(stand: InMemoryBot) -> InMemoryBot:
    """Everything from the disk, as after a crash."""
    return InMemoryBot(copy_of(stand.connection), stand.now, events=stand.events)


def record(stand: InMemoryBot) -> object:
    found = stand.tx.all("SELECT description, state, item_id FROM findings WHERE state <> 'void' ORDER BY no")
    return stand.answers(), [tuple(row) for row in found]


def edits(stand: InMemoryBot, *words: str, target: str = "") -> list[str]:
    """A message of these words, edited to each of those after the first; the ids of all."""
    stand.say(words[0])
    ids = [stand.last]
    for each in words[1:]:
        stand.edit(target or ids[0], each)
        ids.append(stand.last)
    return ids


def test_a_deleted_edit_of_an_answer_brings_the_answer_before_it_back_and_is_told(stand: InMemoryBot) -> None:
    _, edit = edits(stand, "1", "3")
    told = stand.redact(edit)
    assert stand.answers() == {3: "clear"}
    assert "您删掉了修改" in told
    assert "3" in told


def test_a_deleted_edit_of_a_problem_brings_its_words_back_under_its_number(stand: InMemoryBot) -> None:
    _, edit = edits(stand, LEAK, "22 水管裂了三户没水")
    assert stand.finding(101)["description"] == "水管裂了三户没水"
    stand.redact(edit)
    assert stand.finding(101)["description"] == "水管老化漏水没人修"
    assert stand.tx.number("SELECT count(*) FROM findings") == 1


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
@pytest.mark.parametrize("reopen", [False, True])
def test_edits_deleted_in_any_order_leave_what_the_newest_that_is_left_says(
    order: tuple[int, ...], reopen: bool
) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    ids = edits(stand, *WORDS)
    left = {0, 1, 2, 3}
    for gone in order:
        stand = reopened(stand) if reopen else stand
        assert stand.redact(ids[gone]) != ""
        left.discard(gone)
        only = InMemoryBot()
        only.says("排查", "1")
        edits(only, *([WORDS[0], WORDS[max(left)]] if max(left) else [WORDS[0]]))
        assert record(stand) == record(only), (gone, left)


def test_an_edit_of_an_edit_is_an_edit_of_the_message(stand: InMemoryBot) -> None:
    original, first = edits(stand, "1", "3")
    stand.edit(first, "2 三组没水喝")
    second = stand.last
    assert stand.answers() == {3: "found"}
    stand.edit(second, "3")
    third = stand.last
    assert stand.answers() == {3: "not_applicable"}
    stand.redact(third)
    stand.redact(second)
    assert stand.answers() == {3: "not_applicable"}  # of the first
    stand.redact(first)
    assert stand.answers() == {3: "clear"}
    stand.redact(original)
    assert stand.answers() == {}


def test_what_was_not_understood_before_it_was_edited_is_nothing_again(stand: InMemoryBot) -> None:
    original, edit = edits(stand, "早上吃了没", "1")
    assert stand.answers() == {3: "clear"}
    told = stand.redact(edit)
    assert stand.answers() == {}
    assert "您删掉了修改" in told
    stand.edit(original, "3")
    assert stand.answers() == {3: "not_applicable"}


def test_an_edit_that_was_not_understood_counts_neither_when_it_comes_nor_when_it_goes(
    stand: InMemoryBot,
) -> None:
    _, first, second = edits(stand, "1", "3", "早上吃了没")
    assert "没有在用" in stand.redact(second)
    assert stand.answers() == {3: "not_applicable"}
    stand.redact(first)
    assert stand.answers() == {3: "clear"}


def test_a_message_that_was_taken_back_does_not_come_back_with_its_edit(stand: InMemoryBot) -> None:
    original, edit = edits(stand, "1", "3")
    stand.redact(original)
    assert stand.redact(edit) == ""
    assert stand.answers() == {}
    assert (
        stand.tx.value(
            "SELECT count(*) FROM inbox WHERE words IS NOT NULL AND (event_id = ? OR edits = ?)",
            (original, original),
        )
        == 0
    )


def test_deleting_an_edit_twice_does_it_once(stand: InMemoryBot) -> None:
    _, _, edit = edits(stand, "1", "4", "3")
    stand.redact(edit)
    before = record(stand)
    assert stand.redact(edit) == ""
    assert record(stand) == before


def test_an_edit_deleted_before_it_came_is_none(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    stand.redact("$edit")
    assert stand.take(stand.event(Edited(target, "3"), event_id="$edit")) == []
    assert stand.answers() == {3: "clear"}


def test_an_edit_that_came_before_its_message_can_be_deleted_after_it(stand: InMemoryBot) -> None:
    stand.take(stand.event(Edited("$late", "3"), event_id="$edit"))
    stand.take(stand.event(Said("1"), event_id="$late"))
    assert stand.answers() == {3: "not_applicable"}
    stand.redact("$edit")
    assert stand.answers() == {3: "clear"}


def test_an_edit_that_came_and_went_before_its_message_is_none(stand: InMemoryBot) -> None:
    stand.take(stand.event(Edited("$late", "3"), event_id="$edit"))
    stand.redact("$edit")
    stand.take(stand.event(Said("1"), event_id="$late"))
    assert stand.answers() == {3: "clear"}


def test_an_edit_of_an_edit_that_comes_before_that_one_counts(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    stand.take(stand.event(Edited("$first", "2 三组没水喝"), event_id="$second"))
    stand.take(stand.event(Edited(target, "3"), event_id="$first"))
    assert stand.answers() == {3: "found"}


def test_what_another_word_has_set_since_stays(stand: InMemoryBot) -> None:
    _, edit = edits(stand, "1", "3")
    stand.say("改 3 有 三组没水喝")
    before = record(stand)
    stand.redact(edit)
    assert record(stand) == before


def test_nobody_brings_back_words_at_a_place_that_is_no_longer_theirs(stand: InMemoryBot) -> None:
    _, edit = edits(stand, "1", "3")
    hand_over(stand)
    assert "不由您负责" in stand.redact(edit)
    assert stand.answers() == {3: "not_applicable"}


def test_somebody_elses_deletion_of_an_edit_changes_nothing(stand: InMemoryBot) -> None:
    _, edit = edits(stand, "1", "3")
    stand.send(Redacted(edit), LI)
    assert stand.answers() == {3: "not_applicable"}


def test_a_caption_that_was_edited_and_comes_back_keeps_the_photo(stand: InMemoryBot) -> None:
    stand.send(Said(LEAK, PHOTO))
    original = stand.last
    stand.edit(original, "22 水管裂了三户没水")
    edit = stand.last
    stand.redact(edit)
    assert stand.finding(101)["description"] == "水管老化漏水没人修"
    assert [tuple(row) for row in stand.tx.all("SELECT finding_no, state FROM evidence")] == [
        (101, "waiting")
    ]


def test_words_are_kept_of_what_recorded_something_alone_and_masked(stand: InMemoryBot) -> None:
    stand.says("匿名意见 村长不来", "今天天气好", "进度")
    assert (
        stand.tx.value(
            "SELECT count(*) FROM inbox WHERE words IN ('匿名意见 村长不来', '今天天气好', '进度')"
        )
        == 0
    )
    stand.say("22 王五11010519491231002X家漏水")
    assert "11010519491231002X" not in str([tuple(row) for row in stand.tx.all("SELECT words FROM inbox")])
