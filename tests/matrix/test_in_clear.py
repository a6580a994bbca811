"""What comes without encryption into an encrypted room is known as such at the edge, and nothing of it is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Content, Edited, Media, Reacted, Redacted, Said
from bot.matrix.safe_client import SafeClient
from bot.matrix.sync_loop import digest
from tests.support.bot_in_memory import GROUP, InMemoryBot, dump
from tests.support.matrix_rooms import offline_client

TOLD = "这条消息没有加密"
RECORDS = ("checks", "findings", "evidence", "hand_ins", "feedback", "actions", "early_edits", "sessions")
IMAGE = {"msgtype": "m.image", "body": "a.jpg", "url": "mxc://x/a"}
EDIT = {
    "m.new_content": {"msgtype": "m.text", "body": "2"},
    "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"},
}
REACTION = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$q", "key": "👍"}}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SafeClient]:
    client = offline_client(tmp_path)
    client.joined.add("!r")
    yield client
    client.store.database.close()


def heard(
    client: SafeClient, *contents: dict[str, Any], kind: str = "m.room.message", **more: str
) -> list[Content]:
    """What a sync with these events, none of them encrypted, comes to."""
    events = [
        {
            "type": kind,
            "event_id": f"${n}",
            "sender": "@li:x",
            "origin_server_ts": 1,
            "content": content,
            **more,
        }
        for n, content in enumerate(contents, 1)
    ]
    answer = {"next_batch": "s2", "rooms": {"join": {"!r": {"timeline": {"events": events}}}}}
    return [event.content for event in asyncio.run(digest(client, answer, "s1")).events]


def test_words_files_and_edits_in_clear_are_marked_in_an_encrypted_room(client: SafeClient) -> None:
    client.room("!r", encrypted=True)
    words, image, edit = heard(
        client, {"msgtype": "m.text", "body": "1"}, IMAGE, {"msgtype": "m.text", "body": "* 2", **EDIT}
    )
    assert (words, edit) == (Said("1", in_clear=True), Edited("$0", "2", in_clear=True))
    assert isinstance(image, Said)
    assert image.in_clear is True
    assert heard(client, REACTION, kind="m.reaction") == [Reacted("$q", "👍")]
    assert heard(client, {}, kind="m.room.redaction", redacts="$0") == [Redacted("$0")]


def test_an_answer_to_a_poll_in_clear_is_marked(client: SafeClient) -> None:
    client.room("!r", encrypted=True)
    vote = {
        "m.relates_to": {"rel_type": "m.reference", "event_id": "$q"},
        "org.matrix.msc3381.poll.response": {"answers": ["1"]},
    }
    assert heard(client, vote, kind="org.matrix.msc3381.poll.response") == [Reacted("$q", "1", in_clear=True)]


def test_what_stands_before_the_encryption_in_the_same_sync_is_marked_too(client: SafeClient) -> None:
    client.room("!r").members_synced = True
    words = {
        "type": "m.room.message",
        "event_id": "$1",
        "sender": "@li:x",
        "content": {"msgtype": "m.text", "body": "1"},
    }
    on = {
        "type": "m.room.encryption",
        "state_key": "",
        "event_id": "$2",
        "sender": "@li:x",
        "content": {"algorithm": "m.megolm.v1.aes-sha2"},
    }
    answer = {"next_batch": "s2", "rooms": {"join": {"!r": {"timeline": {"events": [words, on]}}}}}
    [event] = asyncio.run(digest(client, answer, "s1")).events
    assert event.content == Said("1", in_clear=True)


def test_in_a_room_without_encryption_nothing_is_marked(client: SafeClient) -> None:
    assert heard(client, {"msgtype": "m.text", "body": "1"}) == [Said("1")]


@pytest.mark.parametrize(
    "content",
    [
        Said("1", in_clear=True),
        Said("22 水管漏水没人修", in_clear=True),
        Said("", Media("image", "a.jpg", "mxc://x/a", "image/jpeg", 10), in_clear=True),
        Said("村口", geo_uri="geo:33.8,113.5", in_clear=True),
        Said("语言 en", in_clear=True),
        Said("撤回", in_clear=True),
        Said("匿名意见 没人管", in_clear=True),
        Edited("$event-2", "2 水管漏水没人修", in_clear=True),
        Edited("$never-seen", "1", in_clear=True),
    ],
    ids=str,
)
def test_nothing_of_it_is_recorded_and_it_is_asked_for_again(content: Content) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "1")
    before = dump(stand.tx, *RECORDS)
    assert stand.send(content).startswith(TOLD)
    assert dump(stand.tx, *RECORDS) == before
    assert stand.say("1") != ""
    assert len(stand.answers()) == 2


def test_in_a_room_of_several_only_what_would_be_for_us_is_asked_for_again() -> None:
    stand = InMemoryBot()
    assert stand.send(Said("今天下雨了", in_clear=True), room=GROUP) == ""
    assert stand.send(Edited("$somebody", "今天下雨了", in_clear=True), room=GROUP) == ""
    assert stand.send(Said("进度", in_clear=True), room=GROUP).startswith(TOLD)
    stand.say("进度", room=GROUP)
    assert stand.send(Edited(stand.last, "排查", in_clear=True), room=GROUP).startswith(TOLD)
