"""Answers that no homeserver should give: nothing where something must be, nested without end, numbers without end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat import Batch, Message, SignedOutError, TryLaterError
from bot.matrix import backoff
from bot.matrix.gateway import Settings, connect
from bot.matrix.json_access import DEEPEST, LONGEST_ID, decoded, get_id, get_items, get_text
from tests.matrix.test_http import with_server
from tests.support.matrix_rooms import WRITTEN

FINE = {"type": "m.room.message", "content": {"body": 'a "quoted" [word] {'}}


@pytest.mark.parametrize("depth", [DEEPEST + 10, 5_000, 200_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_without_end_leaves_the_rest_readable(depth: int, opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    deep = opening * depth + "1" + closing * depth
    found = decoded(f'{{"events": [{json.dumps(FINE)}, {deep}, {json.dumps(FINE)}]}}'.encode())
    assert isinstance(found, dict)
    assert found["events"][0] == found["events"][2] == FINE


def test_a_number_without_end_leaves_the_rest_readable() -> None:
    found = decoded(f'{{"size": {"9" * 10_000}, "body": "x", "n": 12}}'.encode())
    assert found == {"size": 0, "body": "x", "n": 12}


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"a"', b"\xff\xfe", b"[" * 200_000])
def test_what_is_no_json_is_nothing(data: bytes) -> None:
    assert decoded(data) in (None, [])


def test_what_is_given_out_can_be_stored() -> None:
    odd = {"\ud800": {"k": "a\x00\udfff"}}
    ((key, inner),) = get_items({"x": odd}, "x")
    assert (key, get_text(inner, "k")) == ("\ufffd", "a\ufffd\ufffd")
    assert get_id({"id": "$" * LONGEST_ID}, "id") != ""
    assert get_id({"id": "漏" * LONGEST_ID}, "id") == ""


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": "t", "user_id": "@other:x"}])
def test_a_sign_in_that_is_answered_with_nothing_is_refused(answer: dict[str, str], tmp_path: Path) -> None:
    async def empty(_request: web.Request) -> web.StreamResponse:
        return web.json_response(answer)

    async def ask(url: str) -> None:
        with pytest.raises(SignedOutError, match="Is the address right"):
            await connect(Settings(url, "@bot:x", password="p"), tmp_path, {})

    with_server(empty, ask)


def test_a_sync_that_is_answered_with_nothing_is_asked_again_after_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    pauses: list[float] = []
    asked, plain = list[str](), asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await plain(0)

    monkeypatch.setattr("bot.matrix.backoff.asyncio.sleep", sleep)

    async def empty(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/login"):
            return web.json_response({"access_token": "t"})
        if request.path.endswith("/filter"):
            asked.append("filter")
            return web.json_response({"filter_id": "1"} if asked.count("filter") > 2 else {})
        if not request.path.endswith("/sync"):
            return web.json_response({"one_time_key_counts": {"signed_curve25519": 50}})
        asked.append(request.query.get("since", ""))
        if asked.count("s5") < 5:
            return web.json_response({})
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN"}, status=401)

    async def ask(url: str) -> None:
        edge = await connect(Settings(url, "@bot:x", password="p"), tmp_path, {})

        async def take_in(_batch: Batch) -> None:
            raise AssertionError("there was nothing to take in")

        with pytest.raises(SignedOutError):
            await edge.run("s5", take_in)
        await edge.close()

    with_server(empty, ask)
    assert asked == ["filter"] * 3 + ["s5"] * 5
    assert len([pause for pause in pauses if pause > 0]) >= 6


def test_a_message_that_is_answered_with_nothing_has_not_arrived(tmp_path: Path) -> None:
    async def empty(request: web.Request) -> web.StreamResponse:
        return web.json_response({"access_token": "t"} if request.path.endswith("/login") else {})

    async def ask(url: str) -> None:
        edge = await connect(Settings(url, "@bot:x", password="p"), tmp_path, {"!r:x": False})
        body = {"msgtype": "m.text", "body": "half of a character \ud800"}
        with pytest.raises(TryLaterError):
            await edge.chat.send(Message("!r:x", "t1", "m.room.message", body, WRITTEN))
        with pytest.raises(TryLaterError):
            await edge.chat.open_direct("@li:x")
        await edge.close()

    with_server(empty, ask)
