"""A batch is taken in whole or not at all, once; one message that fails costs only itself."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from bot.chat import Edited, Incoming, Media, Reacted, Redacted, RoomSeen, Said, Unreadable
from bot.dialogue.questions import AskAnswer, AskMeasure
from bot.dialogue.session import Session, dump
from bot.rehearsal.chat import COUNTY, SERVER, direct_room
from storage.db import StorageError, Transaction, is_of_the_file
from tests.support.bot_in_memory import GROUP, LI, STRANGER, ZHANG, InMemoryBot, said
from tests.support.bot_in_memory import dump as tables

LEAK = "三组王五家水管老化漏水"


class Crash(BaseException):
    """The process died here."""


class Fragile:
    """A connection on which one certain statement does not come back."""

    def __init__(self, connection: sqlite3.Connection, at: int, error: BaseException) -> None:
        self._connection, self._left, self._error = connection, at, error
        self.statements = 0

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        self.statements += 1
        if self.statements == self._left:
            raise self._error
        return self._connection.execute(sql, cast(Any, values))

    def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        for row in rows:
            self.execute(sql, row)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes


def fragile(
    at: int, error: BaseException
) -> tuple[list[Fragile], Callable[[sqlite3.Connection], Transaction]]:
    made: list[Fragile] = []

    def wrap(connection: sqlite3.Connection) -> Transaction:
        made.append(Fragile(connection, at, error))
        return Transaction(cast(sqlite3.Connection, made[-1]))

    return made, wrap


def batch(stand: InMemoryBot) -> list[Incoming]:
    """A bit of everything, from several people, with corrections and strangers."""
    talk = stand.event(Said("唔唔唔"), LI)
    return [
        stand.event(Said("1")),
        stand.event(Said("4-6 无，查台账")),
        talk,
        stand.event(Said(f"22 {LEAK}", Media("image", "a.jpg", f"mxc://{SERVER}/a", "image/jpeg", 9))),
        stand.event(Edited(talk.event_id, "排查"), LI),
        stand.event(Said("您好"), STRANGER, GROUP),
        stand.event(Unreadable("session", {"a": 1}), LI),
        stand.event(Said("撤回")),
        stand.event(Redacted("$event-3")),
        stand.event(Said("台账")),
        stand.event(Said("意见 晚上别发")),
    ]


def begun() -> InMemoryBot:
    stand = InMemoryBot(deliver=False)
    stand.says("排查", "1")
    return stand


def test_a_crash_at_any_statement_of_a_batch_changes_nothing_and_the_next_try_does_it_all() -> None:
    untouched, whole = tables(begun().tx), begun()
    seen = (RoomSeen("!new:x", "joined", True, (LI,)), RoomSeen("!ask:x", "invited", by=LI, direct=True))
    made, whole.wrap = fragile(0, Crash())
    whole.take(*batch(whole), seen=seen, position="s2")
    expected, statements = tables(whole.tx), made[-1].statements
    assert statements > 100
    stand = begun()
    events = batch(stand)
    for at in range(1, statements + 1):
        _, stand.wrap = fragile(at, Crash())
        with pytest.raises(Crash):
            stand.take(*events, seen=seen, position="s2")
        if at % 20 == 0:
            assert tables(stand.tx) == untouched
    stand.wrap = Transaction
    stand.take(*events, seen=seen, position="s2")
    assert tables(stand.tx) == expected


def test_a_batch_taken_in_twice_changes_nothing_the_second_time() -> None:
    stand = begun()
    events = batch(stand)
    stand.take(*events, position="s2")
    once = tables(stand.tx)
    stand.take(*events, position="s2")
    stand.take(*reversed(events))
    assert tables(stand.tx) == once


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk full"), sqlite3.DatabaseError("malformed")])
def test_a_failing_disk_is_no_fault_of_one_message(error: sqlite3.Error) -> None:
    made, wrap = fragile(0, Crash())
    whole = begun()
    whole.wrap = wrap
    whole.take(*batch(whole))
    for at in range(1, made[-1].statements, 7):
        stand = begun()
        events, before = batch(stand), tables(stand.tx)
        _, stand.wrap = fragile(at, error)
        with pytest.raises(type(error)):
            stand.take(*events)
        assert tables(stand.tx) == before
    assert is_of_the_file(error)
    assert not is_of_the_file(sqlite3.IntegrityError("a bug"))
    assert not is_of_the_file(StorageError("told already"))


def poisoned(stand: InMemoryBot) -> None:
    """Zhang's conversation is of a kind that no version ever wrote."""
    stand.connection.execute(
        "UPDATE sessions SET state = '{\"positions\": [1]}' WHERE room_id = ?", (direct_room(ZHANG),)
    )


def test_a_message_whose_handling_fails_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    stand = begun()
    poisoned(stand)
    secret = "王五家的低保"
    with caplog.at_level(logging.INFO):
        rows = stand.take(
            stand.event(Said("排查"), LI), stand.event(Said(secret)), stand.event(Said("1"), LI)
        )
    assert stand.answers("麦岭示范一村") == {3: "clear"}
    failed = stand.tx.all("SELECT event_id FROM inbox WHERE state = 'failed'")
    assert [row[0] for row in failed] == [f"$event-{stand.events - 1}"]
    apology = said([row for row in rows if row.room_id == direct_room(ZHANG)])
    reference = apology.rpartition("#")[2][:6]
    assert len(reference) == 6
    assert reference in caplog.text
    assert f"$event-{stand.events - 1}" in caplog.text
    assert secret not in caplog.text
    assert secret not in apology


def test_nothing_of_a_failed_message_stays() -> None:
    stand = begun()
    stand.say(f"2 {LEAK}")
    gone = Session(question=AskMeasure(101))
    stand.connection.execute("UPDATE sessions SET state = ?", (dump(gone),))
    before = {name: rows for name, rows in tables(stand.tx).items() if name not in ("inbox", "outbox")}
    stand.connection.execute(
        "CREATE TRIGGER poison BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    assert "#" in stand.say("村委会换好水管")
    after = {name: rows for name, rows in tables(stand.tx).items() if name not in ("inbox", "outbox")}
    before.pop("sqlite_sequence")
    after.pop("sqlite_sequence")
    assert after == before
    stand.connection.execute("DROP TRIGGER poison")
    stand.edit(f"$event-{stand.events}", "村委会换好水管")
    assert stand.finding(101)["measure"] == "村委会换好水管"


def test_the_position_moves_with_its_batch_or_not_at_all() -> None:
    stand = begun()
    stand.take(position="s1")
    _, stand.wrap = fragile(3, Crash())
    with pytest.raises(Crash):
        stand.take(stand.event(Said("1")), position="s2")
    assert stand.tx.value("SELECT next_batch FROM position") == "s1"
    stand.wrap = Transaction
    stand.take(stand.event(Said("1")), position="s2")
    assert stand.tx.value("SELECT next_batch FROM position") == "s2"


def test_words_that_no_database_can_hold_do_no_harm() -> None:
    stand = begun()
    for words in ("\ud800", "1\ud800", "a\x00b", "\udfff1"):
        assert "#" not in stand.say(words)
        stand.edit(stand.last, f"{words}\udc00")
    stand.edit("$not-here-yet", "\ud800")
    stand.send(Said("", Media("image", "\ud800.jpg", "mxc://x/y", "image/jpeg", 10**30)))
    stand.send(Said(geo_uri="geo:1,2\ud800"))
    stand.take(stand.event(Unreadable("session", {"words": "\ud800"})))
    stand.react(stand.last_sent, "\ud800")
    assert stand.tx.number("SELECT count(*) FROM inbox WHERE state = 'failed'") == 0


def test_our_own_words_and_rooms_we_do_not_know_are_no_trouble() -> None:
    stand = begun()
    assert stand.take(stand.event(Said("排查"), "@paicha:paicha.local")) == []
    assert stand.take(stand.event(Said("闲聊"), LI, "!unknown:x")) == []
    assert stand.take(stand.event(Reacted("$nothing", "👍"), LI, COUNTY)) == []
    assert "进度" in stand.say("帮助", LI, "!unknown:x") or stand.say("进度", LI, "!unknown:x")


def test_what_was_said_in_a_room_before_we_left_it_is_answered_and_the_room_stays_left() -> None:
    stand = begun()
    room = direct_room(ZHANG)
    stand.take(stand.event(Said("1")), seen=(RoomSeen(room, "left"),))
    assert stand.answers() == {3: "clear"}
    assert stand.tx.value("SELECT state FROM rooms WHERE room_id = ?", (room,)) == "left"


def test_a_conversation_goes_on_in_a_new_room_where_it_stood() -> None:
    stand = begun()
    stand.says("1", "1", "1")
    new = RoomSeen("!phone:x", "joined", False, (ZHANG,))
    stand.take(seen=(new,))
    stand.later(minutes=1)
    assert "第6项" in stand.say("切换 一村", room="!phone:x")


def test_a_question_about_a_place_that_is_no_longer_theirs_takes_no_answer() -> None:
    stand = begun()
    stand.deliver = True
    stand.say("跳到 5")
    question = stand.last_sent
    stand.connection.execute("DELETE FROM grants WHERE place_id = '颍桥示范一村'")
    assert "颍桥示范一村" in stand.say("1", reply_to=question)
    stand.say("1")
    assert stand.answers() == {}


def test_a_question_about_an_item_that_the_checklist_no_longer_has_is_forgotten() -> None:
    stand = begun()
    question = AskAnswer("颍桥示范一村", "no-such-item")
    state = dump(Session("颍桥示范一村", True, question, (question,)))
    stand.connection.execute("UPDATE sessions SET state = ?", (state,))
    assert "#" not in stand.say("1")
    assert "第3项" in stand.say("排查")
