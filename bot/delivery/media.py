"""Fetches what people sent along and keeps it under its SHA-256: photos, voice, files.

Rule: the row stands before the file does, and fetching again is harmless, so a crash at any moment loses nothing.
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
from pathlib import Path

import puremagic

from bot.chat import Chat, Media, Refusal, TryLaterError, UndeliverableError, notice
from bot.context import Context
from bot.dialogue.disclosed import covered
from bot.dialogue.effects import line
from bot.domain.disclosure import setting
from bot.files import keep_name
from storage import evidence, outbox, people, rooms
from storage.db import Database, Transaction
from storage.evidence import Content, Evidence
from storage.history import Action, Record, record
from storage.outbox import Outgoing

log = logging.getLogger(__name__)
AGAIN = 30.0  # seconds until a failed fetch is tried again
TOLD = {  # what the sender is told of a file that cannot be had
    Refusal.OTHER: "gone_missing",
    Refusal.MALFORMED: "gone_missing",
    Refusal.TOO_LARGE: "gone_large",
    Refusal.DAMAGED: "gone_damaged",
}


@dataclass(slots=True)
class MediaFetcher:
    """`folder` holds the files, `limit` is in bytes."""

    database: Database
    chat: Chat
    context: Context
    folder: Path
    limit: int
    now: Callable[[], datetime]
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            self._wake.clear()
            left = await self.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), AGAIN if left else None)

    async def drain(self) -> int:
        """Fetch everything that waits; return how many must be tried again later."""
        left = 0
        for piece in await self.database.read(lambda tx: evidence.waiting(tx, 1000)):
            try:
                data = await self.chat.download(_media(piece), self.limit)
            except UndeliverableError as error:
                await self.database.transaction(lambda tx, p=piece, e=error: self._lost(tx, p, e))  # type: ignore[misc]
            except TryLaterError as error:
                log.info("evidence %d waits: %s", piece.id, error)
                left += 1
            else:
                await self._keep(piece, data)
        return left

    async def _keep(self, piece: Evidence, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
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

    def _lost(self, tx: Transaction, piece: Evidence, error: UndeliverableError) -> None:
        with self._record(tx, piece) as written:
            evidence.lost(written, piece.id, str(error))
        zone = self.context.campaign.timezone
        at = datetime.fromisoformat(piece.at).astimezone(zone).strftime("%m-%d %H:%M")
        person = people.by_id(tx, piece.person_id)
        said = line(TOLD[error.reason], limit=self.limit // 1_000_000)
        reason_text = self.context.texts.render(said, person.language)
        self._tell(tx, piece, "photo_gone", at=at, name=piece.name, why=reason_text)

    def _tell(self, tx: Transaction, piece: Evidence, key: str, **params: str | int) -> None:
        person, room = people.by_id(tx, piece.person_id), rooms.get(tx, piece.room_id)
        where = setting(room.kind if room else "", encrypted=room is not None and room.encrypted)
        body = self.context.texts.together(covered((line(key, **params),), where), person.language)
        outbox.add(tx, Outgoing(piece.room_id, person.id, notice(body), reason="notice"), self.now())


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
