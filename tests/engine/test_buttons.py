"""What can be tapped on stands under the open item alone."""

from __future__ import annotations

import pytest

from bot.chat import POLL, Said
from storage.outbox import OutboxRow
from tests.support.bot_in_memory import InMemoryBot


def walking(buttons: str) -> InMemoryBot:
    stand = InMemoryBot()
    stand.says("排查", "1", buttons)
    return stand


def rows(stand: InMemoryBot, words: str) -> list[OutboxRow]:
    return stand.take(stand.event(Said(words)))


def types(sent: list[OutboxRow]) -> list[str]:
    return [row.type.rpartition(".")[2] for row in sent]


@pytest.mark.parametrize(("buttons", "number"), [("按钮 开", 4), ("按钮 投票", 1)])
def test_an_answered_item_loses_its_buttons_and_the_next_one_gets_its_own(buttons: str, number: int) -> None:
    stand = walking(buttons)
    given = stand.standing().buttons
    assert given is not None
    assert len(given.rows) == number
    sent = rows(stand, "1")
    gone = [row.content["redacts_row"] for row in sent if row.type == "m.room.redaction"]
    assert gone == list(given.rows)
    assert len([row for row in sent if row.type in ("m.reaction", POLL)]) == number


def test_what_does_not_answer_leaves_them_where_they_are() -> None:
    stand = walking("按钮 开")
    before = stand.standing().buttons
    for words in ("嘎嘎", "进度", "题", "谢谢"):
        assert "redaction" not in types(rows(stand, words))
    assert stand.standing().buttons == before


def test_an_item_that_was_put_aside_gets_them_again_when_it_comes_back() -> None:
    stand = walking("按钮 开")
    assert types(rows(stand, "改 12")) == ["message", *["redaction"] * 4, *["reaction"] * 4]
    assert types(rows(stand, "1")) == ["message", *["redaction"] * 4, *["reaction"] * 4]


def test_switched_off_or_to_a_poll_they_go_at_once() -> None:
    stand = walking("按钮 开")
    assert types(rows(stand, "按钮 投票")) == ["message", *["redaction"] * 4, "start"]
    assert types(rows(stand, "按钮 关")) == ["message", "redaction"]
    assert stand.standing().buttons is None
    assert types(rows(stand, "1")) == ["message"]


def test_with_the_walk_they_end() -> None:
    stand = walking("按钮 开")
    assert types(rows(stand, "取消")) == ["message", *["redaction"] * 4]


def test_who_is_told_of_polls_is_told_where_they_are_not_shown() -> None:
    assert "Cinny" in walking("").say("按钮 投票")
