"""What was recorded at the wrong place or item is moved whole, and can be taken back; a reply to an own message corrects it."""

from __future__ import annotations

import pytest

from bot.chat import Media, Said
from bot.rehearsal.chat import SERVER
from storage import evidence, findings
from storage.audit import audit
from tests.support.bot_in_memory import COORDINATOR, FIRST, OFFICE, SECOND, ZHANG, InMemoryBot, plan

PROBLEM, MEASURE = "22有，三组王五家水管老化漏水", "村委会8月12日前换好入户水管"


def plan_item(no: int) -> str:
    return plan().campaign.by_no[no].id


@pytest.fixture
def bot() -> InMemoryBot:
    bot = InMemoryBot()
    bot.say(f"切换 {FIRST}")
    return bot


def test_a_problem_goes_with_its_answer_its_photos_and_the_unit_of_its_new_item(bot: InMemoryBot) -> None:
    bot.says(PROBLEM)
    bot.photo()
    bot.says(MEASURE, "移到 24")

    finding = bot.finding(101)
    assert (finding["item_id"], finding["unit"], finding["measure"]) == (
        plan_item(24),
        "县残联",
        MEASURE,
    )
    assert bot.answers() == {24: "found"}
    assert len(evidence.of_finding(bot.tx, 101)) == 1
    assert audit(bot.tx).first_wrong is None


def test_a_unit_that_somebody_chose_stays_with_the_problem(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE, "改 101 责任单位 县住建局", "移到 24")

    assert bot.finding(101)["unit"] == "县住建局"


def test_nothing_is_moved_onto_another_answer(bot: InMemoryBot) -> None:
    bot.says("4不涉及", "5无，查台账", "把5移到4")

    assert bot.answers() == {4: "not_applicable", 5: "clear"}


def test_several_answers_go_all_or_none(bot: InMemoryBot) -> None:
    bot.says(f"{SECOND} 5不涉及", f"切换 {FIRST}", "4-6无，查台账", f"移到 {SECOND}")

    assert bot.answers() == {4: "clear", 5: "clear", 6: "clear"}
    assert bot.answers(SECOND) == {5: "not_applicable"}


def test_a_problem_does_not_go_back_onto_what_was_answered_there_since(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE, "把101移到21")
    moved = bot.last
    bot.say("22无，查台账")

    told = bot.redact(moved)

    assert "问题101" in told
    assert bot.answers() == {21: "found", 22: "clear"}
    assert bot.finding(101)["item_id"] == plan_item(21)


def test_the_words_that_told_of_a_moved_problem_can_still_be_edited(bot: InMemoryBot) -> None:
    bot.say(PROBLEM)
    told = bot.last
    bot.says("移到 21")

    bot.edit(told, "22有，五组赵六家水管冻裂")

    assert bot.finding(101)["description"] == "五组赵六家水管冻裂"
    assert bot.answers() == {21: "found"}
    assert [finding.no for finding in findings.live(bot.tx)] == [101]


def test_deleting_the_words_that_told_of_a_moved_problem_leaves_nothing_behind(bot: InMemoryBot) -> None:
    bot.say(PROBLEM)
    told = bot.last
    bot.say("移到 21")

    bot.redact(told)

    assert bot.finding(101)["state"] == "void"
    assert bot.answers() == {}


def test_what_is_being_verified_stays_where_it_is(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE)
    bot.act(101, "submit", ZHANG, result="8月10日村委会换了水管")

    assert "问题101" in bot.say("把101移到21")
    assert bot.answers() == {22: "found"}


def test_nobody_moves_to_or_from_a_place_that_is_not_theirs(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE)
    bot.says("移到 李庄", "移到 颍桥镇")
    bot.say("把101移到21", OFFICE)

    assert bot.answers() == {22: "found"}


def test_a_finding_among_several_of_an_item_goes_alone(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE, "22有，七组孙八家水塔没人管护", "村委会8月12日前派人管护", "把101移到21")

    assert bot.answers() == {21: "found", 22: "found"}
    assert bot.finding(102)["item_id"] == plan_item(22)


def test_a_reply_to_an_own_answer_corrects_that_answer_and_not_the_open_one(bot: InMemoryBot) -> None:
    bot.say("1")
    first = bot.last
    bot.says("3", "3")

    bot.say("3", reply_to=first)

    assert bot.answers() == {3: "not_applicable", 4: "not_applicable", 5: "not_applicable"}
    assert "第6项" in bot.say("题")


def test_a_reply_to_an_own_message_of_several_answers_is_asked_which(bot: InMemoryBot) -> None:
    bot.say("4-6无，查台账")
    several = bot.last

    told = bot.say("有", reply_to=several)

    assert "4-6" in told
    assert bot.answers() == {4: "clear", 5: "clear", 6: "clear"}


def test_undo_in_reply_to_an_own_message_takes_back_that_message(bot: InMemoryBot) -> None:
    bot.say("12无，查台账")
    first = bot.last
    bot.says("13不涉及")

    bot.say("撤回", reply_to=first)

    assert bot.answers() == {13: "not_applicable"}


def test_a_photo_in_reply_to_the_words_that_told_of_a_problem_belongs_to_it(bot: InMemoryBot) -> None:
    bot.say(PROBLEM)
    told = bot.last
    bot.says(MEASURE, "12有，四组李四慢病卡没办")

    bot.send(Said("", Media("image", "b.jpg", f"mxc://{SERVER}/b", "image/jpeg", 10), reply_to=told))

    assert len(evidence.of_finding(bot.tx, 101)) == 1
    assert evidence.of_finding(bot.tx, 102) == []


def test_a_reply_to_somebody_elses_message_is_no_correction(bot: InMemoryBot) -> None:
    bot.say("4-6无，查台账")
    several = bot.last
    bot.says(f"切换 {FIRST}", "继续", who=COORDINATOR)

    bot.say("3", COORDINATOR, reply_to=several)

    assert bot.answers()[3] == "not_applicable"


def photos_of(bot: InMemoryBot, number: int) -> int:
    return len(evidence.of_finding(bot.tx, number))


def test_an_edited_caption_or_text_keeps_the_photo_that_came_with_it(bot: InMemoryBot) -> None:
    bot.photo("22有，三组水管漏")
    captioned = bot.last
    bot.edit(captioned, "22有，三组王五家水管漏")
    assert (photos_of(bot, 101), bot.finding(101)["description"]) == (1, "三组王五家水管漏")

    bot.says(MEASURE)
    bot.photo(name="b.jpg")  # waits: nothing is spoken of
    bot.says("取消", "12有，四组李四慢病卡没办")
    text = bot.last
    before = photos_of(bot, 102)
    bot.edit(text, "12有，五组李四慢病卡没办")
    assert photos_of(bot, 102) == before


def test_photos_go_with_words_that_are_edited_to_another_item(bot: InMemoryBot) -> None:
    bot.photo()
    bot.say("22有，三组水管漏")
    told = bot.last

    bot.edit(told, "21有，三组水质发黄")
    assert (photos_of(bot, 101), photos_of(bot, 102)) == (0, 1)

    bot.edit(told, "22无")
    assert photos_of(bot, 102) == 0
    assert len(bot.standing().photos) == 1  # it waits, and is offered to the next problem


def test_a_photo_in_reply_to_a_card_belongs_to_what_the_card_shows(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE, "12有，四组李四慢病卡没办", "问题 101")
    card = bot.last_sent

    bot.send(Said("", Media("image", "b.jpg", f"mxc://{SERVER}/b", "image/jpeg", 10), reply_to=card))

    assert (photos_of(bot, 101), photos_of(bot, 102)) == (1, 0)


def test_words_in_reply_to_a_card_that_asks_something_else_answer_what_it_asks(bot: InMemoryBot) -> None:
    bot.says(PROBLEM, MEASURE, "12有，四组李四慢病卡没办", "问题 101")

    bot.say("村医8月16日前上门办好", reply_to=bot.last_sent)

    assert bot.finding(102)["measure"] == "村医8月16日前上门办好"


@pytest.mark.parametrize("words", ["。。。", "😀", "！！", "、", "\u200b", "~~"])
def test_a_message_without_words_is_told_so_and_nothing_is_quoted(bot: InMemoryBot, words: str) -> None:
    assert "没有看到文字" in bot.say(words)
    assert "“" not in bot.say(words).split("\n")[0]
