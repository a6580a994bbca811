"""The mouth: sends, fetches, joins and leaves for the bot. The only implementation of `Chat` that has a homeserver.

Rules: every method raises UndeliverableError, TryLaterError or SignedOutError and nothing else, waits for nothing but the
homeserver's answer, and may be called again with the same arguments after a crash.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

from bot.chat import Media, Message, Refusal, TryLaterError, UndeliverableError, Upload
from bot.matrix.backfill import own_since
from bot.matrix.decrypt import Locked, opened
from bot.matrix.http import RefusedError, named
from bot.matrix.json_access import Json, get_objects, get_text
from bot.matrix.members import learn_members, others
from bot.matrix.safe_client import SafeClient
from bot.matrix.send_encrypted import known_room, put_event

TXN_KEY = (
    "org.paicha.txn"  # in the content of what we send: found again when the homeserver has forgotten the txn
)
CLOCK_SKEW = timedelta(minutes=10)
# Strict, because a stranger wrote it and it becomes part of a path we ask for with our token.
MEDIA_ADDRESS = re.compile(r"mxc://(?P<server>[0-9A-Za-z\[][0-9A-Za-z.:\[\]-]*)/(?P<id>[0-9A-Za-z_-]+)")


class ClientChat:
    """`Chat` over one signed-in device."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client

    async def send(self, message: Message, upload: Upload | None = None) -> str:
        """Send and return the event id. With `upload`, its address is put into the content first."""
        content = dict(message.content)
        if message.type == "m.room.redaction":
            return await self._redact(message.room_id, get_text(content, "redacts"), message.txn_id, content)
        content[TXN_KEY] = message.txn_id
        if message.type == "m.room.message":
            content.setdefault("m.mentions", {})
        if upload is not None:
            content |= await self._uploaded(message.room_id, upload, content)
        try:
            return await put_event(self._client, message.room_id, message.type, content, message.txn_id)
        except RefusedError as refusal:
            if refusal.errcode != "M_DUPLICATE_ANNOTATION":
                raise
            return await self._own_reaction(message.room_id, content)

    async def find_sent(self, room_id: str, txn_id: str, since: datetime) -> str | None:
        """The event we sent under this transaction id at `since` (aware) or later, if there is one.

        For rows that may have been sent so long ago that the homeserver has forgotten their transaction ids.
        """
        for event in await own_since(self._client, room_id, since - CLOCK_SKEW):
            plain = opened(self._client, room_id, event)
            found = (
                None if plain is None or isinstance(plain, Locked) else get_text(plain, "content", TXN_KEY)
            )
            if txn_id in (found, get_text(event, "unsigned", "transaction_id")):
                return get_text(event, "event_id")
        return None

    async def join(self, room_id: str) -> None:
        await self._client.line.call("POST", f"/_matrix/client/v3/join/{quote(room_id)}", {})

    async def leave(self, room_id: str) -> None:
        try:
            await self._client.line.call("POST", f"/_matrix/client/v3/rooms/{quote(room_id)}/leave", {})
        except RefusedError as refusal:
            if refusal.errcode not in {"M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN"}:  # out already
                raise

    async def open_direct(self, user_id: str) -> str:
        """Create (or find again) the encrypted direct room with a person, invite them; return the room id.

        The room has an address made from the person's id and a secret: the homeserver gives an address once.
        """
        name = self._direct_name(user_id)
        alias = f"#{name}:{self._client.user_id.partition(':')[2]}"
        room_id = await self.resolve_alias(alias)
        if room_id is not None and not await self._may_speak(room_id, user_id):
            await self._client.line.call("DELETE", f"/_matrix/client/v3/directory/room/{quote(alias)}")
            room_id = None
        if room_id is None:
            room_id = await self._create_direct(name, user_id)
        else:
            await self._invite(room_id, user_id)
        await self._learn_members(room_id)
        return room_id

    async def download(self, media: Media, limit: int) -> bytes:
        """Fetch, decrypt and check a file of at most `limit` bytes. Undeliverable when it is gone or does not match."""
        if media.size > limit:
            raise UndeliverableError(f"a file of {media.size} bytes; the limit is {limit}", Refusal.TOO_LARGE)
        address = MEDIA_ADDRESS.fullmatch(media.url)
        if address is None:
            raise UndeliverableError("this is no address of a file")
        place = f"{quote(address['server'], safe='')}/{address['id']}"
        try:
            data = await self._client.line.get_file(f"/_matrix/client/v1/media/download/{place}", limit)
        except RefusedError as refusal:
            if refusal.errcode != "M_UNRECOGNIZED":
                raise
            data = await self._client.line.get_file(f"/_matrix/media/v3/download/{place}", limit)
        return data if media.key is None else await asyncio.to_thread(_decrypted, data, media.key)

    async def resolve_alias(self, alias: str) -> str | None:
        """The room that an address (#name:server) stands for; None when there is none."""
        try:
            answer = await self._client.line.call("GET", f"/_matrix/client/v3/directory/room/{quote(alias)}")
        except RefusedError as refusal:
            if refusal.status != 404:
                raise
            return None
        return get_text(answer, "room_id") or None

    async def _redact(self, room_id: str, target: str, txn_id: str, content: Mapping[str, Any]) -> str:
        if not target:
            raise UndeliverableError("a redaction without what it takes back")
        place = f"{quote(room_id)}/redact/{quote(target, safe='')}/{quote(txn_id, safe='')}"
        body = {"reason": content["reason"]} if "reason" in content else {}
        path = f"/_matrix/client/v3/rooms/{place}"
        return named(await self._client.line.call("PUT", path, body), "event_id", "a redaction")

    async def _uploaded(self, room_id: str, upload: Upload, content: Json) -> dict[str, object]:
        """The parts of a message's content that say where its file lies."""
        given = content.get("info")
        info: dict[str, object] = {"mimetype": upload.mimetype, "size": len(upload.data)}
        info |= {"w": upload.width, "h": upload.height} if upload.width and upload.height else {}
        info |= given if isinstance(given, dict) else {}
        named: dict[str, object] = {"info": info, "filename": upload.name}
        if not (await known_room(self._client, room_id)).encrypted:
            return named | {
                "url": await self._client.line.put_file(upload.data, upload.mimetype, upload.name)
            }
        sealed, key = await asyncio.to_thread(encrypt_attachment, upload.data)
        url = await self._client.line.put_file(sealed, "application/octet-stream", "")
        return named | {"file": {**key, "url": url}}

    async def _own_reaction(self, room_id: str, content: Json) -> str:
        """The reaction that is there already: the homeserver allows each only once."""
        relation = content.get("m.relates_to")
        target, key = get_text(relation, "event_id"), get_text(relation, "key")
        place = f"{quote(room_id)}/relations/{quote(target, safe='')}/m.annotation/m.reaction"
        answer = await self._client.line.call(
            "GET", f"/_matrix/client/v1/rooms/{place}", query={"limit": "100"}
        )
        for event in get_objects(answer, "chunk"):
            ours = get_text(event, "sender") == self._client.user_id
            if ours and get_text(event, "content", "m.relates_to", "key") == key:
                return get_text(event, "event_id")
        raise TryLaterError("a reaction is said to be there and is not found")

    def _direct_name(self, user_id: str) -> str:
        seed = self._client.account.seed.encode()
        return "paicha-" + hmac.new(seed, user_id.encode(), hashlib.sha256).hexdigest()[:32]

    async def _create_direct(self, name: str, user_id: str) -> str:
        room = {
            "preset": "private_chat",
            "room_alias_name": name,
            "is_direct": True,
            "invite": [user_id],
            "initial_state": [
                {
                    "type": "m.room.encryption",
                    "state_key": "",
                    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
                }
            ],
        }
        path = "/_matrix/client/v3/createRoom"
        return named(await self._client.line.call("POST", path, room), "room_id", path)

    async def _learn_members(self, room_id: str) -> tuple[str, ...]:
        """No sync will tell us whom we invited ourselves: it leaves out what we did."""
        room = self._client.room(room_id, encrypted=True)
        async with self._client.sending(room_id):
            await learn_members(self._client, room)
        return others(self._client, room)

    async def _may_speak(self, room_id: str, user_id: str) -> bool:
        """Whether we are still in a room that was not replaced by another, and nobody but this person with us."""
        joined = await self._state(room_id, f"m.room.member/{quote(self._client.user_id)}")
        if get_text(joined, "membership") != "join" or await self._state(room_id, "m.room.tombstone"):
            return False
        return set(await self._learn_members(room_id)) <= {user_id}

    async def _invite(self, room_id: str, user_id: str) -> None:
        there = await self._state(room_id, f"m.room.member/{quote(user_id)}")
        if get_text(there, "membership") not in ("join", "invite"):
            path = f"/_matrix/client/v3/rooms/{quote(room_id)}/invite"
            await self._client.line.call("POST", path, {"user_id": user_id})

    async def _state(self, room_id: str, name: str) -> Json:
        """The content of a state event; nothing where there is none or it is not ours to see."""
        try:
            return await self._client.line.call(
                "GET", f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{name}"
            )
        except RefusedError as refusal:
            if refusal.errcode not in ("M_NOT_FOUND", "M_FORBIDDEN"):
                raise
            return {}


def _decrypted(data: bytes, key: Mapping[str, object]) -> bytes:
    try:
        found = decrypt_attachment(
            data,
            get_text(dict(key), "key", "k"),
            get_text(dict(key), "hashes", "sha256"),
            get_text(dict(key), "iv"),
        )
    except Exception as nonsense:
        why = f"the file does not match its key: {type(nonsense).__name__}"
        raise UndeliverableError(why, Refusal.DAMAGED) from nonsense
    return bytes(found)
