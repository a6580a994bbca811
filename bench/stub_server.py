"""A homeserver that answers at once: no database, no checks, two people a room, one word at a time.

Rules: it speaks as much of the client-server interface as a bot in plain rooms asks for; every bot that signs in has
rooms of its own; in every room the next message comes when the answer to the last one has arrived, so its own speed is
not what is measured; a bot whose filter does not leave out its own messages is sent them back, as everywhere.

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
from bot.demo.homeserver import HOST, SERVER_NAME

BOT = f"@paicha:{SERVER_NAME}"
TOKEN = "stub-"  # before the user id: a token says whose it is
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
class Seat:
    """One bot: its rooms, what it has not yet confirmed to have heard, and the wave that is running."""

    user_id: str
    wave: Wave | None = None
    position: int = 0
    events: int = 0
    unheard: list[tuple[int, str, Json]] = field(default_factory=list)  # position, room, event
    asked_at: dict[str, float] = field(default_factory=dict)
    spoken: dict[str, int] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    echoes: bool = True  # its own messages come back to it

    def say(self, room_id: str, wave: Wave) -> None:
        """The next word of a room's reporter."""
        count = self.spoken[room_id] = self.spoken.get(room_id, 0) + 1
        wave.sent += 1
        self.asked_at[room_id] = time.perf_counter()
        content: Json = {"msgtype": "m.text", "body": OPENING if count == 1 else ANSWER}
        self._happened(room_id, walker_id(int(room_id[2:6])), content)

    def hear(self, room_id: str, content: Json) -> str:
        """A message of the bot has come; the event it becomes."""
        event_id = self._happened(room_id, self.user_id, content)
        wave, asked = self.wave, self.asked_at.pop(room_id, None)
        if wave is not None and asked is not None:
            wave.waits.append(time.perf_counter() - asked)
            if wave.sent < wave.messages:
                self.say(room_id, wave)
            elif len(wave.waits) == wave.messages:
                wave.over.set()
        return event_id

    def _happened(self, room_id: str, sender: str, content: Json) -> str:
        self.events += 1
        event_id = f"$event-{self.events}"
        if sender == self.user_id and not self.echoes:
            return event_id
        event: Json = {
            "type": "m.room.message",
            "event_id": event_id,
            "sender": sender,
            "origin_server_ts": int(time.time() * 1000),
            "content": content,
        }
        self.position += 1
        self.unheard.append((self.position, room_id, event))
        self.news.set()
        return event_id


def room_id(number: int) -> str:
    return f"!r{number:04d}:{SERVER_NAME}"


def joined_room(number: int, bot_id: str) -> Json:
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
        for user_id in (bot_id, walker_id(number))
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


class Stub:
    """The whole homeserver: so many rooms for each bot, one seat for everybody who signs in."""

    def __init__(self, rooms: int) -> None:
        self.rooms = rooms
        self._seats: dict[str, Seat] = {}

    def seat(self, user_id: str) -> Seat:
        return self._seats.setdefault(user_id, Seat(user_id))

    def of(self, request: web.Request) -> Seat:
        """The seat of the bot that asks."""
        return self.seat(request.headers["Authorization"].removeprefix(f"Bearer {TOKEN}"))

    async def sync(self, request: web.Request) -> web.Response:
        """Everything it has not heard; waits for news when there are none."""
        seat = self.of(request)
        timelines: dict[str, list[Json]] = {}
        if "since" not in request.query:
            join: Json = {room_id(number): joined_room(number, seat.user_id) for number in range(self.rooms)}
            return _synced("0", join)  # what was said meanwhile comes with the next one
        since = int(request.query["since"])
        seat.unheard = [it for it in seat.unheard if it[0] > since]
        if not seat.unheard:
            seat.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(seat.news.wait(), int(request.query.get("timeout", "0")) / 1000)
        for _position, room, event in seat.unheard:
            timelines.setdefault(room, []).append(event)
        join = {
            room: {"timeline": {"events": events, "limited": False, "prev_batch": "0"}}
            for room, events in timelines.items()
        }
        return _synced(str(seat.position), join)

    async def send(self, request: web.Request) -> web.Response:
        seat, content = self.of(request), await request.json()
        if request.match_info["kind"] != "m.room.message":
            return web.json_response({"event_id": f"$other-{request.match_info['txn']}"})
        return web.json_response({"event_id": seat.hear(request.match_info["room"], content)})

    async def members(self, request: web.Request) -> web.Response:
        room = joined_room(int(request.match_info["room"][2:6]), self.of(request).user_id)
        state = room["state"]
        return web.json_response({"chunk": state["events"] if isinstance(state, dict) else []})

    async def login(self, request: web.Request) -> web.Response:
        user_id = (await request.json())["identifier"]["user"]
        return web.json_response({"user_id": user_id, "access_token": TOKEN + user_id, "device_id": "STUB"})

    async def whoami(self, request: web.Request) -> web.Response:
        user_id = self.of(request).user_id
        return web.json_response({"user_id": user_id, "device_id": "STUB", "is_guest": False})

    async def keep_filter(self, request: web.Request) -> web.Response:
        """The one thing of a filter that matters here: whether a bot wants to be told what it said itself."""
        seat, wanted = self.of(request), await request.json()
        timeline = wanted.get("room", {}).get("timeline", {})
        seat.echoes = seat.user_id not in timeline.get("not_senders", [])
        return web.json_response({"filter_id": "1"})

    async def wave(self, request: web.Request) -> web.Response:
        """Let every room of a bot talk until so many messages are answered; how long it took, and each wait."""
        seat = self.seat(request.query["bot"])
        wave = seat.wave = Wave(int(request.query["messages"]), time.perf_counter())
        for number in range(min(self.rooms, wave.messages)):
            seat.say(room_id(number), wave)
        await wave.over.wait()
        return web.json_response({"seconds": time.perf_counter() - wave.begun, "waits": wave.waits})


def _synced(position: str, join: Json) -> web.Response:
    answer: Json = {
        "next_batch": position,
        "device_one_time_keys_count": {"signed_curve25519": 50},
        "device_unused_fallback_key_types": ["signed_curve25519"],
        "rooms": {"join": join} if join else {},
    }
    return web.json_response(answer)


def application(stub: Stub) -> web.Application:
    """Everything it answers."""

    def fixed(answer: Json) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            await request.read()
            return web.json_response(answer)

        return handler

    app = web.Application(client_max_size=10_000_000)
    v3 = "/_matrix/client/v3"
    app.router.add_get("/bench/wave", stub.wave)
    app.router.add_get(f"{v3}/sync", stub.sync)
    app.router.add_put(v3 + "/rooms/{room}/send/{kind}/{txn}", stub.send)
    app.router.add_get(v3 + "/rooms/{room}/members", stub.members)
    app.router.add_post(f"{v3}/login", stub.login)
    app.router.add_get("/_matrix/client/{version}/account/whoami", stub.whoami)
    app.router.add_post(v3 + "/user/{user}/filter", stub.keep_filter)
    fixed_answers: tuple[tuple[str, str, Json], ...] = (
        ("GET", "/_matrix/client/versions", {"versions": ["v1.11"]}),
        ("POST", v3 + "/join/{room}", {}),
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
