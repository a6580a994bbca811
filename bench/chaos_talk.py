"""People who talk to the bot while it dies: answers, bulk lines, findings, questions, edits, photos, seeded.

Rule: nobody waits for a reply; what was sent, and what was heard of the bot, is written down in order for the verdict.
"""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.county_on_synapse import JOIN_SECONDS, County
from bot.chat import Content, Edited, Media, Reacted, Redacted, Said
from bot.demo.matrix_client.client_events import Heard
from bot.demo.matrix_client.phone import Phone
from bot.matrix.client_chat import TXN_KEY

ROTATE = 7  # messages until a phone takes a new room key, so that keys are on their way all the time
BURSTS = (1, 1, 2, 3, 5)
PLAIN_WORDS = (
    *(
        "1",
        "1",
        "1",
        "没有",
        "无",
        "2",
        "3",
        "4",
        "不涉及",
        "稍后",
        "１",
        "选1",
        "入户12户",
        "查台账",
        "8月20日",
    ),
    *(
        "进度",
        "进度",
        "我的",
        "帮助",
        "返回",
        "取消",
        "撤回",
        "排查",
        "查 水管",
        "政策 15",
        "跳到 21",
        "随便说说",
    ),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a phone sent, as the bot should take it in."""

    event_id: str
    room_id: str
    sender: str
    content: Content


@dataclass(slots=True)
class Speaker:
    """One phone in one room with the bot."""

    phone: Phone
    room_id: str
    encrypted: bool
    dice: random.Random
    photos: Path
    own: list[str] = field(default_factory=list)  # event ids of own messages, oldest first
    of_bot: list[Heard] = field(default_factory=list)
    count: int = 0
    _reacted_to: set[str] = field(default_factory=set)

    async def listen(self) -> None:
        """Write down everything that others do in the room, until cancelled."""
        while True:
            self.of_bot.append(
                await self.phone.hear(lambda e: e.room_id == self.room_id and e.type != "m.room.member", None)
            )

    async def say_something(self) -> Sent:
        self.count += 1
        if self.encrypted and self.count % ROTATE == 0:
            self.phone._client.invalidate_outbound_session(self.room_id)
        if self.count == 1:
            return await self.say("排查")
        draw = self.dice.random()
        if draw < 0.06 and self.own:
            target = self.dice.choice(self.own[-4:])
            words = self._words()
            return self._noted(await self.phone.edit(self.room_id, target, words), Edited(target, words))
        if draw < 0.09 and self.own:
            target = self.own.pop(self.dice.randrange(max(0, len(self.own) - 4), len(self.own)))
            return self._noted(await self.phone.redact(self.room_id, target), Redacted(target))
        if draw < 0.13:
            return await self._photo()
        if draw < 0.17 and (target := self._untouched()):
            key = self.dice.choice(("1️⃣", "3️⃣", "👍"))
            return self._noted(await self.phone.react(self.room_id, target, key), Reacted(target, key))
        return await self.say(self._words())

    def _untouched(self) -> str:
        """One of the bot's last messages that was not reacted to yet, or ""."""
        found = [e.event_id for e in self.of_bot[-4:] if e.is_message and e.event_id not in self._reacted_to]
        if not found:
            return ""
        target = self.dice.choice(found)
        self._reacted_to.add(target)
        return target

    async def say(self, words: str) -> Sent:
        event_id = await self.phone.say(self.room_id, words)
        self.own.append(event_id)
        return self._noted(event_id, Said(words))

    def _words(self) -> str:
        n, draw = f"{self.room_id[1:5]}{self.count}", self.dice.random()
        if draw < 0.2:
            return f"2 {n}号井水管老化漏水，{self.count + 2}户用水不便"
        if draw < 0.3:
            first = self.dice.randrange(4, 60)
            return f"{first}-{first + self.dice.randrange(1, 6)} 无，入户{self.count}户"
        if draw < 0.36:
            return f"8月{self.dice.randrange(6, 28)}日前由村委会更换{n}号井的水管"
        return self.dice.choice(PLAIN_WORDS)

    async def _photo(self) -> Sent:
        name = f"{self.room_id[1:5]}-{self.count}.png"
        path = self.photos / name
        data = _png(self.dice.randbytes(12))
        path.write_bytes(data)
        event_id = await self.phone.send_photo(self.room_id, path)
        return self._noted(event_id, Said("", Media("image", name, "mxc://x/y", "image/png", len(data))))

    def _noted(self, event_id: str, content: Content) -> Sent:
        return Sent(event_id, self.room_id, self.phone.user_id, content)


def _png(pixels: bytes) -> bytes:
    """A picture of four pixels in three colours: no two photos are the same."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"\0" + pixels[:6] + b"\0" + pixels[6:12]
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@asynccontextmanager
async def direct_rooms(
    people: Sequence[Phone],
    county: County,
    seed: int = 1,
    *,
    encrypted: Callable[[int], bool] = lambda n: n % 2 == 0,
) -> AsyncIterator[tuple[Speaker, ...]]:
    """Everybody in a direct room with the bot that runs, listening. `encrypted` says which rooms are."""
    opened = await asyncio.gather(
        *(
            phone.open_direct(county.bot.user_id, encrypted=encrypted(n), patience=JOIN_SECONDS)
            for n, phone in enumerate(people)
        )
    )
    photos = county.folder / "photos"
    photos.mkdir()
    speakers = tuple(
        Speaker(phone, room, encrypted(n), random.Random(f"{seed} {n}"), photos)
        for n, (phone, room) in enumerate(zip(people, opened, strict=True))
    )
    listening = [asyncio.create_task(speaker.listen()) for speaker in speakers]
    try:
        yield speakers
    finally:
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)


@dataclass(slots=True)
class Talk:
    """Everybody talking at once. `may_speak` holds them back, `over` ends it."""

    speakers: tuple[Speaker, ...]
    may_speak: Callable[[int], bool]  # takes how many were sent
    over: Callable[[int], bool]
    sent: list[Sent] = field(default_factory=list)

    async def run(self) -> None:
        """Return when it is over and everybody has ended their sentence."""
        async with asyncio.TaskGroup() as group:
            for speaker in self.speakers:
                group.create_task(self._speak(speaker))

    async def _speak(self, speaker: Speaker) -> None:
        while not self.over(len(self.sent)):
            if self.may_speak(len(self.sent)):
                for _ in range(speaker.dice.choice(BURSTS)):
                    self.sent.append(await speaker.say_something())
            await asyncio.sleep(speaker.dice.uniform(0.1, 0.8))  # people think


def heard_rows(speakers: Sequence[Speaker]) -> Counter[str]:
    """How often each transaction id of the bot was heard."""
    return Counter(str(event.content.get(TXN_KEY, "")) for s in speakers for event in s.of_bot)
