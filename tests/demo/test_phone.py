"""Phones talk to each other on a real homeserver: what one does, the other hears, in both kinds of rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.demo import accounts
from bot.demo.homeserver import Running
from bot.demo.homeserver import homeserver as homeserver_of
from bot.demo.matrix_client.client_events import Heard
from bot.demo.matrix_client.phone import Phone
from bot.demo.matrix_client.phone_client import PhoneError
from tests.conftest import Account, new_account

pytestmark = pytest.mark.synapse

BOTH_KINDS = pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])


def phone_of(hs: Running, account: Account, folder: Path) -> Phone:
    return Phone(hs.url, account.user_id, account.password, folder / account.user_id.split(":")[0])


async def meet(zhang: Phone, li: Phone, *, encrypted: bool) -> str:
    """张 opens a direct room with 李, who accepts; returns its id."""

    async def accept() -> None:
        invitation = await li.hear(lambda event: event.content.get("membership") == "invite")
        await li.join(invitation.room_id)

    room_id, _ = await asyncio.gather(zhang.open_direct(li.user_id, encrypted=encrypted), accept())
    return room_id


@asynccontextmanager
async def two_phones(
    hs: Running, folder: Path, *, encrypted: bool
) -> AsyncIterator[tuple[Phone, Phone, str]]:
    """张's phone, 李's phone, and the room they share."""
    zhang = phone_of(hs, await new_account(hs, "zhangsan"), folder)
    li = phone_of(hs, await new_account(hs, "lisi"), folder)
    async with zhang, li:
        yield zhang, li, await meet(zhang, li, encrypted=encrypted)


def test_a_direct_room_stands_in_the_account_as_clients_note_it(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        async with two_phones(homeserver, tmp_path, encrypted=True) as (zhang, li, first):
            for _ in range(2):
                await zhang.mark_direct("!second:x", li.user_id)
            path = f"/_matrix/client/v3/user/{zhang.user_id}/account_data/m.direct"
            headers = {"Authorization": f"Bearer {zhang._client.access_token}"}
            answer = await zhang._client.send("GET", path, None, headers)
            assert await answer.json() == {li.user_id: [first, "!second:x"]}

    asyncio.run(talk())


def saying(words: str) -> Callable[[Heard], bool]:
    return lambda event: event.is_message and event.words == words


@BOTH_KINDS
def test_words_replies_edits_reactions_and_redactions_arrive_as_what_they_are(
    homeserver: Running, tmp_path: Path, encrypted: bool
) -> None:
    async def talk() -> None:
        async with two_phones(homeserver, tmp_path, encrypted=encrypted) as (zhang, li, room):
            said = await zhang.say(room, "水管漏水")
            heard = await li.hear(saying("水管漏水"))
            assert (heard.event_id, heard.sender, heard.encrypted) == (said, zhang.user_id, encrypted)

            answer = await li.say(room, "记为第22项？", reply_to=said)
            reply = await zhang.hear(saying("记为第22项？"))
            assert (reply.event_id, reply.reply_to) == (answer, said)

            await zhang.edit(room, said, "水管爆裂")
            edit = await li.hear(saying("水管爆裂"))
            assert (edit.edits, edit.reply_to, edit.encrypted) == (said, "", encrypted)

            reaction = await zhang.react(room, answer, "👍")
            mark = await li.hear(lambda event: event.type == "m.reaction")
            assert (mark.event_id, mark.reacts_to, mark.key) == (reaction, answer, "👍")

            await zhang.redact(room, reaction)
            assert (await li.hear(lambda event: event.type == "m.room.redaction")).redacts == reaction
            await zhang.redact(room, said)
            assert (await li.hear(lambda event: event.type == "m.room.redaction")).redacts == said

    asyncio.run(talk())


@BOTH_KINDS
def test_photos_and_files_arrive_whole_and_are_unreadable_on_the_server_where_the_room_is_encrypted(
    homeserver: Running, tmp_path: Path, encrypted: bool
) -> None:
    photo, workbook = tmp_path / "现场.jpg", tmp_path / "台账.xlsx"
    photo.write_bytes(b"\xff\xd8 not quite a photo" * 1000)
    workbook.write_bytes(b"PK not quite a workbook")

    async def talk() -> None:
        async with two_phones(homeserver, tmp_path, encrypted=encrypted) as (zhang, li, room):
            await zhang.send_photo(room, photo, "村口水管")
            heard = await li.hear(lambda event: event.is_file)
            assert heard.content["msgtype"] == "m.image"
            assert (heard.words, heard.content["filename"]) == ("村口水管", "现场.jpg")
            assert ("file" in heard.content, "url" in heard.content) == (encrypted, not encrypted)
            assert await li.download(heard) == photo.read_bytes()

            await li.send_file(room, workbook)
            back = await zhang.hear(lambda event: event.is_file)
            assert (back.content["msgtype"], back.words) == ("m.file", "台账.xlsx")
            assert await zhang.download(back) == workbook.read_bytes()

    asyncio.run(talk())
    stored = [path.read_bytes() for path in (homeserver.folder / "media").rglob("*") if path.is_file()]
    assert (photo.read_bytes() in stored) is not encrypted


def test_a_phone_started_again_is_the_same_device_and_reads_what_came_meanwhile(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        zhang_account, li_account = (
            await new_account(homeserver, "zhangsan"),
            await new_account(homeserver, "lisi"),
        )
        async with phone_of(homeserver, zhang_account, tmp_path) as zhang:
            async with phone_of(homeserver, li_account, tmp_path) as li:
                room = await meet(zhang, li, encrypted=True)
                await zhang.say(room, "一")
                await li.hear(saying("一"))
                device = li.device_id
            for number in range(30):
                await zhang.say(room, f"关机时 {number}")
            no_password = Account(li_account.user_id, "not the password")
            async with phone_of(homeserver, no_password, tmp_path) as li:
                assert li.device_id == device
                heard = [(await li.hear(lambda event: event.is_message)).words for _ in range(30)]
                assert heard == [f"关机时 {number}" for number in range(30)]
                assert li.undecryptable == ()
                await li.say(room, "都收到了")
                assert (await zhang.hear(saying("都收到了"))).encrypted

    asyncio.run(talk())


def test_someone_who_joins_an_encrypted_room_reads_what_is_said_from_then_on(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        names = [await new_account(homeserver, name) for name in ("zhangsan", "lisi", "wangwu")]
        zhang, li, wang = (phone_of(homeserver, account, tmp_path) for account in names)
        async with zhang, li, wang:
            room = await accounts.alias_room(
                homeserver, f"group-{zhang.device_id.lower()}", "群", [zhang.user_id, li.user_id], True
            )
            await asyncio.gather(zhang.join(room), li.join(room))
            await zhang.say(room, "早")
            await li.hear(saying("早"))
            await accounts.alias_room(
                homeserver, f"group-{zhang.device_id.lower()}", "群", [wang.user_id], True
            )
            await wang.join(room)
            await zhang.hear(
                lambda event: event.state_key == wang.user_id and event.content.get("membership") == "join"
            )
            await zhang.say(room, "欢迎")
            assert (await wang.hear(saying("欢迎"))).encrypted

    asyncio.run(talk())


def test_two_phones_of_one_person_both_read_the_answer(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        zhang_account, li_account = (
            await new_account(homeserver, "zhangsan"),
            await new_account(homeserver, "lisi"),
        )
        async with (
            phone_of(homeserver, zhang_account, tmp_path / "old") as old,
            phone_of(homeserver, zhang_account, tmp_path / "new") as new,
            phone_of(homeserver, li_account, tmp_path) as li,
        ):
            room = await meet(old, li, encrypted=True)
            await li.say(room, "第3项")
            assert (await old.hear(saying("第3项"))).event_id == (await new.hear(saying("第3项"))).event_id
            assert old.device_id != new.device_id

    asyncio.run(talk())


def test_messages_come_in_order_and_only_from_others(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> list[str]:
        async with two_phones(homeserver, tmp_path, encrypted=True) as (zhang, li, room):
            for words in ("甲", "乙", "丙"):
                await zhang.say(room, words)
            await li.say(room, "我自己")
            words_heard: list[str] = []
            async for event in li.messages(room):
                words_heard.append(event.words)
                if len(words_heard) == 3:
                    break
            with pytest.raises(TimeoutError):
                await li.hear(lambda event: event.is_message, 0.3)
            return words_heard

    assert asyncio.run(talk()) == ["甲", "乙", "丙"]


def test_a_phone_waits_for_a_homeserver_that_is_away_and_goes_on(tmp_path: Path) -> None:
    async def talk() -> None:
        async with AsyncExitStack() as phones:
            async with homeserver_of(tmp_path / "hs") as hs:
                zhang = phone_of(hs, await new_account(hs, "zhangsan"), tmp_path)
                li = phone_of(hs, await new_account(hs, "lisi"), tmp_path)
                await phones.enter_async_context(zhang)
                await phones.enter_async_context(li)
                room = await meet(zhang, li, encrypted=True)
            said = asyncio.create_task(zhang.say(room, "还在吗"))
            async with homeserver_of(tmp_path / "hs"):
                assert (await li.hear(saying("还在吗"))).event_id == await said

    asyncio.run(talk())


def test_what_the_homeserver_refuses_is_raised(homeserver: Running, tmp_path: Path) -> None:
    async def wrong_password() -> None:
        account = await new_account(homeserver, "zhangsan")
        async with phone_of(homeserver, Account(account.user_id, "wrong"), tmp_path):
            raise AssertionError("signed in with a wrong password")

    async def room_of_others() -> None:
        async with phone_of(homeserver, await new_account(homeserver, "lisi"), tmp_path) as li:
            await li.join("#no-such-room:paicha.local")

    with pytest.raises(PhoneError, match="M_FORBIDDEN"):
        asyncio.run(wrong_password())
    with pytest.raises(PhoneError, match="M_NOT_FOUND"):
        asyncio.run(room_of_others())
