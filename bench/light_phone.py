"""A phone that costs next to nothing, so that twenty of them leave the machine to the bot and the homeserver.

Rules: it asks only for what the bot says in its one room; it says the next word only when the answer has come; in an
encrypted room an answer counts when it could be decrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import nio

from bench.county import Account
from bot.demo.matrix_client.phone_client import do_duties, make_client, ok

LONG_POLL_MS = 10_000
QUIET_MS = 700
MEGOLM = "m.megolm.v1.aes-sha2"
Json = Mapping[str, Any]


class Silence(Exception):  # noqa: N818 -- it names what happened
    """The bot did not answer in time."""


@dataclass(slots=True)
class Talk:
    """One phone in one room with one bot. `sealed` has the keys of an encrypted room, None in a plain one."""

    session: aiohttp.ClientSession
    url: str
    token: str
    room_id: str
    bot_id: str
    sealed: nio.AsyncClient | None = None
    since: str = ""
    unreadable: int = 0
    _told: list[Json] = field(default_factory=list)

    async def ask(self, words: str, patience: float) -> float:
        """Say something and wait for the answer; the seconds it took. Raises Silence."""
        begun = time.perf_counter()
        kind, content = await self._sealed(words)
        path = f"rooms/{quote(self.room_id)}/send/{kind}/{uuid.uuid4().hex}"
        await self.call("PUT", path, content)
        try:
            async with asyncio.timeout(patience):
                while not await self._answered():
                    pass
        except TimeoutError:
            raise Silence(f"{self.bot_id} did not answer within {patience:.0f} s") from None
        return time.perf_counter() - begun

    async def catch_up(self) -> None:
        """Pass over what the bot says by itself, until it says nothing more."""
        self._told.clear()
        await self._sync(QUIET_MS)
        while self._told:
            self._told.clear()
            await self._sync(QUIET_MS)

    async def close(self) -> None:
        if self.sealed is not None:
            await self.sealed.close()
            self.sealed.store.database.close()

    async def call(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        """One request to the client-server interface."""
        async with self.session.request(
            method,
            f"{self.url}/_matrix/client/v3/{path}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
        ) as answer:
            found: Json = await answer.json()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status} {found}")
            return found

    async def _answered(self) -> bool:
        if not self._told:
            await self._sync(LONG_POLL_MS)
        while self._told:
            if self._readable(self._told.pop(0)):
                return True
        return False

    async def _sync(self, wait_ms: int) -> None:
        timeline = {
            "types": ["m.room.message", "m.room.encrypted"],
            "senders": [self.bot_id],
            "limit": 50,
            "lazy_load_members": True,
        }
        nothing: Json = {"types": []}
        only = {"rooms": [self.room_id], "state": nothing, "ephemeral": nothing, "account_data": nothing}
        wanted = {"presence": nothing, "account_data": nothing, "room": {**only, "timeline": timeline}}
        query = {"since": self.since} if self.since else {}
        answer = await self.call(
            "GET", "sync", None, timeout=str(wait_ms), filter=json.dumps(wanted), **query
        )
        self.since = answer["next_batch"]
        if self.sealed is not None and (answer.get("to_device") or answer.get("device_lists")):
            await _take_keys(self.sealed, answer)
        room = answer.get("rooms", {}).get("join", {}).get(self.room_id, {})
        self._told += room.get("timeline", {}).get("events", [])

    async def _sealed(self, words: str) -> tuple[str, Json]:
        content = {"msgtype": "m.text", "body": words}
        if self.sealed is None:
            return "m.room.message", content
        if self.sealed.olm.should_share_group_session(self.room_id):
            await ok(self.sealed.share_group_session(self.room_id, ignore_unverified_devices=True))
        kind, sealed = self.sealed.encrypt(self.room_id, "m.room.message", content)
        return kind, sealed

    def _readable(self, event: Json) -> bool:
        if self.sealed is None or event["type"] != "m.room.encrypted":
            return True
        content = event["content"]
        for sessions in self.sealed.olm.inbound_group_store[self.room_id].values():
            with contextlib.suppress(KeyError):
                sessions[content["session_id"]].decrypt(content["ciphertext"])
                return True
        self.unreadable += 1
        return False


async def _take_keys(client: nio.AsyncClient, answer: Json) -> None:
    """The parts of a sync that are about keys go the library's own way."""
    empty: Json = {"join": {}, "invite": {}, "leave": {}}
    sync = nio.SyncResponse.from_dict({**answer, "rooms": empty})
    await client.receive_response(sync)
    await do_duties(client)


async def open_talk(
    session: aiohttp.ClientSession, url: str, person: Account, bot_id: str, folder: Path | None
) -> Talk:
    """Sign in and open a direct room, encrypted when there is a folder for the keys; the bot is invited."""
    sealed = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        sealed = make_client(url, person.user_id, folder)
        token = str((await ok(sealed.login(person.password, device_name="Phone"))).access_token)
        await ok(sealed.keys_upload())
    else:
        request = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": person.user_id},
            "password": person.password,
        }
        async with session.post(f"{url}/_matrix/client/v3/login", json=request) as answer:
            token = (await answer.json())["access_token"]
    talk = Talk(session, url, token, "", bot_id, sealed)
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
    room = {
        "preset": "trusted_private_chat",
        "is_direct": True,
        "invite": [bot_id],
        "initial_state": [encryption] if sealed else [],
    }
    talk.room_id = str((await talk.call("POST", "createRoom", room))["room_id"])
    return talk


async def learn_keys(talk: Talk, patience: float) -> None:
    """Once the bot has joined: who is in the room and what devices they have. Nothing to do in a plain room.

    Waits until the bot has published its keys. Raises Silence.
    """
    if talk.sealed is None:
        return
    logging.getLogger("nio").setLevel(logging.CRITICAL)  # other phones' keys are not meant for this one
    wanted: Json = {"device_keys": {talk.bot_id: []}}
    deadline = time.monotonic() + patience
    while not (await talk.call("POST", "keys/query", wanted))["device_keys"].get(talk.bot_id):
        if time.monotonic() > deadline:
            raise Silence(f"{talk.bot_id} publishes no keys")
        await asyncio.sleep(0.1)
    await ok(talk.sealed.sync(0, full_state=True))
    await ok(talk.sealed.joined_members(talk.room_id))
    await do_duties(talk.sealed)
    talk.since = talk.sealed.next_batch
