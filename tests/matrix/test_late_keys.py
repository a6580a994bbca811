"""A key that comes late, or comes again, opens what it can: no message is given up while its key may still come."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nio
import pytest

from bot.chat import Said, Unreadable
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix.safe_client import SafeClient
from tests.support.matrix_rooms import PATIENCE, Chatting, ask, awake, chatting, words

pytestmark = pytest.mark.synapse


async def speak_before_the_key(c: Chatting, spoken: str) -> list[tuple[str, str, Any]]:
    """The phone says something, and its key is held back; returns the requests that would have carried it."""
    queue: list[tuple[str, str, Any]] = []
    client = c.phone._client
    sends = client._send

    async def hold(kind: type, method: str, path: str, data: Any = None, *rest: Any, **more: Any) -> Any:
        if kind is nio.ShareGroupSessionResponse:
            queue.append((method, path, json.loads(data)))
            return nio.ShareGroupSessionResponse(c.room, set())
        return await sends(kind, method, path, data, *rest, **more)

    client._send = hold
    client.olm.outbound_group_sessions.pop(c.room, None)
    await c.phone.say(c.room, spoken)
    client._send = sends
    return queue


async def deliver(phone: Phone, queue: list[tuple[str, str, Any]]) -> None:
    for method, path, body in queue:
        await ask(phone, method, path.partition("?")[0].removeprefix("/_matrix/client/v3/"), body)


def test_a_message_whose_key_comes_later_is_kept_and_read_when_it_comes(
    homeserver: Running, tmp_path: Path
) -> None:
    async def late() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.ear.sees("joined", c.room)
            queue = await speak_before_the_key(c, "钥匙晚到")
            kept = await c.ear.until(lambda ear: ear.events[-1] if ear.events else None)
            assert isinstance(kept.content, Unreadable)
            source = json.loads(json.dumps(dict(kept.content.source)))
            assert c.edge.retry(source, c.room) is None
            await deliver(c.phone, queue)
            session = kept.content.session_id
            await c.ear.until(lambda ear: session in ear.keys)
            read = c.edge.retry(source, c.room)
            assert read is not None
            assert read.content == Said("钥匙晚到")
            assert (read.event_id, read.at, read.sender) == (kept.event_id, kept.at, kept.sender)

    asyncio.run(late())


def test_a_key_shared_again_from_a_later_message_on_does_not_hide_the_earlier_ones(
    homeserver: Running, tmp_path: Path
) -> None:
    async def share_again() -> None:
        async with chatting(homeserver, tmp_path) as c:
            first = await c.phone.say(c.room, "第一句")
            await c.ear.hears("第一句")
            client: SafeClient = c.edge._client
            theirs = c.phone._client.olm.outbound_group_sessions[c.room]
            known = client.olm.session_of(c.room, theirs.id)
            assert known is not None
            assert (known.first_known_index, theirs.message_index) == (0, 1)
            client.olm.create_group_session(
                known.sender_key, known.ed25519, c.room, theirs.id, theirs.session_key
            )
            client.olm.create_group_session("another", "device", c.room, theirs.id, theirs.session_key)
            client.olm.message_index_store.clear()
        async with awake(c.site, c.ear) as edge:
            event = await edge._client.line.call(
                "GET", f"/_matrix/client/v3/rooms/{quote(c.room)}/event/{quote(first)}"
            )
            read = edge.retry(event, c.room)
            assert read is not None
            assert read.content == Said("第一句")

    asyncio.run(share_again())


def test_a_conversation_between_devices_that_broke_is_begun_anew(homeserver: Running, tmp_path: Path) -> None:
    """The bot lost its side of it (an old backup, say): the phone's next room keys could never be opened."""

    async def broken() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            await c.ear.hears("先")
            client: SafeClient = c.edge._client
            phone = c.phone._client.olm
            theirs = phone.account.identity_keys["curve25519"]
            ours = client.olm.account.identity_keys["curve25519"]
            await c.edge.chat.send(words(c.room, "1", "答"))
            await c.phone.hear(lambda e: e.is_message)
            client.olm.session_store[theirs].clear()
            before = len(phone.session_store[ours])

            phone.outbound_group_sessions.clear()
            await c.phone.say(c.room, "打不开")
            kept = await c.ear.until(lambda e: e.events[-1] if len(e.events) == 2 else None)
            assert isinstance(kept.content, Unreadable)
            async with asyncio.timeout(PATIENCE), c.phone._news:
                await c.phone._news.wait_for(lambda: len(phone.session_store[ours]) > before)
            phone.outbound_group_sessions.clear()
            await c.phone.say(c.room, "又打得开")
            await c.ear.hears("又打得开")

    asyncio.run(broken())
