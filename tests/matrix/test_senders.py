"""A message counts as its sender's only when a device of theirs has sent it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.chat import Said, TryLaterError, Unreadable
from bot.demo.homeserver import Running
from bot.matrix.json_access import Json
from bot.matrix.safe_client import SafeClient
from tests.support.matrix_rooms import ask, chatting, new_room, two_phones, words


def _answering(client: SafeClient, monkeypatch: pytest.MonkeyPatch, changed: Any) -> list[str]:
    """Let `changed` make something else of the answers about devices; returns the times it was asked."""
    call, asked = client.line.call, list[str]()

    async def other(method: str, path: str, body: Any = None, **more: Any) -> Any:
        if not path.endswith("/keys/query"):
            return await call(method, path, body, **more)
        asked.append(path)
        return changed(await call(method, path, body, **more))

    monkeypatch.setattr(client.line, "call", other)
    return asked


def _nobody(answer: Json) -> Json:
    return {"device_keys": {user: {} for user in answer["device_keys"]}}


def test_the_first_words_of_an_unknown_device_are_read_once_its_keys_are_known(
    homeserver: Running, tmp_path: Path
) -> None:
    async def first() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "第一句")
            await c.ear.hears("第一句")
            assert not any(isinstance(event.content, Unreadable) for event in c.ear.events)
            client: SafeClient = c.edge._client
            assert any(device.user_id == c.phone.user_id for device in client.device_store)

    asyncio.run(first())


def test_words_wait_while_the_homeserver_does_not_say_whose_the_device_is(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait() -> None:
        async with chatting(homeserver, tmp_path) as c:
            away = [True]

            def failing(answer: Json) -> Json:
                if away[0]:
                    raise TryLaterError("503")
                return answer

            _answering(c.edge._client, monkeypatch, failing)
            await c.phone.say(c.room, "等一等")
            kept = await c.ear.until(lambda ear: ear.events[-1] if ear.events else None)
            assert isinstance(kept.content, Unreadable)
            assert c.edge.retry(kept.content.source, c.room) is None
            away[0] = False
            session, before = kept.content.session_id, c.ear.keys.count(kept.content.session_id)
            await ask(c.phone, "PUT", f"rooms/{quote(c.room)}/send/m.reaction/x", {})
            await c.ear.until(lambda ear: ear.keys.count(session) > before)
            read = c.edge.retry(kept.content.source, c.room)
            assert read is not None
            assert read.content == Said("等一等")

    asyncio.run(wait())


def test_words_of_a_device_that_is_nobodys_are_not_recorded_and_asked_about_once(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forge() -> None:
        async with chatting(homeserver, tmp_path) as c:
            asked = _answering(c.edge._client, monkeypatch, _nobody)
            for n in range(3):
                await c.phone.say(c.room, f"不是我说的{n}")
                await c.ear.until(lambda ear, n=n: len(ear.events) > n)  # type: ignore[misc]
            assert all(isinstance(event.content, Unreadable) for event in c.ear.events)
            assert c.ear.words() == []
            assert len(asked) == 1

    asyncio.run(forge())


def test_words_under_another_persons_name_are_refused(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A homeserver that says somebody else has sent it, before the bot has seen either of them."""

    async def forge() -> None:
        async with two_phones(homeserver, tmp_path) as c:
            room = await new_room(c.first, invite=c.site.account.user_id)
            await c.ear.sees("joined", room)
            await ask(c.first, "POST", f"rooms/{quote(room)}/invite", {"user_id": c.second.user_id})
            await c.second.join(room)
            said = await c.first.say(room, "我说的")
            await c.ear.hears("我说的")
            client: SafeClient = c.edge._client
            path = f"/_matrix/client/v3/rooms/{quote(room)}/event/{quote(said)}"
            event = json.loads(json.dumps(await client.line.call("GET", path)))
            for other in (c.second.user_id, "@nobody:paicha.local", c.site.account.user_id):
                assert c.edge.retry({**event, "sender": other, "event_id": "$forged"}, room) is None
            assert c.edge.retry(event, room) is not None  # and the true one was not used up by the forged
            await c.second.say(room, "我也说")
            await c.ear.hears("我也说")
            await c.edge.chat.send(words(room, "t", "好"))

    asyncio.run(forge())


def test_what_a_signed_out_phone_has_said_before_is_still_read(homeserver: Running, tmp_path: Path) -> None:
    async def sign_out() -> None:
        async with chatting(homeserver, tmp_path) as c:
            said = await c.phone.say(c.room, "旧手机")
            await c.ear.hears("旧手机")
            client: SafeClient = c.edge._client
            path = f"/_matrix/client/v3/rooms/{quote(c.room)}/event/{quote(said)}"
            event = await client.line.call("GET", path)
            client.device_store[c.phone.user_id][c.phone.device_id].deleted = True
            assert c.edge.retry(event, c.room) is not None

    asyncio.run(sign_out())
