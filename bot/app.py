"""A running bot: puts everything together and starts the loops. The only place that does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.chat import Batch, Content, Reacted, Said, SignedOutError, TryLaterError, UndeliverableError
from bot.clock import Clock, SystemClock
from bot.context import NAME, Context, build_context
from bot.delivery.document import Document
from bot.delivery.instead import shortener
from bot.delivery.media import FILES_A_DAY, MediaFetcher, Quota
from bot.delivery.outbox_sender import OutboxSender
from bot.engine.inbox import read_again, take_in
from bot.ledger.deliver import LedgerSource, ledger_for
from bot.logs import kind_and_place, log_to, watch
from bot.matrix.belonging import open_together
from bot.matrix.cross_signing import Identity
from bot.matrix.crypto_store import FILE_NAME as KEYS
from bot.matrix.crypto_store import STORAGE_TROUBLES, in_words
from bot.matrix.gateway import Gateway, Settings, connect
from bot.scheduling.hours import Hours
from bot.scheduling.steady import Beat
from bot.scheduling.tick import tick
from bot.setup.bootstrap import Setup, fill_database
from bot.setup.config import Config, Homeserver, require_homeserver
from storage import bound, inbox, outbox, rooms, unreadable
from storage.begun import FILE_NAME, NOT_KEPT, Begun
from storage.db import Database, Reader, StorageError
from storage.lock import hold
from storage.outbox import OutboxRow

log = logging.getLogger(__name__)
TICK_SECONDS = 30
SETTLE_SECONDS = 1.0  # how long the next sync waits for what this one brought up to be sent
COUNTY_SECONDS = 300.0  # between two looks for a county room that cannot be joined yet
NOTED_SECONDS = 20.0  # how long a reply is held back until the message it belongs to is noted as sent


@dataclass(slots=True)
class Bot:
    """Everything that runs, once it is put together."""

    plan: Setup
    hours: Hours
    clock: Clock
    context: Context
    database: Database
    edge: Gateway
    sender: OutboxSender
    fetcher: MediaFetcher
    county_room: str  # alias or id; empty: no digests
    begun: Begun = NOT_KEPT
    broken: asyncio.Future[None] = field(default_factory=asyncio.Future)

    async def take_in(self, batch: Batch) -> None:
        """One sync batch into one transaction; what it wrote leaves afterwards."""
        await self._until_noted(batch)
        now = self.clock.now()
        await self.database.transaction(lambda tx: take_in(tx, self.context, batch, now, self.begun))
        if batch.keys:
            await self._read_again(set(batch.keys))
        self.sender.wake()
        if batch.keys or any(isinstance(it.content, Said) and it.content.media for it in batch.events):
            self.fetcher.wake()
        # An open /sync would be woken, and computed anew, by each of our own sends only to leave them out.
        await self.sender.settled(SETTLE_SECONDS)

    async def _until_noted(self, batch: Batch) -> None:
        """People may reply to a message before its sending is noted (it may even have been sent by a process that was
        killed then). Without its event id nobody knows what they speak of: wait for it, a little."""
        now = self.clock.now()
        pointed = [(e.room_id, target) for e in batch.events if (target := _pointed_at(e.content))]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTED_SECONDS):
                while True:
                    if not pointed or not await self.database.read(lambda tx: _unclear(tx, pointed, now)):
                        return
                    self.sender.wake()
                    await self.sender.note_arrived()
                    await asyncio.sleep(0.05)

    async def _read_again(self, keys: set[str]) -> None:
        """Messages that could not be read, whose keys have come now."""
        for unread in await self.database.read(unreadable.every):
            event = self.edge.retry(unread.source, unread.room_id) if unread.session_id in keys else None
            if event is not None:
                now = self.clock.now()
                again = partial(read_again, context=self.context, event=event, now=now, begun=self.begun)
                await self.database.transaction(again)

    async def tick(self) -> None:
        """What is due, made right as of now. A failing tick is told in the log; the next one makes up for it."""
        now = self.clock.now()
        try:
            await self.database.transaction(lambda tx: tick(tx, self.context, self.hours, now))
        except StorageError as problem:
            if not self.broken.done():
                self.broken.set_exception(problem)
        except Exception as error:
            log.error("a tick failed; the next one makes up for it: %s", kind_and_place(error))
        self.sender.wake()
        self.fetcher.wake()

    async def run(self, started: Callable[[], None]) -> None:
        """Listen, send, fetch and tick until cancelled or signed out."""
        found = await self._find_county_room()
        position = await self.database.read(rooms.position)
        await self._read_again({unread.session_id for unread in await self.database.read(unreadable.every)})
        await self.tick()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.edge.run(position, self.take_in))
            group.create_task(self.sender.run())
            group.create_task(self.fetcher.run())
            group.create_task(self._watch())
            # The tick itself knows what is due: late or merged runs lose nothing.
            group.create_task(Beat(self.tick, TICK_SECONDS, SystemClock().now).run())
            if not found:
                group.create_task(self._look_again())
            started()

    async def _watch(self) -> None:
        """Ends the bot when a tick found that nothing can be stored any more."""
        await self.broken

    async def _find_county_room(self) -> bool:
        """Make the room of the settings the county's, by id or alias. False: not now, look again later."""
        wanted = self.county_room
        if not wanted:
            return True
        room_id: str | None = None
        try:
            room_id = wanted if wanted.startswith("!") else await self.edge.resolve_alias(wanted)
            if room_id is None:
                log.error("county_room %s: there is no such room yet; digests wait for it", wanted)
                return False
            room_id = await self.database.read(partial(rooms.replaced_by, room_id=room_id)) or room_id
            await self.edge.chat.join(room_id)
        except TryLaterError as error:
            log.warning("county_room %s: %s", wanted, error)
            return False
        except UndeliverableError as error:
            log.error("county_room %s: cannot be joined (%s). Invite the bot there.", wanted, error)
            if room_id is not None:  # so that the invitation is known for what it is
                invited = rooms.Room(room_id, "county", None, False, "left")
                await self.database.transaction(lambda tx: rooms.keep(tx, invited, self.clock.now()))
            return False
        await self.database.transaction(lambda tx: rooms.set_county(tx, room_id, self.clock.now()))
        return True

    async def _look_again(self) -> None:
        found = False
        while not found:
            await asyncio.sleep(COUNTY_SECONDS)
            found = await self._find_county_room()


def _pointed_at(content: Content) -> str:
    """The event that a reply or reaction belongs to, or ""."""
    match content:
        case Said(reply_to=target) | Reacted(target, _):
            return target
        case _:
            return ""


def _unclear(tx: Reader, pointed: Sequence[tuple[str, str]], now: datetime) -> bool:
    """Whether one of these (room id, event id) is of nobody we know, while a message of ours there may be on its way."""
    rooms_with_open = outbox.rooms_with_unsent(tx, now)
    return any(
        room_id in rooms_with_open and not outbox.is_ours(tx, target) and inbox.get(tx, target) is None
        for room_id, target in pointed
    )


async def assemble(config: Config, plan: Setup, hours: Hours, clock: Clock) -> Bot:
    """Open the file, sign in, build every part. The caller holds the data folder and closes what comes back."""
    homeserver = require_homeserver(config)
    settings = _settings(homeserver)
    database = await open_together(config.data_dir)
    try:
        await database.transaction(lambda tx: fill_database(tx, plan, clock.now()))
        known = {room.room_id: room.encrypted for room in await database.read(rooms.joined)}
        unlearnt = await database.read(rooms.unlearnt)
        edge = await connect(settings, config.data_dir, known, unlearnt, await database.read(bound.answers))
    except BaseException:
        await database.close()
        raise
    context = build_context(plan.campaign, settings.user_id, settings.display_name or NAME)

    source = LedgerSource(database, plan.campaign, context.texts, config.data_dir / "media")

    async def build(row: OutboxRow) -> Document | str:
        return await ledger_for(source, row, clock.now())

    sender = OutboxSender(database, edge.chat, build, clock.now, shortener(context.texts))
    limit = config.media_limit_mb * 1_000_000
    a_day = (config.media_person_mb_a_day * 1_000_000, config.media_mb_a_day * 1_000_000)
    media = config.data_dir / "media"
    fetcher = MediaFetcher(database, edge.chat, context, media, limit, clock.now, Quota(FILES_A_DAY, *a_day))
    begun = Begun(config.data_dir / FILE_NAME)
    return Bot(plan, hours, clock, context, database, edge, sender, fetcher, homeserver.county_room, begun)


def _settings(homeserver: Homeserver) -> Settings:
    return Settings(
        homeserver.url,
        homeserver.user_id,
        homeserver.device_name,
        homeserver.password or None,
        homeserver.display_name,
    )


async def serve(config: Config, plan: Setup, hours: Hours, clock: Clock | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. 0: asked to stop; 2: something the operator must mend."""
    log_to(logging.StreamHandler(sys.stderr))
    watch(asyncio.get_running_loop())
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with hold(config.data_dir):
        try:
            bot = await assemble(config, plan, hours, clock or SystemClock())
        except (SignedOutError, TryLaterError) as error:
            print(f"{require_homeserver(config).url}: {error}", file=sys.stderr)
            return 2
        return await run_until(bot, stop)


async def run_until(bot: Bot, stop: asyncio.Event, started: Callable[[], None] = lambda: None) -> int:
    """Run a bot until the event is set; close everything whatever happens."""
    running = asyncio.create_task(bot.run(started))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            return 0
        await running
    except* (SignedOutError, StorageError, *STORAGE_TROUBLES) as group:
        told = dict.fromkeys(
            _plain(error, bot) for error in group.exceptions
        )  # several doors may meet the same
        print(*told, sep="\n", file=sys.stderr)
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
        await bot.edge.close()
        await bot.database.close()
        bot.begun.close()
    return 2


def _plain(error: BaseException, bot: Bot) -> str:
    """What the operator can do about it."""
    if isinstance(error, (SignedOutError, StorageError)):
        return str(error)
    return in_words(error, bot.database.path.parent / KEYS)


def show(identity: Identity) -> None:
    """What people compare when they verify the bot."""
    for name in ("user_id", "device_id", "device_fingerprint", "fingerprint", "state"):
        print(f"{name:19} {getattr(identity, name)}")


async def show_keys(config: Config) -> int:
    """Print what is known of the bot's own keys."""
    with hold(config.data_dir):
        database = await open_together(config.data_dir)
        answers = await database.read(bound.answers)
        await database.close()
        edge = await connect(_settings(require_homeserver(config)), config.data_dir, {}, (), answers)
        try:
            identity = await edge.identity()
        finally:
            await edge.close()
    show(identity)
    return 0
