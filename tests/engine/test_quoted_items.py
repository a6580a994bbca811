"""A reply to an old item with a finding shows the finding; what is open stays open."""

from __future__ import annotations

import pytest

from bot.dialogue.questions import AskAnswer
from tests.support.bot_in_memory import FIRST, GROUP, InMemoryBot

OPEN = "第24项【综合保障】1\u00a0未发现"


def with_an_old_item() -> tuple[InMemoryBot, str]:
    """Item 24 is open; the event id of the message that asked item 22, where 101 was found."""
    stand = InMemoryBot()
    stand.says("排查", "1", "跳到 22")
    asked = stand.last_sent
    stand.says("有，三组王五家水管漏水", "村委会换管", "1", "1")
    return stand, asked


@pytest.mark.parametrize("words", ["没有", "不涉及", "有", "怎么样了", "嘎嘎", "12", "应该没有吧", "查台账"])
def test_the_finding_is_shown_and_the_open_question_left(words: str) -> None:
    stand, asked = with_an_old_item()
    before = stand.answers()
    told = stand.say(words, reply_to=asked)
    assert "问题101【整改中】颍桥示范一村第22项：三组王五家水管漏水" in told
    assert OPEN in told
    question = stand.standing().question
    assert isinstance(question, AskAnswer)
    assert stand.answers() == before
    assert stand.tx.number("SELECT count(*) FROM findings") == 1


def test_a_clear_is_told_what_stands_against_it() -> None:
    stand, asked = with_an_old_item()
    assert "先说“作废 101 原因”" in stand.say("没有", reply_to=asked)


def test_another_problem_told_there_is_recorded_there() -> None:
    stand, asked = with_an_old_item()
    assert "已记为问题102（颍桥示范一村第22项）" in stand.say("有，五组李四家也停水", reply_to=asked)


def test_an_old_item_without_a_finding_is_answered_as_ever() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    asked = stand.last_sent
    stand.say("1")
    assert "✓ 第3项不涉及" in stand.say("3", reply_to=asked)


def test_a_draft_without_words_is_taken_up() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    asked = stand.last_sent
    stand.says("2", "稍后")
    assert "第3项，是什么问题" in stand.say("有", reply_to=asked)


def test_among_others_the_finding_is_named_and_not_told() -> None:
    stand = InMemoryBot()
    stand.say(f"排查 {FIRST}", room=GROUP)
    stand.say("跳到 22", room=GROUP)
    asked = stand.last_sent
    for words in ("有，三组王五家水管漏水", "村委会换管", "1"):
        stand.say(f"@排查小助手 {words}", room=GROUP)
    told = stand.say("没有", room=GROUP, reply_to=asked)
    assert "第22项已记了问题101" in told
    assert "王五" not in told
