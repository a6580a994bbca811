"""Rooms that pretend to be others, and what is said where others read: nobody gets to read what is not theirs."""

from __future__ import annotations

import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from bench.attacks import Attack, Field, Tally
from bench.attacks.life import living, until, until_taken_in
from bench.county_on_synapse import BEGINNING, Account, County, found_county
from bot.app import Bot
from bot.chat import Content, Edited, Media, Reacted, Said
from bot.cli.main import CHECKLIST, DEMO_ROSTER, plan_from
from bot.demo.homeserver import Running
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json, get_text
from bot.rehearsal.chat import COUNTY, SERVER, Rehearsal, direct_room, open_rehearsal
from bot.scheduling.hours import Hours
from storage import rooms
from storage.db import Reader


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the homeserver, by raw requests."""

    user_id: str
    line: HomeserverClient

    async def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        return await self.line.call(method, f"/_matrix/client/v3/{path}", body)

    async def room(self, **more: object) -> str:
        made = await self.ask("POST", "createRoom", {"preset": "private_chat", **more})
        return get_text(made, "room_id")

    async def say(self, room_id: str, words: str) -> str:
        path = f"rooms/{quote(room_id)}/send/m.room.message/{uuid.uuid4().hex}"
        return get_text(await self.ask("PUT", path, {"msgtype": "m.text", "body": words}), "event_id")

    async def state(self, room_id: str, kind: str, content: Json) -> None:
        await self.ask("PUT", f"rooms/{quote(room_id)}/state/{kind}/", content)


@asynccontextmanager
async def signed_in(hs: Running, account: Account) -> AsyncIterator[Person]:
    line = HomeserverClient(hs.url)
    try:
        who = {"type": "m.id.user", "user": account.user_id}
        answer = await line.call(
            "POST",
            "/_matrix/client/v3/login",
            {"type": "m.login.password", "identifier": who, "password": account.password},
        )
        line.token = get_text(answer, "access_token")
        yield Person(account.user_id, line)
    finally:
        await line.close()


@dataclass(slots=True)
class Scene:
    """A running bot, the one who attacks, the one whose direct room is wanted, and somebody who knows of nothing."""

    bot: Bot
    county: County
    attacker: Person
    victim: Person
    third: str
    private: str = ""  # the victim's direct room

    async def until(self, true: Callable[[Reader], bool]) -> None:
        await until(self.bot.database, true)

    async def until_heard(self, who: Person, room_id: str) -> None:
        """Everything before this word was taken in."""
        event_id = await who.say(room_id, "进度")
        await until_taken_in(self.bot.database, event_id)

    async def ours(self, who: Person, **more: object) -> str:
        """A room of this person that the bot has followed into."""
        room_id = await who.room(invite=[self.county.bot.user_id], **more)
        await self.until(lambda tx: (r := rooms.get(tx, room_id)) is not None and r.others is not None)
        return room_id


@asynccontextmanager
async def scene(field: Field) -> AsyncIterator[Scene]:
    county = await found_county(field.homeserver, field.folder / "county", 3)
    victim, attacker, third = county.people
    async with (
        living(county) as bot,
        signed_in(field.homeserver, victim) as theirs,
        signed_in(field.homeserver, attacker) as own,
    ):
        found = Scene(bot, county, own, theirs, third.user_id)
        found.private = await found.ours(theirs, is_direct=True)
        yield found


async def names_the_victims_room(scene: Scene) -> str:
    room_id = await scene.ours(scene.attacker)
    await scene.attacker.state(room_id, "m.room.tombstone", {"replacement_room": scene.private})
    return await scene.ours(scene.attacker, is_direct=True)


async def names_a_room_that_does_not_name_it(scene: Scene) -> str:
    direct = await scene.ours(scene.attacker, is_direct=True)
    trap = await scene.attacker.room(preset="public_chat", invite=[scene.third])
    await scene.attacker.state(direct, "m.room.tombstone", {"replacement_room": trap})
    await scene.until(lambda tx: (r := rooms.get(tx, trap)) is not None and r.others is not None)
    return trap


async def claims_to_replace_the_victims_room(scene: Scene) -> str:
    claim = {"creation_content": {"predecessor": {"room_id": scene.private, "event_id": "$x"}}}
    return await scene.ours(scene.attacker, is_direct=True, **claim)


async def opens_a_space(scene: Scene) -> str:
    return await scene.ours(scene.attacker, is_direct=True, creation_content={"type": "m.space"})


async def asks_a_third_in(scene: Scene) -> str:
    room_id = await scene.ours(scene.attacker, is_direct=True)
    await scene.attacker.ask("POST", f"rooms/{quote(room_id)}/invite", {"user_id": scene.third})
    return room_id


Move = Callable[[Scene], Awaitable[str]]
MOVES: tuple[Move, ...] = (
    names_the_victims_room,
    names_a_room_that_does_not_name_it,
    asks_a_third_in,
    claims_to_replace_the_victims_room,
    opens_a_space,
)


async def pretend(field: Field) -> Tally:
    """Each move, then a word in the room it ended in; the list of rooms must be what the members of each make it."""
    dice, held, wrong = random.Random(field.seed), 0, list[str]()
    async with scene(field) as found:
        for n in range(field.tries):
            move = MOVES[n] if n < len(MOVES) else dice.choice(MOVES)
            room_id = await move(found)
            await found.until_heard(found.attacker, room_id)
            kept = await found.bot.database.read(partial(rooms.get, room_id=found.private))
            now = await found.bot.database.read(partial(rooms.get, room_id=room_id))
            assert kept is not None
            assert now is not None
            alone = move in (names_the_victims_room, claims_to_replace_the_victims_room)
            fine = kept.kind == "direct" and kept.state == "joined" and (now.kind == "direct") == alone
            fine = fine and now.person_id != kept.person_id
            held += fine
            wrong += [] if fine else [f"{move.__name__}: {kept.kind} {kept.state}, {now.kind}"]
    return Tally(field.tries, held, tuple(wrong[:5]))


ZHANG, LI = f"@zhangsan:{SERVER}", f"@lisi:{SERVER}"
PEOPLE = (ZHANG, LI, f"@yingqiao:{SERVER}", f"@xianban:{SERVER}", f"@ducha:{SERVER}")
UNIT = f"!unit-yingqiao:{SERVER}"
NAMES = ("郝三更", "冯二丫", "卖了牛", "换三通阀", "联络员 @")
BEGUN = ("排查", "1", "22有，三组郝三更家水管漏，因为郝三更卖了牛换", "郝三更请冯二丫换三通阀", "1")
ORDERS = (
    "问题 101",
    "我的",
    "台账",
    "进度",
    "改 101",
    "改 101 措施 冯二丫换三通阀",
    "改 101 责任人 郝三更",
    "101 谁负责",
    "101不是郝三更，是冯二丫",
    "跳到 22",
    "题",
    "核对",
    "帮助",
    "撤回",
    "查 郝三更家水管",
    "作废 101 郝三更重复",
    "22有，郝三更家水管漏",
    "冯二丫家水管漏水没人修",
    "4-6 无，入户郝三更家",
    "谁是联络员",
    "1",
    "2",
    "好",
    "唔唔唔郝三更",
)
TALK = (
    "大家好，明天九点开会",
    "1",
    "22有水管漏",
    "4-10 无，入户12户",
    "郝三更家换三通阀，8月12日前",
    "好的",
    "谢谢",
    "收到",
)


async def overhear(field: Field) -> Tally:
    """Orders and talk, replies, edits, reactions and photos in rooms of several: no name stands there, no talk counts."""
    dice, held, wrong = random.Random(field.seed), 0, list[str]()
    played = await open_rehearsal(
        plan_from(CHECKLIST, DEMO_ROSTER, SERVER), field.folder / "rooms", BEGINNING, Hours()
    )
    try:
        await played.enter(ZHANG, direct_room(ZHANG), "direct")
        for words in BEGUN:
            await played.say(ZHANG, direct_room(ZHANG), Said(words))
        for room_id, kind in ((UNIT, "group"), (COUNTY, "county")):
            for who in PEOPLE:
                await played.enter(who, room_id, kind)
        for _ in range(field.tries):
            who, room_id = dice.choice(PEOPLE), dice.choice((UNIT, COUNTY))
            ours, said = len(played.stage.shown), _anything(dice, played, room_id)
            before = await played.database.read(_records)
            event_id = await played.say(who, room_id, said.content)
            heard = said.talk and before != await played.database.read(_records)
            if dice.random() < 0.2:
                await played.say(who, room_id, Edited(event_id, f"排查小助手：{dice.choice(ORDERS)}"))
            told = [str(one.content) for one in played.stage.shown[ours:] if one.room == room_id]
            leaks = [name for name in NAMES for one in told if name in one]
            held += not (leaks or heard)
            wrong += [f"{said.content}: {leaks}"] if leaks or heard else []
    finally:
        await played.close()
    return Tally(field.tries, held, tuple(wrong[:5]))


@dataclass(frozen=True, slots=True)
class Spoken:
    content: Content
    talk: bool = False


def _anything(dice: random.Random, played: Rehearsal, room_id: str) -> Spoken:
    """Something said there: to us in one of the ways there are, or to the others."""
    ours = [one.event_id for one in played.stage.shown if one.room == room_id and one.content.get("body")]
    words, target = dice.choice(ORDERS), dice.choice(ours) if ours else ""
    photo = Media("image", "郝三更家.jpg", "file:/nowhere", "image/jpeg", 9)
    ways = (
        Spoken(Said(dice.choice(TALK)), talk=True),
        Spoken(Said(words, photo), talk=True),
        Spoken(Said(words, reply_to=target)),
        Spoken(Said(f"排查小助手：{words}")),
        Spoken(Said(words, to_us=True)),
        Spoken(Said(f"@排查小助手 {words}", thread="$theirs")),
        Spoken(Said(words, thread=target, after=target)),
        Spoken(Reacted(target or "$none", dice.choice(("1️⃣", "2️⃣", "👍")))),
    )
    return dice.choice(ways)


def _records(tx: Reader) -> list[object]:
    tables = ("checks", "findings", "evidence", "hand_ins", "feedback")
    return [tx.value(f"SELECT count(*) FROM {table}") for table in tables]


ATTACKS: tuple[Attack, ...] = (
    Attack("a room that pretends to be another", pretend, few=3, many=60),
    Attack("words that stand where others read", overhear, few=100, many=3000),
)
