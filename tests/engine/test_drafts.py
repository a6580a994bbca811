"""有 is an answer as soon as it is said: a draft for each on the disk, asked about one by one, and none ever forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.dialogue.questions import AskAnswer, AskDescription, AskMeasure, Question, finding_in
from bot.domain.scope import Scope
from bot.ledger.gather import Asked, gather
from storage.audit import audit
from tests.support.bot_in_memory import FIRST, SECOND, InMemoryBot, copy_of, plan
from tests.support.ledger_rows import CHINESE

ITEMS = range(10, 31)
DRAFTS = range(101, 122)
BACK = (f"切换 {FIRST}", "跳到 3", "3")  # an answer in the village where the drafts are
INTERRUPTIONS: dict[str, Sequence[str]] = {
    "looking": ("进度", "我的", "查 水管", "政策 15", "台账", "帮助"),
    "a look at the review page": ("核对", "2", *BACK),
    "another item": ("改 40", "1"),
    "another item, stopped": ("改 40", "取消", *BACK),
    "many answers at once": ("40-44 无，查台账",),
    "more problems": ("45有，四组路灯不亮", "稍后"),
    "another place": (f"切换 {SECOND}", "1", *BACK),
    "another place and its problems": (f"切换 {SECOND}", "10-12有", *["稍后"] * 4, *BACK),
    "talk": ("你好", "谢谢", "菜单"),
    "language": ("语言 en", "语言 中文"),
    "nothing": (),
}


@pytest.fixture
def stand() -> InMemoryBot:
    """Zhang has said 10-30有 in his first village."""
    fresh = InMemoryBot()
    fresh.says("排查", "1", "10-30有")
    return fresh


def asked(stand: InMemoryBot) -> Question | None:
    return stand.standing().question


def restarted(stand: InMemoryBot) -> InMemoryBot:
    """Another process on the same file: nothing is known but what is on the disk."""
    return InMemoryBot(copy_of(stand.connection), stand.now, events=stand.events)


def states(stand: InMemoryBot) -> dict[int, str]:
    return {row[0]: row[1] for row in stand.tx.all("SELECT no, state FROM findings ORDER BY no")}


def printed(stand: InMemoryBot, place: str = FIRST) -> dict[int, str]:
    """Printed item number -> what the ledger of this village says was found."""
    where = str(stand.tx.value("SELECT id FROM places WHERE name = ?", (place,)))
    gathered = gather(stand.tx, plan().campaign, Asked(Scope((where,)), "县办", CHINESE), stand.now)
    return {row.no: row.finding_text for row in gathered.form}


def check_ledger(stand: InMemoryBot) -> None:
    texts = printed(stand)
    assert all("未报" not in texts[no] for no in ITEMS), texts
    assert all(f"问题{no + 91}" in texts[no] for no in ITEMS)


def test_a_range_of_problems_is_as_many_answers_and_drafts_at_once(stand: InMemoryBot) -> None:
    assert stand.answers() == dict.fromkeys(ITEMS, "found")
    assert states(stand) == dict.fromkeys(DRAFTS, "draft")
    assert asked(stand) == AskDescription(101)
    assert not stand.standing().queue
    check_ledger(stand)
    assert audit(stand.tx).sound


def test_putting_off_some_leads_on_to_the_others(stand: InMemoryBot) -> None:
    stand.says("改 40", "1", *["稍后"] * 8)
    assert asked(stand) == AskDescription(109)
    seen = []
    while isinstance(question := asked(stand), AskDescription):
        seen.append(question.finding)
        stand.say("稍后")
    assert seen == list(range(109, 122))
    check_ledger(stand)
    assert isinstance(asked(stand), AskAnswer)


def test_each_is_asked_whatever_comes_between(stand: InMemoryBot) -> None:
    kinds = list(INTERRUPTIONS)
    for n, no in enumerate(DRAFTS):
        kind = kinds[n] if n < len(kinds) else "looking"
        stand = restarted(stand)
        stand.says(*INTERRUPTIONS[kind], "进度")
        stand = restarted(stand)
        assert asked(stand) == AskDescription(no), kind
        check_ledger(stand)
        if n % 3 == 0:
            stand.say("稍后")
        elif n % 3 == 1:
            stand.says(f"{n}组王五家的房子第{n}处有问题", "稍后")
        else:
            stand.says(f"{n}组王五家的房子第{n}处有问题", "村委会请人修好", "1")
    left = {no: state for no, state in states(stand).items() if no in DRAFTS}
    assert left == {no: "rectifying" if (no - 101) % 3 == 2 else "draft" for no in DRAFTS}
    check_ledger(stand)
    assert audit(stand.tx).sound


@pytest.mark.parametrize("between", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_an_interruption_comes_back_to_the_same_draft(stand: InMemoryBot, between: Sequence[str]) -> None:
    for words in between:
        stand.say(words)
        check_ledger(stand)
    stand = restarted(stand)
    stand.says("进度")
    assert asked(stand) == AskDescription(101)


def test_days_later_they_are_asked_still(stand: InMemoryBot) -> None:
    stand.later(days=6)
    stand.says("改 40", "1")
    assert asked(stand) == AskDescription(101)


def test_stopping_is_putting_off_one(stand: InMemoryBot) -> None:
    stand.say("取消")
    assert asked(stand) == AskDescription(102)


def test_the_other_village_has_its_own(stand: InMemoryBot) -> None:
    stand.says("稍后", f"切换 {SECOND}", "10-11有")
    told = asked(stand)
    assert stand.answers(SECOND) == {10: "found", 11: "found"}
    assert finding_in(told) == 102 or told == AskDescription(122)
    while finding_in(asked(stand)) > 0:
        stand.say("稍后")
    stand.says(*BACK)
    while finding_in(asked(stand)) > 0:
        stand.say("稍后")
    put_off = stand.tx.number("SELECT count(*) FROM findings WHERE put_off = 1")
    assert put_off == len(DRAFTS) + 2


def test_what_was_put_off_is_asked_again_on_request(stand: InMemoryBot) -> None:
    stand.says(*["稍后"] * 21)
    assert isinstance(asked(stand), AskAnswer)
    stand.say("改 105")
    assert asked(stand) == AskDescription(105)
    assert "已记为问题105（颍桥示范一村第14项）" in stand.say("二组赵六家住院没有结算")
    assert asked(stand) == AskMeasure(105)
    stand.say("稍后")
    assert isinstance(asked(stand), AskAnswer)
    stand.say("改 105")
    assert asked(stand) == AskMeasure(105)
    stand.says("镇卫生院办结", "1")
    assert stand.finding(105)["state"] == "rectifying"


def test_found_said_again_at_the_item_asks_what_was_put_off(stand: InMemoryBot) -> None:
    stand.says(*["稍后"] * 21, "改 12", "2")
    assert asked(stand) == AskDescription(103)
    assert len(states(stand)) == len(DRAFTS)


@pytest.mark.parametrize(
    "words", [("返回", "1"), ("改 10 无",), ("10 无，查台账",), ("10 不涉及",), ("返回", "3")]
)
def test_another_answer_drops_an_empty_draft(stand: InMemoryBot, words: Sequence[str]) -> None:
    stand.says(*words)
    assert states(stand)[101] == "void"
    assert stand.answers()[10] in ("clear", "not_applicable")
    assert asked(stand) == AskDescription(102)
    assert audit(stand.tx).sound


def test_an_answer_that_dropped_a_draft_is_taken_back_with_it(stand: InMemoryBot) -> None:
    stand.say("改 10 无")
    reply = stand.redact(stand.last)
    assert (states(stand)[101], stand.answers()[10]) == ("draft", "found")
    assert "第10项：未发现 → 发现" in reply
    stand.say("进度")
    assert finding_in(asked(stand)) in (101, 102)


@pytest.mark.parametrize("words", ["改 10 无", "10-12 无，查台账"])
def test_a_described_draft_stands_in_the_way(stand: InMemoryBot, words: str) -> None:
    stand.says("三组王五家孩子没人送教", "稍后")
    stand.say(words)
    assert (states(stand)[101], stand.answers()[10]) == ("draft", "found")


def test_a_draft_with_a_photo_is_not_empty(stand: InMemoryBot) -> None:
    stand.photo()
    assert "第10项已记了问题101" in stand.say("改 10 无")
    assert (states(stand)[101], stand.answers()[10]) == ("draft", "found")


def test_a_reply_to_the_question_of_a_dropped_draft_is_told_so(stand: InMemoryBot) -> None:
    question = stand.last_sent
    stand.say("改 10 无")
    stood = (states(stand), stand.answers())
    assert "没有问题101" in stand.say("三组王五家孩子没人送教", reply_to=question)
    assert (states(stand), stand.answers()) == stood


def test_a_reply_to_an_old_question_describes_that_draft(stand: InMemoryBot) -> None:
    question = stand.last_sent
    stand.says("改 40", "1")
    assert "已记为问题101" in stand.say("三组王五家孩子没人送教", reply_to=question)
    assert asked(stand) == AskMeasure(101)
    stand.say("稍后")
    assert asked(stand) == AskDescription(102)


def test_the_message_taken_back_takes_every_draft_along(stand: InMemoryBot) -> None:
    said = stand.last
    stand.says("稍后", "改 40", "1")
    reply = stand.redact(said)
    assert set(states(stand).values()) == {"void"}
    assert stand.answers() == {40: "clear"}
    assert all(f"问题{no}已撤回" in reply for no in DRAFTS)
    assert isinstance(asked(stand), AskAnswer)


def test_two_messages_of_the_same_range_make_no_second_drafts(stand: InMemoryBot) -> None:
    reply = stand.say("10-30有")
    assert states(stand) == dict.fromkeys(DRAFTS, "draft")
    assert "第10项，是什么问题" in reply
    assert asked(stand) == AskDescription(101)


def test_as_many_as_a_village_has_items() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "3-40有")
    seen = 0
    while isinstance(asked(stand), AskDescription):
        stand.say("稍后")
        seen += 1
    assert seen == len(stand.answers()) == 38


@pytest.mark.parametrize("again", ["2", "22有"])
def test_a_draft_without_words_that_is_met_again_is_asked_for_them(again: str) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "跳到 22", "2", "稍后", "跳到 22")
    told = stand.say(again)
    assert "第22项，是什么问题" in told
    assert "已经记着" not in told
    assert "问题101" in stand.say("三组王五家水管漏水")


def test_so_is_one_that_holds_nothing_but_a_photo() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "跳到 22", "2")
    stand.photo()
    stand.says("稍后", "跳到 22")
    assert "是什么问题" in stand.say("2")
    assert "问题101" in stand.say("三组王五家水管漏水")
    assert stand.finding(101)["description"] == "三组王五家水管漏水"
