"""The library beneath a phone: signing in, the duties of encryption, files up and down.

Rule: matrix-nio returns its errors; here they are raised, as PhoneError.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nio
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.store import SqliteStore
from peewee import PeeweeException, SqliteDatabase

from bot.files import write_private

PHONE_TROUBLES = (PeeweeException,)  # its keys cannot be read or written
LONGEST_PAUSE = 2.0  # seconds between two tries while the homeserver is away


class PhoneError(Exception):
    """The homeserver refused something, or the phone no longer listens."""


class PhoneStore(SqliteStore):  # type: ignore[misc]
    """The library's key store in WAL mode: a phone writes keys all the time, and twenty of them share a disk."""

    def _create_database(self) -> SqliteDatabase:
        pragmas = {"foreign_keys": 1, "journal_mode": "wal", "synchronous": "normal"}
        return SqliteDatabase(self.database_path, pragmas=pragmas)


def make_client(url: str, user_id: str, folder: Path) -> nio.AsyncClient:
    """A client that keeps its keys in `folder` and waits out a homeserver that is away."""
    config = nio.AsyncClientConfig(
        store=PhoneStore, store_name="keys.db", max_timeout_retry_wait_time=LONGEST_PAUSE
    )
    return nio.AsyncClient(url, user_id, store_path=str(folder), config=config)


async def ok(asked: Any) -> Any:
    """Await a request; return its answer, or raise the error that it is."""
    answer = await asked
    if isinstance(answer, nio.ErrorResponse):
        raise PhoneError(str(answer))
    return answer


async def sign_in(client: nio.AsyncClient, password: str, folder: Path) -> None:
    """Sign in as the device kept in `folder`, or as a new one with the password."""
    kept = folder / "device.json"
    if kept.exists():
        client.restore_login(**json.loads(kept.read_text(encoding="utf-8")))
        return
    answer = await ok(client.login(password, device_name="Phone"))
    names = ("user_id", "device_id", "access_token")
    write_private(kept, json.dumps({name: getattr(answer, name) for name in names}))


async def mark_direct(client: nio.AsyncClient, room_id: str, other: str) -> None:
    """Note in the account which room is the chat with `other`, as every client does: others sort their list by it."""
    path = nio.Api._build_path(["user", client.user_id, "account_data", "m.direct"])
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    answer = await client.send("GET", path, None, headers)
    known: dict[str, list[str]] = await answer.json() if answer.status == 200 else {}
    rooms = known.get(other, [])
    if room_id in rooms:
        return
    noted = json.dumps({**known, other: [*rooms, room_id]})
    answer = await client.send("PUT", path, noted, headers)
    if answer.status != 200:
        raise PhoneError(f"m.direct could not be noted: {answer.status}")


async def do_duties(client: nio.AsyncClient) -> None:
    """What encryption asks for after every sync: keys of ours to publish, keys of others to fetch."""
    await client.send_to_device_messages()
    if client.should_upload_keys:
        await ok(client.keys_upload())
    if client.should_query_keys:
        await ok(client.keys_query())
    if client.should_claim_keys:
        await ok(client.keys_claim(client.get_users_for_key_claiming()))


async def upload(client: nio.AsyncClient, path: Path, *, encrypted: bool) -> dict[str, Any]:
    """Upload a file; return the part of a message's content that says what it is and where it lies."""
    data = await asyncio.to_thread(path.read_bytes)
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    body, keys = encrypt_attachment(data) if encrypted else (data, None)
    answer, _ = await client.upload(
        lambda _limited, _timeouts: body,
        "application/octet-stream" if encrypted else mimetype,
        None if encrypted else path.name,  # the name is as private as the file
        filesize=len(body),
    )
    if not isinstance(answer, nio.UploadResponse):
        raise PhoneError(str(answer))
    about = {"filename": path.name, "info": {"mimetype": mimetype, "size": len(data)}}
    if keys is None:
        return {**about, "url": answer.content_uri}
    return {**about, "file": {**keys, "url": answer.content_uri, "mimetype": mimetype}}


async def download(client: nio.AsyncClient, content: Mapping[str, Any]) -> bytes:
    """Fetch the file of a message's content; decrypt and check it where it is encrypted."""
    locked: Mapping[str, Any] | None = content.get("file")
    answer = await ok(client.download(str(locked["url"] if locked else content["url"])))
    body: bytes = answer.body
    if locked is None:
        return body
    plain: bytes = decrypt_attachment(body, locked["key"]["k"], locked["hashes"]["sha256"], locked["iv"])
    return plain
