"""What the bot said to a message that was edited or taken back is edited with it, and rings nobody's phone."""

from __future__ import annotations

import pytest

from bot.chat import Edited, Redacted, Said
from storage.outbox import OutboxRow
from tests.support.bot_in_memory import FIRST, ZHANG, InMemoryBot


@pytest.fixture
def bot() -> InMemoryBot:
    bot = InMemoryBot()
    bot.say(f"切换 {FIRST}")
    return bot


def mends(rows: list[OutboxRow]) -> list[tuple[int, str]]:
    """(row that is edited, its new first line) of each edit among these."""
    found = []
    for row in rows:
        relation = row.content.get("m.relates_to")
        if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
            new = row.content["m.new_content"]
            assert isinstance(new, dict)
            assert row.content["msgtype"] == new["msgtype"] == "m.notice"
            assert new["m.mentions"] == {}
            found.append((int(relation["row"]), str(new["body"])))
    return found


def last_row(bot: InMemoryBot) -> int:
    return bot.tx.number("SELECT max(id) FROM outbox")


def test_the_tick_of_an_edited_answer_says_the_new_answer(bot: InMemoryBot) -> None:
    bot.say("1")
    told, answered = bot.last, last_row(bot)

    rows = bot.take(bot.event(Edited(told, "3")))

    [(row, body)] = mends(rows)
    assert row == answered
    assert "第3项不涉及" in body
    assert "第4项" in body  # the question below it is still the open one


def test_a_question_that_is_answered_leaves_with_the_edit(bot: InMemoryBot) -> None:
    bot.say("1")
    told = bot.last
    bot.says("1", "1")

    [(_, body)] = mends(bot.take(bot.event(Edited(told, "3"))))

    assert "第4项" not in body


@pytest.mark.parametrize("how", ["deleted", "taken back"])
def test_the_tick_of_an_answer_that_was_taken_back_goes(bot: InMemoryBot, how: str) -> None:
    bot.say("4-10 无，入户12户")
    told, answered = bot.last, last_row(bot)

    if how == "taken back":
        assert mends(bot.take(bot.event(Said("撤回")))) == []  # seven answers: asked for first

    rows = bot.take(bot.event(Redacted(told) if how == "deleted" else Said("撤回")))

    [(row, body)] = mends(rows)
    assert row == answered
    assert "✓" not in body


def test_an_edit_that_changes_nothing_leaves_the_tick_as_it_is(bot: InMemoryBot) -> None:
    bot.say("4-10 无，入户12户")
    told = bot.last

    assert mends(bot.take(bot.event(Edited(told, "嘎嘎")))) == []


def test_what_cannot_be_taken_back_keeps_its_tick(bot: InMemoryBot) -> None:
    bot.says("22有，三组王五家水管漏", "村委会8月12日前换好入户水管")
    told = bot.last
    bot.act(101, "submit", ZHANG, result="8月10日村委会换了水管")

    assert mends(bot.take(bot.event(Redacted(told)))) == []


def test_a_second_edit_speaks_of_the_same_message(bot: InMemoryBot) -> None:
    bot.say("1")
    told, answered = bot.last, last_row(bot)
    bot.edit(told, "3")

    [(row, body)] = mends(bot.take(bot.event(Edited(told, "4"))))

    assert row == answered
    assert "先放一放" in body
