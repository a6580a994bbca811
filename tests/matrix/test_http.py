"""Every way in which a homeserver does not answer becomes one of three words, and nothing is tried again in secret."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.chat import Media, Refusal, SignedOutError, TryLaterError, UndeliverableError
from bot.matrix import backoff, client_chat, sync_loop
from bot.matrix.account import Settings
from bot.matrix.gateway import connect
from bot.matrix.http import HomeserverClient, RefusedError, failure

FAILURES: dict[str, tuple[int, object, dict[str, str], type[Exception], float | None]] = {
    "limit, wish in the body": (
        429,
        {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500},
        {},
        TryLaterError,
        1.5,
    ),
    "limit, wish in the header": (
        429,
        {"errcode": "M_LIMIT_EXCEEDED"},
        {"Retry-After": "7"},
        TryLaterError,
        7.0,
    ),
    "limit, a date in the header": (
        429,
        None,
        {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"},
        TryLaterError,
        None,
    ),
    "limit of a proxy": (429, None, {}, TryLaterError, None),
    "proxy without a server": (502, None, {}, TryLaterError, None),
    "server error": (500, {"errcode": "M_UNKNOWN"}, {}, TryLaterError, None),
    "page of a proxy": (404, None, {}, TryLaterError, None),
    "unknown token": (401, {"errcode": "M_UNKNOWN_TOKEN"}, {}, SignedOutError, None),
    "deactivated": (403, {"errcode": "M_USER_DEACTIVATED"}, {}, SignedOutError, None),
    "password asked for": (401, {"flows": [{}], "session": "s"}, {}, RefusedError, None),
    "forbidden": (403, {"errcode": "M_FORBIDDEN", "error": "not in room"}, {}, UndeliverableError, None),
    "too large": (413, None, {}, UndeliverableError, None),
    "too large event": (413, {"errcode": "M_TOO_LARGE"}, {}, UndeliverableError, None),
    "user limit of the server": (403, {"errcode": "M_RESOURCE_LIMIT_EXCEEDED"}, {}, TryLaterError, None),
    "list instead of an object": (400, ["errcode"], {}, TryLaterError, None),
}


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "after"), FAILURES.values(), ids=FAILURES.keys()
)
def test_a_failure_means(
    status: int, body: object, headers: dict[str, str], kind: type[Exception], after: float | None
) -> None:
    found = failure(status, body, headers)
    assert isinstance(found, kind)
    if isinstance(found, TryLaterError):
        assert found.after == after
    if isinstance(found, UndeliverableError):
        assert (found.reason is Refusal.TOO_LARGE) == (status == 413)


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def with_server(answer: Answer, ask: Callable[[str], Awaitable[None]]) -> None:
    """Run `ask` against a server that gives `answer` to everything."""

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            host, port = runner.addresses[0][:2]
            await ask(f"http://{host}:{port}")
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_a_connection_that_is_dropped_is_tried_later_by_whoever_asked() -> None:
    asked = []

    async def drop(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def ask(url: str) -> None:
        line = HomeserverClient(url)
        with pytest.raises(TryLaterError):
            await line.call("POST", "/x", {})
        await line.close()
        nowhere = HomeserverClient("http://127.0.0.1:9")
        with pytest.raises(TryLaterError):
            await nowhere.call("GET", "/x")
        await nowhere.close()

    with_server(drop, ask)
    assert asked == ["/x"]


def test_an_answer_that_is_no_json_object_is_no_answer() -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>maintenance</html>", content_type="text/html")

    async def ask(url: str) -> None:
        line = HomeserverClient(url)
        with pytest.raises(TryLaterError):
            await line.call("GET", "/x")
        await line.close()

    with_server(page, ask)


@pytest.mark.parametrize("length", ["said", "unsaid"])
def test_a_file_that_is_too_large_is_not_read_to_its_end(length: str) -> None:
    sent: list[int] = []

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if length == "said":
            response.content_length = 10**9
        await response.prepare(request)
        try:
            while len(sent) < 10_000:
                await response.write(bytes(100_000))
                sent.append(1)
        except (ConnectionError, aiohttp.ClientError):
            pass
        return response

    async def ask(url: str) -> None:
        line = HomeserverClient(url)
        with pytest.raises(UndeliverableError) as refused:
            await line.get_file("/x", 1_000_000)
        assert refused.value.reason is Refusal.TOO_LARGE
        await line.close()

    with_server(endless, ask)
    assert len(sent) < 1000


def test_pauses_grow_to_a_minute_and_keep_to_the_servers_wish() -> None:
    first = {backoff.pause(1, None) for _n in range(50)}
    assert len(first) > 40  # never all at the same moment
    assert max(first) <= backoff.FIRST_SECONDS
    assert backoff.MOST_SECONDS / 2 <= backoff.pause(1000, None) <= backoff.MOST_SECONDS
    assert backoff.pause(1, 30.0) == 30.0
    assert backoff.pause(1, 1e9) == backoff.MOST_WISHED_SECONDS


def test_a_server_that_fails_is_asked_again_after_pauses_and_never_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    syncs: list[str] = []

    async def failing(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/login"):
            return web.json_response({"access_token": "t", "device_id": "D", "user_id": "@bot:x"})
        if not request.path.endswith("/sync"):
            return web.json_response({"one_time_key_counts": {"signed_curve25519": 50}, "filter_id": "1"})
        syncs.append(request.query.get("since", ""))
        match len(syncs):
            case 1 | 2:
                return web.Response(status=502, text="bad gateway")
            case 3:
                body = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 20}
                return web.json_response(body, status=429)
            case 4:
                return web.json_response({"next_batch": "s9"})
            case _:
                return web.json_response({"errcode": "M_UNKNOWN_TOKEN"}, status=401)

    async def ask(url: str) -> None:
        edge = await connect(Settings(url, "@bot:x", password="p"), tmp_path, {})
        with pytest.raises(SignedOutError):
            await edge.run("s5", _take_in)
        await edge.close()

    async def _take_in(_batch: object) -> None:
        raise AssertionError("there was nothing to take in")

    with_server(failing, ask)
    assert syncs == ["s5", "s5", "s5", "s5", "s9"]
    assert sync_loop.LONG_POLL_MS == 30_000


@pytest.mark.parametrize(
    "url", ["https://example.org/x", "mxc://", "mxc://host", "mxc://host/../x", "mxc://../..", ""]
)
def test_an_address_that_is_none_cannot_be_fetched(tmp_path: Path, url: str) -> None:
    async def login(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"access_token": "t"})

    async def ask(server: str) -> None:
        edge = await connect(Settings(server, "@bot:x", password="p"), tmp_path, {})
        with pytest.raises(UndeliverableError):
            await edge.chat.download(Media("image", "a", url), 100)
        with pytest.raises(UndeliverableError) as refused:
            await edge.chat.download(Media("image", "a", "mxc://a/b", size=200), 100)
        assert refused.value.reason is Refusal.TOO_LARGE
        await edge.close()

    with_server(login, ask)


def test_a_file_that_does_not_match_its_key_is_damaged() -> None:
    with pytest.raises(UndeliverableError) as refused:
        client_chat._decrypted(b"what came", {"key": {"k": "AA"}, "iv": "AA", "hashes": {"sha256": "AA"}})
    assert refused.value.reason is Refusal.DAMAGED
