"""A person's phone: a small Matrix client for the terminal chat, the tests and the benches.

Rule: it behaves like the clients people use. It encrypts where the room is encrypted, for every device there is;
it keeps its device over restarts; it shares no code with the bot, so that it can testify against it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nio

from bot.demo.matrix_client.client_events import MEGOLM, Heard, heard
from bot.demo.matrix_client.phone_client import (
    LONGEST_PAUSE,
    PhoneError,
    do_duties,
    download,
    make_client,
    mark_direct,
    ok,
    sign_in,
    upload,
)

FILTER: dict[str, Any] = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {"timeline": {"limit": 100}, "ephemeral": {"types": []}, "account_data": {"types": []}},
}
LONG_POLL_MS = 30_000
PATIENCE = 30.0  # seconds until someone is taken not to answer


class Phone:
    """`async with Phone(url, "@zhangsan:paicha.local", password, folder) as phone:` signs in and listens.

    `folder` keeps the device, its keys and how far it has heard; the same folder is the same device.
    """

    def __init__(self, url: str, user_id: str, password: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.user_id = user_id
        self._password = password
        self._folder = folder
        self._client = make_client(url, user_id, folder)
        self._since = ""
        self._unread: list[Heard] = []
        self._locked: dict[str, tuple[str, nio.MegolmEvent]] = {}
        self._seen: set[str] = set()
        self._news = asyncio.Condition()
        self._sending = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await sign_in(self._client, self._password, self._folder)
            self._since = _read(self._folder / "since")
            await self._sync_until_done(0, full_state=True)
        except BaseException:
            await self._close()
            raise
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
        await self._close()

    @property
    def device_id(self) -> str:
        return str(self._client.device_id)

    @property
    def undecryptable(self) -> tuple[str, ...]:
        """Event ids of messages whose keys have not come."""
        return tuple(self._locked)

    # -- rooms

    async def open_direct(self, other: str, *, encrypted: bool = True, patience: float = PATIENCE) -> str:
        """Open a direct room with `other`, wait `patience` seconds until they have joined, return its id."""
        encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
        answer = await ok(
            self._client.room_create(
                is_direct=True,
                preset=nio.RoomPreset.trusted_private_chat,
                invite=[other],
                initial_state=[encryption] if encrypted else [],
            )
        )
        room_id = str(answer.room_id)

        def joined(event: Heard) -> bool:
            mine = event.room_id == room_id and event.type == "m.room.member" and event.state_key == other
            return mine and event.content.get("membership") == "join"

        await mark_direct(self._client, room_id, other)
        await self.hear(joined, patience)
        return room_id

    async def join(self, room: str) -> str:
        """Join a room by id or alias, wait until it is there to be spoken in, return its id."""
        room_id = str((await ok(self._client.join(room))).room_id)
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: room_id in self._client.rooms)
        return room_id

    async def mark_direct(self, room_id: str, other: str) -> None:
        """Have all clients of this person show the room as their chat with `other`."""
        await mark_direct(self._client, room_id, other)

    async def leave(self, room_id: str) -> None:
        await ok(self._client.room_leave(room_id))

    def room_name(self, room_id: str) -> str:
        """What the person sees as the room's name; the id while the room is not known."""
        room = self._client.rooms.get(room_id)
        return str(room.display_name) if room else room_id

    # -- speaking: all return the event id

    async def say(self, room_id: str, words: str, reply_to: str = "") -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": words}
        if reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self.send(room_id, "m.room.message", content)

    async def edit(self, room_id: str, event_id: str, words: str) -> str:
        content = {
            "msgtype": "m.text",
            "body": f"* {words}",
            "m.new_content": {"msgtype": "m.text", "body": words},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
        return await self.send(room_id, "m.room.message", content)

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send(room_id, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room_id: str, event_id: str) -> str:
        return str((await ok(self._client.room_redact(room_id, event_id))).event_id)

    async def send_photo(self, room_id: str, path: Path, caption: str = "") -> str:
        return await self._send_media(room_id, path, caption, "m.image")

    async def send_file(self, room_id: str, path: Path, caption: str = "") -> str:
        return await self._send_media(room_id, path, caption, "m.file")

    async def send(self, room_id: str, type_: str, content: Mapping[str, Any]) -> str:
        """Send any event, encrypted where the room is (reactions never are)."""
        async with self._sending:
            try:
                if self._client.should_query_keys:  # someone joined just now: they are to read this too
                    await ok(self._client.keys_query())
                answer = await ok(
                    self._client.room_send(room_id, type_, dict(content), ignore_unverified_devices=True)
                )
            finally:
                # A send that was broken off while it shared keys would leave all later ones waiting.
                self._client.sharing_session.pop(room_id, None)
        return str(answer.event_id)

    # -- hearing

    async def hear(self, predicate: Callable[[Heard], bool], timeout: float | None = PATIENCE) -> Heard:
        """Wait for the earliest event not yet heard that fits, take it, return it.

        Raises TimeoutError after `timeout` seconds (None: never), PhoneError when the phone stops listening.
        """
        try:
            async with asyncio.timeout(timeout), self._news:
                while True:
                    for place, event in enumerate(self._unread):
                        if predicate(event):
                            return self._unread.pop(place)
                    if self._listener is None or self._listener.done():
                        raise PhoneError(f"{self.user_id} is not listening")
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(
                f"{self.user_id} waited {timeout} s; unheard: {self._unread}; undecryptable: {self.undecryptable}"
            ) from None

    async def messages(self, room_id: str = "") -> AsyncIterator[Heard]:
        """Messages of others as they come, of one room or all. Ends never: break out, or cancel."""
        while True:
            yield await self.hear(lambda event: event.is_message and room_id in ("", event.room_id), None)

    async def download(self, event: Heard) -> bytes:
        """Fetch and decrypt the file of a message."""
        return await download(self._client, event.content)

    # -- inside

    async def _listen(self) -> None:
        try:
            while True:
                await self._sync_until_done(LONG_POLL_MS)
        finally:
            async with self._news:
                self._news.notify_all()

    async def _sync_until_done(self, wait_ms: int, *, full_state: bool = False) -> None:
        """Sync once; while the homeserver fails, try again after growing pauses."""
        pause = LONGEST_PAUSE / 16
        while not await self._sync(wait_ms, full_state=full_state):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _sync(self, wait_ms: int, *, full_state: bool = False) -> bool:
        """Hear what is new and do the duties that encryption asks for. False: the homeserver failed."""
        client = self._client
        answer = await client.sync(wait_ms, FILTER, self._since or None, full_state)
        if not isinstance(answer, nio.SyncResponse):
            if answer.status_code == "M_UNKNOWN_TOKEN":
                raise PhoneError(f"{self.user_id} was signed out: {answer}")
            return False
        if client.olm.account.shared:
            client.olm.uploaded_key_count = (
                answer.device_key_count.signed_curve25519 or 0
            )  # nio misses a zero
        async with self._news:
            self._take_in(answer)
            self._news.notify_all()
        self._since = answer.next_batch
        (self._folder / "since").write_text(self._since, encoding="utf-8")
        await do_duties(client)
        return True

    def _take_in(self, answer: nio.SyncResponse) -> None:
        for event_id, (room_id, event) in list(self._locked.items()) if answer.to_device_events else ():
            with contextlib.suppress(nio.EncryptionError):
                self._add(heard(room_id, self._client.decrypt_event(event).source, encrypted=True))
                del self._locked[event_id]
        for room_id, invited in answer.rooms.invite.items():
            for event in invited.invite_state:
                if isinstance(event, nio.InviteMemberEvent) and event.state_key == self.user_id:
                    # nio takes the content out of the source while it parses
                    self._add(heard(room_id, {**event.source, "content": event.content}))
        for room_id, joined in answer.rooms.join.items():
            for event in joined.timeline.events:
                if isinstance(event, nio.MegolmEvent):
                    self._locked[event.event_id] = (room_id, event)
                else:
                    self._add(heard(room_id, event.source, encrypted=getattr(event, "decrypted", False)))

    def _add(self, event: Heard) -> None:
        if event.sender != self.user_id and event.event_id not in self._seen:
            self._unread.append(event)
            if event.event_id:
                self._seen.add(event.event_id)

    async def _send_media(self, room_id: str, path: Path, caption: str, msgtype: str) -> str:
        about = await upload(self._client, path, encrypted=self._client.rooms[room_id].encrypted)
        return await self.send(
            room_id, "m.room.message", {"msgtype": msgtype, "body": caption or path.name, **about}
        )

    async def _close(self) -> None:
        await self._client.close()
        if self._client.store is not None:
            self._client.store.database.close()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
