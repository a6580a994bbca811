"""Doors that are blocked, clocks that are set, edits that are deleted, rights that ended: on a real homeserver.

Rule: what a foreign server does (it hangs, or fails for ever) is put between the bot and the homeserver; everything else is
the bot as in service.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.attacks import Attack, Field, Tally
from bench.attacks.life import PATIENCE, living, until_taken_in
from bench.county_on_synapse import BEGINNING, found_county
from bot.app import Bot
from bot.chat import Chat, Media, Message, TryLaterError, Upload
from bot.delivery.media import MediaFetcher
from bot.delivery.outbox_sender import OutboxSender
from bot.demo.matrix_client.phone import Phone
from storage import grants, inbox, outbox, people
from storage.db import Reader, Transaction
from storage.history import Action, record
from storage.outbox import Outgoing

DEAD = "dead.example"
HOPELESS, INVITED = 2000, 700
JUMPS = (timedelta(hours=-8), timedelta(days=365), timedelta(days=-30), timedelta(hours=5))
RECORD = ("checks", "findings", "hand_ins", "evidence")
AT_FIRST = "早上吃了没"  # answers nothing
ANSWERS = {"1": "clear", "3": "not_applicable"}


@dataclass(slots=True)
class Clock:
    """Runs on from `start`; `moved` is by how much somebody has set it."""

    start: datetime = BEGINNING
    moved: timedelta = timedelta()
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.made) + self.moved


@dataclass(slots=True)
class Blocked:
    """The chat, with a server that is dead: what goes to its rooms fails, to join one hangs, as does its media."""

    chat: Chat

    async def send(self, message: Message, upload: Upload | None = None) -> str:
        _fail(message.room_id)
        return await self.chat.send(message, upload)

    async def find_sent(self, room_id: str, txn_id: str, since: datetime) -> str | None:
        _fail(room_id)
        return await self.chat.find_sent(room_id, txn_id, since)

    async def join(self, room_id: str) -> None:
        await _hang(room_id)
        await self.chat.join(room_id)

    async def leave(self, room_id: str) -> None:
        await _hang(room_id)
        await self.chat.leave(room_id)

    async def open_direct(self, user_id: str) -> str:
        return await self.chat.open_direct(user_id)

    async def download(self, media: Media, limit: int) -> bytes:
        await _hang(media.url)
        return await self.chat.download(media, limit)


def _fail(room_id: str) -> None:
    if room_id.endswith(DEAD):
        raise TryLaterError("500 M_UNKNOWN")


async def _hang(of: str) -> None:
    if DEAD in of:
        await asyncio.Event().wait()


@dataclass(slots=True)
class Scene:
    """A running bot and somebody who talks with it."""

    bot: Bot
    clock: Clock
    phone: Phone
    room_id: str = ""

    async def read(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        return await self.bot.database.read(lambda tx: [tuple(row) for row in tx.all(sql, values)])

    async def say(self, words: str, reply_to: str = "") -> str:
        """Say something, and wait until it was taken in."""
        event_id = await self.phone.say(self.room_id, words, reply_to)
        await until_taken_in(self.bot.database, event_id)
        return event_id

    async def answered(self, words: str) -> str:
        """Say something, and wait for the answer."""
        await self.phone.say(self.room_id, words)
        heard = await self.phone.hear(
            lambda event: event.is_message and event.room_id == self.room_id, PATIENCE
        )
        return heard.words


def blocking(bot: Bot) -> None:
    """Put the dead server between the bot and the homeserver."""
    chat, of = Blocked(bot.edge.chat), bot.fetcher
    bot.sender = OutboxSender(bot.database, chat, bot.sender.build, bot.clock.now)
    bot.fetcher = MediaFetcher(bot.database, chat, of.context, of.folder, of.limit, of.now, of.quota)


@asynccontextmanager
async def talking(field: Field) -> AsyncIterator[Scene]:
    county, clock = await found_county(field.homeserver, field.folder / "county", 2), Clock()
    person = county.people[0]
    async with (
        living(county, clock, blocking) as bot,
        Phone(field.homeserver.url, person.user_id, person.password, field.folder / "phone") as phone,
    ):
        scene = Scene(bot, clock, phone)
        scene.room_id = await phone.open_direct(county.bot.user_id, encrypted=False)
        await scene.answered("排查")
        yield scene


async def blocked_doors(attack: Field) -> Tally:
    """Hopeless rooms, and invitations and media of a server that hangs; is the person answered, life after life?"""
    county, clock = await found_county(attack.homeserver, attack.folder / "county", 2), Clock()
    person, held, wrong = county.people[0], 0, list[str]()
    room_id = ""
    async with Phone(
        attack.homeserver.url, person.user_id, person.password, attack.folder / "phone"
    ) as phone:
        for life in range(attack.tries):
            async with living(county, clock, blocking) as bot:
                await bot.database.transaction(lambda tx: _block(tx, clock.now()))
                bot.sender.wake()
                room_id = room_id or await phone.open_direct(county.bot.user_id, encrypted=False)
                scene = Scene(bot, clock, phone, room_id)
                try:
                    await scene.answered("进度")
                    held += 1
                except TimeoutError:
                    wrong.append(f"life {life}: no answer in {PATIENCE:.0f} s")
    return Tally(attack.tries, held, tuple(wrong))


def _block(tx: Transaction, now: datetime) -> None:
    for n in range(HOPELESS):
        outbox.add(tx, Outgoing(f"!{n % 500}:{DEAD}", content={"msgtype": "m.text", "body": "?"}), now)
    for n in range(INVITED):
        outbox.add(
            tx, Outgoing(f"!invited{n}:{DEAD}", act="join", type="", reason="room", stranger=True), now
        )


async def clocks_set(attack: Field) -> Tally:
    """The clock goes to and fro between a tick and a message: each is answered, once."""
    chance, held, wrong = random.Random(attack.seed), 0, list[str]()
    async with talking(attack) as scene:
        for n in range(attack.tries):
            scene.clock.moved += chance.choice(JUMPS)
            await scene.bot.tick()
            event_id = await scene.say("进度")
            await scene.bot.tick()
            await scene.phone.hear(lambda event: event.is_message and "/" in event.words, PATIENCE)
            late = await scene.bot.database.read(lambda tx: list(outbox.waiting(tx, scene.clock.now())))
            twice = await scene.read(
                "SELECT person_id, content FROM outbox WHERE reason IN ('reminder', 'digest')"
                " GROUP BY 1, 2 HAVING count(*) > 1"
            )
            taken = await scene.bot.database.read(lambda tx, e=event_id: inbox.get(tx, e))  # type: ignore[misc]
            held += not twice and taken is not None and len(late) < 5
            wrong += [f"try {n}: said twice {twice}, waiting {len(late)}"] if twice or len(late) >= 5 else []
    return Tally(attack.tries, held, tuple(wrong))


async def edits_deleted(attack: Field) -> Tally:
    """A message with edits, and edits of edits, deleted in any order: what counts is the newest that is left."""
    chance, held, wrong = random.Random(attack.seed), 0, list[str]()
    async with talking(attack) as scene:
        for n in range(attack.tries):
            said = [chance.choice(list(ANSWERS))]
            ids = [await scene.say(said[0])]
            item = await _item(scene, ids[0])
            for _ in range(chance.randint(1, 3)):
                said.append(chance.choice([*ANSWERS, AT_FIRST]))
                ids.append(await scene.phone.edit(scene.room_id, chance.choice(ids), said[-1]))
                await until_taken_in(scene.bot.database, ids[-1])
            left = set(range(len(ids)))
            for gone in chance.sample(range(1, len(ids)), chance.randint(1, len(ids) - 1)):
                await until_taken_in(scene.bot.database, await scene.phone.redact(scene.room_id, ids[gone]))
                left.discard(gone)
            expected = ANSWERS[said[max(k for k in left if said[k] in ANSWERS)]]
            stands = await scene.read("SELECT answer FROM checks WHERE item_id = ?", item)
            held += stands == [(expected,)]
            wrong += [] if stands == [(expected,)] else [f"try {n}: {said}, left {left}: {stands}"]
    return Tally(attack.tries, held, tuple(wrong))


async def _item(scene: Scene, event_id: str) -> str:
    """The item that a message answered."""
    sql = "SELECT c.part FROM changes c JOIN actions a ON a.seq = c.action WHERE a.ref = ? AND c.kind = 'check' LIMIT 1"
    return str((await scene.read(sql, event_id))[0][0])


async def rights_ended(attack: Field) -> Tally:
    """Somebody who no longer answers for a place tries everything on what they wrote there."""
    wrong, held = list[str](), 0
    async with talking(attack) as scene:
        answer = await scene.say("1")
        problem = await scene.say("22 水管老化漏水没人修")
        await scene.bot.database.transaction(lambda tx: _end_grants(tx, scene))
        before = await _everything(scene)
        phone, room_id = scene.phone, scene.room_id
        tries: list[Callable[[], Awaitable[str]]] = [
            lambda: phone.edit(room_id, answer, "3"),
            lambda: phone.redact(room_id, answer),
            lambda: phone.say(room_id, "撤回"),
            lambda: phone.edit(room_id, problem, "22 桥塌了没人修"),
            lambda: phone.redact(room_id, problem),
            lambda: phone.say(room_id, "改 101 期限 8月20日"),
            lambda: phone.say(room_id, "不适用", answer),
            lambda: phone.say(room_id, "8-12 无，查台账"),
        ]
        for n, attempt in enumerate(tries[: attack.tries]):
            await until_taken_in(scene.bot.database, await attempt())
            same = await _everything(scene) == before
            held += same
            wrong += [] if same else [f"try {n} changed something"]
    return Tally(min(attack.tries, len(tries)), held, tuple(wrong))


def _end_grants(tx: Transaction, scene: Scene) -> None:
    now = scene.clock.now()
    today = now.date().isoformat()
    with record(tx, Action("import", None, now, "", None, "roster"), now) as written:
        for held in grants.standing(tx, today):
            if people.user_id_of(tx, held.grant.person_id) == scene.phone.user_id:
                grants.end(written, held.id, today)


async def _everything(scene: Scene) -> Sequence[object]:
    def rows(tx: Reader) -> list[object]:
        return [[tuple(row) for row in tx.all(f"SELECT * FROM {table}")] for table in RECORD]

    return await scene.bot.database.read(rows)


ATTACKS = (
    Attack("rooms and servers that do not answer", blocked_doors, 2, 5),
    Attack("a clock that is set back and forward", clocks_set, 4, 40),
    Attack("edits of edits, deleted in any order", edits_deleted, 3, 30),
    Attack("rights that have ended", rights_ended, 8, 8),
)
