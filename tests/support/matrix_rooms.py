"""What the tests of the Matrix edge share: a bot that keeps everything it takes in, and waiting for a condition."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from bot.chat import Batch, Incoming, Message, RoomSeen, Said
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix import account as bot_account
from bot.matrix.decrypt import MEGOLM
from bot.matrix.gateway import Gateway, Settings, connect
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json
from bot.matrix.safe_client import SafeClient
from tests.conftest import Account, new_account

PATIENCE = 20.0
WRITTEN = datetime(2023, 8, 5, 1, 0, tzinfo=UTC)

T = TypeVar("T")


@dataclass(slots=True)
class Ear:
    """Everything a bot took in, over all its starts; `position` is where its next start goes on."""

    position: str | None = None
    events: list[Incoming] = field(default_factory=list)
    rooms: list[RoomSeen] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    batches: int = 0
    joins: bool = True  # whether every invitation is followed
    edge: Gateway | None = None
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take_in(self, batch: Batch) -> None:
        async with self.news:
            self.position = batch.position
            self.events += batch.events
            self.rooms += batch.rooms
            self.keys += batch.keys
            self.gaps += batch.gaps
            self.batches += 1
            self.news.notify_all()
        for room in batch.rooms:
            if room.change == "invited" and self.joins and self.edge is not None:
                await self.edge.chat.join(room.room_id)

    async def until(self, found: Callable[[Ear], T | None]) -> T:
        """Wait until `found` gives something true, and return it."""
        async with asyncio.timeout(PATIENCE), self.news:
            while True:
                result = found(self)
                if result:
                    return result
                await self.news.wait()

    async def hears(self, words: str) -> Incoming:
        """Wait until somebody says exactly these words."""

        def said(ear: Ear) -> Incoming | None:
            return next(
                (e for e in ear.events if isinstance(e.content, Said) and e.content.words == words), None
            )

        return await self.until(said)

    async def sees(self, change: str, room_id: str) -> RoomSeen:
        return await self.until(
            lambda ear: next((r for r in ear.rooms if r.change == change and r.room_id == room_id), None)
        )

    def words(self) -> list[str]:
        return [event.content.words for event in self.events if isinstance(event.content, Said)]

    def known_rooms(self) -> dict[str, bool]:
        return {room.room_id: bool(room.encrypted) for room in self.rooms if room.change == "joined"}


@dataclass(frozen=True, slots=True)
class Site:
    """A bot's account and folder on a homeserver: what survives its restarts."""

    hs: Running
    account: Account
    folder: Path

    @property
    def settings(self) -> Settings:
        return Settings(self.hs.url, self.account.user_id, "Paicha", self.account.password)


async def new_site(hs: Running, folder: Path) -> Site:
    return Site(hs, await new_account(hs, "bot"), folder / "bot")


@asynccontextmanager
async def awake(site: Site, ear: Ear) -> AsyncIterator[Gateway]:
    """The bot runs; at the end it is stopped as by a kill: in the middle of whatever it does."""
    edge = ear.edge = await connect(site.settings, site.folder, ear.known_rooms())
    before = ear.batches
    task = asyncio.create_task(edge.run(ear.position, ear.take_in))
    try:
        if ear.position is None:
            await _first_batch(ear, task, before)
        yield edge
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])
        await edge.close()
        ear.edge = None


async def _first_batch(ear: Ear, task: asyncio.Task[None], before: int) -> None:
    waiting = asyncio.create_task(ear.until(lambda e: e.batches > before))
    await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    await waiting


def offline_client(folder: Path) -> SafeClient:
    """A device that is on no homeserver. Its `store.database` must be closed."""

    async def made() -> SafeClient:
        line = HomeserverClient("http://127.0.0.1:9")
        await line.close()
        return SafeClient(line, bot_account.Account("@bot:x", "DEVICE", "token", "pickle", "seed"), folder)

    return asyncio.run(made())


@dataclass(frozen=True, slots=True)
class Chatting:
    """A person in a direct room with a bot that runs."""

    site: Site
    ear: Ear
    edge: Gateway
    phone: Phone
    room: str


@asynccontextmanager
async def chatting(hs: Running, folder: Path, *, encrypted: bool = True) -> AsyncIterator[Chatting]:
    site, ear = await new_site(hs, folder), Ear()
    person = await new_account(hs)
    async with (
        awake(site, ear) as edge,
        Phone(hs.url, person.user_id, person.password, folder / "phone") as phone,
    ):
        room = await phone.open_direct(site.account.user_id, encrypted=encrypted)
        yield Chatting(site, ear, edge, phone, room)


@dataclass
class TwoPhones:
    """Two people and a bot that runs; no room yet."""

    site: Site
    ear: Ear
    edge: Gateway
    first: Phone
    second: Phone


@asynccontextmanager
async def two_phones(hs: Running, folder: Path) -> AsyncIterator[TwoPhones]:
    site, ear = await new_site(hs, folder), Ear()
    one, two = await new_account(hs), await new_account(hs)
    async with (
        awake(site, ear) as edge,
        Phone(hs.url, one.user_id, one.password, folder / "one") as first,
        Phone(hs.url, two.user_id, two.password, folder / "two") as second,
    ):
        yield TwoPhones(site, ear, edge, first, second)


async def ask(phone: Phone, method: str, path: str, body: Json | None = None) -> Json:
    """One raw request under /_matrix/client/v3 as a person."""
    line = HomeserverClient(phone._client.homeserver, phone._client.access_token)
    try:
        return await line.call(method, f"/_matrix/client/v3/{path}", body)
    finally:
        await line.close()


async def new_room(
    phone: Phone, *, invite: str = "", encrypted: bool = True, preset: str = "private_chat"
) -> str:
    """A room in which only its creator has power; waits until the phone knows it."""
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
    room = {"preset": preset, "invite": [invite] if invite else []}
    created = await ask(
        phone, "POST", "createRoom", room | ({"initial_state": [encryption]} if encrypted else {})
    )
    return await phone.join(str(created["room_id"]))


def words(room_id: str, txn_id: str, body: str, **more: object) -> Message:
    return Message(room_id, txn_id, "m.room.message", {"msgtype": "m.text", "body": body, **more}, WRITTEN)


async def put_raw(phone: Phone, room_id: str, content: Json, kind: str = "m.room.encrypted") -> str:
    """Send an event exactly as given."""
    sent = await ask(phone, "PUT", f"rooms/{quote(room_id)}/send/{kind}/{uuid.uuid4().hex}", content)
    return str(sent["event_id"])


def sealed(phone: Phone, room_id: str, inside: str) -> dict[str, Any]:
    """Any text, encrypted with the key that the phone has already shared in the room."""
    olm = phone._client.olm
    session = olm.outbound_group_sessions[room_id]
    return {
        "algorithm": MEGOLM,
        "sender_key": olm.account.identity_keys["curve25519"],
        "ciphertext": session.encrypt(inside),
        "session_id": session.id,
        "device_id": phone.device_id,
    }
