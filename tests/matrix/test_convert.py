"""From the wire to our own values: every kind of event a client sends, and the malformed ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Edited, Media, Reacted, Redacted, RoomSeen, Said, Unreadable
from bot.matrix import convert, rooms
from bot.matrix.json_access import Json

BOT = "@paicha:example.org"
KEY = {
    "url": "mxc://example.org/abc",
    "key": {"k": "secret"},
    "iv": "iv",
    "hashes": {"sha256": "h"},
    "v": "v2",
}


def event(content: Json, kind: str = "m.room.message", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "event_id": "$1",
        "sender": "@zhangsan:example.org",
        "origin_server_ts": 1_691_197_200_000,
        "content": content,
        **more,
    }


def heard(content: Json, kind: str = "m.room.message", **more: Any) -> object:
    found = convert.incoming(event(content, kind, **more), "!room", BOT)
    return None if found is None else found.content


def related(**relation: object) -> dict[str, object]:
    return {"msgtype": "m.text", "body": "words", "m.relates_to": relation}


IMAGE = {
    "msgtype": "m.image",
    "body": "a.jpg",
    "url": "mxc://example.org/abc",
    "info": {"mimetype": "image/jpeg", "size": 9},
}
PLAIN_IMAGE = Media("image", "a.jpg", "mxc://example.org/abc", "image/jpeg", 9)
EDIT = {"rel_type": "m.replace", "event_id": "$0"}

PILL = f'<a href="https://matrix.to/#/{BOT}">小助手</a>: 进度'


def mentioning(body: str, **more: object) -> dict[str, object]:
    return {"msgtype": "m.text", "body": body, **more}


MESSAGES: dict[str, tuple[Json, object]] = {
    "mention in a list": (
        mentioning("进度", **{"m.mentions": {"user_ids": ["@li:x", BOT]}}),
        Said("进度", to_us=True),
    ),
    "mention of another": (mentioning("进度", **{"m.mentions": {"user_ids": ["@li:x"]}}), Said("进度")),
    "list of mentions copied from what is replied to": (
        mentioning(
            "好的",
            **{"m.mentions": {"user_ids": [BOT]}, "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}},
        ),
        Said("好的", reply_to="$0"),
    ),
    "list of mentions of no shape": (mentioning("进度", **{"m.mentions": {"user_ids": BOT}}), Said("进度")),
    "pill": (
        mentioning("小助手: 进度", formatted_body=PILL),
        Said("小助手: 进度", to_us=True, called=("小助手",)),
    ),
    "pill with an escaped id": (
        mentioning("小助手: 进度", formatted_body=PILL.replace("@", "%40").replace("example.org", "example%2Eorg")),
        Said("小助手: 进度", to_us=True, called=("小助手",)),
    ),
    "pill of another": (
        mentioning("小助手: 进度", formatted_body=PILL.replace(BOT, "@li:x")),
        Said("小助手: 进度"),
    ),
    "written link": (
        mentioning(f"[小助手](https://matrix.to/#/{BOT}) 进度"),
        Said("@小助手 进度", to_us=True, called=("小助手",)),
    ),
    "written link to another": (
        mentioning("[小李](https://matrix.to/#/@li:x) 进度"),
        Said("[小李](https://matrix.to/#/@li:x) 进度"),
    ),
    "own id in the words": (mentioning(f"{BOT} 进度"), Said(f"{BOT} 进度", called=(BOT,))),
    "edit that mentions": (
        mentioning(
            "* 进度",
            **{
                "m.new_content": mentioning("进度", **{"m.mentions": {"user_ids": [BOT]}}),
                "m.relates_to": EDIT,
            },
        ),
        Edited("$0", "进度", to_us=True),
    ),
    "words": ({"msgtype": "m.text", "body": "没有"}, Said("没有")),
    "emote": ({"msgtype": "m.emote", "body": "点头"}, Said("点头")),
    "reply": (related(**{"m.in_reply_to": {"event_id": "$q"}}), Said("words", reply_to="$q")),
    "reply with the old quote": (
        {**related(**{"m.in_reply_to": {"event_id": "$q"}}), "body": "> <@bot:x> 第6项？\n> 1 没有\n\n没有\n> 真的"},
        Said("没有\n> 真的", reply_to="$q"),
    ),
    "words that begin like a quote": ({"msgtype": "m.text", "body": "> 5户"}, Said("> 5户")),
    "thread": (
        related(rel_type="m.thread", event_id="$t", is_falling_back=True, **{"m.in_reply_to": {"event_id": "$last"}}),
        Said("words", thread="$t", after="$last"),
    ),
    "reply in a thread": (
        related(rel_type="m.thread", event_id="$t", **{"m.in_reply_to": {"event_id": "$q"}}),
        Said("words", reply_to="$q", thread="$t"),
    ),
    "edit": (
        {"msgtype": "m.text", "body": "* 二", "m.new_content": {"msgtype": "m.text", "body": "二"}, "m.relates_to": EDIT},
        Edited("$0", "二"),
    ),
    "edit without the new content": ({"msgtype": "m.text", "body": "* 二", "m.relates_to": EDIT}, Edited("$0", "二")),
    "edit of a caption": ({**IMAGE, "m.new_content": {**IMAGE, "filename": "b.jpg", "body": "新"}, "m.relates_to": EDIT}, Edited("$0", "新")),
    "edit into a notice": ({"body": "*", "m.new_content": {"msgtype": "m.notice", "body": "x"}, "m.relates_to": EDIT}, None),
    "photo": (IMAGE, Said(media=PLAIN_IMAGE)),
    "photo with a caption": ({**IMAGE, "body": "水井", "filename": "a.jpg"}, Said("水井", media=PLAIN_IMAGE)),
    "photo that repeats its name": ({**IMAGE, "filename": "a.jpg"}, Said(media=PLAIN_IMAGE)),
    "encrypted file": (
        {"msgtype": "m.file", "body": "表.xlsx", "file": KEY},
        Said(media=Media("file", "表.xlsx", "mxc://example.org/abc", key=KEY)),
    ),
    "voice": (
        {"msgtype": "m.audio", "body": "Voice", "url": "mxc://a/b", "org.matrix.msc3245.voice": {}, "info": {"size": -5}},
        Said(media=Media("audio", "Voice", "mxc://a/b")),
    ),
    "video": ({"msgtype": "m.video", "body": "v", "url": "mxc://a/b"}, Said(media=Media("video", "v", "mxc://a/b"))),
    "file elsewhere": ({"msgtype": "m.file", "body": "x", "url": "https://example.org/x"}, None),
    "place": ({"msgtype": "m.location", "body": "村口", "geo_uri": "geo:33.8,113.5"}, Said("村口", geo_uri="geo:33.8,113.5")),
    "place nowhere": ({"msgtype": "m.location", "body": "村口"}, None),
    "notice": ({"msgtype": "m.notice", "body": "已记录"}, None),
    "verification request": ({"msgtype": "m.key.verification.request", "body": "verify"}, None),
    "no kind": ({"body": "words"}, None),
    "no body": ({"msgtype": "m.text"}, Said("")),
    "nothing": ({}, None),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_means(content: Json, expected: object) -> None:
    assert heard(content) == expected


VOTE = "org.matrix.msc3381.poll.response"
OTHERS: dict[str, tuple[dict[str, Any], object]] = {
    "reaction": (
        event({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$q", "key": "👍"}}, "m.reaction"),
        Reacted("$q", "👍"),
    ),
    "reaction without a key": (
        event({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$q"}}, "m.reaction"),
        None,
    ),
    "reaction to nothing": (event({"m.relates_to": None}, "m.reaction"), None),
    "vote": (
        event(
            {VOTE: {"answers": ["2"]}, "m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}, VOTE
        ),
        Reacted("$p", "2"),
    ),
    "vote of the later wording": (
        event({"m.selections": ["2"], "m.relates_to": {"event_id": "$p"}}, "m.poll.response"),
        Reacted("$p", "2"),
    ),
    "vote for two": (event({VOTE: {"answers": ["1", "2"]}, "m.relates_to": {"event_id": "$p"}}, VOTE), None),
    "vote for none": (event({VOTE: {"answers": []}, "m.relates_to": {"event_id": "$p"}}, VOTE), None),
    "taken back": (event({}, "m.room.redaction", redacts="$0"), Redacted("$0")),
    "taken back in a new room version": (event({"redacts": "$0"}, "m.room.redaction"), Redacted("$0")),
    "taken back nothing": (event({}, "m.room.redaction"), None),
    "already redacted": (event({}, unsigned={"redacted_because": {"type": "m.room.redaction"}}), None),
    "sticker": (event({"body": "笑", "url": "mxc://a/b"}, "m.sticker"), None),
    "state": (event({"msgtype": "m.text", "body": "x"}, state_key=""), None),
    "our own words": (event({"msgtype": "m.text", "body": "x"}, sender=BOT), None),
    "no event id": (event({"msgtype": "m.text", "body": "x"}, event_id=None), None),
}


@pytest.mark.parametrize(("raw", "expected"), OTHERS.values(), ids=OTHERS.keys())
def test_another_event_means(raw: dict[str, Any], expected: object) -> None:
    found = convert.incoming(raw, "!room", BOT)
    assert (None if found is None else found.content) == expected


def test_who_where_and_when_are_kept() -> None:
    found = convert.incoming(event({"msgtype": "m.text", "body": "1"}), "!room", BOT)
    assert found is not None
    assert (found.event_id, found.room_id, found.sender) == ("$1", "!room", "@zhangsan:example.org")
    assert found.at == datetime(2023, 8, 5, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("stamp", [None, "x", -1, 2**63, True, 1e300])
def test_a_nonsense_time_is_still_a_time(stamp: object) -> None:
    assert convert.written_at({"origin_server_ts": stamp}).tzinfo is UTC


def test_a_message_without_its_key_is_kept_whole() -> None:
    raw = event({"algorithm": "m.megolm.v1.aes-sha2"}, "m.room.encrypted")
    found = convert.unreadable(raw, "!room", BOT, "session")
    assert found is not None
    assert found.content == Unreadable("session", raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["m.relates_to", "body", "file", "url", "info", "m.new_content", "key"]), inner
        )
    ),
    max_leaves=8,
)
CONTENT = st.dictionaries(
    st.sampled_from(["msgtype", "body", "m.relates_to", "m.new_content", "url", "file", "info", VOTE]),
    st.sampled_from(["m.text", "m.image", "mxc://a/b", "> x"]) | JSON,
)
KINDS = st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction", VOTE, "m.poll.response"])


@given(CONTENT, KINDS)
def test_nothing_a_stranger_sends_raises(content: dict[str, Any], kind: str) -> None:
    heard(content, kind)


UNSTORABLE = "\ud800 \udfff \x00"


@pytest.mark.parametrize(
    "content",
    [
        {"msgtype": "m.text", "body": UNSTORABLE},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"m.in_reply_to": {"event_id": UNSTORABLE}}},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": UNSTORABLE}},
        {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": UNSTORABLE}},
        {"msgtype": "m.location", "body": UNSTORABLE, "geo_uri": UNSTORABLE},
        {
            "msgtype": "m.image",
            "body": UNSTORABLE,
            "url": f"mxc://{UNSTORABLE}",
            "info": {"mimetype": UNSTORABLE},
        },
    ],
)
def test_whatever_is_heard_can_be_stored(content: Json) -> None:
    """A reply to "\\ud800" once ended the process while another reply was unsent: no UTF-8, so no SQLite, holds it."""
    found = convert.incoming(event(content, event_id=UNSTORABLE, sender=f"@x{UNSTORABLE}:y"), "!room", BOT)
    assert found is not None
    assert not re.search(r"\\ud[89a-f]|\\x00", repr(found))


def test_an_invitation_says_who_asks_and_whether_the_room_is_direct() -> None:
    member = {
        "type": "m.room.member",
        "state_key": BOT,
        "sender": "@a:b",
        "content": {"membership": "invite", "is_direct": True},
    }
    encryption = {"type": "m.room.encryption", "state_key": "", "sender": "@a:b", "content": {}}
    answer = {"rooms": {"invite": {"!r": {"invite_state": {"events": [member, encryption]}}, "!x": {}}}}
    assert list(rooms.invitations(answer, BOT)) == [
        RoomSeen("!r", "invited", encrypted=True, by="@a:b", direct=True)
    ]


def test_only_a_tombstone_that_is_state_moves_a_room() -> None:
    real = {
        "type": "m.room.tombstone",
        "state_key": "",
        "sender": "@a:b",
        "content": {"replacement_room": "!new"},
    }
    claimed = {key: value for key, value in real.items() if key != "state_key"}
    answer = {"rooms": {"join": {"!r": {"timeline": {"events": [claimed, real]}}}}}
    assert list(rooms.upgrades(answer)) == [RoomSeen("!r", "upgraded", by="@a:b", successor="!new")]
