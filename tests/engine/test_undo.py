"""Deleting messages and reactions, 撤回, and corrections of messages that could not be read at first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import Edited, Incoming, Redacted, Said, Unreadable
from bot.dialogue.questions import AskAnswer
from bot.engine.inbox import read_again
from bot.scheduling.unreadable import tell_unreadable
from storage import unreadable
from storage.audit import audit
from tests.support.bot_in_memory import SECOND, ZHANG, InMemoryBot, context, plan, said

LEAK = "三组王五家水管老化漏水"


@pytest.fixture
def stand() -> InMemoryBot:
    fresh = InMemoryBot()
    fresh.says("排查", "1")
    return fresh


@pytest.mark.parametrize(
    "said",
    ["1", "4-6 无，查台账", "4-6 无", f"2 {LEAK}", f"22 {LEAK}，其余无", "改 12 不涉及", "22有 其余无"],
)
def test_deleting_a_message_takes_back_everything_it_answered(stand: InMemoryBot, said: str) -> None:
    stand.say(said)
    assert stand.answers() != {}
    stand.redact(stand.last)
    assert stand.answers() == {}
    assert stand.tx.number("SELECT count(*) FROM findings WHERE state <> 'void'") == 0
    assert stand.redact(f"$event-{stand.events - 1}") == ""


def test_deleting_a_bulk_says_in_one_line_what_went(stand: InMemoryBot) -> None:
    stand.say("其余无")
    reply = stand.redact(stand.last)
    assert reply.startswith("第3-72项：未发现 → 未答\n\n")


def test_deleting_the_bulk_after_its_basis_was_given_takes_the_answers_back(stand: InMemoryBot) -> None:
    stand.say("4-6 无")
    bulk = stand.last
    stand.say("入户12户")
    basis = stand.last
    stand.redact(bulk)
    assert stand.answers() == {}
    stand.redact(basis)
    assert stand.answers() == {}


def test_deleting_the_original_after_edits_takes_the_edited_answer_back(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    stand.edit(target, "3")
    stand.edit(target, f"2 {LEAK}")
    stand.redact(target)
    assert stand.answers() == {}
    assert stand.finding(101)["state"] == "void"


def test_a_later_answer_stays_when_an_earlier_message_is_deleted(stand: InMemoryBot) -> None:
    stand.say("1")
    first = stand.last
    stand.say("改 3 不涉及")
    later = stand.last
    assert "没有可撤回" in stand.redact(first)
    assert stand.answers() == {3: "not_applicable"}
    stand.redact(later)
    assert stand.answers() == {3: "clear"}


def test_of_two_findings_of_an_item_the_answer_stays_until_the_last_is_gone(stand: InMemoryBot) -> None:
    stand.say(f"22 {LEAK}")
    first = stand.last
    stand.says("取消", "22 五组水塔没人管护已经停用")
    second = stand.last
    assert stand.finding(102)["state"] == "draft"
    stand.redact(first)
    assert stand.answers() == {22: "found"}
    stand.redact(second)
    assert stand.answers() == {}


def test_a_reaction_answers_the_question_it_is_put_to_and_removing_it_withdraws(stand: InMemoryBot) -> None:
    first = stand.last_sent
    stand.says("改 12", "3")
    stand.react(first, "1️⃣")
    reaction = stand.last
    assert stand.answers() == {3: "clear", 12: "not_applicable"}
    assert "第3项：未发现 → 未答" in stand.redact(reaction)
    assert stand.answers() == {12: "not_applicable"}


@pytest.mark.parametrize("key", ["😂", "🎉", "哈哈"])
def test_a_reaction_that_answers_nothing_gets_no_reply(stand: InMemoryBot, key: str) -> None:
    assert stand.react(stand.last_sent, key) == ""
    assert stand.answers() == {}


def test_a_thumb_under_a_message_that_asks_nothing_does_not_answer_the_open_question(
    stand: InMemoryBot,
) -> None:
    stand.say("取消")
    stopped = stand.last_sent
    stand.say("排查")
    assert stand.react(stopped, "👍") == ""
    assert stand.answers() == {}


def test_undo_goes_back_message_by_message_and_then_says_that_nothing_is_left(stand: InMemoryBot) -> None:
    stand.says("1", "3", "6-8 无，查台账")
    for left in ({3: "clear", 4: "not_applicable"}, {3: "clear"}, {}):
        stand.say("撤回")
        assert stand.answers() == left
    for _ in range(3):
        assert "没有可撤回" in stand.say("撤回")
    assert audit(stand.tx).first_wrong is None


def test_deleting_or_editing_the_word_of_undo_changes_nothing_more(stand: InMemoryBot) -> None:
    stand.say("1")
    stand.say("撤回")
    undo = stand.last
    stand.redact(undo)
    assert stand.answers() == {}
    stand.say("3")
    stand.edit(undo, "进度")
    assert list(stand.answers().values()) == ["not_applicable"]


def test_a_void_finding_whose_item_was_answered_since_stays_void(stand: InMemoryBot) -> None:
    stand.say(f"2 {LEAK}")
    stand.say("作废 101 重复登记")
    void = stand.last
    stand.say("改 3 无")
    stand.redact(void)
    assert stand.answers()[3] == "clear"
    assert stand.finding(101)["state"] == "void"


def test_an_undone_voiding_brings_the_finding_back(stand: InMemoryBot) -> None:
    stand.says(f"2 {LEAK}", "作废 101 重复登记")
    stand.redact(stand.last)
    assert stand.finding(101)["state"] == "draft"
    assert stand.answers()[3] == "found"


def test_deleting_a_photo_takes_it_off_its_finding(stand: InMemoryBot) -> None:
    stand.say(f"2 {LEAK}")
    stand.photo()
    photo = stand.last
    assert stand.tx.number("SELECT count(*) FROM evidence WHERE finding_no = 101") == 1
    assert "照片" in stand.redact(photo)
    assert stand.tx.value("SELECT state FROM evidence") == "withdrawn"


def test_a_language_chosen_by_mistake_goes_back_when_the_message_is_deleted(stand: InMemoryBot) -> None:
    stand.say("语言 en")
    target = stand.last
    assert "第3项" in stand.redact(target)
    assert (
        stand.tx.value(
            "SELECT language FROM people JOIN person_ids ON person_id = people.id WHERE user_id = ?", (ZHANG,)
        )
        == "zh-CN"
    )


def unread(stand: InMemoryBot, event_id: str) -> Incoming:
    return stand.event(Unreadable("session", {"type": "m.room.encrypted"}), event_id=event_id)


def test_a_message_read_late_is_answered_as_if_it_had_just_come(stand: InMemoryBot) -> None:
    locked = unread(stand, "$locked")
    assert said(stand.take(locked)) == ""
    rows = stand.write(lambda tx: read_again(tx, context(), replace(locked, content=Said("1")), stand.now))
    assert "第4项" in said(rows)
    assert stand.answers() == {3: "clear"}
    assert unreadable.every(stand.tx) == []


def test_an_edit_of_a_message_that_cannot_be_read_stands_in_for_it(stand: InMemoryBot) -> None:
    stand.take(unread(stand, "$locked"))
    assert "不涉及" in said(stand.take(stand.event(Edited("$locked", "3"))))
    assert stand.answers() == {3: "not_applicable"}
    assert unreadable.every(stand.tx) == []
    stand.redact("$locked")
    assert stand.answers() == {}


def test_nobody_is_asked_to_repeat_an_unreadable_message_they_deleted(stand: InMemoryBot) -> None:
    stand.take(unread(stand, "$gone"), unread(stand, "$stays"))
    stand.take(stand.event(Redacted("$gone")))
    stand.later(minutes=3)
    rows = stand.write(lambda tx: tell_unreadable(tx, context(), stand.now))
    assert len(rows) == 1
    assert stand.write(lambda tx: tell_unreadable(tx, context(), stand.now)) == []


def test_a_message_deleted_before_it_arrived_is_not_answered(stand: InMemoryBot) -> None:
    late = stand.event(Said("1"), event_id="$late")
    stand.take(stand.event(Redacted("$late")))
    assert stand.take(late) == []
    assert stand.answers() == {}


def test_the_latest_of_several_edits_before_their_message_counts(stand: InMemoryBot) -> None:
    late = stand.event(Said("1"), event_id="$late")
    stand.take(stand.event(Edited("$late", "4")), stand.event(Edited("$late", "3")))
    stand.take(late)
    assert stand.answers() == {3: "not_applicable"}


def test_identity_numbers_in_an_edit_are_masked_also_when_it_comes_early(stand: InMemoryBot) -> None:
    late = stand.event(Said("2"), event_id="$late")
    stand.take(stand.event(Edited("$late", f"2 王五410123199001011234{LEAK}")))
    assert "199001011234" not in repr([tuple(row) for row in stand.tx.all("SELECT * FROM early_edits")])
    stand.take(late)
    assert "199001011234" not in str(stand.finding(101)["description"])


def test_an_old_question_answered_by_a_reply_is_about_its_own_place_and_item(stand: InMemoryBot) -> None:
    asked = stand.last_sent
    stand.says("切换 二村", "1")
    reply = stand.say("3", reply_to=asked)
    assert stand.answers() == {3: "not_applicable"}
    assert stand.answers(SECOND) == {3: "clear"}
    question = stand.standing().question
    assert isinstance(question, AskAnswer)
    assert plan().campaign.item[question.item].no == 4
    assert SECOND in reply.rpartition("\n\n")[2]
