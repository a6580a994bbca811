"""What the edge says of rooms: who is in them or asked into them, what they were made as, what takes their place."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from bot.chat import RoomSeen
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix import rooms
from bot.matrix.account import Account
from bot.matrix.gateway import connect
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json
from bot.matrix.profile import take_name
from bot.matrix.safe_client import SafeClient
from bot.matrix.sync_loop import digest
from tests.conftest import new_account
from tests.support.matrix_rooms import Ear, ask, awake, chatting, new_site

BOT = "@bot:x"


def state(kind: str, content: Json, key: str = "") -> dict[str, object]:
    return {"type": kind, "state_key": key, "sender": "@li:x", "event_id": "$s", "content": content}


def sync(*events: Json, limited: bool = False, position: str = "s2") -> Json:
    timeline = {"events": list(events), "limited": limited}
    return {"next_batch": position, "rooms": {"join": {"!r": {"timeline": timeline}}}}


CREATED = state("m.room.create", {"predecessor": {"room_id": "!old"}})


def test_what_a_room_was_made_as_is_read_from_its_creation_alone() -> None:
    assert rooms.creation((CREATED,)) == rooms.Creation("!old")
    assert rooms.creation((state("m.room.create", {"type": "m.space"}),)) == rooms.Creation(space=True)
    assert rooms.creation((state("m.room.create", {"type": "", "predecessor": "!old"}),)) == rooms.Creation()
    assert rooms.creation((state("m.room.create", {"type": "m.space"}, "other"),)) == rooms.Creation()
    message = {key: value for key, value in CREATED.items() if key != "state_key"}
    assert rooms.creation((message,)) == rooms.Creation()


def test_an_invitation_into_a_space_is_none_into_a_direct_room() -> None:
    asked = state("m.room.member", {"membership": "invite", "is_direct": True}, BOT)
    answer = {
        "rooms": {
            "invite": {
                "!r": {"invite_state": {"events": [state("m.room.create", {"type": "m.space"}), asked]}}
            }
        }
    }
    [seen] = rooms.invitations(answer, BOT)
    assert (seen.space, seen.direct) == (True, False)


def test_members_that_could_not_be_learnt_are_learnt_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.matrix.members.FIRST_WAIT", 0.0)
    answers = [500, 500, 200]

    async def members(request: web.Request) -> web.Response:
        status = answers.pop(0)
        chunk = [state("m.room.member", {"membership": "join"}, who) for who in (BOT, "@li:x", "@wang:x")]
        return web.json_response({"chunk": chunk}, status=status)

    async def work() -> list[RoomSeen]:
        app = web.Application()
        app.router.add_get("/_matrix/client/v3/rooms/{room}/members", members)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        line = HomeserverClient(f"http://127.0.0.1:{runner.addresses[0][1]}")
        client = SafeClient(line, Account(BOT, "DEVICE", "token", "pickle", "seed"), tmp_path)
        try:
            joins = state("m.room.member", {"membership": "join"}, "@li:x")
            first = await digest(client, sync(joins), "s1")
            second = await digest(client, {"next_batch": "s3"}, "s2")
            third = await digest(client, {"next_batch": "s4"}, "s3")
            return [*first.rooms, *second.rooms, *third.rooms]
        finally:
            await client.close()
            await runner.cleanup()

    assert asyncio.run(work()) == [
        RoomSeen("!r", "joined", False, None),
        RoomSeen("!r", "joined", False, ("@li:x", "@wang:x")),
    ]
    assert answers == []


def test_a_third_who_is_heard_of_counts_although_the_list_could_not_be_had(tmp_path: Path) -> None:
    async def work() -> RoomSeen:
        line = HomeserverClient("http://127.0.0.1:9")
        client = SafeClient(line, Account(BOT, "DEVICE", "token", "pickle", "seed"), tmp_path)
        try:
            there = [
                state("m.room.member", {"membership": how}, who)
                for who, how in (("@li:x", "join"), ("@wang:x", "invite"))
            ]
            [seen] = (await digest(client, sync(*there), "s1")).rooms
            assert "!r" in client.unlearnt
            return seen
        finally:
            await client.close()

    assert asyncio.run(work()).members == ("@li:x", "@wang:x")


@pytest.mark.synapse
def test_a_successor_names_what_it_replaces_and_a_space_is_known_as_one(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            upgrade = await ask(c.phone, "POST", f"rooms/{quote(c.room)}/upgrade", {"new_version": "11"})
            new = str(upgrade["replacement_room"])
            await c.ear.sees("upgraded", c.room)
            await ask(c.phone, "POST", f"rooms/{quote(new)}/invite", {"user_id": c.site.account.user_id})
            seen = await c.ear.sees("joined", new)
            assert (seen.predecessor, seen.space, seen.members) == (c.room, False, (c.phone.user_id,))
            made = {
                "creation_content": {"type": "m.space"},
                "invite": [c.site.account.user_id],
                "is_direct": True,
            }
            space = str((await ask(c.phone, "POST", "createRoom", made))["room_id"])
            invited = await c.ear.sees("invited", space)
            assert (invited.space, invited.direct) == (True, False)
            assert (await c.ear.sees("joined", space)).space

    asyncio.run(talk())


@pytest.mark.synapse
def test_who_is_only_asked_into_a_direct_room_counts_and_is_not_written_to_there(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        site, ear = await new_site(homeserver, tmp_path), Ear()
        person, third = await new_account(homeserver), await new_account(homeserver)
        async with (
            awake(site, ear) as edge,
            Phone(homeserver.url, person.user_id, person.password, tmp_path / "phone") as phone,
        ):
            room = await edge.chat.open_direct(person.user_id)
            await phone.join(room)
            await ear.until(lambda e: any(r.members == (person.user_id,) for r in e.rooms))
            power = await ask(phone, "POST", f"rooms/{quote(room)}/invite", {"user_id": third.user_id})
            assert power == {}
            both = tuple(sorted((person.user_id, third.user_id)))
            await ear.until(lambda e: any(r.members == both for r in e.rooms))
            other = await edge.chat.open_direct(person.user_id)
            assert other != room
            assert await edge.chat.open_direct(person.user_id) == other

    asyncio.run(talk())


@pytest.mark.synapse
def test_after_a_restart_the_members_of_a_room_are_asked_for_where_they_are_not_known(
    homeserver: Running, tmp_path: Path
) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.ear.sees("joined", c.room)
            site, ear, phone, room = c.site, c.ear, c.phone, c.room
            known, position = ear.known_rooms(), ear.position
            again = Ear(position=position)
        edge = await connect(site.settings, site.folder, known, [room])
        task = asyncio.create_task(edge.run(position, again.take_in))
        try:
            assert (await again.sees("joined", room)).members == (phone.user_id,)
        finally:
            task.cancel()
            await asyncio.wait([task])
            await edge.close()

    asyncio.run(talk())


@pytest.mark.synapse
def test_the_bot_is_called_as_its_operator_wants_and_knows_it(homeserver: Running, tmp_path: Path) -> None:
    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "bot 进度")  # the name its account was made with
            heard = (await c.ear.hears("bot 进度")).content
            assert getattr(heard, "called", ()) == ("bot",)
            await take_name(c.edge._client, "排查小助手")
            shown = await ask(c.phone, "GET", f"profile/{quote(c.site.account.user_id)}/displayname")
            assert shown == {"displayname": "排查小助手"}
            assert c.edge._client.names >= {"bot", "排查小助手"}

    asyncio.run(talk())
