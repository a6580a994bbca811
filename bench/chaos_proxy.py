"""A bad line: stands between the bot and its homeserver on loopback and, when told to, answers as failing servers do.

Rule: a spell harms only some requests, chosen by a seed; between spells everything passes unchanged.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

HOST = "127.0.0.1"
SPELLS = ("429", "502", "reset")
SHARE = 0.5  # of the requests during a spell
OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
LARGEST = 64 * 1024 * 1024


@dataclass(slots=True)
class BadLine:
    """`url` is where the bot connects. `spell`: "" or one of SPELLS. `harmed` counts requests by what befell them."""

    upstream: str
    dice: random.Random
    url: str = ""
    spell: str = ""
    harmed: Counter[str] = field(default_factory=Counter)

    async def pass_on(self, request: web.Request, session: aiohttp.ClientSession) -> web.StreamResponse:
        spell = self.spell if self.dice.random() < SHARE else ""
        if spell == "429":
            return self._too_many()
        if spell == "502":
            self.harmed["502"] += 1
            return web.Response(
                status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html"
            )
        if spell == "reset" and self.dice.random() < 0.5:
            return self._reset(request, "reset before the server saw it")
        headers = {k: v for k, v in request.headers.items() if k.lower() not in OF_THE_CONNECTION}
        target = URL(self.upstream + request.raw_path, encoded=True)
        try:
            async with session.request(
                request.method, target, headers=headers, data=await request.read(), allow_redirects=False
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError):
            return self._reset(request, "homeserver away")
        if spell == "reset":
            return self._reset(request, "reset after the server did it")
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in OF_THE_CONNECTION}
        return web.Response(status=answer.status, headers=kept, body=body)

    def _too_many(self) -> web.Response:
        if self.dice.random() < 0.5:
            self.harmed["429 with retry_after_ms"] += 1
            told = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 300}
            return web.json_response(told, status=429)
        self.harmed["429 with Retry-After"] += 1
        return web.Response(status=429, headers={"Retry-After": "1"}, text="slow down")

    def _reset(self, request: web.Request, what: str) -> web.Response:
        self.harmed[what] += 1
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


@asynccontextmanager
async def bad_line(upstream: str, seed: int) -> AsyncIterator[BadLine]:
    """A proxy to the homeserver at `upstream`."""
    line = BadLine(upstream, random.Random(seed))
    async with aiohttp.ClientSession(
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=120),
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:
        app = web.Application(client_max_size=LARGEST)

        async def pass_on(request: web.Request) -> web.StreamResponse:
            return await line.pass_on(request, session)

        app.router.add_route("*", "/{path:.*}", pass_on)
        # A killed bot's long poll must not go on behind its back.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        line.url = f"http://{HOST}:{runner.addresses[0][1]}"
        try:
            yield line
        finally:
            await runner.cleanup()
