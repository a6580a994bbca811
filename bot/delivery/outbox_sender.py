"""The one door out: carries rows of the outbox to the chat, one at a time inside a room, rooms side by side.

Rules: in a room the higher priority goes first, equals in the order they were written; a row that is on its way is
finished first; a row whose time has not come holds up nothing. A row's number decides its transaction id, so sending again after a crash is the same sending. A row is done only
when its event id stands on the disk. A homeserver forgets transaction ids after some hours: a row older than that, which
may have been sent before a crash or a time-out, is looked up in its room before it is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from heapq import heappop, heappush

from bot.chat import Chat, Message, TryLaterError, UndeliverableError, Upload, notice
from bot.delivery.document import Document, file_content, note_export
from bot.delivery.instead import noted
from storage import outbox, people, rooms
from storage.db import Database, Reader, StorageError, Transaction
from storage.outbox import InHand, OutboxRow

log = logging.getLogger(__name__)

Builder = Callable[[OutboxRow], Awaitable[Document | str]]
_Queued = tuple[int, int, OutboxRow]  # negative priority and number: what a heap sorts by
LONGEST_WAIT = 60.0  # seconds between two tries
AT_ONCE = 2000  # rows held in memory
# Between an arrival and its note: arrivals of that time share one transaction (each flushes the disk). A process killed
# in between sends those rows again: the same sendings. Whoever must know at once asks with `note_arrived`.
NOTE_SECONDS = 0.25


@dataclass(slots=True)
class OutboxSender:
    """`build` makes the file of a ledger row, or the words to send when it cannot; `give_up` notes what can never be sent, and
    may write something in its place. `now` is the clock, `sleep` waits between two tries. Run it with `run`, or `drain` it once."""

    database: Database
    chat: Chat
    build: Builder
    now: Callable[[], datetime]
    give_up: Callable[..., None] = noted
    instance: str = ""
    device_since: datetime | None = None  # rows from before may have been sent by another device of ours
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _written: bool = True  # rows may stand in the outbox that are not in hand yet
    _note_at: asyncio.TimerHandle | None = None
    _queues: dict[str, list[_Queued]] = field(default_factory=dict)  # of each room, as heaps
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _held: dict[int, OutboxRow] = field(default_factory=dict)  # until the disk says what became of them
    _up_to: int = 0  # every row up to this number was read, but for those whose time had not come
    _files: dict[int, Upload] = field(default_factory=dict)  # on their way
    _done: list[tuple[int, str | None]] = field(default_factory=list)
    _alarm: asyncio.Task[None] | None = None  # wakes us when the earliest row that must wait may go

    def wake(self) -> None:
        """Something was written: look again."""
        self._written = True
        self._idle.clear()
        self._wake.set()

    async def settled(self, seconds: float) -> None:
        """Wait until everything in hand was carried, so long at most."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    async def run(self) -> None:
        """Carry until cancelled. SignedOut ends it: only the operator can help."""
        self._wake.set()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._written:
                    self._set_alarm(await self._collect())
                if self._note_at is None:
                    await self.note_arrived()
                self._raise_failures()
                if not self._workers and not self._written:
                    self._idle.set()
        finally:
            if self._note_at is not None:
                self._note_at.cancel()
            tasks = [*self._workers.values(), *([self._alarm] if self._alarm else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(StorageError):  # then it is sent again: the same sending
                await self.note_arrived()

    async def drain(self) -> None:
        """Carry everything that may go now, then return."""
        while True:
            await self._collect()
            if not self._workers:
                return
            await asyncio.wait(self._workers.values())
            await self.note_arrived()
            self._raise_failures()

    async def _collect(self) -> datetime | None:
        """Read rows that may go and are not in hand yet, and give each to its room's queue. When the next may go."""
        if not self.instance:
            self.instance = await self.database.read(outbox.instance)
            self.device_since = await self.database.read(outbox.device_since)
        room_for = AT_ONCE - sum(map(len, self._queues.values()))
        if room_for <= 0:
            return None  # looked at again when a room is through
        self._written = False
        now, known = self.now(), self._known()

        def look(tx: Reader) -> tuple[list[tuple[OutboxRow, str]], datetime | None]:
            return _with_rooms(tx, outbox.unsent(tx, now, known, room_for)), outbox.next_time(tx, now)

        rows, later = await self.database.read(look)
        for row, key in rows:
            self._held[row.id] = row
            heappush(self._queues.setdefault(key, []), (-row.priority, row.id, row))
            if key not in self._workers:
                self._workers[key] = asyncio.create_task(self._serve(key))
        if len(rows) == room_for:
            self.wake()
        else:
            self._up_to = max(self._up_to, *self._held) if self._held else self._up_to
        return later

    def _known(self) -> InHand:
        single = (n for n, row in self._held.items() if n > self._up_to or row.not_before is not None)
        return InHand(self._up_to, tuple(single))

    def _set_alarm(self, at: datetime | None) -> None:
        """Wake at this time, and at no other one set before. The tick wakes us too, should a clock be moved meanwhile."""
        if self._alarm is not None:
            self._alarm.cancel()
        wait = at - self.now() if at else None
        self._alarm = asyncio.create_task(self._ring(wait.total_seconds())) if wait is not None else None

    async def _ring(self, seconds: float) -> None:
        await self.sleep(seconds)
        self.wake()

    def _raise_failures(self) -> None:
        for key, worker in list(self._workers.items()):
            if worker.done():
                del self._workers[key]
                worker.result()
                if self._queues.get(key):
                    self._workers[key] = asyncio.create_task(self._serve(key))

    async def _serve(self, key: str) -> None:
        """Send one room's rows, the first in order of those that wait; the next only after the one before."""
        queue = self._queues[key]
        try:
            while queue:
                *_, row = heappop(queue)
                event_id, failed = await self._carry(row)
                self._files.pop(row.id, None)
                if failed:
                    log.warning("outbox row %d can never be sent: %s", row.id, failed)
                    await self.database.transaction(
                        partial(self.give_up, row=row, failed=failed, now=self.now())
                    )
                    del self._held[row.id]
                    self.wake()
                else:
                    self._done.append((row.id, event_id))
                    if (
                        self._note_at is None
                    ):  # soon, not when the room's last row is through; and many at once
                        loop = asyncio.get_running_loop()
                        self._note_at = loop.call_later(NOTE_SECONDS, self._time_to_note)
        finally:
            self._wake.set()

    def _time_to_note(self) -> None:
        self._note_at = None
        self._wake.set()

    async def note_arrived(self) -> None:
        """Note what has arrived: many rows in one transaction."""
        done, self._done = self._done, []
        if not done:
            return
        at = self.now()

        def note(tx: Transaction) -> None:
            for row_id, event_id in done:
                outbox.sent(tx, row_id, event_id, at)

        await self.database.transaction(note)
        for row_id, _ in done:
            del self._held[row_id]

    async def _carry(self, row: OutboxRow) -> tuple[str | None, UndeliverableError | None]:
        """Try until it arrives (event id, None) or is known to be hopeless (None, why)."""
        tries = 0
        while True:
            try:
                return await self._once(row), None
            except UndeliverableError as error:
                return None, error
            except TryLaterError as error:
                tries += 1
                wait = error.after if error.after is not None else min(LONGEST_WAIT, 0.5 * 2**tries)
                log.info("outbox row %d waits %.1f s: %s", row.id, wait, error)
                await self.sleep(wait * random.uniform(1.0, 1.2))
                row = await self.database.read(partial(outbox.again, row=row))

    async def _once(self, row: OutboxRow) -> str | None:
        room_id = row.room_id or await self._direct(row)
        if row.act == "join":
            await self.chat.join(room_id)
            await self.database.transaction(lambda tx: rooms.set_state(tx, room_id, "joined", self.now()))
            return None
        if row.act == "leave":
            await self.chat.leave(room_id)
            await self.database.transaction(lambda tx: rooms.set_state(tx, room_id, "left", self.now()))
            return None
        txn_id = f"paicha-{self.instance}-{row.id}"
        if not row.is_remembered(self.now(), self.device_since):
            event_id = await self.chat.find_sent(room_id, txn_id, row.ready_at)
            if event_id is not None:
                return event_id
        upload = await self._built(row) if row.act == "ledger" else None
        if isinstance(upload, str):
            content = notice(upload)
            upload = None
        else:
            content = file_content(upload, row.content) if upload else await self._resolved(row)
        written_at = datetime.fromisoformat(row.written_at)
        message = Message(room_id, txn_id, row.type, content, written_at, row.reason)
        return await self.chat.send(message, upload)

    async def _built(self, row: OutboxRow) -> Upload | str:
        """The file, made once: every try sends the one that was noted; or the words to send instead."""
        if row.id in self._files:
            return self._files[row.id]
        made = await self.build(row)
        if isinstance(made, str):
            return made
        await self.database.transaction(partial(note_export, made=made, now=self.now()))
        return self._files.setdefault(row.id, made.upload)

    async def _direct(self, row: OutboxRow) -> str:
        """The direct room of a person: known, or opened now. The row stays with it, whatever rooms come later."""
        person_id = row.person_id
        assert person_id is not None, f"outbox row {row.id} names neither room nor person"
        known = await self.database.read(lambda r: rooms.direct(r, person_id))
        if known is not None:
            await self.database.transaction(lambda tx: outbox.set_room(tx, row.id, known))
            return known
        user_id = await self.database.read(lambda r: people.user_id_of(r, person_id))
        if user_id is None:
            raise UndeliverableError(f"person {person_id} has no Matrix id")
        room_id = await self.chat.open_direct(user_id)
        new = rooms.Room(room_id, "direct", person_id, True, "joined", others=1)

        def keep(tx: Transaction) -> None:
            rooms.keep(tx, new, self.now())
            outbox.set_room(tx, row.id, room_id)

        await self.database.transaction(keep)
        return room_id

    async def _resolved(self, row: OutboxRow) -> dict[str, object]:
        """What speaks of one of our own messages names its row; by now it has an event id."""
        if "redacts_row" in row.content:
            return {"redacts": await self._event_of(row.content["redacts_row"])}
        relation = row.content.get("m.relates_to")
        if not isinstance(relation, dict) or "row" not in relation:
            return row.content
        event_id = await self._event_of(relation["row"])
        rest = {name: value for name, value in relation.items() if name != "row"}
        return {**row.content, "m.relates_to": {**rest, "event_id": event_id}}

    async def _event_of(self, target: object) -> str:
        await self.note_arrived()
        event_id = await self.database.read(lambda r: outbox.event_of(r, int(str(target))))
        if event_id is None:
            raise UndeliverableError(f"row {target}, which it speaks of, was never sent")
        return event_id


def _with_rooms(tx: Reader, rows: list[OutboxRow]) -> list[tuple[OutboxRow, str]]:
    """Each row with the queue it belongs to: what goes to a person keeps its order with what goes to their room."""
    keyed = []
    for row in rows:
        room_id = row.room_id or (rooms.direct(tx, row.person_id) if row.person_id is not None else None)
        keyed.append((row, room_id or f"person {row.person_id}"))
    return keyed
