"""What one message costs: how many SQL statements stand between its BEGIN and its COMMIT, both counted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.bot_in_memory import InMemoryBot

MOST = 15  # for a bare answer in a direct room
LITERAL = re.compile(r"x?'(?:[^']|'')*'|\b\d+\b|\bNULL\b")  # matches 12, 'it''s', x'9f3c', NULL


def statements(stand: InMemoryBot, words: str) -> list[str]:
    """The statements of the one transaction in which this is taken in, without what triggers run."""
    seen: list[str] = []
    stand.connection.set_trace_callback(seen.append)
    stand.say(words)
    stand.connection.set_trace_callback(None)
    seen = [sql for sql in seen if not sql.startswith("--")]
    first = next(n for n, sql in enumerate(seen) if sql.startswith("BEGIN"))
    return seen[first : seen.index("COMMIT", first) + 1]


def walking(stand: InMemoryBot) -> None:
    """In the middle of a walk: the session, a first answer and the history are there."""
    stand.says("排查", "1", "1")


def with_drafts_put_off(stand: InMemoryBot) -> None:
    walking(stand)
    stand.says("10-29有", *["稍后"] * 20)


def with_one_draft(stand: InMemoryBot) -> None:
    """A draft waits for its words; the answer is to an item that was asked in between."""
    walking(stand)
    stand.says("10有", "改 40")


def with_twenty_drafts(stand: InMemoryBot) -> None:
    walking(stand)
    stand.says("10-29有", "改 40")


@pytest.mark.parametrize("before", [walking, with_drafts_put_off])
def test_a_bare_answer_costs_few_statements(before: Callable[[InMemoryBot], None]) -> None:
    stand = InMemoryBot()
    before(stand)
    answers = len(stand.answers())
    ran = statements(stand, "1")
    assert len(stand.answers()) == answers + 1
    assert len(ran) <= MOST, "\n".join(ran)


@pytest.mark.parametrize(
    ("few", "many"), [(walking, with_drafts_put_off), (with_one_draft, with_twenty_drafts)]
)
def test_what_waits_costs_an_answer_nothing(
    few: Callable[[InMemoryBot], None], many: Callable[[InMemoryBot], None]
) -> None:
    ran = []
    for before in (few, many):
        stand = InMemoryBot()
        before(stand)
        ran.append([LITERAL.sub("?", sql) for sql in statements(stand, "1")])
    assert ran[0] == ran[1]
