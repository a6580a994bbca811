"""A rehearsal: the same inbox, handlers, storage and sender as in service, with a terminal where Matrix would be.

Rule: nothing here knows what the bot does; it only turns lines into batches and shows what leaves the outbox.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.chat import Batch, Content, Incoming, Media, Message, Refusal, RoomSeen, UndeliverableError, Upload
from bot.clock import SetClock
from bot.context import Context, build_context
from bot.delivery.document import Document
from bot.delivery.instead import shortener
from bot.delivery.media import MediaFetcher
from bot.delivery.outbox_sender import OutboxSender
from bot.engine.inbox import take_in
from bot.ledger.deliver import LedgerSource, ledger_for
from bot.rehearsal.names import BOT as BOT
from bot.rehearsal.names import COUNTY as COUNTY
from bot.rehearsal.names import SERVER as SERVER
from bot.scheduling.hours import Hours
from bot.scheduling.tick import tick
from bot.setup.bootstrap import Setup, fill_database
from storage import outbox, people, rooms
from storage.db import Database, Transaction
from storage.outbox import OutboxRow

GRID = timedelta(minutes=5)  # the clock's steps when it is moved on: each is a tick


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing the bot sent: as much of the Matrix event as a reader wants to see."""

    now: datetime
    room: str
    to: str
    type: str
    event_id: str
    content: dict[str, object]
    reason: str  # why it was sent: reply, notice, reminder, digest, room
    file: str = ""  # where a sent file was written


@dataclass(slots=True)
class RehearsalChat:
    """The Chat of a rehearsal: keeps what is sent, in order."""

    out: Path
    clock: SetClock
    shown: list[Shown] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # room id -> who reads there
    sent: dict[tuple[str, str], str] = field(default_factory=dict)  # (room id, transaction id) -> event id

    async def send(self, message: Message, upload: Upload | None = None) -> str:
        known = self.sent.get((message.room_id, message.txn_id))
        if known is not None:
            return known
        event_id, file = f"$bot-{uuid.uuid4().hex[:12]}", ""
        if upload is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            path = _fresh(self.out / upload.name)
            path.write_bytes(upload.data)
            file = str(path)
        to = self.names.get(message.room_id, message.room_id)
        self.shown.append(
            Shown(
                now=self.clock.now(),
                room=message.room_id,
                to=to,
                type=message.type,
                event_id=event_id,
                content=dict(message.content),
                reason=message.reason,
                file=file,
            )
        )
        self.sent[message.room_id, message.txn_id] = event_id
        return event_id

    async def find_sent(self, room_id: str, txn_id: str, since: datetime) -> str | None:
        return self.sent.get((room_id, txn_id))

    async def join(self, room_id: str) -> None:
        """Nothing to do: the stage is everywhere."""

    async def leave(self, room_id: str) -> None:
        """Nothing to do."""

    async def open_direct(self, user_id: str) -> str:
        return direct_room(user_id)

    async def download(self, media: Media, limit: int) -> bytes:
        path = Path(media.url.removeprefix("file:"))
        if not path.is_file():
            raise UndeliverableError("the file is not there")
        if path.stat().st_size > limit:
            raise UndeliverableError(f"a file over the limit of {limit} bytes", Refusal.TOO_LARGE)
        return path.read_bytes()


def _fresh(path: Path) -> Path:
    """A name not taken yet: earlier exports stay."""
    n, fresh = 1, path
    while fresh.exists():
        n += 1
        fresh = path.with_stem(f"{path.stem}-{n}")
    return fresh


def direct_room(user_id: str) -> str:
    return f"!direct-{user_id[1:]}"


@dataclass(slots=True)
class Rehearsal:
    """A bot on a stage. Make it with `open_rehearsal`; `restart` closes and reopens everything from disk."""

    plan: Setup
    folder: Path
    clock: SetClock
    hours: Hours
    stage: RehearsalChat
    context: Context
    database: Database
    sender: OutboxSender
    fetcher: MediaFetcher
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)  # room id -> who is in it, but the bot

    async def say(self, user_id: str, room_id: str, content: Content, *rooms: RoomSeen) -> str:
        """Take in one event as a batch of its own (with what is seen of rooms), deliver what comes of it, return its id."""
        event_id = f"${uuid.uuid4().hex}"
        event = Incoming(event_id, room_id, user_id, self.clock.now(), content)
        await self.take(Batch("", (event,), rooms))
        return event_id

    async def take(self, batch: Batch) -> None:
        now = self.clock.now()
        await self.database.transaction(lambda tx: take_in(tx, self.context, batch, now))
        await self.deliver()

    async def deliver(self) -> None:
        await self.sender.drain()
        if await self.fetcher.drain() == 0:
            await self.sender.drain()

    async def enter(self, user_id: str, room_id: str, kind: str) -> None:
        """The person and the bot are in this room: direct, group or county."""
        self.stage.names.setdefault(room_id, user_id if kind == "direct" else room_id)
        others = () if kind == "direct" else ("@others:" + SERVER,)
        there = self.members.get(room_id, others)
        back = room_id in self.members and user_id not in there
        self.members[room_id] = (*(who for who in there if who != user_id), user_id)
        known = await self.database.read(lambda tx: rooms.get(tx, room_id))
        if known is not None:
            if back:
                await self.see_members(room_id)
            return
        if kind == "county":
            await self.database.transaction(lambda tx: rooms.set_county(tx, room_id, self.clock.now()))
            return
        await self.see_members(room_id)

    async def see_members(self, room_id: str) -> None:
        """A sync says who is in this room now."""
        seen = RoomSeen(room_id, "joined", encrypted=False, members=self.members[room_id])
        await self.take(Batch("", rooms=(seen,)))

    async def move_to(self, to: datetime) -> None:
        """Move the clock on, with every tick on the way, in order."""
        while self.clock.at < to:
            at = self.clock.at
            step = GRID - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
            self.clock.at = min(at + step, to)
            await self.tick()

    async def tick(self) -> None:
        now = self.clock.now()

        def run(tx: Transaction) -> bool:
            tick(tx, self.context, self.hours, now)
            return bool(outbox.unsent(tx, now, limit=1))

        if await self.database.transaction(run):
            await self.deliver()

    async def restart(self) -> None:
        """Close and reopen from disk, as after a crash."""
        await self.database.close()
        self.database = await Database.open(self.folder / "paicha.db")
        self.sender, self.fetcher = _doors(self)
        await self.database.transaction(lambda tx: fill_database(tx, self.plan, self.clock.now()))
        await self.deliver()

    async def close(self) -> None:
        await self.database.close()


def _doors(r: Rehearsal) -> tuple[OutboxSender, MediaFetcher]:
    return doors(r.database, r.stage, r.context, r.folder, r.clock.now)


def doors(
    database: Database, stage: RehearsalChat, context: Context, folder: Path, now: Callable[[], datetime]
) -> tuple[OutboxSender, MediaFetcher]:
    """The sender and the fetcher of a rehearsal."""
    source = LedgerSource(database, context.campaign, context.texts, folder / "media")

    async def build(row: OutboxRow) -> Document | str:
        return await ledger_for(source, row, now())

    return (
        OutboxSender(database, stage, build, now, shortener(context.texts)),
        MediaFetcher(database, stage, context, folder / "media", 50_000_000, now),
    )


async def open_rehearsal(plan: Setup, folder: Path, start: datetime, hours: Hours) -> Rehearsal:
    """Open (or begin) a rehearsal in a folder; the clock stands at `start`."""
    folder.mkdir(parents=True, exist_ok=True)
    database = await Database.open(folder / "paicha.db")
    try:
        clock = SetClock(start)
        stage = RehearsalChat(folder / "out", clock)
        context = build_context(plan.campaign, BOT)
        await database.transaction(lambda tx: fill_database(tx, plan, start))
        await database.transaction(lambda tx: rooms.set_county(tx, COUNTY, start))
        for person in await database.read(lambda tx: people.with_ids(tx)):
            stage.names[direct_room(person.user_id)] = person.name
        stage.names[COUNTY] = "#county"
        sender, fetcher = doors(database, stage, context, folder, clock.now)
    except BaseException:
        await database.close()
        raise
    return Rehearsal(plan, folder, clock, hours, stage, context, database, sender, fetcher)
