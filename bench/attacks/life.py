"""One life of a bot as in service, in this process: what attacks on a county of a real homeserver share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench.county_on_synapse import County
from bot.app import Bot, assemble, run_until
from bot.clock import Clock, SystemClock
from bot.scheduling.hours import Hours
from bot.setup.config import load_config
from storage import inbox, rooms
from storage.db import Database, Reader

PATIENCE = 20.0  # seconds until the bot is taken not to answer


@asynccontextmanager
async def living(
    county: County, clock: Clock | None = None, altered: Callable[[Bot], None] = lambda bot: None
) -> AsyncIterator[Bot]:
    """The bot of a county, from its first sync to its end. `altered` may put something between it and the world."""
    config = load_config(county.config, {"PAICHA_PASSWORD": county.bot.password})
    county.data.mkdir(parents=True, exist_ok=True)
    bot = await assemble(config, county.plan, Hours(), clock or SystemClock())
    altered(bot)
    stop, started = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run_until(bot, stop, started.set))
    try:
        async with asyncio.timeout(PATIENCE):
            await started.wait()
        await until(bot.database, lambda tx: rooms.position(tx) is not None)
        yield bot
    finally:
        stop.set()
        await running


async def until(database: Database, true: Callable[[Reader], bool]) -> None:
    """Wait for what the bot takes in: it tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not await database.read(true):  # noqa: ASYNC110 -- nobody is told
            await asyncio.sleep(0.02)


async def until_taken_in(database: Database, event_id: str) -> None:
    await until(database, lambda tx: inbox.get(tx, event_id) is not None)
