"""The bot on a real homeserver: it hears what people do and they read what it sends, in both kinds of rooms."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.chat import (
    Edited,
    Reacted,
    Redacted,
    Said,
    UndeliverableError,
    Upload,
    notice,
    replacement_of_row,
)
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from tests.conftest import new_account
from tests.support.matrix_rooms import Ear, ask, awake, chatting, new_room, new_site, words

pytestmark = pytest.mark.synapse
both_kinds = pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])


@both_kinds
def test_a_person_and_the_bot_talk(homeserver: Running, tmp_path: Path, encrypted: bool) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path, encrypted=encrypted) as c:
            await c.phone.say(c.room, "你好")
            heard = await c.ear.hears("你好")
            assert (heard.sender, heard.room_id) == (c.phone.user_id, c.room)
            await c.edge.chat.send(words(c.room, "t1", "您好，我是排查助手"))
            answer = await c.phone.hear(lambda e: e.words == "您好，我是排查助手")
            assert answer.encrypted == encrypted
            assert answer.content["m.mentions"] == {}

    asyncio.run(talk())


@both_kinds
def test_what_the_bot_edits_arrives_as_an_edit(homeserver: Running, tmp_path: Path, encrypted: bool) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path, encrypted=encrypted) as c:
            said = await c.edge.chat.send(words(c.room, "t1", "✓ 第3项未发现问题"))
            content = replacement_of_row(1, notice("✓ 第3项不涉及"))
            content["m.relates_to"] = {"rel_type": "m.replace", "event_id": said}  # as the sender fills it in
            await c.edge.chat.send(replace(words(c.room, "t2", ""), content=content))
            edit = await c.phone.hear(lambda e: e.edits == said)
            assert (edit.words, edit.encrypted) == ("✓ 第3项不涉及", encrypted)

    asyncio.run(talk())


@both_kinds
def test_edits_replies_reactions_and_what_is_taken_back_arrive_as_such(
    homeserver: Running, tmp_path: Path, encrypted: bool
) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path, encrypted=encrypted) as c:
            question = await c.edge.chat.send(words(c.room, "q", "第6项？"))
            await c.phone.hear(lambda e: e.event_id == question)
            answer = await c.phone.say(c.room, "1", reply_to=question)
            await c.phone.edit(c.room, answer, "2")
            reaction = await c.phone.react(c.room, question, "👍")
            await c.phone.redact(c.room, reaction)
            await c.phone.redact(c.room, answer)
            await c.ear.until(lambda ear: len(ear.events) == 5)
            assert [event.content for event in c.ear.events] == [
                Said("1", reply_to=question),
                Edited(answer, "2"),
                Reacted(question, "👍"),
                Redacted(reaction),
                Redacted(answer),
            ]

    asyncio.run(talk())


@both_kinds
def test_files_go_both_ways_and_are_checked(homeserver: Running, tmp_path: Path, encrypted: bool) -> None:
    photo = tmp_path / "水井.jpg"
    photo.write_bytes(bytes(range(256)) * 40)

    async def exchange() -> None:
        async with chatting(homeserver, tmp_path, encrypted=encrypted) as c:
            await c.phone.send_photo(c.room, photo, "村口水井")
            said = (await c.ear.hears("村口水井")).content
            assert isinstance(said, Said)
            assert said.media is not None
            assert (said.media.kind, said.media.name) == ("image", "水井.jpg")
            assert (said.media.key is not None) == encrypted
            assert await c.edge.chat.download(said.media, 20_000) == photo.read_bytes()
            with pytest.raises(UndeliverableError, match="limit"):
                await c.edge.chat.download(said.media, 5_000)

            sheet = Upload("台账.xlsx", "application/vnd.ms-excel", b"PK" + bytes(5000))
            await c.edge.chat.send(words(c.room, "f1", "台账", msgtype="m.file"), sheet)
            file = await c.phone.hear(lambda e: e.is_file)
            assert await c.phone.download(file) == sheet.data
            assert ("file" in file.content, file.content["filename"]) == (encrypted, "台账.xlsx")

    asyncio.run(exchange())


def test_rooms_are_sent_to_at_the_same_time_by_one_client(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            others = [
                await c.phone.open_direct(c.site.account.user_id, encrypted=kind)
                for kind in (True, False, True)
            ]
            rows = [words(room, f"{room}-{n}", f"{room} {n}") for room in (c.room, *others) for n in range(3)]
            sent = await asyncio.gather(*(c.edge.chat.send(row) for row in rows))
            assert len(set(sent)) == len(rows)
            heard = {(await c.phone.hear(lambda e: e.is_message)).words for _row in rows}
            assert heard == {row.content["body"] for row in rows}
            assert not c.phone.undecryptable

    asyncio.run(talk())


def test_the_direct_room_with_a_person_is_found_again(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person = await new_account(homeserver)
        async with (
            awake(site, ear) as edge,
            Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone,
        ):
            room = await edge.chat.open_direct(person.user_id)
            assert await edge.chat.open_direct(person.user_id) == room
            await edge.chat.send(words(room, "hello", "写给还没进来的人"))
            await phone.join(room)
            assert (await phone.hear(lambda e: e.is_message)).words == "写给还没进来的人"
            assert (await ear.until(lambda e: next((r for r in e.rooms if r.members), None))).members == (
                person.user_id,
            )
            await phone.leave(room)
            await ear.until(lambda e: any(r.members == () for r in e.rooms))
            assert await edge.chat.open_direct(person.user_id) == room
            await edge.chat.send(words(room, "again", "写给出去了的人"))
            await phone.join(room)
            assert (await phone.hear(lambda e: e.is_message)).words == "写给出去了的人"
            await edge.chat.leave(room)
            await edge.chat.leave(room)
            assert await edge.chat.open_direct(person.user_id) != room
            with pytest.raises(UndeliverableError):
                await edge.chat.send(words(room, "gone", "?"))

    asyncio.run(talk())


def test_invitations_removals_and_upgrades_of_rooms_are_seen(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            bot = c.site.account.user_id
            direct = await c.ear.sees("invited", c.room)
            assert (direct.by, direct.direct) == (c.phone.user_id, True)
            room = await new_room(c.phone, invite=bot)
            assert not (await c.ear.sees("invited", room)).direct
            joined = await c.ear.sees("joined", room)
            assert (joined.encrypted, joined.members) == (True, (c.phone.user_id,))
            upgrade = await ask(c.phone, "POST", f"rooms/{quote(room)}/upgrade", {"new_version": "11"})
            upgraded = await c.ear.sees("upgraded", room)
            assert (upgraded.by, upgraded.successor) == (c.phone.user_id, upgrade["replacement_room"])
            await ask(c.phone, "POST", f"rooms/{quote(room)}/kick", {"user_id": bot})
            assert (await c.ear.sees("left", room)).by == c.phone.user_id
            with pytest.raises(UndeliverableError):
                await c.edge.chat.send(words(room, "late", "?"))

    asyncio.run(talk())


def test_what_was_said_in_a_room_before_the_bot_was_invited_is_not_for_it(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear(joins=False)
        person = await new_account(homeserver)
        async with (
            awake(site, ear) as edge,
            Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone,
        ):
            room = await new_room(phone, encrypted=False)
            await phone.say(room, "邀请之前")
            await ask(phone, "POST", f"rooms/{quote(room)}/invite", {"user_id": site.account.user_id})
            await phone.say(room, "邀请之后")
            await ear.sees("invited", room)
            await edge.chat.join(room)
            await phone.say(room, "加入之后")
            await ear.hears("加入之后")
            assert ear.words() == ["邀请之后", "加入之后"]

    asyncio.run(talk())


def test_in_a_room_that_the_bot_joined_by_itself_only_what_follows_is_for_it(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person = await new_account(homeserver)
        async with (
            awake(site, ear) as edge,
            Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone,
        ):
            room = await new_room(phone, encrypted=False, preset="public_chat")
            await phone.say(room, "之前")
            await edge.chat.join(room)
            await phone.say(room, "之后")
            await ear.hears("之后")
            assert ear.words() == ["之后"]

    asyncio.run(talk())
