"""Which of several rows goes first: priorities inside a room, and rows whose time has not come."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.chat import TryLaterError
from storage import outbox
from storage.db import Reader, Transaction
from storage.outbox import Outgoing
from tests.support.outbox_harness import NOW, OutboxHarness, with_outbox

HOUR = timedelta(hours=1)


async def put(
    office: OutboxHarness, body: str, priority: int = 0, not_before: datetime | None = None, room: str = "!a"
) -> int:
    def work(tx: Transaction) -> int:
        row = Outgoing(room, content={"body": body}, priority=priority, not_before=not_before)
        return outbox.add(tx, row, office.now)

    return await office.database.transaction(work)


def test_higher_priorities_go_first_and_equals_in_the_order_they_were_written(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        for body, priority in (("1", 0), ("2", 0), ("low", -1), ("a", 5), ("b", 5), ("first", 9), ("3", 0)):
            await put(office, body, priority)
        await office.sender().drain()
        assert office.server.bodies("!a") == ["first", "a", "b", "1", "2", "3", "low"]
        assert office.server.doubles() == []

    with_outbox(tmp_path, work)


def test_what_is_on_its_way_is_finished_before_anything_more_urgent(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        office.server.queue["!a"] = asyncio.Event()
        first = await put(office, "on its way")
        await put(office, "waits")
        async with office.running() as sender:
            await office.until_asked(f"-{first}")
            await put(office, "urgent", 1)
            sender.wake()
            await put(office, "other room", room="!b")
            sender.wake()
            await office.until(lambda: office.server.bodies("!b") == ["other room"])
            office.server.queue["!a"].set()
            await office.until_empty()
        assert office.server.bodies("!a") == ["on its way", "urgent", "waits"]

    with_outbox(tmp_path, work)


def test_a_row_that_must_be_tried_again_keeps_its_place_before_a_more_urgent_one(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        first = await put(office, "on its way")
        left = [3]

        def busy(what: str, of: str) -> None:
            if of.endswith(f"-{first}") and left[0]:
                left[0] -= 1
                raise TryLaterError("busy", 1.0)

        office.server.trouble = busy
        async with office.running() as sender:
            await office.until_asked(f"-{first}")
            await put(office, "urgent", 1)
            sender.wake()
            await office.until_empty()
        assert office.server.bodies("!a") == ["on its way", "urgent"]

    with_outbox(tmp_path, work)


def test_what_must_wait_holds_up_nothing_and_is_not_waited_for(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        await put(office, "at ten", 9, NOW + HOUR)
        await put(office, "now")
        await office.sender().drain()
        assert office.server.bodies("!a") == ["now"]
        assert await office.database.read(lambda tx: outbox.rooms_with_unsent(tx, NOW)) == set()
        office.now = NOW + HOUR
        await office.sender().drain()
        assert office.server.bodies("!a") == ["now", "at ten"]

    with_outbox(tmp_path, work)


def test_the_sender_waits_for_the_earliest_of_them_and_sends_each_in_its_time(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        sent_at: list[timedelta] = []
        office.server.trouble = lambda what, of: sent_at.append(office.now - NOW)
        await put(office, "eleven", not_before=NOW + 2 * HOUR)
        await put(office, "now")
        # Another zone: 18:00 there is ten o'clock here, before eleven.
        await put(office, "ten", not_before=(NOW + HOUR).astimezone(ZoneInfo("Asia/Shanghai")), room="!b")
        async with office.running():
            await office.until(lambda: len(office.server.bodies("!a")) == 2)
            await office.until_empty()
        assert office.server.bodies("!a") == ["now", "eleven"]
        assert office.server.bodies("!b") == ["ten"]
        assert sent_at == [timedelta(), HOUR, 2 * HOUR]
        assert office.waits == [3600.0, 3600.0]

    with_outbox(tmp_path, work)


def test_an_earlier_one_that_is_written_meanwhile_is_waited_for_instead(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        office.asleep = asyncio.Event()  # whoever waits does so until this is set
        await put(office, "noon", not_before=NOW + 3 * HOUR)
        async with office.running() as sender:
            await office.until_waiting(1)
            await put(office, "ten", not_before=NOW + HOUR)
            sender.wake()
            await office.until_waiting(2)
            office.asleep.set()
            await office.until(lambda: len(office.server.bodies("!a")) == 2)
        assert office.server.bodies("!a") == ["ten", "noon"]
        assert office.waits == [3 * 3600.0, 3600.0, 2 * 3600.0]

    with_outbox(tmp_path, work)


def test_a_row_that_had_to_wait_for_hours_is_not_looked_up_in_its_room(tmp_path: Path) -> None:
    """It cannot have been sent before its time."""

    async def work(office: OutboxHarness) -> None:
        await put(office, "tomorrow", not_before=NOW + 24 * HOUR)
        office.now = NOW + 24 * HOUR
        await office.sender().drain()
        assert [what for what, _ in office.server.asked] == ["send"]

    with_outbox(tmp_path, work)


def test_urgent_rows_are_taken_in_hand_first_when_there_are_more_than_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.outbox_sender.AT_ONCE", 3)

    async def work(office: OutboxHarness) -> None:
        for n in range(6):
            await put(office, str(n))
        await put(office, "urgent", 1)
        await office.sender().drain()
        assert office.server.bodies("!a") == ["urgent", *map(str, range(6))]

    with_outbox(tmp_path, work)


class Planned:
    """Takes the place of a reader and keeps how SQLite would go about each statement."""

    def __init__(self, tx: Reader) -> None:
        self.tx, self.plans = tx, list[str]()

    def all(self, sql: str, values: tuple[object, ...]) -> list[object]:
        rows = self.tx.all(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[arg-type]
        self.plans += [str(row["detail"]) for row in rows]
        return []

    def value(self, sql: str, values: tuple[object, ...]) -> None:
        self.all(sql, values)

    def each(self, sql: str, values: tuple[object, ...]) -> list[object]:
        return self.all(sql, values)


def test_looking_for_what_may_go_reads_an_index_and_sorts_nothing(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        def plans(tx: Reader) -> list[str]:
            planned = Planned(tx)
            list(outbox.waiting(planned, NOW))  # type: ignore[arg-type]
            outbox.next_time(planned, NOW)  # type: ignore[arg-type]
            outbox.rooms_with_unsent(planned, NOW)  # type: ignore[arg-type]
            return planned.plans

        of_outbox = [plan for plan in await office.database.read(plans) if "outbox" in plan]
        assert [plan.split("INDEX ")[-1].split(" ")[0] for plan in of_outbox] == [
            "outbox_unsent",
            "outbox_later",
            "outbox_unsent",
        ]
        assert not [plan for plan in await office.database.read(plans) if "TEMP B-TREE FOR ORDER" in plan]

    with_outbox(tmp_path, work)
