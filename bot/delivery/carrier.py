"""Carries one row of the outbox to the chat: finds or opens its room, makes its file, fills in what it speaks of.

Rule: called again with the same row, whatever happened in between, the world stays as after the first time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.chat import Chat, Message, UndeliverableError, Upload, notice
from bot.delivery.document import Document, file_content, note_export
from storage import outbox, people, rooms
from storage.db import Database, Transaction
from storage.outbox import OutboxRow

Builder = Callable[[OutboxRow], Awaitable[Document | str]]


@dataclass(slots=True)
class Carrier:
    """`build` makes the file of a ledger row, or the words to send instead when it cannot; `noted` makes sure that what
    has arrived so far stands on the disk; `instance` is that of the database, part of every transaction id."""

    database: Database
    chat: Chat
    build: Builder
    now: Callable[[], datetime]
    noted: Callable[[], Awaitable[None]]
    instance: str = ""
    device_since: datetime | None = None  # rows from before may have been sent by another device of ours
    _files: dict[int, Upload] = field(default_factory=dict)  # on their way

    def forget(self, row_id: int) -> None:
        """It needs no file any more."""
        self._files.pop(row_id, None)

    async def carry(self, row: OutboxRow) -> str | None:
        """Try once; the event id, None where there is no event."""
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
        await self.noted()
        event_id = await self.database.read(lambda r: outbox.event_of(r, int(str(target))))
        if event_id is None:
            raise UndeliverableError(f"row {target}, which it speaks of, was never sent")
        return event_id
