"""A message counts once: what repeats it under another event id is refused, whenever it comes; the same event may be read again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Unreadable
from bot.demo.homeserver import Running
from bot.matrix import crypto_store
from bot.matrix.crypto_store import Opened
from bot.matrix.gateway import connect
from tests.support.matrix_rooms import Chatting, awake, chatting, offline_client, put_raw, sealed


def said(c: Chatting, words: str) -> dict[str, Any]:
    event = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": words}, "room_id": c.room}
    return sealed(c.phone, c.room, json.dumps(event))


def test_a_message_repeated_after_a_restart_under_another_id_is_refused(
    homeserver: Running, tmp_path: Path
) -> None:
    async def replay() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            content = said(c, "一次")
            await put_raw(c.phone, c.room, content)
            await c.ear.hears("一次")
        async with awake(c.site, c.ear):
            await put_raw(c.phone, c.room, content)
            await put_raw(c.phone, c.room, said(c, "后"))
            await c.ear.hears("后")
        assert c.ear.words() == ["先", "一次", "后"]
        assert not any(isinstance(event.content, Unreadable) for event in c.ear.events)

    asyncio.run(replay())


def test_the_same_event_is_read_again_from_an_old_position(homeserver: Running, tmp_path: Path) -> None:
    async def read_again() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            await c.ear.hears("先")
            position = c.ear.position
            await c.phone.say(c.room, "再读一遍")
            await c.ear.hears("再读一遍")
        c.ear.position = position
        c.ear.events.clear()
        async with awake(c.site, c.ear):
            await c.ear.hears("再读一遍")

    asyncio.run(read_again())


def test_what_was_opened_is_on_disk_before_its_batch_is_taken_in(homeserver: Running, tmp_path: Path) -> None:
    class CrashError(Exception):
        pass

    async def crash(_batch: object) -> None:
        raise CrashError

    async def talk() -> None:
        async with chatting(homeserver, tmp_path) as c:
            await c.phone.say(c.room, "先")
            await c.ear.hears("先")
            content = said(c, "一次")
        await put_raw(c.phone, c.room, content)
        edge = await connect(c.site.settings, c.site.folder, c.ear.known_rooms())
        with pytest.raises(CrashError):
            await edge.run(c.ear.position, crash)
        with closing(sqlite3.connect(c.site.folder / crypto_store.FILE_NAME)) as file:
            assert file.execute("SELECT count(*) FROM opened").fetchone()[0] == 2
        await edge.close()

    asyncio.run(talk())


def test_of_very_many_messages_the_oldest_are_let_go_and_never_believed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crypto_store, "MOST_OPENED", 20)
    monkeypatch.setattr(crypto_store, "A_BLOCK", 10)
    store = offline_client(tmp_path).store
    for index in range(100):
        assert store.is_first(Opened("s", "k", index, f"${index}"))
    assert store.database.execute_sql("SELECT count(*) FROM opened").fetchone()[0] <= 30
    for index in range(100):
        assert not store.is_first(Opened("s", "k", index, "$again"))
    assert store.is_first(Opened("s", "k", 99, "$99"))
    assert store.is_first(Opened("s", "k", 100, "$100"))
    assert store.is_first(Opened("s", "another", 0, "$0"))
    store.database.close()
