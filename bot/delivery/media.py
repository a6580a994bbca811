"""Fetches what people sent along and keeps it under its SHA-256: photos, voice, files.

Rules: the row stands before the file does, and fetching again is harmless, so a crash at any moment loses nothing. When
a file is tried again stands on the disk; what cannot be had for days is given up and its sender told. Several are fetched
at the same time, a few of one server, and no more a day than the quota.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import puremagic

from bot.chat import Chat, Media, Refusal, TryLaterError, UndeliverableError, notice
from bot.context import Context
from bot.delivery.patience import LONGEST_WISH, is_hopeless
from bot.dialogue.disclosed import covered
from bot.dialogue.effects import line
from bot.domain.disclosure import setting
from bot.files import keep_name
from storage import evidence, outbox, people, rooms
from storage.db import Database, Reader, Transaction
from storage.evidence import Content, Evidence, Limits
from storage.history import Action, Record, record
from storage.outbox import Outgoing

log = logging.getLogger(__name__)
AGAIN = (
    30.0  # seconds between two looks while something waits, and until a failed fetch is tried again at first
)
LONGEST_WAIT = 3600.0  # seconds between two tries of one file
# How many files are fetched at the same time: of one other server, of all others, of those that failed before, in all.
OF_ONE_SERVER, OF_OTHERS, OF_FAILED, AT_ONCE = 2, 5, 3, 8
FILES_A_DAY = 2000  # of one person
TOLD = {  # what the sender is told of a file that cannot be had
    Refusal.OTHER: "gone_missing",
    Refusal.MALFORMED: "gone_missing",
    Refusal.TOO_LARGE: "gone_large",
    Refusal.DAMAGED: "gone_damaged",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """How much is fetched on one day: files and bytes a person, bytes in all. The rest waits for the next day."""

    files: int = FILES_A_DAY
    bytes: int = 2_000_000_000
    bytes_in_all: int = 20_000_000_000


@dataclass(slots=True)
class MediaFetcher:
    """`folder` holds the files, `limit` is in bytes."""

    database: Database
    chat: Chat
    context: Context
    folder: Path
    limit: int
    now: Callable[[], datetime]
    quota: Quota = Quota()
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _working: dict[int, tuple[Evidence, asyncio.Task[None]]] = field(default_factory=dict)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._raise_failures()
                left = await self._begin()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN if left else None):
                        await self._wake.wait()
        finally:
            tasks = [task for _, task in self._working.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> int:
        """Fetch everything that may be fetched now; return how many must be tried again later."""
        while True:
            left = await self._begin()
            if not self._working:
                return left
            tasks = [task for _, task in self._working.values()]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self._raise_failures()

    async def _begin(self) -> int:
        """Fill the free places; how many files wait, with those that are being fetched."""
        now, limits = self.now(), self._limits()

        def look(tx: Reader) -> tuple[list[Evidence], int]:
            return evidence.due(tx, now, LONGEST_WAIT * 1.2, limits), evidence.count_waiting(tx)

        pieces, left = await self.database.read(look)
        for piece in pieces:
            if piece.id not in self._working and self._has_place(piece):
                self._working[piece.id] = piece, asyncio.create_task(self._fetch(piece))
        return left

    def _has_place(self, piece: Evidence) -> bool:
        """So that no server, and nothing that keeps failing, takes all places."""
        working = [one for one, _ in self._working.values()]
        ours = self.context.user_id.partition(":")[2]
        others = [server for one in working if (server := _server(one)) != ours]
        if len(working) >= AT_ONCE or (piece.tries and sum(1 for it in working if it.tries) >= OF_FAILED):
            return False
        server = _server(piece)
        return server == ours or (len(others) < OF_OTHERS and others.count(server) < OF_ONE_SERVER)

    def _raise_failures(self) -> None:
        for number, (_, task) in list(self._working.items()):
            if task.done():
                del self._working[number]
                task.result()

    def _limits(self) -> Limits:
        day = self.context.campaign.today(self.now()).isoformat()
        return Limits(day, self.quota.files, self.quota.bytes, self.quota.bytes_in_all)

    async def _fetch(self, piece: Evidence) -> None:
        try:
            data = await self.chat.download(_media(piece), self.limit)
        except UndeliverableError as error:
            await self.database.transaction(partial(self._lost, piece=piece, error=error))
        except TryLaterError as error:
            await self._again(piece, error)
        else:
            await self._keep(piece, data)
        finally:
            self._wake.set()

    async def _again(self, piece: Evidence, error: TryLaterError) -> None:
        now, tries = self.now(), piece.tries + 1
        first = datetime.fromisoformat(piece.first_try) if piece.first_try else now
        if is_hopeless(tries, first, now):
            log.warning("evidence %d is given up after %d tries: %s", piece.id, tries, error)
            gone = UndeliverableError(f"given up after {tries} tries: {error}")
            await self.database.transaction(partial(self._lost, piece=piece, error=gone, key="gone_late"))
            return
        grown = min(LONGEST_WAIT, AGAIN * 2.0 ** min(piece.tries, 20))
        wait = max(grown, min(error.after or 0.0, LONGEST_WISH))
        log.info("evidence %d waits %.0f s: %s", piece.id, wait, error)
        await self.database.transaction(lambda tx: evidence.failed(tx, piece.id, wait, now))

    async def _keep(self, piece: Evidence, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        async with self._writing:  # two may be the same file
            await asyncio.to_thread(write_once, self.folder / digest[:2] / digest, data)
        content = Content(digest, len(data), sniff(data) or piece.mimetype)
        await self.database.transaction(lambda tx: self._stored(tx, piece, content))

    def _record(self, tx: Transaction, piece: Evidence) -> AbstractContextManager[Record]:
        action = Action("fetch", None, self.now(), self.context.campaign.version, piece.event_id, "system")
        return record(tx, action, self.now())

    def _stored(self, tx: Transaction, piece: Evidence, content: Content) -> None:
        with self._record(tx, piece) as written:
            evidence.stored(written, piece.id, content)
        current = evidence.get(tx, piece.id)
        same = evidence.duplicate(tx, current, content.sha256) if current and current.finding_no else None
        if current is not None and same is not None:
            other, finding = same.finding_no or 0, current.finding_no or 0
            self._tell(tx, current, "photo_same", other=other, finding=finding)
        limits = self._limits()
        if evidence.fetched(tx, piece.person_id, content.size, limits):
            size = self.quota.bytes // 1_000_000
            self._tell(tx, piece, "media_quota", files=self.quota.files, size=size)

    def _lost(self, tx: Transaction, piece: Evidence, error: UndeliverableError, key: str = "") -> None:
        with self._record(tx, piece) as written:
            evidence.lost(written, piece.id, str(error))
        zone = self.context.campaign.timezone
        at = datetime.fromisoformat(piece.at).astimezone(zone).strftime("%m-%d %H:%M")
        person = people.by_id(tx, piece.person_id)
        said = line(key or TOLD[error.reason], limit=self.limit // 1_000_000)
        reason_text = self.context.texts.render(said, person.language)
        self._tell(tx, piece, "photo_gone", at=at, name=piece.name, why=reason_text)

    def _tell(self, tx: Transaction, piece: Evidence, key: str, **params: str | int) -> None:
        person, room = people.by_id(tx, piece.person_id), rooms.get(tx, piece.room_id)
        where = setting(room.kind if room else "", encrypted=room is not None and room.encrypted)
        body = self.context.texts.together(covered((line(key, **params),), where), person.language)
        outbox.add(tx, Outgoing(piece.room_id, person.id, notice(body), reason="notice"), self.now())


def _server(piece: Evidence) -> str:
    return piece.url.removeprefix("mxc://").partition("/")[0]


def _media(piece: Evidence) -> Media:
    return Media(piece.kind, piece.name, piece.url, piece.mimetype, piece.size, piece.key)


def sniff(data: bytes) -> str:
    """The type of a file as its content shows it; empty when it shows nothing."""
    try:
        return str(puremagic.from_string(data[:4096], mime=True))
    except (puremagic.PureError, ValueError):
        return ""


def write_once(path: Path, data: bytes) -> None:
    """All of the file stands at `path`, or nothing does."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    keep_name(path)
