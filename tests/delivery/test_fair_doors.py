"""Rooms that take nothing, and strangers of servers that do not answer, hold up nobody's answer; not after a restart either."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import TryLaterError
from bot.delivery.lanes import IN_HAND, Hand, Lane, pick
from storage import outbox, stuck
from storage.db import Transaction
from storage.outbox import Outgoing, Waiting
from storage.stuck import Stuck
from tests.support.outbox_harness import NOW, OutboxHarness, with_outbox

HOPELESS, INVITED = 2000, 700


async def write_many(office: OutboxHarness, *rows: Outgoing) -> list[int]:
    def work(tx: Transaction) -> list[int]:
        return [outbox.add(tx, row, office.now) for row in rows]

    return await office.database.transaction(work)


def hopeless(office: OutboxHarness, rows: list[int]) -> None:
    """Whatever is tried of these rows, the homeserver fails."""
    marks = {f"-{row}" for row in rows}

    def trouble(what: str, of: str) -> None:
        if f"-{of.rpartition('-')[2]}" in marks or of.endswith(":dead"):
            raise TryLaterError("internal error")

    office.server.trouble = trouble


@pytest.mark.parametrize("spread", [1, 40, HOPELESS], ids=lambda rooms: f"{rooms} rooms")
def test_rows_of_hopeless_rooms_hold_up_no_answer_not_after_a_restart_either(
    tmp_path: Path, spread: int
) -> None:
    async def work(office: OutboxHarness) -> None:
        office.asleep = asyncio.Event()  # whoever rests does so to the end
        rows = [Outgoing(f"!{n % spread}:x", content={"body": str(n)}) for n in range(HOPELESS)]
        hopeless(office, await write_many(office, *rows))
        for life in ("first", "second"):
            async with office.running() as sender:
                await office.write("!good:x", life)
                sender.wake()
                await office.until(lambda life=life: life in office.server.bodies("!good:x"))  # type: ignore[misc]
        tried = [of for _, of in office.server.asked]
        assert len(tried) <= spread + 2  # each room once: after the restart they rest on

    with_outbox(tmp_path, work)


def test_what_rests_is_tried_again_in_its_order_when_the_homeserver_is_well(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        rows = [Outgoing(f"!{n % 30}:x", content={"body": str(n)}) for n in range(300)]
        numbers = await write_many(office, *rows)
        hopeless(office, numbers)
        office.asleep = asyncio.Event()
        async with office.running():
            await office.until_waiting(30)
        office.server.trouble = lambda what, of: None
        office.asleep = None
        async with office.running():
            await office.until_empty()
        for room in range(30):
            assert office.server.bodies(f"!{room}:x") == [str(n) for n in range(room, 300, 30)]
        assert await office.database.read(stuck.every) == {}

    with_outbox(tmp_path, work)


def test_what_was_on_its_way_is_still_the_first_after_a_restart(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        hopeless(office, await write_many(office, Outgoing("!a", content={"body": "on its way"})))
        office.asleep = asyncio.Event()
        async with office.running():
            await office.until_waiting(1)
        await write_many(office, Outgoing("!a", content={"body": "urgent"}, priority=9))
        office.server.trouble = lambda what, of: None
        office.asleep = None
        await office.sender().drain()
        assert office.server.bodies("!a") == ["on its way", "urgent"]

    with_outbox(tmp_path, work)


def test_invitations_of_a_server_that_does_not_answer_hold_up_nobody(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        invited = [f"!{n}:dead" for n in range(INVITED)]
        office.server.queue = {room: asyncio.Event() for room in invited}  # it hangs
        await write_many(office, *(Outgoing(room, act="join", stranger=True) for room in invited))
        await write_many(office, Outgoing("!other:alive", act="join", stranger=True))
        for life in ("first", "second"):
            asked = len(office.server.asked)
            async with office.running() as sender:
                await office.write("!good:x", life)
                await office.write("!new:x", "", act="join")
                sender.wake()
                await office.until(lambda life=life: life in office.server.bodies("!good:x"))  # type: ignore[misc]
                await office.until_asked("!new:x")
            joins = [of for what, of in office.server.asked[asked:] if what == "join" and of in invited]
            assert len(joins) <= Lane.STRANGERS.value
        assert ("join", "!other:alive") in office.server.asked  # the next server is not behind all of them

    with_outbox(tmp_path, work)


def test_strangers_are_given_up_after_days_with_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(office: OutboxHarness) -> None:
        rows = [
            Outgoing(f"!{n}:dead", act=act, stranger=True) for n in range(20) for act in ("join", "leave")
        ]
        hopeless(office, await write_many(office, *rows))
        with caplog.at_level(logging.WARNING):
            await office.sender().drain()
        assert await office.unsent() == []
        assert timedelta(days=3) < office.now - NOW < timedelta(days=8)
        assert str(await office.column("failed", 1)).startswith("given up")
        assert len([record for record in caplog.records if "given up" in record.message]) == 1
        assert await office.database.read(stuck.every) == {}

    with_outbox(tmp_path, work)


def test_a_clock_set_forward_gives_nobody_up_and_people_are_never_given_up(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        rows = (Outgoing("!s:dead", act="join", stranger=True), Outgoing("!p:x", content={"body": "hello"}))
        hopeless(office, await write_many(office, *rows))
        office.asleep = asyncio.Event()
        for _ in range(3):
            async with office.running():
                tried = len(office.server.asked)
                await office.until(lambda tried=tried: len(office.server.asked) >= tried + 2)  # type: ignore[misc]
                await office.until_waiting(len(office.waits))
            office.now += timedelta(days=365)
        assert len(await office.unsent()) == 2

    with_outbox(tmp_path, work)


def test_a_clock_set_back_lets_nothing_rest_longer(tmp_path: Path) -> None:
    known = Stuck("!a", 1, 3, NOW, NOW + timedelta(seconds=50))
    assert known.rests(NOW, 72.0) == 50.0
    assert known.rests(NOW + timedelta(days=365), 72.0) == 0.0
    assert known.rests(NOW - timedelta(hours=8), 72.0) == 0.0


def test_what_waits_for_a_time_waits_no_longer_when_the_clock_is_set_back(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        later = Outgoing("!a", content={"body": "later"}, not_before=NOW + timedelta(minutes=10))
        await write_many(office, later)
        office.now = NOW - timedelta(hours=8)
        await office.database.transaction(lambda tx: outbox.begin_waiting_anew(tx, office.now))
        due = await office.database.read(lambda tx: outbox.next_time(tx, office.now))
        assert due == office.now + timedelta(minutes=10)

    with_outbox(tmp_path, work)


def test_a_room_has_few_rows_in_hand_and_strangers_there_are_a_queue_of_their_own() -> None:
    crowd = [Waiting(n, "!full", "message", False) for n in range(IN_HAND * 3)]
    stranger = Waiting(900, "stranger !full", "message", True)
    picked = pick([*crowd, stranger, Waiting(901, "!b", "message", False)], {}, Hand(), 2000)
    assert [row.id for row in picked.rows] == [*range(IN_HAND), 901, 900]
    assert picked.more
    assert picked.lanes == {"!full": Lane.PEOPLE, "!b": Lane.PEOPLE, "stranger !full": Lane.STRANGERS}


def test_of_rooms_that_take_nothing_those_tried_least_go_first() -> None:
    rows = [Waiting(n, f"!{n}:x", "message", False) for n in range(100)]
    known = {row.queue: Stuck(row.queue, row.id, 100 - row.id, NOW, NOW) for row in rows}
    picked = pick(rows, known, Hand(), 2000)
    assert [row.id for row in picked.rows] == list(range(99, 99 - Lane.STUCK.value, -1))
