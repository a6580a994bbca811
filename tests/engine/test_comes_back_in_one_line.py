"""After something else was said, one line brings the open question back; in full only when that helps."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.dialogue import session as sessions
from bot.dialogue.questions import AskAnswer, AskMeasure
from bot.dialogue.session import Session
from tests.support.bot_in_memory import FIRST, GROUP, START, InMemoryBot, plan

ITEM = plan().campaign.by_no[3]
ONE_LINE = "接着：颍桥示范一村 第3项【驻村帮扶责任】1\u00a0未发现 2\u00a0发现 3\u00a0不涉及 4\u00a0稍后"


def walking() -> InMemoryBot:
    stand = InMemoryBot()
    assert ITEM.text in stand.says("排查", "1")
    return stand


@pytest.mark.parametrize(
    "words", ["嘎嘎", "进度", "应该没有吧", "这一项啥意思", "我的", "政策 22", "101", "跳到 999", "帮助"]
)
def test_what_does_not_answer_is_followed_by_one_line(words: str) -> None:
    reply = walking().say(words)
    assert reply.endswith(f"\n\n{ONE_LINE}")
    assert reply.count("第3项【") == 1


@pytest.mark.parametrize("words", ["题", "原文", "item", "排查", "跳到 3", "切换 颍桥示范一村"])
def test_who_asks_for_the_question_gets_it_in_full(words: str) -> None:
    stand = walking()
    stand.say("嘎嘎")
    assert ITEM.text in stand.say(words)


def test_a_new_item_stands_in_full() -> None:
    assert plan().campaign.by_no[4].text in walking().say("1")


def test_an_item_that_waited_comes_back_in_one_line() -> None:
    stand = walking()
    assert plan().campaign.by_no[12].text in stand.say("改 12")
    assert stand.say("1").endswith(ONE_LINE)
    assert stand.says("慢病卡没办下来", "4").endswith(ONE_LINE)


def test_a_day_later_it_stands_in_full_and_then_in_one_line_again() -> None:
    stand = walking()
    stand.later(hours=23, minutes=59)
    assert stand.say("进度").endswith(ONE_LINE)
    stand.later(minutes=1)
    assert ITEM.text in stand.say("进度")
    assert stand.say("进度").endswith(ONE_LINE)


def test_what_was_shown_in_another_room_was_not_shown_here() -> None:
    stand = walking()
    assert ITEM.text in stand.says("排查 颍桥示范一村")
    assert ITEM.text in stand.say(f"排查 {FIRST}", room=GROUP)
    assert stand.say("进度", room=GROUP).endswith(ONE_LINE)


def test_a_review_page_whose_figures_changed_is_shown_anew() -> None:
    stand = walking()
    stand.says("3-72 无，现场")
    assert stand.say("进度").endswith("接着：提交颍桥示范一村？1\u00a0提交 2\u00a0再看看")
    assert "核对：应答 70 项，未发现 69" in stand.say("12 不涉及")


def test_a_finding_is_named_by_what_it_is_about() -> None:
    stand = walking()
    told = stand.says("22有，三组王五家水管漏水，因为用了十五年没换")
    assert "问题101（三组王五家水管漏水）打算怎么整改？谁、做什么。" in told
    assert stand.say("进度").endswith("接着：问题101（三组王五家水管漏水）打算怎么整改？")
    assert "问题102（三组李四家的旧房子漏雨漏…）" in stand.says(
        "稍后", "18有，三组李四家的旧房子漏雨漏得厉害"
    )


def test_in_a_room_of_several_no_household_is_named() -> None:
    stand = InMemoryBot()
    stand.say(f"排查 {FIRST}", room=GROUP)
    told = stand.say("排查小助手 22有，三组王五家水管漏水", room=GROUP)
    assert "问题101（饮水安全）打算怎么整改？" in told
    assert "王五" not in told


def test_of_each_kind_the_newest_and_what_waits_is_remembered() -> None:
    first, second, third = (AskAnswer("p", item) for item in ("a", "b", "c"))
    session = Session(queue=(first,))
    for question in (first, second, AskMeasure(101), third, AskMeasure(101)):
        session = session.showing(question, START)
    assert [shown.question for shown in session.shown] == [first, third, AskMeasure(101)]
    assert sessions.load(sessions.dump(session)) == session
    assert not session.has_in_mind(second, START)
    assert session.has_in_mind(third, datetime.fromisoformat("2023-08-06T08:59:59+08:00"))
