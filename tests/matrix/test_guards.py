"""What strangers send cannot stop the bot, deceive it, or cost it anybody else's words."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nio
import pytest
import vodozemac
from unpaddedbase64 import encode_base64

from bot.chat import Said, Unreadable
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix.decrypt import opened
from bot.matrix.ingest import OLM
from bot.matrix.safe_client import SafeClient
from tests.conftest import new_account
from tests.support.matrix_rooms import Ear, ask, awake, chatting, new_site, put_raw, sealed, words

pytestmark = pytest.mark.synapse


async def send_poison(phone: Phone, user_id: str, device_id: str, identity_key: str) -> None:
    """Every encrypted to-device event that ends a sync of nio's own client with an exception."""
    stranger, never_offered = vodozemac.Account(), vodozemac.Account()
    never_offered.generate_one_time_keys(1)
    key = vodozemac.Curve25519PublicKey.from_base64(identity_key)
    session = stranger.create_outbound_session(key, next(iter(never_offered.one_time_keys.values())))
    kind, ciphertext = session.encrypt(b"{}").to_parts()
    good = encode_base64(ciphertext)
    sender_key = stranger.curve25519_key.to_base64()
    for message, who in (
        ({"type": 0, "body": "!!!"}, sender_key),
        ({"type": 1, "body": "AAAA"}, sender_key),
        ({"type": kind, "body": good}, sender_key),
        ({"type": kind, "body": good}, "bad"),
        ({"type": "0", "body": 5}, sender_key),
        ([], sender_key),
    ):
        content = {"algorithm": OLM, "sender_key": who, "ciphertext": {identity_key: message}}
        path = f"sendToDevice/m.room.encrypted/{vodozemac.Account().curve25519_key.to_base64()[:8].replace('/', '_')}"
        await ask(phone, "PUT", path, {"messages": {user_id: {device_id: content}}})


def test_malformed_messages_from_devices_end_nios_sync_but_not_ours(
    homeserver: Running, tmp_path: Path
) -> None:
    async def poison() -> None:
        async with chatting(homeserver, tmp_path) as c:
            account = await new_account(homeserver, "bare")
            config = nio.AsyncClientConfig(store=nio.store.SqliteStore)
            (tmp_path / "bare").mkdir()
            bare = nio.AsyncClient(
                homeserver.url, account.user_id, store_path=str(tmp_path / "bare"), config=config
            )
            await bare.login(account.password)
            await bare.sync()
            await send_poison(
                c.phone, bare.user_id, bare.device_id, bare.olm.account.identity_keys["curve25519"]
            )
            with pytest.raises(vodozemac.DecodeException):
                await bare.sync()
            await bare.close()
            bare.store.database.close()

            client: SafeClient = c.edge._client
            await send_poison(
                c.phone, client.user_id, client.device_id, client.olm.account.identity_keys["curve25519"]
            )
            await c.phone.say(c.room, "还听得见吗")
            await c.ear.hears("还听得见吗")

    asyncio.run(poison())


MALFORMED_INSIDE = (
    "[]",
    "5",
    "not json",
    '{"type":"m.room.message"}',
    '{"type":"m.room.message","content":[]}',
    '{"type":5,"content":{},"room_id":"ROOM"}',
    '{"type":"m.room.message","content":{"msgtype":5,"body":7},"room_id":"ROOM"}',
    '{"type":"m.room.message","content":{"msgtype":"m.text","body":"别的房间"},"room_id":"!other"}',
    '{"type":"m.room.encrypted","content":{"algorithm":"m.megolm.v1.aes-sha2"},"room_id":"ROOM"}',
    '{"type":"m.room.message","content":{"msgtype":"m.image","body":"x","file":{"url":5}},"room_id":"ROOM"}',
)
MALFORMED_OUTSIDE: tuple[dict[str, Any], ...] = (
    {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": {}, "session_id": "x"},
    {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AAAA", "session_id": ""},
    {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AAAA", "session_id": 5, "sender_key": ""},
    {"algorithm": 5},
    {},
)


MALFORMED_IN_CLEAR: tuple[dict[str, Any], ...] = (
    {"msgtype": "m.unheard-of", "body": "x", "m.relates_to": None},
    {"msgtype": "m.text", "body": "", "m.relates_to": "x"},
    {"msgtype": "m.image", "body": "x", "url": {}, "info": "x"},
    {"msgtype": "m.text", "body": "", "m.relates_to": {"rel_type": "m.replace", "event_id": 7}},
)


def test_malformed_encrypted_events_are_passed_over_and_the_next_message_is_heard(
    homeserver: Running, tmp_path: Path
) -> None:
    async def poison() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            for inside in MALFORMED_INSIDE:
                await put_raw(c.phone, c.room, sealed(c.phone, c.room, inside.replace("ROOM", c.room)))
            for outside in MALFORMED_OUTSIDE:
                await put_raw(c.phone, c.room, outside)
            for content in MALFORMED_IN_CLEAR:
                await put_raw(c.phone, c.room, content, "m.room.message")
                await put_raw(c.phone, c.room, content, "m.reaction")
            await c.phone.say(c.room, "后")
            await c.ear.hears("后")
            assert [w for w in c.ear.words() if w] == ["先", "后"]
            assert not any(isinstance(event.content, Unreadable) for event in c.ear.events)

    asyncio.run(poison())


def test_state_that_comes_encrypted_is_not_believed(homeserver: Running, tmp_path: Path) -> None:
    async def deceive() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            await c.ear.hears("先")
            claims: list[tuple[str, dict[str, Any]]] = [
                ("m.room.power_levels", {"content": {"users": {c.phone.user_id: 100}}, "state_key": ""}),
                ("m.room.member", {"content": {"membership": "leave"}, "state_key": c.phone.user_id}),
                ("m.room.tombstone", {"content": {"body": "", "replacement_room": "!trap:paicha.local"}}),
                ("m.room.message", {"content": {"msgtype": "m.text", "body": "x"}, "state_key": ""}),
            ]
            deceptions = [
                sealed(c.phone, c.room, json.dumps({"type": kind, "room_id": c.room, **claim}))
                for kind, claim in claims
            ]
            for content in deceptions:  # sealed before any is sent: the phone's library believes them
                sent = await put_raw(c.phone, c.room, content)
                raw = {
                    "type": "m.room.encrypted",
                    "event_id": sent,
                    "sender": c.phone.user_id,
                    "content": content,
                }
                assert opened(c.edge._client, c.room, raw) is None
            await c.phone.say(c.room, "后")
            await c.ear.hears("后")
            assert c.phone.user_id in c.edge._client.rooms[c.room].users
            assert all(room.change in ("invited", "joined") for room in c.ear.rooms)

    asyncio.run(deceive())


def test_an_event_sent_twice_by_the_homeserver_under_two_ids_counts_once(
    homeserver: Running, tmp_path: Path
) -> None:
    async def replay() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            event = {
                "type": "m.room.message",
                "content": {"msgtype": "m.text", "body": "一次"},
                "room_id": c.room,
            }
            content = sealed(c.phone, c.room, json.dumps(event))
            await put_raw(c.phone, c.room, content)
            await put_raw(c.phone, c.room, content)
            await c.phone.say(c.room, "后")
            await c.ear.hears("后")
            assert c.ear.words() == ["先", "一次", "后"]

    asyncio.run(replay())


def test_events_that_do_not_name_their_device_are_read(homeserver: Running, tmp_path: Path) -> None:
    """New clients leave `sender_key` and `device_id` out; nio's own client never decrypts such events."""

    async def newer_client() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            event = {
                "type": "m.room.message",
                "content": {"msgtype": "m.text", "body": "新版"},
                "room_id": c.room,
            }
            content = sealed(c.phone, c.room, json.dumps(event))
            del content["sender_key"], content["device_id"]
            parsed = nio.Event.parse_event(
                {
                    "type": "m.room.encrypted",
                    "event_id": "$1",
                    "sender": "@a:b",
                    "origin_server_ts": 1,
                    "content": content,
                }
            )
            assert isinstance(parsed, nio.BadEvent)
            await put_raw(c.phone, c.room, content)
            await c.ear.hears("新版")

    asyncio.run(newer_client())


def test_a_file_sent_in_clear_into_an_encrypted_room_is_read(homeserver: Running, tmp_path: Path) -> None:
    async def send() -> None:
        async with chatting(homeserver, tmp_path) as c:
            content = {"msgtype": "m.image", "body": "a.jpg", "url": "mxc://paicha.local/abc"}
            await c.phone.send(c.room, "m.room.message", content)
            said = (await c.ear.until(lambda ear: ear.events[-1] if ear.events else None)).content
            assert isinstance(said, Said)
            assert said.media is not None
            assert said.media.url == "mxc://paicha.local/abc"

    asyncio.run(send())


def test_words_sent_without_encryption_into_an_encrypted_room_are_known_as_such(
    homeserver: Running, tmp_path: Path
) -> None:
    async def send() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await put_raw(c.phone, c.room, {"msgtype": "m.text", "body": "没加密"}, "m.room.message")
            assert (await c.ear.hears("没加密")).content == Said("没加密", in_clear=True)
            await c.phone.say(c.room, "加密的")
            assert (await c.ear.hears("加密的")).content == Said("加密的")

    asyncio.run(send())


def test_a_key_that_belongs_to_somebody_elses_device_proves_nothing(
    homeserver: Running, tmp_path: Path
) -> None:
    async def impersonate() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.edge.chat.send(words(c.room, "t", "认识一下设备"))
            said = await c.phone.say(c.room, "我说的")
            await c.ear.hears("我说的")
            client: SafeClient = c.edge._client
            event = await client.line.call(
                "GET", f"/_matrix/client/v3/rooms/{quote(c.room)}/event/{quote(said)}"
            )
            assert c.edge.retry(event, c.room) is not None
            assert c.edge.retry({**event, "sender": "@lisi:paicha.local"}, c.room) is None

    asyncio.run(impersonate())


def test_two_bots_in_one_room_do_not_answer_each_other(homeserver: Running, tmp_path: Path) -> None:
    async def notices() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.send(c.room, "m.room.message", {"msgtype": "m.notice", "body": "已记录"})
            await c.phone.send(c.room, "m.sticker", {"body": "笑", "url": "mxc://a/b", "info": {}})
            await c.phone.say(c.room, "人说的")
            await c.ear.hears("人说的")
            assert len(c.ear.events) == 1

    asyncio.run(notices())


def test_a_bot_that_only_listens_hears_an_empty_room_too(homeserver: Running, tmp_path: Path) -> None:
    async def idle() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        async with awake(site, ear) as edge:
            assert ear.batches == 1
            assert edge.silent_for() is not None

    asyncio.run(idle())
