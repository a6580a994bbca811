"""A database with a reporter, a homeserver in memory that has files, and the fetcher between them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.chat import Batch, Content, Incoming, Media, Said
from bot.delivery.media import MediaFetcher
from bot.engine.inbox import take_in
from bot.rehearsal.chat import direct_room
from bot.setup.bootstrap import fill_database
from storage import evidence, outbox, people, rooms
from storage.db import Database, Transaction
from storage.evidence import Evidence
from tests.support.bot_in_memory import GROUP, LI, START, ZHANG, context, plan
from tests.support.fake_homeserver import FakeHomeserver

LIMIT = 50_000_000


class Lab:
    """A database, a homeserver with files and the fetcher between them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.server, self.events = database, folder, FakeHomeserver(), 0
        self.now = START
        self.fetcher = MediaFetcher(database, self.server, context(), folder, LIMIT, lambda: self.now)

    async def send(self, content: Content, room: str = "", who: str = ZHANG) -> str:
        self.events += 1
        event = Incoming(f"$e{self.events}", room or direct_room(who), who, START, content)
        await self.database.transaction(lambda tx: take_in(tx, context(), Batch("", (event,)), START))
        return event.event_id

    async def photo(
        self, data: bytes | Exception, caption: str = "", room: str = "", server: str = "x", who: str = ZHANG
    ) -> None:
        url = f"mxc://{server}/{len(self.server.files)}"
        self.server.files[url] = data
        await self.send(Said(caption, Media("image", "a.jpg", url, "image/jpeg", 3)), room, who)

    async def pieces(self) -> list[Evidence]:
        def read(tx: Transaction) -> list[Evidence]:
            ids = [row[0] for row in tx.all("SELECT id FROM evidence ORDER BY id")]
            return [piece for number in ids if (piece := evidence.get(tx, number))]

        return await self.database.transaction(read)

    async def told(self) -> list[str]:
        rows = await self.database.read(lambda tx: outbox.unsent(tx, START))
        return [str(row.content.get("body")) for row in rows]


def in_lab(tmp_path: Path, work: Callable[[Lab], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.open(tmp_path / "paicha.db")

        def county(tx: Transaction) -> None:
            fill_database(tx, plan(), START)
            for who in (ZHANG, LI):
                actor = people.actor(tx, who, START.date().isoformat())
                assert actor is not None
                people.mark_greeted(tx, actor.person)
                direct = rooms.Room(direct_room(who), "direct", actor.person.id, False, "joined")
                rooms.keep(tx, direct, START)
            rooms.keep(tx, rooms.Room(GROUP, "group", None, False, "joined"), START)

        try:
            await database.transaction(county)
            lab = Lab(database, tmp_path / "media")
            await lab.send(Said("切换 一村"))
            await work(lab)
        finally:
            await database.close()

    asyncio.run(run())
