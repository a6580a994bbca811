"""The bot's keys: there are always some, none is given out twice, and everybody in a room gets the room's key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import nio
import peewee
import pytest
from nio.store import SqliteStore

from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix import keys
from bot.matrix.gateway import Gateway, connect
from bot.matrix.ingest import ingest
from tests.conftest import new_account
from tests.support.matrix_rooms import PATIENCE, Ear, ask, awake, chatting, new_site

pytestmark = pytest.mark.synapse

COUNT = {"room": {"timeline": {"limit": 0}}}


async def claim(phone: Phone, user_id: str, device_id: str) -> dict[str, Any]:
    """Take one key of a device, as a phone does that begins to talk to it."""
    body = {"one_time_keys": {user_id: {device_id: "signed_curve25519"}}}
    claimed = await ask(phone, "POST", "keys/claim", body)
    return dict(claimed["one_time_keys"][user_id][device_id])


async def use_up_all_keys(phone: Phone, user_id: str, device_id: str) -> list[str]:
    """Take keys until only the last resort is left; returns their names."""
    used: list[str] = []
    while True:
        taken = await claim(phone, user_id, device_id)
        name, key = next(iter(taken.items()))
        if key.get("fallback"):
            return used
        used.append(name)


async def until_replenished(edge: Gateway) -> None:
    """Ask the homeserver until it has enough of the bot's keys again, and an unused last resort."""
    query = {"filter": json.dumps(COUNT), "timeout": "0"}
    enough = False
    async with asyncio.timeout(PATIENCE):
        while not enough:
            answer = await edge._client.line.call("GET", "/_matrix/client/v3/sync", query=query)
            many = answer["device_one_time_keys_count"]["signed_curve25519"] > 25
            enough = many and answer["device_unused_fallback_key_types"] == ["signed_curve25519"]


def test_a_user_who_begins_while_the_bot_is_down_and_all_keys_are_used_up_is_read(
    homeserver: Running, tmp_path: Path
) -> None:
    async def sixtieth_device() -> None:
        async with chatting(homeserver, tmp_path) as c:
            room, device = c.room, c.edge._client.device_id
            person = await new_account(homeserver)
        bot = c.site.account.user_id
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "late") as phone:
            used = await use_up_all_keys(phone, bot, device)
            assert len(used) >= 50
            async with awake(c.site, c.ear) as edge:  # wakes with none left, and joins
                room = await phone.open_direct(bot)
                await phone.say(room, "最后的钥匙")
                await c.ear.hears("最后的钥匙")
                await until_replenished(edge)

    asyncio.run(sixtieth_device())


def test_the_last_resort_key_is_replaced_after_it_was_used_and_the_old_one_still_opens(
    homeserver: Running, tmp_path: Path
) -> None:
    async def rotate() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person = await new_account(homeserver)
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone:
            async with awake(site, ear) as edge:
                room = await phone.open_direct(site.account.user_id)
                await ear.sees("joined", room)
                device = edge._client.device_id
                await use_up_all_keys(phone, site.account.user_id, device)
            await phone.say(room, "用的是备用钥匙")  # down: this conversation begins with the fallback key
            async with awake(site, ear) as edge:
                await ear.hears("用的是备用钥匙")
                await until_replenished(edge)

    asyncio.run(rotate())


@pytest.mark.parametrize("named", [{"signed_curve25519": 0}, {}, None])
def test_a_kind_of_key_that_the_homeserver_does_not_name_is_used_up(
    homeserver: Running, tmp_path: Path, named: dict[str, int] | None
) -> None:
    async def count() -> None:
        site = await new_site(homeserver, tmp_path)
        edge = await connect(site.settings, site.folder, {})
        await keys.offer_keys(edge._client)
        assert edge._client.olm.uploaded_key_count == 50
        ingest(edge._client, {} if named is None else {"device_one_time_keys_count": named})
        assert edge._client.olm.uploaded_key_count == 0
        await edge.close()

    asyncio.run(count())


def test_nios_own_client_never_notices_that_its_keys_are_used_up(homeserver: Running, tmp_path: Path) -> None:
    async def bare() -> None:
        account, person = await new_account(homeserver, "bare"), await new_account(homeserver)
        config = nio.AsyncClientConfig(store=SqliteStore)
        client = nio.AsyncClient(homeserver.url, account.user_id, store_path=str(tmp_path), config=config)
        await client.login(account.password)
        await client.keys_upload()
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone:
            body = {"one_time_keys": {client.user_id: {client.device_id: "signed_curve25519"}}}
            while (await ask(phone, "POST", "keys/claim", body))["one_time_keys"]:
                pass
        client.olm.uploaded_key_count = None  # as after a restart
        await client.sync(full_state=True)
        assert not client.should_upload_keys
        await client.close()
        client.store.database.close()

    asyncio.run(bare())


def test_a_crash_after_the_homeserver_took_our_keys_offers_none_of_them_twice(
    homeserver: Running, tmp_path: Path
) -> None:
    async def crash() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        edge = await connect(site.settings, site.folder, {})
        body = keys._fresh_keys(edge._client)
        assert body is not None
        await edge._client.line.call("POST", "/_matrix/client/v3/keys/upload", body)
        device = edge._client.device_id
        await edge.close()  # killed before the answer was handled

        person = await new_account(homeserver)
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone:
            taken = [next(iter(await claim(phone, site.account.user_id, device))) for _n in range(30)]
            async with awake(site, ear) as edge:
                await until_replenished(edge)
            again = await use_up_all_keys(phone, site.account.user_id, device)
            assert not set(taken) & set(again)
            async with awake(site, ear) as edge:
                await until_replenished(edge)

    asyncio.run(crash())


def test_a_kill_between_the_two_halves_of_a_room_key_loses_no_message(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_unused: object) -> None:
        raise KilledError

    async def kill() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.ear.sees("joined", c.room)
        person = c.phone
        async with Phone(homeserver.url, person.user_id, person._password, tmp_path / "phone") as phone:
            await phone.say(c.room, "差点丢了")
        edge = await connect(c.site.settings, c.site.folder, c.ear.known_rooms())
        with monkeypatch.context() as broken:
            broken.setattr(edge._client.olm, "save_inbound_group_session", killed)
            with pytest.raises(KilledError):
                await edge.run(c.ear.position, c.ear.take_in)
        await edge.close()
        async with awake(c.site, c.ear):
            await c.ear.hears("差点丢了")

    asyncio.run(kill())


def test_a_disk_that_fails_ends_the_bot_instead_of_losing_a_key(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_unused: object) -> None:
        raise peewee.OperationalError("database or disk is full")

    async def fill() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.ear.sees("joined", c.room)
        async with Phone(homeserver.url, c.phone.user_id, c.phone._password, tmp_path / "phone") as phone:
            await phone.say(c.room, "磁盘满了")
        edge = await connect(c.site.settings, c.site.folder, c.ear.known_rooms())
        with monkeypatch.context() as broken:
            broken.setattr(edge._client.store, "save_inbound_group_session", full)
            with pytest.raises(peewee.OperationalError):
                await edge.run(c.ear.position, c.ear.take_in)
        await edge.close()
        async with awake(c.site, c.ear):
            await c.ear.hears("磁盘满了")

    asyncio.run(fill())
