"""Accounts and rooms on the embedded homeserver, made through its administration interface.

Rule: everything here may be called again; what exists already stays as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.demo.homeserver import HomeserverError, Running
from bot.files import write_private

ADMIN = "homeserver-admin"
Json = Mapping[str, Any]


async def register(
    hs: Running, localpart: str, password: str, displayname: str = "", admin: bool = False
) -> str:
    """Make sure that the account exists; return its user id. An existing account keeps its password and name."""
    answer = await _register(hs, localpart, password, displayname, admin=admin)
    return str(answer.get("user_id", f"@{localpart}:{hs.server_name}"))


async def override_ratelimit(hs: Running, user_id: str) -> None:
    """Switch every rate limit off for one account, on a homeserver that keeps its limits."""
    path = f"/_synapse/admin/v1/users/{quote(user_id)}/override_ratelimit"
    await _ask(hs, "POST", path, {"messages_per_second": 0, "burst_count": 0})


async def alias_room(
    hs: Running, alias: str, name: str, people: Iterable[str] = (), encrypted: bool = False
) -> str:
    """Make sure that the private room `#alias` exists and that `people` (user ids) are in it or invited; return its id.

    Who is already joined is left alone; everyone else gets an invitation to accept.
    """
    path = f"/_matrix/client/v3/directory/room/{quote(f'#{alias}:{hs.server_name}')}"
    found = await _ask(hs, "GET", path, refused={"M_NOT_FOUND"})
    room_id = str(found["room_id"]) if "room_id" in found else await _create(hs, alias, name, encrypted)
    members = await _ask(hs, "GET", f"/_matrix/client/v3/rooms/{quote(room_id)}/members")
    there = {
        event["state_key"]
        for event in members["chunk"]
        if event["content"]["membership"] in ("join", "invite")
    }
    for user_id in people:
        if user_id not in there:
            await _ask(hs, "POST", f"/_matrix/client/v3/rooms/{quote(room_id)}/invite", {"user_id": user_id})
    return room_id


async def _create(hs: Running, alias: str, name: str, encrypted: bool) -> str:
    state = [
        {
            "type": "m.room.encryption",
            "state_key": "",
            "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        }
    ]
    room = {
        "preset": "private_chat",
        "room_alias_name": alias,
        "name": name,
        "initial_state": state if encrypted else [],
    }
    return str((await _ask(hs, "POST", "/_matrix/client/v3/createRoom", room))["room_id"])


async def _register(hs: Running, localpart: str, password: str, displayname: str, *, admin: bool) -> Json:
    """Only the admin is signed in at once: nobody else's token is wanted."""
    path = "/_synapse/admin/v1/register"
    nonce = str((await _call(hs, _Request("GET", path)))["nonce"])
    kept = json.loads((hs.folder / "secrets.json").read_text(encoding="utf-8"))
    words = (nonce, localpart, password, "admin" if admin else "notadmin")
    mac = hmac.new(kept["registration_shared_secret"].encode(), "\0".join(words).encode(), hashlib.sha1)
    body = {
        "nonce": nonce,
        "username": localpart,
        "displayname": displayname or localpart,
        "password": password,
        "admin": admin,
        "mac": mac.hexdigest(),
        "inhibit_login": not admin,
    }
    return await _call(hs, _Request("POST", path, body), refused={"M_USER_IN_USE"})


async def _admin_token(hs: Running) -> str:
    path = hs.folder / "admin.token"
    if not path.exists():
        answer = await _register(hs, ADMIN, secrets.token_urlsafe(24), "", admin=True)
        write_private(path, str(answer["access_token"]))
    return path.read_text(encoding="ascii")


async def _ask(
    hs: Running, method: str, path: str, body: Json | None = None, refused: Container[str] = ()
) -> Json:
    return await _call(hs, _Request(method, path, body), refused, token=await _admin_token(hs))


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: Json | None = None


async def _call(
    hs: Running,
    request: _Request,
    refused: Container[str] = (),
    token: str = "",
) -> Json:
    """One request; answers with an `errcode` of `refused` are answers, all others raise HomeserverError."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(request.method, hs.url + request.path, json=request.body) as response,
        ):
            answer: Json = await response.json()
            if response.status != 200 and answer.get("errcode") not in refused:
                raise HomeserverError(f"{request.method} {request.path}: {response.status} {answer}")
            return answer
    except (aiohttp.ClientError, TimeoutError) as error:
        raise HomeserverError(f"the homeserver does not answer ({type(error).__name__})") from error
