"""Everything that ever changed stays in the history, in order, sealed so that nobody can touch it unseen."""

from __future__ import annotations

import sqlite3

import pytest

from storage import history
from storage.history import Cause
from tests.support.bot_in_memory import START, InMemoryBot

LEAK = "三组王五家水管老化漏水"


def told() -> InMemoryBot:
    stand = InMemoryBot()
    stand.says(
        "排查", "1", "1", f"2 {LEAK}", "村委会8月12日前换好水管", "1", "6-8 无，查台账", "撤回", "语言 en"
    )
    return stand


def test_every_change_stands_there_with_before_and_after_in_order() -> None:
    stand = told()
    rows = [
        (c.subject.partition("/")[0], c.action)
        for n in range(1, 12)
        for c in history.of_event(stand.tx, f"$event-{n}")
    ]
    assert ("finding", "opened") in rows
    assert ("finding", "became rectifying") in rows
    assert ("check", "restored: withdrawn") in rows
    assert ("person", "preferred") in rows
    measure = next(c for c in history.of_subject(stand.tx, "finding/101") if "measure" in c.after)
    assert (measure.before, measure.after) == ({"measure": ""}, {"measure": "村委会8月12日前换好水管"})


def test_what_changes_nothing_leaves_no_row() -> None:
    stand = told()
    before = stand.tx.number("SELECT count(*) FROM history")
    stand.says("progress", "goto 3", "1", "language en")
    assert [tuple(row) for row in stand.tx.all("SELECT subject FROM history WHERE seq > ?", (before,))] == []


def test_the_chain_of_seals_is_sound() -> None:
    assert history.first_broken(told().tx) is None
    assert history.first_broken(InMemoryBot().tx) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE history SET after = replace(after, 'clear', 'found') WHERE seq = {n}",
        "UPDATE history SET person_id = 3 WHERE seq = {n}",
        "UPDATE history SET at = '2023-08-05T08:00:00+08:00' WHERE seq = {n}",
        "UPDATE history SET event_id = NULL WHERE seq = {n}",
        "UPDATE history SET hash = (SELECT hash FROM history WHERE seq = {n} + 1) WHERE seq = {n}",
    ],
)
def test_a_row_touched_behind_our_back_is_named(tampering: str) -> None:
    stand = told()
    stand.connection.executescript("DROP TRIGGER history_stays; DROP TRIGGER history_keeps;")
    stand.connection.execute(tampering.format(n=1))
    assert history.first_broken(stand.tx) == 1


def test_a_row_taken_out_or_put_in_is_noticed() -> None:
    for sql in ("DELETE FROM history WHERE seq = 3", "UPDATE history SET seq = 99 WHERE seq = 3"):
        stand = told()
        stand.connection.executescript("DROP TRIGGER history_stays; DROP TRIGGER history_keeps;")
        stand.connection.execute(sql)
        assert history.first_broken(stand.tx) == 4


def test_the_program_itself_cannot_change_or_delete_history() -> None:
    for sql in ("UPDATE history SET action = 'x'", "DELETE FROM history"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            told().connection.execute(sql)


def test_a_reversal_is_marked_and_named_by_the_message_that_caused_it() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "1")
    answer = stand.last
    stand.redact(answer)
    (answered,) = history.of_event(stand.tx, answer)
    (restored,) = history.of_event(stand.tx, stand.last)
    assert (answered.action, restored.action) == ("answered", "restored: withdrawn")
    assert (restored.before, restored.after) == (answered.after, answered.before)


def test_seals_hold_over_words_of_every_kind() -> None:
    stand = InMemoryBot()
    for words in ("\ud800", "\x00", "漏水" * 1000, '{"a": 1}', "😂"):
        history.add(
            stand.tx,
            Cause(1, "$e"),
            ("finding/1", "changed"),
            ({}, {"description": words.encode("utf-8", "replace").decode()}),
            START,
        )
    assert history.first_broken(stand.tx) is None
