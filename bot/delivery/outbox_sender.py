"""The one door out: carries rows of the outbox to the chat, one at a time inside a room, rooms side by side.

Rules: in a room the higher priority goes first, equals in the order they were written; a row that is on its way is
finished first; a row whose time has not come holds up nothing, a room that takes nothing rests and holds up no other
(`lanes`). A row's number decides its transaction id, so sending again after a crash is the same sending. A row is done
only when its event id stands on the disk. A homeserver forgets transaction ids after some hours: a row older than that,
which may have been sent before a crash or a time-out, is looked up in its room before it is sent again (`carrier`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush

from bot.chat import Chat, TryLaterError, UndeliverableError
from bot.delivery.carrier import Builder, Carrier
from bot.delivery.instead import noted
from bot.delivery.lanes import Hand, Lane, Picked, pick
from bot.delivery.patience import LONGEST_WISH, is_hopeless
from storage import outbox, stuck
from storage.db import Database, Reader, StorageError, Transaction
from storage.outbox import OutboxRow
from storage.stuck import Stuck

log = logging.getLogger(__name__)

_Queued = tuple[int, int, OutboxRow]  # negative priority and number: what a heap sorts by
FIRST_OF_ALL = -(2**62)  # sorts before every priority: what is on its way
LONGEST_WAIT = 60.0  # seconds between two tries
STRANGERS_WAIT = 3600.0  # the same, for a room of strangers
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
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _written: bool = True  # rows may stand in the outbox that are not in hand yet
    _more: bool = False  # some were left until a place is free
    _note_at: asyncio.TimerHandle | None = None
    _queues: dict[str, list[_Queued]] = field(default_factory=dict)  # of each room, as heaps
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _lanes: dict[str, Lane] = field(default_factory=dict)  # of the rooms with a worker
    _rests: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # of rooms that take nothing now
    _stuck: dict[str, Stuck] = field(default_factory=dict)
    _moved: set[str] = field(default_factory=set)  # of these the disk does not know yet how they stand
    _held: dict[int, OutboxRow] = field(default_factory=dict)  # until the disk says what became of them
    _done: list[tuple[int, str | None]] = field(default_factory=list)
    _alarm: asyncio.Task[None] | None = None  # wakes us when the earliest row that must wait may go
    _put_aside: set[str] = field(default_factory=set)  # rooms that began to rest since we last looked
    _given_up: set[str] = field(default_factory=set)  # servers whose strangers the log names
    _carrier: Carrier = field(init=False)

    def __post_init__(self) -> None:
        self._carrier = Carrier(self.database, self.chat, self.build, self.now, self.note_arrived)

    def wake(self) -> None:
        """Something was written: look again."""
        self._written = True
        self._idle.clear()
        self._wake.set()

    async def settled(self, seconds: float) -> None:
        """Wait until everything in hand was carried, so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

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
                if not self._written and not any(lane is Lane.PEOPLE for lane in self._lanes.values()):
                    self._idle.set()
        finally:
            if self._note_at is not None:
                self._note_at.cancel()
            alarm = [self._alarm] if self._alarm else []
            tasks = [*self._workers.values(), *self._rests.values(), *alarm]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(StorageError):  # then it is sent again: the same sending
                await self.note_arrived()

    async def drain(self) -> None:
        """Carry everything that may go now, then return."""
        while True:
            await self._collect()
            if not (busy := [*self._workers.values(), *self._rests.values()]):
                if self._written:  # a rest ended while we looked
                    continue
                await self.note_arrived()
                return
            await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
            await self.note_arrived()
            self._raise_failures()

    async def _collect(self) -> datetime | None:
        """Take rows in hand whose turn it is, and give each to its room's queue. When the next may go."""
        if not self._carrier.instance:
            await self._remember()
        self._written = False
        self._put_aside.clear()
        now, known = self.now(), self._stuck
        room_for = max(0, AT_ONCE - sum(map(len, self._queues.values())))
        sizes = {key: len(queue) for key, queue in self._queues.items() if queue}
        hand = Hand(frozenset(self._held), sizes, dict(self._lanes), frozenset(self._rests))

        def look(tx: Reader) -> tuple[Picked, list[OutboxRow], datetime | None]:
            picked = pick(outbox.waiting(tx, now), known, hand, room_for)
            return picked, outbox.rows(tx, [row.id for row in picked.rows]), outbox.next_time(tx, now)

        picked, rows, later = await self.database.read(look)
        self._more = picked.more
        for its, row in zip(picked.rows, rows, strict=True):
            if its.queue in self._put_aside:  # while we were reading: what is on its way there goes first
                self._written = True
                continue
            self._held[row.id] = row
            first = its.queue in known and known[its.queue].row == row.id
            priority = FIRST_OF_ALL if first else -row.priority
            heappush(self._queues.setdefault(its.queue, []), (priority, row.id, row))
            if its.queue not in self._workers:
                self._lanes[its.queue] = picked.lanes[its.queue]
                self._workers[its.queue] = asyncio.create_task(self._serve(its.queue))
        return later

    async def _remember(self) -> None:
        """What was stuck when the process before this one ended rests until its time."""
        self._carrier.instance = await self.database.read(outbox.instance)
        self._carrier.device_since = await self.database.read(outbox.device_since)
        self._stuck = await self.database.read(stuck.every)
        for key, known in self._stuck.items():
            wait = known.rests(self.now(), STRANGERS_WAIT * 1.2)
            if wait:
                self._rests[key] = asyncio.create_task(self._rest(key, wait))

    async def _rest(self, key: str, seconds: float) -> None:
        """By the loop's own clock: what the machine's says meanwhile does not matter."""
        await self.sleep(seconds)
        del self._rests[key]
        self.wake()

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
                lane = self._lanes.pop(key)
                worker.result()
                if self._queues.get(key):
                    self._lanes[key] = lane
                    self._workers[key] = asyncio.create_task(self._serve(key))
                else:
                    self._queues.pop(key, None)
                if self._more:
                    self.wake()

    async def _serve(self, key: str) -> None:
        """Send one room's rows, the first in order of those that wait; the next only after the one before."""
        queue = self._queues[key]
        try:
            while queue:
                *_, row = heappop(queue)
                try:
                    event_id = await self._carrier.carry(row)
                except UndeliverableError as error:
                    log.warning("outbox row %d can never be sent: %s", row.id, error)
                    await self.database.transaction(
                        partial(self.give_up, row=row, failed=error, now=self.now())
                    )
                    del self._held[row.id]
                    self.wake()
                except TryLaterError as error:
                    await self._set_aside(key, row, error)
                    return
                else:
                    self._done.append((row.id, event_id))
                    self._note_soon()
                self._carrier.forget(row.id)
                if self._stuck.pop(key, None):  # it takes something again
                    self._moved.add(key)
        finally:
            self._wake.set()

    async def _set_aside(self, key: str, row: OutboxRow, error: TryLaterError) -> None:
        """The room rests. Its rows are out of hand meanwhile; this one stays the first of them."""
        now, before = self.now(), self._stuck.get(key)
        tries, since = (before.tries + 1, before.since) if before else (1, now)
        stranger = self._lanes[key] is Lane.STRANGERS
        if stranger and is_hopeless(tries, since, now):
            await self._give_up(key, tries, error)
            self._drop(key, row)
            return
        longest = STRANGERS_WAIT if stranger else LONGEST_WAIT
        grown = min(longest, 0.5 * 2.0 ** min(tries, 20))
        wish = grown if error.after is None else min(error.after, LONGEST_WISH)
        wait = max(wish, grown if stranger else 0.0) * random.uniform(1.0, 1.2)
        log.info("outbox row %d waits %.1f s: %s", row.id, wait, error)
        self._stuck[key] = Stuck(key, row.id, tries, since, now + timedelta(seconds=wait))
        self._moved.add(key)
        self._put_aside.add(key)
        self._drop(key, row)
        self._note_soon()
        self._rests[key] = asyncio.create_task(self._rest(key, wait))

    async def _give_up(self, key: str, tries: int, error: TryLaterError) -> None:
        rows = await self.database.transaction(lambda tx: outbox.give_up(tx, key, f"given up: {error}"))
        self._stuck.pop(key, None)
        self._moved.add(key)
        server = key.partition(":")[2]
        if server not in self._given_up:  # one line a server, however many of its rooms wait
            self._given_up.add(server)
            what = (server, rows, tries, error)
            log.warning("strangers' rooms of %s are given up (%d rows after %d tries): %s", *what)

    def _drop(self, key: str, row: OutboxRow) -> None:
        for dropped in (row, *(row for _, _, row in self._queues[key])):
            self._held.pop(dropped.id, None)
        self._queues[key].clear()

    def _note_soon(self) -> None:
        """Soon, not when the room's last row is through; and many at once."""
        if self._note_at is None:
            self._note_at = asyncio.get_running_loop().call_later(NOTE_SECONDS, self._time_to_note)

    def _time_to_note(self) -> None:
        self._note_at = None
        self._wake.set()

    async def note_arrived(self) -> None:
        """Note what has arrived, and what is stuck: many rows in one transaction."""
        done, self._done = self._done, []
        moved, self._moved = self._moved, set()
        if not (done or moved):
            return
        at, known = self.now(), {key: self._stuck[key] for key in moved if key in self._stuck}

        def note(tx: Transaction) -> None:
            for row_id, event_id in done:
                outbox.sent(tx, row_id, event_id, at)
            for key in moved:
                stuck.keep(tx, known[key]) if key in known else stuck.over(tx, key)

        await self.database.transaction(note)
        for row_id, _ in done:
            del self._held[row_id]
