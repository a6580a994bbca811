"""A database with people and an outbox, a homeserver in memory, and senders that come and go between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat import Upload
from bot.delivery.document import Document
from bot.delivery.outbox_sender import OutboxSender
from storage import outbox
from storage.db import Database, Transaction
from storage.exports import Export
from storage.history import Action
from storage.outbox import OutboxRow, Outgoing
from tests.support.fake_homeserver import FakeHomeserver
from tests.support.records import add_person

NOW = datetime(2023, 8, 5, 9, tzinfo=UTC)
Work = Callable[["OutboxHarness"], Awaitable[None]]


class OutboxHarness:
    """A database with people and rooms, a homeserver, and senders that come and go."""

    def __init__(self, database: Database) -> None:
        self.database, self.server, self.now = database, FakeHomeserver(), NOW
        self.ledger: Document | str = Document(
            Upload("台账.xlsx", "application/x", b"xlsx"),
            Export("ledger", {"unit": "yq"}, "2:0123456789abcdef", "5ha", "c0"),
            Action("export", 1, NOW, "none", "$asked"),
        )
        self.built = 0
        self.waits: list[
            float
        ] = []  # seconds that a sender wanted to wait: its clock has moved on when it wakes
        self.asleep: asyncio.Event | None = None  # waiting takes until it is set; None: no time at all

    def sender(self) -> OutboxSender:
        async def build(row: OutboxRow) -> Document | str:
            self.built += 1
            return self.ledger

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            until = self.now + timedelta(seconds=seconds)
            async with self.server.arrived:
                self.server.arrived.notify_all()
            await (self.asleep.wait() if self.asleep else asyncio.sleep(0))  # the others go on meanwhile
            self.now = max(self.now, until)

        return OutboxSender(self.database, self.server, build, lambda: self.now, sleep=sleep)

    async def write(
        self, room: str | None, *bodies: str, person: int | None = None, act: str = "message"
    ) -> int:
        def work(tx: Transaction) -> int:
            rows = [outbox.add(tx, Outgoing(room, person, {"body": body}, act), self.now) for body in bodies]
            return rows[-1]

        return await self.database.transaction(work)

    async def unsent(self) -> list[OutboxRow]:
        return await self.database.read(lambda tx: outbox.unsent(tx, self.now))

    async def column(self, name: str, row: int) -> object:
        return await self.database.read(
            lambda tx: tx.value(f"SELECT {name} FROM outbox WHERE id = ?", (row,))
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[OutboxSender]:
        """A sender at work; killed at the end as by SIGKILL: what it had not noted stays unnoted."""
        sender = self.sender()
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self.server.arrived:
            await self.server.arrived.wait_for(condition)

    async def until_asked(self, of: str) -> None:
        """The homeserver has been asked about something that ends like this."""
        async with asyncio.timeout(20):
            while not any(what.endswith(of) for _, what in self.server.asked):
                await self.unsent()

    async def until_waiting(self, times: int) -> None:
        await self.until(lambda: len(self.waits) == times)

    async def until_empty(self) -> None:
        async with asyncio.timeout(20):
            while await self.unsent():  # each look is a hop to the database: the sender goes on meanwhile
                pass


def with_outbox(tmp_path: Path, work: Work) -> None:
    async def run() -> None:
        database = await Database.open(tmp_path / "paicha.db")

        def people_and_rooms(tx: Transaction) -> None:
            add_person(tx, "@li:x", "李四", "county", NOW)
            add_person(tx, "@wu:x", "吴五", "county", NOW)

        try:
            await database.transaction(people_and_rooms)
            await work(OutboxHarness(database))
        finally:
            await database.close()

    asyncio.run(run())
