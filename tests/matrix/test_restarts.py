"""The bot stops at any moment and starts again: everything said meanwhile is heard, in order, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.chat import SignedOutError
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix.account import forget_sign_in
from bot.matrix.gateway import connect
from tests.conftest import new_account
from tests.support.matrix_rooms import Ear, awake, chatting, new_site, words

pytestmark = pytest.mark.synapse


def heard_after_a_night(hs: Running, folder: Path, said: list[str]) -> Ear:
    """What a bot has heard that was down while these words were said."""
    ear = Ear()

    async def talk() -> None:
        site, person = await new_site(hs, folder), await new_account(hs)
        async with Phone(hs.url, person.user_id, person.password, folder / "phone") as phone:
            async with awake(site, ear):
                room = await phone.open_direct(site.account.user_id)
                await ear.sees("joined", room)
            for each in said:
                await phone.say(room, each)
            async with awake(site, ear):
                await ear.hears(said[-1])

    asyncio.run(talk())
    return ear


def test_forty_messages_to_a_bot_that_is_down_are_all_heard_in_order_once(
    homeserver: Running, tmp_path: Path
) -> None:
    said = [f"第{n}条" for n in range(40)]
    assert heard_after_a_night(homeserver, tmp_path, said).words() == said


def test_a_timeline_too_long_for_one_sync_is_fetched_before_the_position_moves(
    homeserver: Running, tmp_path: Path
) -> None:
    said = [f"{n}" for n in range(130)]
    ear = heard_after_a_night(homeserver, tmp_path, said)
    assert ear.words() == said
    assert ear.gaps == []


def test_the_same_row_sent_again_after_a_restart_is_one_message(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            row = words(c.room, "row-1", "只说一次")
            first = await c.edge.chat.send(row)
            position = c.ear.position
        c.ear.position = position
        async with awake(c.site, c.ear) as edge:
            assert await edge.chat.send(row) == first
            assert await edge.chat.find_sent(c.room, "row-1", row.written_at) == first
            assert await edge.chat.find_sent(c.room, "row-2", row.written_at) is None

    asyncio.run(talk())


def test_a_crash_between_the_two_databases_costs_nothing(homeserver: Running, tmp_path: Path) -> None:
    class CrashError(Exception):
        pass

    class Forgetful(Ear):
        async def take_in(self, batch: object) -> None:
            raise CrashError

    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person = await new_account(homeserver)
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone:
            async with awake(site, ear):
                room = await phone.open_direct(site.account.user_id)
                await ear.sees("joined", room)
            await phone.say(room, "钥匙和话一起来")
            crashing = Forgetful(ear.position, rooms=ear.rooms)
            edge = await connect(site.settings, site.folder, ear.known_rooms())
            with pytest.raises(CrashError):
                await edge.run(ear.position, crashing.take_in)
            await edge.close()
            async with awake(site, ear):
                await ear.hears("钥匙和话一起来")
        assert len(ear.keys) == 1  # the arrival of the key is told again, too

    asyncio.run(talk())


def test_a_token_that_is_refused_ends_the_bot_and_a_password_makes_a_new_device(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person = await new_account(homeserver)
        async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone:
            async with awake(site, ear):
                room = await phone.open_direct(site.account.user_id)
                await ear.sees("joined", room)
            edge = await connect(site.settings, site.folder, ear.known_rooms())
            await edge._client.line.call("POST", "/_matrix/client/v3/logout", {})
            with pytest.raises(SignedOutError):
                await edge.chat.send(words(room, "t", "?"))
            with pytest.raises(SignedOutError):
                await edge.run(ear.position, ear.take_in)
            await edge.close()
            forget_sign_in(site.folder)
            async with awake(site, ear) as edge:
                await edge.chat.send(words(room, "new", "换了设备"))
                await phone.hear(lambda e: e.words == "换了设备")
                await phone.say(room, "新设备也看得懂")
                await ear.hears("新设备也看得懂")

    asyncio.run(talk())
