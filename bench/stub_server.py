"""A homeserver that answers at once: no database, no checks, two people a room, one word at a time.

Rules: it speaks as much of the client-server interface as a bot in plain rooms asks for; in every room the next message
comes when the answer to the last one has arrived, so its own speed is not what is measured.

Run: python -m bench.stub_server ROOMS (prints its port; `bench.stub` and `bench.rooms` start it).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from bench.county import walker_id
from bench.table import quantile
from bot.demo.homeserver import HOST, SERVER_NAME

BOT = f"@paicha:{SERVER_NAME}"
OPENING = "开始"
ANSWER = "1"
Json = dict[str, object]


@dataclass(slots=True)
class Wave:
    """One measurement: so many messages, answered one after the other in every room."""

    messages: int
    begun: float
    sent: int = 0
    waits: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Stub:
    """The rooms, what the bot has not yet confirmed to have heard, and the wave that is running."""

    rooms: int
    wave: Wave | None = None
    position: int = 0
    events: int = 0
    unheard: list[tuple[int, str, Json]] = field(default_factory=list)  # position, room, event
    asked_at: dict[str, float] = field(default_factory=dict)
    spoken: dict[str, int] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, room_id: str, wave: Wave) -> None:
        """The next word of a room's reporter."""
        now = time.perf_counter()
        number = int(room_id[2:6])
        count = self.spoken[room_id] = self.spoken.get(room_id, 0) + 1
        self.events += 1
        wave.sent += 1
        event: Json = {
            "type": "m.room.message",
            "event_id": f"$said-{self.events}",
            "sender": walker_id(number),
            "origin_server_ts": int(time.time() * 1000),
            "content": {"msgtype": "m.text", "body": OPENING if count == 1 else ANSWER},
        }
        self.position += 1
        self.unheard.append((self.position, room_id, event))
        self.asked_at[room_id] = now
        self.news.set()

    def hear(self, room_id: str) -> None:
        """An answer has come."""
        wave, asked = self.wave, self.asked_at.pop(room_id, None)
        if wave is None or asked is None:
            return
        wave.waits.append(time.perf_counter() - asked)
        if wave.sent < wave.messages:
            self.say(room_id, wave)
        elif len(wave.waits) == wave.messages:
            wave.over.set()


def room_id(number: int) -> str:
    return f"!r{number:04d}:{SERVER_NAME}"


def joined_room(number: int) -> Json:
    """A direct room as a real homeserver shows it to a bot that asked for little: summary, two members, no words."""
    members = [
        {
            "type": "m.room.member",
            "state_key": user_id,
            "sender": user_id,
            "event_id": f"$joined-{number}-{user_id[1:5]}",
            "origin_server_ts": 1_700_000_000_000,
            "content": {"membership": "join", "displayname": user_id[1:].partition(":")[0]},
            "unsigned": {"age": 1000},
        }
        for user_id in (BOT, walker_id(number))
    ]
    return {
        "summary": {
            "m.heroes": [walker_id(number)],
            "m.joined_member_count": 2,
            "m.invited_member_count": 0,
        },
        "state": {"events": members},
        "timeline": {"events": [], "limited": False, "prev_batch": "0"},
        "ephemeral": {"events": []},
        "account_data": {"events": []},
        "unread_notifications": {},
    }


def application(stub: Stub) -> web.Application:
    """Everything it answers."""

    async def sync(request: web.Request) -> web.Response:
        answer: Json = {
            "device_one_time_keys_count": {"signed_curve25519": 50},
            "device_unused_fallback_key_types": ["signed_curve25519"],
        }
        if "since" not in request.query:
            rooms: Json = {room_id(number): joined_room(number) for number in range(stub.rooms)}
        else:
            since = int(request.query["since"])
            stub.unheard = [it for it in stub.unheard if it[0] > since]
            if not stub.unheard:
                stub.news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stub.news.wait(), int(request.query.get("timeout", "0")) / 1000)
            rooms = {}
            for _position, room, event in stub.unheard:
                rooms[room] = {"timeline": {"events": [event], "limited": False, "prev_batch": "0"}}
        answer["next_batch"] = str(stub.position if "since" in request.query else 0)
        return web.json_response({**answer, "rooms": {"join": rooms} if rooms else {}})

    async def send(request: web.Request) -> web.Response:
        await request.read()
        stub.events += 1
        if request.match_info["kind"] == "m.room.message":
            stub.hear(request.match_info["room"])
        return web.json_response({"event_id": f"$sent-{stub.events}"})

    async def members(request: web.Request) -> web.Response:
        number = int(request.match_info["room"][2:6])
        state = joined_room(number)["state"]
        return web.json_response({"chunk": state["events"] if isinstance(state, dict) else []})

    async def run_wave(request: web.Request) -> web.Response:
        """Let every room talk until so many messages are answered; the answer is how long it took."""
        wave = stub.wave = Wave(int(request.query["messages"]), time.perf_counter())
        for number in range(min(stub.rooms, wave.messages)):
            stub.say(room_id(number), wave)
        await wave.over.wait()
        taken = time.perf_counter() - wave.begun
        waits = [1000 * wait for wait in wave.waits]
        return web.json_response(
            {"seconds": taken, "p50": quantile(waits, 0.5), "p95": quantile(waits, 0.95)}
        )

    def fixed(answer: Json) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            await request.read()
            return web.json_response(answer)

        return handler

    app = web.Application(client_max_size=10_000_000)
    v3 = "/_matrix/client/v3"
    app.router.add_get("/bench/wave", run_wave)
    app.router.add_get(f"{v3}/sync", sync)
    app.router.add_put(v3 + "/rooms/{room}/send/{kind}/{txn}", send)
    app.router.add_get(v3 + "/rooms/{room}/members", members)
    fixed_answers: tuple[tuple[str, str, Json], ...] = (
        ("GET", "/_matrix/client/versions", {"versions": ["v1.11"]}),
        ("POST", f"{v3}/login", {"user_id": BOT, "access_token": "stub", "device_id": "STUB"}),
        ("POST", v3 + "/user/{user}/filter", {"filter_id": "1"}),
        ("POST", f"{v3}/keys/upload", {"one_time_key_counts": {"signed_curve25519": 50}}),
        ("POST", f"{v3}/keys/query", {"device_keys": {}}),
        ("POST", f"{v3}/keys/signatures/upload", {"failures": {}}),
    )
    for method, path, answer in fixed_answers:
        app.router.add_route(method, path, fixed(answer))
    app.router.add_route("*", "/{anything:.*}", fixed({}))
    return app


async def serve(rooms: int) -> None:
    """Print the port, then answer until the process is ended."""
    runner = web.AppRunner(application(Stub(rooms)), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
