"""Who gets a room's key: everybody in it, before the message; nobody who left; and nobody can prevent it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.chat import TryLaterError
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix import keys
from bot.matrix.safe_client import SafeClient
from tests.support.matrix_rooms import (
    ask,
    chatting,
    new_room,
    offline_client,
    two_phones,
    words,
)


def _first_share_fails(client: SafeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    call = client.line.call
    failures = iter([TryLaterError("503")])

    async def failing(method: str, path: str, body: Any = None, **more: Any) -> Any:
        if "/sendToDevice/" in path:
            for failure in failures:
                raise failure
        return await call(method, path, body, **more)

    monkeypatch.setattr(client.line, "call", failing)


def test_a_message_is_not_sent_while_its_key_could_not_be_handed_out(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        async with chatting(homeserver, tmp_path) as c:
            _first_share_fails(c.edge._client, monkeypatch)
            row = words(c.room, "k", "看得见")
            with pytest.raises(TryLaterError):
                await c.edge.chat.send(row)
            await c.edge.chat.send(row)
            assert (await c.phone.hear(lambda e: e.is_message)).words == "看得见"
            assert not c.phone.undecryptable

    asyncio.run(fail())


def test_a_send_that_is_cancelled_does_not_hold_up_the_next(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancel() -> None:
        async with chatting(homeserver, tmp_path) as c:
            client: SafeClient = c.edge._client
            call, asked, never = client.line.call, asyncio.Event(), asyncio.Event()

            async def slow(method: str, path: str, body: Any = None, **more: Any) -> Any:
                if path.endswith("/keys/claim"):
                    asked.set()
                    await never.wait()
                return await call(method, path, body, **more)

            with monkeypatch.context() as slowly:
                slowly.setattr(client.line, "call", slow)
                sending = asyncio.create_task(c.edge.chat.send(words(c.room, "1", "一")))
                await asked.wait()
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending
            await c.edge.chat.send(words(c.room, "2", "二"))
            assert (await c.phone.hear(lambda e: e.is_message)).words == "二"

    asyncio.run(cancel())


def test_a_person_who_signs_in_on_a_second_phone_reads_the_next_message_on_both(
    homeserver: Running, tmp_path: Path
) -> None:
    async def second() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.edge.chat.send(words(c.room, "1", "一部手机"))
            await c.phone.hear(lambda e: e.words == "一部手机")
            secret = c.phone._password
            async with Phone(homeserver.url, c.phone.user_id, secret, tmp_path / "second") as other:
                await other.say(c.room, "换了一部")  # the bot's next sync brings this and the new device
                await c.ear.hears("换了一部")
                await c.edge.chat.send(words(c.room, "2", "两部手机都看得见"))
                for phone in (c.phone, other):
                    assert (await phone.hear(lambda e: e.words == "两部手机都看得见")).encrypted

    asyncio.run(second())


def test_whoever_left_a_room_gets_no_further_key_and_whoever_comes_does(
    homeserver: Running, tmp_path: Path
) -> None:
    async def come_and_go() -> None:
        async with two_phones(homeserver, tmp_path) as c:
            room = await new_room(c.first, invite=c.site.account.user_id)
            await c.ear.sees("joined", room)
            await c.edge.chat.send(words(room, "1", "一个人"))
            sessions = c.edge._client.olm.outbound_group_sessions
            before = sessions[room].id
            await ask(c.first, "POST", f"rooms/{quote(room)}/invite", {"user_id": c.second.user_id})
            await c.second.join(room)
            await c.ear.until(lambda e: any(len(r.members or ()) == 2 for r in e.rooms))
            await c.edge.chat.send(words(room, "2", "两个人"))
            assert (await c.second.hear(lambda e: e.words == "两个人")).encrypted
            assert sessions[room].id == before
            await c.second.leave(room)
            await c.ear.until(lambda e: e.rooms[-1].members == (c.first.user_id,))
            await c.edge.chat.send(words(room, "3", "又一个人"))
            assert (await c.first.hear(lambda e: e.words == "又一个人")).encrypted
            assert {user for user, _device in sessions[room].users_shared_with} == {c.first.user_id}
            assert sessions[room].id != before

    asyncio.run(come_and_go())


def test_one_members_malformed_keys_do_not_silence_the_room(homeserver: Running, tmp_path: Path) -> None:
    async def malformed() -> None:
        async with two_phones(homeserver, tmp_path) as c:
            olm = c.second._client.olm
            await use_up_one_by_one(c.second, c.first)
            key: dict[str, Any] = {"key": "this is no key"}
            signature = olm.sign_json(dict(key))
            key["signatures"] = {c.second.user_id: {f"ed25519:{c.second.device_id}": signature}}
            await ask(c.second, "POST", "keys/upload", {"one_time_keys": {"signed_curve25519:ZZZZ": key}})
            room = await new_room(c.first, invite=c.site.account.user_id)
            await ask(c.first, "POST", f"rooms/{quote(room)}/invite", {"user_id": c.second.user_id})
            await c.ear.until(lambda _ear: c.second.user_id in c.edge._client.rooms[room].users)
            await c.edge.chat.send(words(room, "1", "大家好"))
            assert (await c.first.hear(lambda e: e.words == "大家好")).encrypted

    asyncio.run(malformed())


NAMES = {"ed25519:D": "A" * 43, "curve25519:D": "A" * 43}
SIGNED = {"@a:b": {"ed25519:D": "A" * 86}}


@pytest.mark.parametrize(
    "device",
    [
        [],
        {},
        {"user_id": "@a:b", "device_id": "D"},
        {"user_id": "@other:b", "device_id": "D", "keys": NAMES, "signatures": SIGNED},
        {"user_id": "@a:b", "device_id": "D", "keys": NAMES, "signatures": {"@a:b": {"ed25519:D": 5}}},
        {"user_id": "@a:b", "device_id": "D", "keys": NAMES, "signatures": 5},
        {"user_id": "@a:b", "device_id": "D", "keys": NAMES, "signatures": SIGNED},
        {"user_id": "@a:b", "device_id": "D", "keys": {**NAMES, "ed25519:D": "no key"}, "signatures": SIGNED},
        {"user_id": "@a:b", "device_id": "D", "keys": NAMES, "unsigned": 5, "signatures": SIGNED},
    ],
)
def test_a_device_with_malformed_or_unproven_keys_is_not_there(tmp_path: Path, device: Any) -> None:
    client = offline_client(tmp_path)
    client.olm.users_for_key_query.add("@a:b")
    keys._take_devices(client, "@a:b", {"@a:b": {"D": device}})
    assert list(client.device_store.active_user_devices("@a:b")) == []
    assert not client.olm.users_for_key_query
    client.store.database.close()


async def use_up_one_by_one(owner: Phone, taker: Phone) -> None:
    """Take a phone's one-time keys until none is left, while it is kept from replacing them."""
    owner._client.olm.account.shared = False
    assert owner._listener is not None
    owner._listener.cancel()
    body = {"one_time_keys": {owner.user_id: {owner.device_id: "signed_curve25519"}}}
    while (await ask(taker, "POST", "keys/claim", body))["one_time_keys"].get(owner.user_id):
        pass
