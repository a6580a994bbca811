"""What the outbox holds arrives once and in order, whatever the homeserver and the process do in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import SignedOutError, TryLaterError, UndeliverableError
from storage import outbox
from storage.db import Transaction
from tests.support.outbox_harness import NOW, OutboxHarness, with_outbox


def test_rows_of_a_room_arrive_in_order_and_are_noted_with_their_event_ids(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        await office.write("!a", *map(str, range(30)))
        await office.write("!b", "other")
        await office.sender().drain()
        assert office.server.bodies("!a") == [str(n) for n in range(30)]
        assert office.server.bodies("!b") == ["other"]
        assert await office.unsent() == []
        assert await office.column("event_id", 3) == "$a-3"

    with_outbox(tmp_path, work)


def test_a_room_that_hangs_holds_up_no_other_and_is_caught_up_in_order(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.queue["!slow"] = asyncio.Event()
        await office.write("!slow", "1", "2")
        async with office.running() as sender:
            for n in range(5):
                await office.write("!fast", str(n))
                sender.wake()
            await office.until(lambda: len(office.server.bodies("!fast")) == 5)
            assert office.server.bodies("!slow") == []
            await office.write("!slow", "3")
            office.server.queue["!slow"].set()
            sender.wake()
            await office.until_empty()
        assert office.server.bodies("!slow") == ["1", "2", "3"]

    with_outbox(tmp_path, work)


def busy_for(tries: int, after: float | None) -> Callable[[str, str], None]:
    """A homeserver that has no time so many times; `after` is when it wants to be asked again."""
    left = [tries]

    def busy(what: str, of: str) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise TryLaterError("busy", after)

    return busy


@pytest.mark.parametrize("after", [0.0, 7.0, 300.0])
def test_a_busy_homeserver_is_asked_again_when_it_said_and_a_little_later(
    tmp_path: Path, after: float
) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.trouble = busy_for(4, after)
        await office.write("!a", "1", "2")
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2"]
        assert office.server.doubles() == []
        assert len(office.waits) == 4
        assert all(after <= wait <= 1.2 * after for wait in office.waits)

    with_outbox(tmp_path, work)


def test_a_homeserver_that_names_no_time_is_asked_less_and_less_often_but_every_minute(
    tmp_path: Path,
) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.trouble = busy_for(12, None)
        await office.write("!a", "1", "2")
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2"]
        expected = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
        assert [
            wait
            for wait, least in zip(office.waits, expected, strict=True)
            if not least <= wait <= 1.2 * least
        ] == []

    with_outbox(tmp_path, work)


def test_a_row_that_can_never_be_sent_is_marked_and_the_next_one_goes_out(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        bad = await office.write("!a", "bad")

        def refuse(what: str, of: str) -> None:
            if of.endswith(f"-{bad}"):
                raise UndeliverableError("forbidden")

        office.server.trouble = refuse
        await office.write("!a", "good")
        await office.sender().drain()
        assert office.server.bodies("!a") == ["good"]
        assert await office.column("failed", bad) == "forbidden"
        assert await office.column("sent_at", bad) is None
        await office.sender().drain()
        assert [what for what, of in office.server.asked if of.endswith(f"-{bad}")] == ["send"]

    with_outbox(tmp_path, work)


def test_being_signed_out_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        def out(what: str, of: str) -> None:
            raise SignedOutError("no such token")

        office.server.trouble = out
        await office.write("!a", "1", "2")
        with pytest.raises(SignedOutError):
            await office.sender().run()
        office.server.trouble = lambda what, of: None
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2"]

    with_outbox(tmp_path, work)


class Killed(BaseException):
    """The process died between two steps."""


@pytest.mark.parametrize(
    "statement", ["UPDATE outbox SET sent_at", "UPDATE outbox SET room_id", "INSERT INTO rooms"]
)
def test_a_kill_between_sending_and_noting_sends_the_same_again_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    async def work(office: OutboxHarness) -> None:
        await office.write("!a", "1", "2")
        await office.write(None, "hello", person=1)
        run = Transaction.run

        def dying(tx: Transaction, sql: str, values: object = ()) -> int:
            if sql.startswith(statement):
                raise Killed
            return run(tx, sql, values)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "run", dying)
            with pytest.raises((Killed, BaseExceptionGroup)):
                await office.sender().drain()
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2"]
        assert office.server.bodies("!opened-li:x") == ["hello"]
        assert office.server.doubles() == []
        assert await office.unsent() == []

    with_outbox(tmp_path, work)


@pytest.mark.parametrize(
    "away",
    [
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(seconds=-1),
        timedelta(hours=-3),
    ],  # a demo's day begins anew
    ids=str,
)
def test_a_row_older_than_the_servers_memory_or_of_the_future_is_looked_up_before_it_is_sent_again(
    tmp_path: Path, away: timedelta
) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.lost_answer = lambda txn_id: SignedOutError("killed here")
        await office.write("!a", "1")
        with pytest.raises(SignedOutError):
            await office.sender().drain()
        await office.write("!a", "2")
        office.server.lost_answer = lambda txn_id: None
        office.server.forget_transactions()
        office.now = NOW + away
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2"]
        assert office.server.doubles() == []
        assert await office.column("event_id", 1) == "$a-1"

    with_outbox(tmp_path, work)


def test_what_an_earlier_device_may_have_sent_is_looked_up_by_the_new_one(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.lost_answer = lambda txn_id: SignedOutError("revoked here")
        await office.write("!a", "1")
        with pytest.raises(SignedOutError):
            await office.sender().drain()
        await office.write("!a", "2")
        office.server.lost_answer = lambda txn_id: None
        office.server.forget_transactions()  # they were the other device's
        office.now += timedelta(minutes=5)
        await office.database.transaction(lambda tx: outbox.is_new_device(tx, office.now))
        office.now += timedelta(minutes=1)
        await office.write("!a", "3")
        await office.sender().drain()
        assert office.server.bodies("!a") == ["1", "2", "3"]
        assert office.server.doubles() == []
        assert len([what for what, _ in office.server.asked if what == "find"]) == 2  # none for what is new

    with_outbox(tmp_path, work)


def test_a_fresh_row_is_not_looked_up(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        await office.write("!a", "1")
        await office.sender().drain()
        assert [what for what, _ in office.server.asked] == ["send"]

    with_outbox(tmp_path, work)


def test_more_rows_than_are_held_in_memory_all_go_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.outbox_sender.AT_ONCE", 3)

    async def work(office: OutboxHarness) -> None:
        for n in range(10):
            await office.write(f"!{n % 4}:x", f"{n} first", f"{n} then")
        async with office.running():
            await office.until_empty()
        sent = [body for n in range(4) for body in office.server.bodies(f"!{n}:x")]
        assert sorted(map(str, sent)) == sorted(
            f"{n} {word}" for n in range(10) for word in ("first", "then")
        )

    with_outbox(tmp_path, work)


def test_who_must_know_at_once_has_arrivals_noted_before_their_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.outbox_sender.NOTE_SECONDS", 3600.0)

    async def work(office: OutboxHarness) -> None:
        row = await office.write("!a", "hello")
        async with office.running() as sender:
            sender.wake()
            await office.until(lambda: office.server.bodies("!a") == ["hello"])
            await sender.settled(20)
            assert await office.column("event_id", row) is None
            await sender.note_arrived()
            assert await office.column("event_id", row) == f"$a-{row}"

    with_outbox(tmp_path, work)
