"""Nothing anybody sends ends the process or costs another's message: every part of every event spoiled in turn.

The way is that of service: bytes as they came over the wire, `json_access.decoded`, `decrypt`, `convert`, `take_in`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.hostile import EVENTS, SPOILS, STATES, spoiled, words
from bot.chat import (
    Batch,
    Content,
    Edited,
    Incoming,
    Media,
    Reacted,
    Redacted,
    RoomSeen,
    Said,
    Unreadable,
)
from bot.engine.inbox import read_again, take_in
from bot.engine.turn import run_said
from bot.matrix import convert
from bot.matrix.decrypt import _believed, _NotBelievedError
from bot.matrix.json_access import decoded, get_id
from bot.rehearsal.chat import BOT, direct_room
from storage import inbox, rooms
from storage.audit import audit
from storage.begun import TRIES, Begun
from tests.support.bot_in_memory import GROUP, LI, STRANGER, ZHANG, InMemoryBot, context

HANG = 2.0  # seconds of CPU: a guard against what never ends, and no measure
HEADER = {"event_id": "$hostile", "sender": ZHANG, "origin_server_ts": 1_691_197_200_000}
ROOM = direct_room(ZHANG)


def over_the_wire(event: Mapping[str, Any]) -> dict[str, Any]:
    found = decoded(json.dumps({"event": event}).encode())
    assert isinstance(found, dict)
    return cast(dict[str, Any], found["event"])


def in_clear(event: Mapping[str, Any]) -> Incoming | None:
    heard = over_the_wire(event)
    if heard.get("type") == "m.room.encrypted":
        return convert.unreadable(heard, ROOM, BOT, get_id(heard, "content", "session_id"))
    return convert.incoming(heard, ROOM, BOT)


def decrypted(event: Mapping[str, Any]) -> Incoming | None:
    """The same as the plaintext of an encrypted event."""
    outer = {**HEADER, "type": "m.room.encrypted", "content": {}}
    try:
        return convert.incoming(_believed(ROOM, over_the_wire({**event, "room_id": ROOM}), outer), ROOM, BOT)
    except _NotBelievedError:
        return None


def talked() -> InMemoryBot:
    """In the middle of a walk; $said gave an answer, $asked is our question."""
    stand = InMemoryBot()
    stand.says("排查", "1")
    stand.take(stand.event(Said("4有，厕所坏了"), event_id="$said"))
    stand.tx.run("UPDATE outbox SET event_id = '$asked' WHERE id = (SELECT max(id) FROM outbox)")
    return stand


def survives(stand: InMemoryBot, *hostile: Incoming) -> None:
    """The others' messages before and behind it in its batch are taken in, and all can go on."""
    count = stand.events
    before, behind = stand.event(Said("切换 颍桥示范一村"), LI), stand.event(Said("帮助"), LI)
    stand.take(before, *hostile, behind)
    assert stand.events == count + 2
    assert all(inbox.get(stand.tx, event.event_id) for event in (before, behind))


@pytest.mark.parametrize("name", EVENTS)
def test_no_part_of_an_event_costs_another_message(name: str, caplog: pytest.LogCaptureFixture) -> None:
    stand = talked()
    for number, (part, event) in enumerate(spoiled({**HEADER, **EVENTS[name]})):
        for way in (in_clear, decrypted):
            named = {} if part == "event_id" else {"event_id": f"${way.__name__}-{number}"}
            heard = way({**event, **named})
            if heard is not None:
                survives(stand, heard)
    assert "could not be handled" not in caplog.text  # what cannot be stored was cleaned at the edge
    assert audit(stand.tx).sound


TEXTS = tuple(spoil for spoil in SPOILS if isinstance(spoil, str))
CONTENTS: tuple[Content, ...] = (
    Said("22有", Media("image", "a.jpg", "mxc://x/y", "image/jpeg", 1, {"k": "v"}), "", "$asked", "$asked"),
    Said("", None, "geo:1,2"),
    Edited("$said", "5有，水管漏"),
    Redacted("$said"),
    Reacted("$asked", "1️⃣"),
    Unreadable("session", {"type": "m.room.encrypted"}),
)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: type(content).__name__)
@pytest.mark.parametrize("sender", [ZHANG, STRANGER])
def test_no_text_of_a_value_costs_another_message(content: Content, sender: str) -> None:
    stand = talked()
    for text in TEXTS:
        for field in fields(content):
            now = getattr(content, field.name)
            spoils: list[object] = []
            if isinstance(now, str):
                spoils = [text]
            elif isinstance(now, Media):
                spoils = [
                    cast(Any, replace)(now, **{name: text}) for name in ("kind", "name", "url", "mimetype")
                ]
                spoils.append(replace(now, key={text: text}))
            elif isinstance(now, Mapping):
                spoils = [{text: text}]
            for spoil in spoils:
                survives(stand, stand.event(cast(Any, replace)(content, **{field.name: spoil}), sender, ROOM))
        for name in ("event_id", "room_id", "sender"):
            survives(stand, cast(Any, replace)(stand.event(content, sender, ROOM), **{name: text}))
    assert audit(stand.tx).sound


@pytest.mark.parametrize("change", ["joined", "invited", "left", "upgraded", "\ud800"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_room_costs_a_message(change: str, text: str) -> None:
    stand = talked()
    seen = [
        RoomSeen(text, change, members=(text,), by=text, successor=text),
        RoomSeen(GROUP, change, members=(text,), by=text, successor=text),
    ]
    honest = stand.event(Said("帮助"))
    stand.take(honest, seen=seen)
    assert inbox.get(stand.tx, honest.event_id)


def test_a_change_of_a_room_that_fails_halfway_has_not_happened() -> None:
    stand = talked()
    stand.take(seen=[RoomSeen(GROUP, "upgraded", successor="\ud800")])
    room = rooms.get(stand.tx, GROUP)
    assert room is not None
    assert room.state == "joined"


def test_a_late_key_opens_nothing_that_ends_it() -> None:
    stand = talked()
    stand.take(stand.event(Unreadable("s", {}), event_id="$dark"))
    for text in TEXTS:
        event = stand.event(Said(text, Media(text, text, text)), event_id="$dark")
        stand.write(lambda tx, event=event: read_again(tx, context(), event, stand.now))  # type: ignore[misc]
    assert inbox.get(stand.tx, "$dark")


@given(
    st.lists(st.sampled_from([*spoiled(EVENTS["edit"]), *spoiled(EVENTS["photo"])]), min_size=2, max_size=4)
)
def test_several_spoiled_events_in_one_batch(events: list[tuple[str, dict[str, Any]]]) -> None:
    heard = [in_clear({**HEADER, **event, "event_id": f"$h-{n}"}) for n, (_, event) in enumerate(events)]
    survives(talked(), *(each for each in heard if each is not None))


def test_a_failing_disk_is_not_taken_for_a_bad_message() -> None:
    stand = talked()
    stand.connection.execute("PRAGMA query_only = 1")
    with pytest.raises(sqlite3.OperationalError):
        take_in(stand.tx, context(), Batch("", (stand.event(Said("1")),)), stand.now)
    stand.connection.execute("PRAGMA query_only = 0")


@pytest.mark.parametrize(
    "unit", ["没问题", "没问题没有", "无", "正常", "没有没有不", "no problem ", "没发现问题"]
)
@pytest.mark.parametrize("state", ["an item", "nothing", "measure", "hand in"])
def test_the_same_answer_very_often_is_read_without_end_of_the_stack(unit: str, state: str) -> None:
    stand = InMemoryBot()
    for said in STATES[state]:
        stand.say(said)
    assert "已记为 #" not in stand.say(unit * (4000 // len(unit)))


@pytest.mark.parametrize("state", STATES)
def test_no_words_hold_it_up(state: str) -> None:
    stand = InMemoryBot()
    for said in STATES[state]:
        stand.say(said)
    for text in (
        *words(1, 12),
        *(unit * 4000 for unit in "1的⑫"),
        *("漏" * 65_536, "1 无 " * 16_000, "\ufdfa" * 4000),
    ):
        begun = time.process_time()
        stand.say(text)
        assert time.process_time() - begun < HANG, text[:40]


class Killed(BaseException):
    """The process is gone in the middle of a message."""


def test_a_message_that_ends_the_process_is_set_aside_and_the_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand, plain = talked(), run_said

    def deadly(*args: Any) -> Any:
        if args[2].words == "deadly":
            raise Killed
        return plain(*args)

    monkeypatch.setattr("bot.engine.versions.run_said", deadly)
    events = (stand.event(Said("1")), stand.event(Said("deadly"), LI), stand.event(Said("帮助")))

    def life() -> list[str]:
        begun = Begun(tmp_path / "begun")
        try:
            rows = stand.write(lambda tx: take_in(tx, context(), Batch("s1", events), stand.now, begun))
        finally:
            begun.close()
        return [str(row.content["body"]) for row in rows]

    for _ in range(TRIES):
        with pytest.raises(Killed):
            life()
    assert [body for body in life() if "放到一边" in body] != []
    assert [getattr(inbox.get(stand.tx, event.event_id), "state", "") for event in events] == [
        "done",
        "failed",
        "done",
    ]
    assert life() == []


def test_one_death_says_nothing_of_a_message(tmp_path: Path) -> None:
    for name in ("$a", "$b", "$a"):
        begun = Begun(tmp_path / "begun")
        assert not begun.is_hopeless(name)
        begun.begin(name)
        begun.close()
    assert not Begun(tmp_path / "begun").is_hopeless("$a")
    begun = Begun(tmp_path / "begun")
    begun.begin("$a")
    begun.end()
    begun.close()
    assert not Begun(tmp_path / "begun").is_hopeless("$a")
