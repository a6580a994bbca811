"""A homeserver in memory that keeps the promise of transaction ids, forgets them when told, and fails on demand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat import Media, Message, Refusal, UndeliverableError, Upload


@dataclass
class FakeHomeserver:
    """Implements `Chat`. `trouble` is asked before each call and raises what the caller is to see."""

    rooms: dict[str, list[tuple[str, Mapping[str, object]]]] = field(
        default_factory=dict
    )  # (txn id, content)
    known: dict[tuple[str, str], str] = field(default_factory=dict)  # (room, txn id) -> event id
    asked: list[tuple[str, str]] = field(default_factory=list)  # every request: (what, of what)
    files: dict[str, bytes | Exception] = field(default_factory=dict)
    trouble: Callable[[str, str], None] = lambda what, of: None
    lost_answer: Callable[[str], Exception | None] = lambda txn_id: None  # sent, but the answer never came
    queue: dict[str, asyncio.Event] = field(default_factory=dict)  # room -> sends and joins wait for it
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def _ask(self, what: str, of: str) -> None:
        self.asked.append((what, of))
        self.trouble(what, of)

    async def send(self, message: Message, upload: Upload | None = None) -> str:
        self._ask("send", message.txn_id)
        if message.room_id in self.queue:
            await self.queue[message.room_id].wait()
        key = (message.room_id, message.txn_id)
        if key not in self.known:
            body = {**message.content, "file": upload.data} if upload else message.content
            events = self.rooms.setdefault(message.room_id, [])
            events.append((message.txn_id, body))
            self.known[key] = f"${message.room_id[1:]}-{len(events)}"
        async with self.arrived:
            self.arrived.notify_all()
        lost = self.lost_answer(message.txn_id)
        if lost is not None:
            raise lost
        return self.known[key]

    async def find_sent(self, room_id: str, txn_id: str, since: datetime) -> str | None:
        self._ask("find", txn_id)
        events = self.rooms.get(room_id, [])
        return next((f"${room_id[1:]}-{n}" for n, (txn, _) in enumerate(events, 1) if txn == txn_id), None)

    async def join(self, room_id: str) -> None:
        self._ask("join", room_id)
        if room_id in self.queue:
            await self.queue[room_id].wait()

    async def leave(self, room_id: str) -> None:
        self._ask("leave", room_id)

    async def open_direct(self, user_id: str) -> str:
        self._ask("open", user_id)
        return f"!opened-{user_id[1:]}"

    async def download(self, media: Media, limit: int) -> bytes:
        self._ask("download", media.url)
        found = self.files.get(media.url, UndeliverableError("it is not there"))
        if isinstance(found, Exception):
            raise found
        if len(found) > limit:
            raise UndeliverableError(f"over the limit of {limit}", Refusal.TOO_LARGE)
        return found

    def forget_transactions(self) -> None:
        """As a homeserver does after some hours."""
        self.known.clear()

    def doubles(self) -> list[str]:
        counted = Counter(txn for events in self.rooms.values() for txn, _ in events)
        return [txn for txn, n in counted.items() if n > 1]

    def bodies(self, room_id: str) -> list[object]:
        return [content.get("body") for _, content in self.rooms.get(room_id, [])]
