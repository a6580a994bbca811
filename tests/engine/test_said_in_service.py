"""What no transcript can make the bot say: a county at its end, a message without its key, a message that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat import Batch, Incoming, Said, Unreadable
from bot.dialogue.digest import lines_of
from bot.engine.inbox import take_in
from bot.rehearsal.chat import SERVER, Rehearsal, direct_room, open_rehearsal
from bot.rehearsal.player import Player
from bot.scheduling.hours import Hours
from bot.texts import LANGUAGES, load_texts
from storage import figures, inbox, outbox
from storage.begun import TRIES, Begun
from storage.db import Transaction
from storage.outbox import Outgoing
from tests.support.transcripts import plan_in

START = datetime(2023, 8, 5, 1, tzinfo=UTC)
ZHANG = f"@zhangsan:{SERVER}"
Play = Callable[[Rehearsal, Player], Awaitable[None]]


def told(language: str, folder: Path, play: Play) -> str:
    """Everything the bot said, message below message."""

    async def run() -> str:
        rehearsal = await open_rehearsal(plan_in(language), folder, START, Hours())
        try:
            player = Player(rehearsal, lambda shown: None)
            await player.become("zhangsan")
            await play(rehearsal, player)
            return "\n".join(str(shown.content.get("body")) for shown in rehearsal.stage.shown)
        finally:
            await rehearsal.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "08-05 09:00发的一条消息我解不开"),
        ("en", "A message you sent at 08-05 09:00 could not be decrypted"),
    ],
)
def test_unreadable_a_message_without_its_key_is_asked_for_again(
    language: str, words: str, tmp_path: Path
) -> None:
    async def play(rehearsal: Rehearsal, player: Player) -> None:
        event = Incoming("$dark", direct_room(ZHANG), ZHANG, START, Unreadable("session", {}))
        await rehearsal.take(Batch("", (event,)))
        await rehearsal.move_to(START + timedelta(minutes=10))

    assert told(language, tmp_path, play).count(words) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "对不起，刚才那条没处理成，已记为 #"),
        ("en", "that message could not be handled; it is on record as #"),
    ],
)
def test_sorry_a_message_that_cannot_be_handled_gets_a_reference(
    language: str, words: str, tmp_path: Path
) -> None:
    def spoil(tx: Transaction) -> None:
        tx.run("UPDATE sessions SET state = '{\"positions\": [1]}'")  # of a kind no version ever wrote

    async def play(rehearsal: Rehearsal, player: Player) -> None:
        await player.play("切换 颍桥示范一村")
        await rehearsal.database.transaction(spoil)
        await player.play("1")

    assert words in told(language, tmp_path, play)


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "已经放到一边，什么都没有记"), ("en", "I have set it aside and recorded nothing of it")],
)
def test_set_aside_a_message_that_ended_the_process_twice_is_not_begun_again(
    language: str, words: str, tmp_path: Path
) -> None:
    deadly = Incoming("$deadly", direct_room(ZHANG), ZHANG, START, Said("没有"))
    honest = Incoming("$honest", direct_room(ZHANG), ZHANG, START, Said("进度"))

    async def play(rehearsal: Rehearsal, player: Player) -> None:
        def live(tx: Transaction) -> None:
            begun = Begun(tmp_path / "begun")
            take_in(tx, rehearsal.context, Batch("", (deadly, honest)), START, begun)
            begun.close()

        for _ in range(TRIES):  # two lives that end during it
            begun = Begun(tmp_path / "begun")
            begun.begin("$honest")
            begun.end()
            begun.begin("$deadly")
            begun.close()
        await rehearsal.database.transaction(live)
        await rehearsal.database.transaction(live)
        await rehearsal.deliver()
        assert await rehearsal.database.read(lambda tx: inbox.get(tx, "$honest")) is not None

    assert told(language, tmp_path / "data", play).count(words) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_digest_quiet_and_digest_all_begun_say_how_many_units_are_missing(
    language: str, tmp_path: Path
) -> None:
    async def play(rehearsal: Rehearsal, player: Player) -> None:
        campaign, texts = rehearsal.context.campaign, load_texts()
        counted = await rehearsal.database.read(lambda tx: figures.county(tx, campaign, START.date()))
        few = lines_of(campaign, replace(counted, quiet=("麦岭镇", "县教体局")), None, START)
        none = lines_of(campaign, replace(counted, quiet=()), None, START)
        assert [line.key for line in (few[-1], none[-1])] == ["digest_quiet", "digest_all_begun"]
        assert texts.catalogue[language]["list_comma"].join(("麦岭镇", "县教体局")) in texts.together(
            few, language
        )
        assert "麦岭镇" not in texts.together(none, language)

    told(language, tmp_path, play)


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "台账没有做成（编号 #"), ("en", "The ledger could not be made (reference #")],
)
def test_a_ledger_that_cannot_be_made_ends_in_plain_words(language: str, words: str, tmp_path: Path) -> None:
    async def play(rehearsal: Rehearsal, player: Player) -> None:
        content = json.dumps({"scope": {"section": "of another campaign"}, "language": language})

        def ask(tx: Transaction) -> None:
            outbox.add(tx, Outgoing(direct_room(ZHANG), None, json.loads(content), "ledger"), START)

        await rehearsal.database.transaction(ask)
        await rehearsal.deliver()

    assert told(language, tmp_path, play).count(words) == 1
