"""What people say while the bot is down: all of it is answered when it is back, in order, once, and readable."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.chaos_lives import Lives, settle
from bench.chaos_talk import Sent, Speaker, direct_rooms
from bench.chaos_verdict import Verdict, judge
from bench.county_on_synapse import County, Process, found_county, phones
from bot.chat import Reacted
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from storage.db import Database
from tests.conftest import new_account
from tests.support.matrix_rooms import ask

pytestmark = pytest.mark.synapse
LATE_DEVICES = 60  # ten more than there are one-time keys


@dataclass(frozen=True, slots=True)
class Scene:
    """A bot that stands still, and a reporter in an encrypted room with it."""

    county: County
    lives: Lives
    speaker: Speaker

    async def wake_up(self, sent: Sequence[Sent]) -> Verdict:
        """Start the bot, let it finish, judge."""
        await settle(self.lives, sent, (self.speaker,))
        assert not self.lives.bad_ends
        return await judge(self.county, sent, (self.speaker,), self.lives.made)


@asynccontextmanager
async def asleep(hs: Running, folder: Path) -> AsyncIterator[Scene]:
    """The bot has joined a new reporter's encrypted room, has greeted them, and is stopped."""
    county = await found_county(hs, folder, people=1)
    lives = Lives(county, random.Random(1), datetime.now(UTC))
    async with phones(hs, county) as people:
        process = await Process.start(county, lives.wishes.as_argument())
        async with direct_rooms(people, county, encrypted=lambda _: True) as (speaker,):
            await settle(lives, [], (speaker,), process)
            yield Scene(county, lives, speaker)


def answers(count: int) -> list[str]:
    """A walk: begin, then one item after the other without a problem."""
    return ["排查", *(["1", "入户12户"] * count)[: count - 1]]


@pytest.mark.parametrize("count", [5, 40])
def test_all_messages_of_a_downtime_are_answered_in_order_once_and_readable(
    homeserver: Running, tmp_path: Path, count: int
) -> None:
    async def story() -> None:
        async with asleep(homeserver, tmp_path / "county") as scene:
            sent = [await scene.speaker.say(words) for words in answers(count)]
            verdict = await scene.wake_up(sent)
            assert verdict.good, "\n".join(verdict.lines())
            assert verdict.taken_in == count
            replies = [event for event in scene.speaker.of_bot if event.is_message]
            assert len(replies) >= count
            assert all(event.encrypted for event in replies)

    asyncio.run(story())


def test_a_phone_and_a_bot_that_both_restart_go_on_where_they_were(
    homeserver: Running, tmp_path: Path
) -> None:
    async def story() -> None:
        async with asleep(homeserver, tmp_path / "county") as scene:
            sent = [await scene.speaker.say(words) for words in answers(3)]
            before = await scene.wake_up(sent)
            assert before.good, "\n".join(before.lines())
            person, room_id = scene.county.people[0], scene.speaker.room_id
        folder = scene.county.folder / "phones" / "1"
        async with Phone(homeserver.url, person.user_id, person.password, folder) as phone:
            await phone.say(room_id, "进度")
            process = await Process.start(scene.county, scene.lives.wishes.as_argument())
            reply = await phone.hear(lambda event: event.room_id == room_id and "/" in event.words)
            assert await process.stop() == 0
            assert reply.encrypted
            assert not phone.undecryptable

    asyncio.run(story())


def test_the_sixtieth_device_that_begins_encryption_during_a_downtime_is_readable(
    homeserver: Running, tmp_path: Path
) -> None:
    async def story() -> None:
        async with asleep(homeserver, tmp_path / "county") as scene:
            claimed = await claim_keys(homeserver, scene, tmp_path, LATE_DEVICES - 1)
            assert "fallback" in claimed[-1], "one-time keys were left: the case was not made"
            person, room_id = scene.county.people[0], scene.speaker.room_id
            async with Phone(homeserver.url, person.user_id, person.password, tmp_path / "new") as late:
                await late.say(room_id, "排查")
                process = await Process.start(scene.county, scene.lives.wishes.as_argument())
                reply = await late.hear(lambda e: e.sender == scene.county.bot.user_id and "第3项" in e.words)
                assert await process.stop() == 0
                assert reply.encrypted
            assert await unreadable(scene.county) == 0

    asyncio.run(story())


async def claim_keys(hs: Running, scene: Scene, folder: Path, count: int) -> list[str]:
    """Take so many of the bot's keys, as new devices that write to it do; return each as JSON."""
    bot_id = scene.county.bot.user_id
    device = json.loads((scene.county.data / "matrix.json").read_text("utf-8"))["device_id"]
    stranger = await new_account(hs)
    found = []
    async with Phone(hs.url, stranger.user_id, stranger.password, folder / "stranger") as phone:
        for _ in range(count):
            wanted = {"one_time_keys": {bot_id: {device: "signed_curve25519"}}}
            answer = await ask(phone, "POST", "keys/claim", wanted)
            found.append(json.dumps(answer["one_time_keys"][bot_id][device]))
    return found


async def unreadable(county: County) -> int:
    database = await Database.open(county.data / "paicha.db")
    try:
        return await database.read(lambda tx: tx.number("SELECT count(*) FROM unreadable"))
    finally:
        await database.close()


def test_a_reaction_to_a_message_whose_sending_was_never_noted_answers_that_message(
    homeserver: Running, tmp_path: Path
) -> None:
    async def story() -> None:
        async with asleep(homeserver, tmp_path / "county") as scene:
            speaker = scene.speaker
            sent = [await speaker.say("排查")]
            await scene.lives.one(scene.lives.aimed("sent", 1), 60.0)
            question = await until_heard(speaker, "第3项")
            sent.append(await speaker.say("跳到 21"))
            target = await speaker.phone.react(speaker.room_id, question, "3️⃣")
            sent.append(Sent(target, speaker.room_id, speaker.phone.user_id, Reacted(question, "3️⃣")))
            verdict = await scene.wake_up(sent)
            assert verdict.good, "\n".join(verdict.lines())
            assert await answered(scene.county) == [(3, "not_applicable")]

    asyncio.run(story())


async def until_heard(speaker: Speaker, words: str) -> str:
    """The event id of a message of the bot with these words in it."""
    async with asyncio.timeout(30):
        while True:
            for event in speaker.of_bot:
                if words in event.words:
                    return event.event_id
            await asyncio.sleep(0.05)


async def answered(county: County) -> list[tuple[int, str]]:
    """Printed number and answer of every item that has one."""
    database = await Database.open(county.data / "paicha.db")
    try:
        rows = await database.read(lambda tx: tx.all("SELECT item_id, answer FROM checks"))
        return [(county.plan.campaign.item[row[0]].no, row[1]) for row in rows]
    finally:
        await database.close()
