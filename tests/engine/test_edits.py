"""Editing a message corrects exactly the answer it gave, deleting it takes that back, and history keeps both."""

from __future__ import annotations

import pytest

from bot.chat import Edited, Said
from bot.dialogue.questions import AskAnswer, AskMeasure
from storage import history
from storage.audit import audit
from tests.support.bot_in_memory import FIRST, LI, SECOND, ZHANG, InMemoryBot, plan, said

LEAK = "三组王五家水管老化漏水"
BETTER = "四组赵六家水管冻裂"


@pytest.fixture
def stand() -> InMemoryBot:
    """Zhang stands at the first question of his first village: item 3."""
    fresh = InMemoryBot()
    fresh.says("排查", "1")
    return fresh


def asked(stand: InMemoryBot) -> int:
    """The number of the item that is being asked."""
    question = stand.standing().question
    assert isinstance(question, AskAnswer), question
    return plan().campaign.item[question.item].no


@pytest.mark.parametrize(
    ("said", "edited", "answers"),
    [
        ("1", "3", {3: "not_applicable"}),
        ("1", "没有，都挺好", {3: "clear"}),
        ("4", "无，入户12户", {3: "clear"}),
        ("4-6 无，查台账", "4-5 无，查台账", {4: "clear", 5: "clear"}),
        ("4-5 无，查台账", "4-6 无，查台账", {4: "clear", 5: "clear", 6: "clear"}),
        ("4-6 无，查台账", "4-6 不涉及", dict.fromkeys((4, 5, 6), "not_applicable")),
        ("4-6 无，查台账", "4 无，6 不涉及", {4: "clear", 6: "not_applicable"}),
        ("4-5 无，查台账", f"4 无 查台账，5 {LEAK}", {4: "clear", 5: "found"}),
        ("1", f"2 {LEAK}", {3: "found"}),
        (f"2 {LEAK}", "1", {3: "clear"}),
        ("2", "1", {3: "clear"}),
        ("唔唔唔", "1", {3: "clear"}),
        ("跳到 21", "跳到 22", {}),
        ("进度", "1", {3: "clear"}),
        ("改 12 不涉及", "改 13 不涉及", {13: "not_applicable"}),
        ("1", "进度", {3: "clear"}),
        ("1", "返回", {3: "clear"}),
        ("1", "唔唔唔", {3: "clear"}),
        ("1", "", {3: "clear"}),
    ],
)  # fmt: skip
def test_an_edit_corrects_exactly_what_the_message_said(
    stand: InMemoryBot, said: str, edited: str, answers: dict[int, str]
) -> None:
    stand.say(said)
    target = stand.last
    stand.edit(target, edited)
    assert stand.answers() == answers
    assert stand.answers(SECOND) == {}


def test_an_edit_says_in_a_line_what_changed_and_asks_the_open_question_again(stand: InMemoryBot) -> None:
    stand.say("4-6 无，查台账")
    open_item = asked(stand)
    reply = stand.edit(stand.last, "4-5 无，查台账")
    assert "第6项：未发现 → 未答" in reply
    assert f"第{open_item}项" in reply.rpartition("\n\n")[2]
    assert asked(stand) == open_item


def test_an_edit_made_after_the_walk_moved_on_leaves_it_where_it_is(stand: InMemoryBot) -> None:
    stand.say("1")
    first = stand.last
    stand.says("1", "1", "1")
    assert asked(stand) == 7
    reply = stand.edit(first, "3")
    assert stand.answers() == {3: "not_applicable", 4: "clear", 5: "clear", 6: "clear"}
    assert asked(stand) == 7
    assert "第7项" in reply


def test_an_edit_to_something_unclear_keeps_the_answer_and_says_so(stand: InMemoryBot) -> None:
    stand.say("1")
    reply = stand.edit(stand.last, "唔唔唔")
    assert "原来的答案不变" in reply
    assert stand.answers() == {3: "clear"}


def test_a_message_may_be_edited_again_and_again(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    for words, answer in (("3", "not_applicable"), ("1", "clear"), ("4", "later"), ("3", "not_applicable")):
        stand.edit(target, words)
        assert stand.answers() == {3: answer}
    stand.redact(target)
    assert stand.answers() == {}


def test_history_keeps_what_was_before_and_after_an_edit(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    stand.edit(target, "3")
    rows = history.of_refs(stand.tx, [target])
    assert [row.after for row in rows if row.field == "answer"] == ["not_applicable", "clear"]
    undone = stand.tx.all("SELECT verb, undoes FROM actions WHERE ref = ?", (stand.last,))
    assert [(row[0], row[1]) for row in undone] == [("undo", rows[-1].action)]
    assert audit(stand.tx).first_wrong is None


def test_an_edited_bulk_keeps_the_basis_given_since(stand: InMemoryBot) -> None:
    stand.say("4-6 无")
    bulk = stand.last
    stand.say("入户12户")
    stand.edit(bulk, "4-5 无")
    assert stand.answers() == {4: "clear", 5: "clear"}
    assert stand.basis(4) == stand.basis(5) == "入户12户"
    assert isinstance(stand.standing().question, AskAnswer)


def test_editing_the_basis_changes_it_for_all_its_items(stand: InMemoryBot) -> None:
    stand.say("4-6 无")
    bulk = stand.last
    stand.say("入户12户")
    stand.edit(stand.last, "入户15户")
    assert [stand.basis(no) for no in (4, 5, 6)] == ["入户15户"] * 3
    stand.redact(bulk)
    assert stand.answers() == {}


def test_an_edited_bulk_does_not_put_old_answers_over_later_ones(stand: InMemoryBot) -> None:
    stand.say("4-6 无，查台账")
    bulk = stand.last
    stand.says("改 5 不涉及")
    reply = stand.edit(bulk, "4-5 无，查台账")
    assert stand.answers() == {4: "clear", 5: "not_applicable"}
    assert "第5项后来另有回答" in reply


def test_a_bulk_edited_before_its_basis_was_given_is_asked_for_the_basis_of_what_is_left(
    stand: InMemoryBot,
) -> None:
    stand.say("4-6 无")
    reply = stand.edit(stand.last, "4-5 无")
    assert "第4-5项是怎么查的" in reply
    stand.say("查台账")
    assert stand.answers() == {4: "clear", 5: "clear"}
    assert not any("AskBasis" in repr(queue) for queue in stand.standing().queue)


@pytest.mark.parametrize("lead", ["", "2 ", "22 有，"])
def test_a_description_worded_differently_keeps_the_number_and_what_was_said_about_it(
    stand: InMemoryBot, lead: str
) -> None:
    stand.says(*(["2"] if not lead else []), f"{lead}{LEAK}")
    described = stand.last
    stand.say("村委会换好水管")
    stand.edit(described, f"{lead}{BETTER}")
    finding = stand.finding(101)
    assert finding["description"] == BETTER
    assert finding["measure"] == "村委会换好水管"
    assert finding["object"] == "四组赵六家"
    assert stand.tx.number("SELECT count(*) FROM findings") == 1


def test_a_description_is_not_replaced_by_words_that_describe_nothing(stand: InMemoryBot) -> None:
    stand.says("2", LEAK)
    stand.edit(stand.last, "没有")
    assert stand.finding(101)["description"] == LEAK
    assert stand.answers() == {3: "found"}


def test_measure_and_horizon_are_corrected_each_by_its_own_message(stand: InMemoryBot) -> None:
    stand.says("2", LEAK, "村委会换好水管")
    measure = stand.last
    stand.say("1")
    horizon = stand.last
    stand.edit(measure, "请水厂换好水管")
    stand.edit(horizon, "2")
    finding = stand.finding(101)
    assert finding["measure"] == "请水厂换好水管"
    assert (finding["due"], finding["state"]) == ("2023-10-31", "rectifying")
    stand.redact(horizon)
    assert (stand.finding(101)["due"], stand.finding(101)["state"]) == (None, "draft")


def test_editing_which_proposals_of_a_visit_to_keep_replaces_the_first_choice(stand: InMemoryBot) -> None:
    stand.say("走访 张三家 水管漏 慢病卡没办")
    stand.say("好")
    stand.edit(stand.last, "去掉 2")
    assert stand.answers() == {22: "found"}
    live = stand.tx.all("SELECT item_id FROM findings WHERE state <> 'void'")
    assert len(live) == 1


def test_free_words_recorded_as_a_finding_follow_their_edit_and_their_deletion(stand: InMemoryBot) -> None:
    stand.say("二组饮水管道老化漏水")
    words = stand.last
    stand.say("1")
    assert list(stand.answers().values()) == ["found"]
    stand.edit(words, "二组饮水管道冻裂漏水")
    assert stand.finding(101)["description"] == "二组饮水管道冻裂漏水"
    stand.redact(words)
    assert stand.answers() == {}
    assert stand.finding(101)["state"] == "void"


def test_free_words_edited_before_the_offer_was_answered_are_offered_anew(stand: InMemoryBot) -> None:
    stand.say("二组饮水管道老化漏水")
    stand.edit(stand.last, "二组饮水管道冻裂漏水")
    stand.say("1")
    assert stand.finding(101)["description"] == "二组饮水管道冻裂漏水"
    assert not any("AskOffer" in repr(queue) for queue in stand.standing().queue)


def test_of_several_problems_to_describe_only_those_of_the_edited_words_are_asked_for(
    stand: InMemoryBot,
) -> None:
    items = plan().campaign.by_no
    stand.say("22有 23有 24有")
    target = stand.last
    stand.edit(target, "22有 24有 25有")
    stand.say(LEAK)
    assert items[22].id == stand.finding(101)["item_id"]
    stand.edit(target, "22有 25有")
    asked_for = stand.tx.all("SELECT item_id FROM findings WHERE state = 'draft' ORDER BY no")
    assert [row[0] for row in asked_for] == [items[22].id, items[25].id]
    assert (stand.finding(101)["state"], stand.finding(101)["description"]) == ("draft", LEAK)


def test_an_answer_edited_away_from_found_is_no_longer_asked_to_be_described(stand: InMemoryBot) -> None:
    stand.say("2")
    reply = stand.edit(stand.last, "1")
    assert asked(stand) == 4
    assert "是什么问题" not in reply


def test_deleting_an_answer_of_found_before_its_description_asks_the_item_again(stand: InMemoryBot) -> None:
    stand.say("2")
    reply = stand.redact(stand.last)
    assert asked(stand) == 3
    assert "第3项" in reply


def test_only_the_writer_can_edit_or_delete_a_message(stand: InMemoryBot) -> None:
    stand.say("1")
    target = stand.last
    assert stand.edit(target, "3", who=LI) == ""
    assert stand.edit(target, "3", who=LI, room="!direct-zhangsan:paicha.local") == ""
    assert stand.redact(target, who=LI) == ""
    assert stand.answers() == {3: "clear"}


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_an_edit_that_comes_before_its_message_is_what_the_message_says(stand: InMemoryBot, gap: int) -> None:
    original = stand.event(Said("1"), event_id="$late")
    assert said(stand.take(stand.event(Edited("$late", "3")))) == ""
    for _ in range(gap):
        stand.say("进度")
    reply = said(stand.take(original))
    assert "不涉及" in reply
    assert stand.answers() == {3: "not_applicable"}


def test_a_verified_finding_is_not_touched_and_the_reply_says_so(stand: InMemoryBot) -> None:
    stand.says("2")
    stand.say(LEAK)
    described = stand.last
    for state in ("submitted", "closed"):
        stand.tx.run("UPDATE findings SET state = ? WHERE no = 101", (state,))
        before = stand.finding(101)
        assert "不能撤回或改动" in stand.edit(described, "四组赵六家没有问题了")
        assert "不能撤回或改动" in stand.redact(described)
        assert "不能撤回或改动" in stand.say("撤回")
        assert stand.finding(101) == before
        assert stand.answers() == {3: "found"}


def test_a_verified_finding_takes_no_answer_to_an_old_question_about_it(stand: InMemoryBot) -> None:
    stand.says("2", LEAK)
    question = stand.last_sent
    stand.tx.run("UPDATE findings SET state = 'closed' WHERE no = 101")
    reply = stand.say("村委会再换一次", reply_to=question)
    assert "不能直接改" in reply
    assert stand.finding(101)["measure"] == ""
    assert not isinstance(stand.standing().question, AskMeasure)


def test_handing_in_is_not_undone_by_editing_the_confirmation(stand: InMemoryBot) -> None:
    stand.says("3-72 无，入户20户", "1")
    assert stand.tx.number("SELECT count(*) FROM hand_ins") == 1
    assert "已提交的不撤回" in stand.edit(stand.last, "2")
    assert stand.tx.number("SELECT count(*) FROM hand_ins") == 1
    assert FIRST in stand.say("我的")
    assert ZHANG
