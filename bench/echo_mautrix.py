"""An echo bot on mautrix-python in the usual way: a handler of messages. Everything it keeps is in memory.

Needs the environment of `bench/requirements.txt`. Run: python bench/echo_mautrix.py JOB (`bench.chat` and `bench.stub` do).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from mautrix.client import Client  # type: ignore[import-not-found]
from mautrix.client.state_store import MemoryStateStore  # type: ignore[import-not-found]
from mautrix.types import EventType  # type: ignore[import-not-found]


class Rooms(MemoryStateStore):  # type: ignore[misc]
    """What the encryption machine wants to know about rooms, beside what the library's own store knows."""

    async def find_shared_rooms(self, user_id: str) -> list[str]:
        return [room for room, members in self.members.items() if user_id in members]


async def run(job: dict[str, str]) -> None:
    """Answer every message with its own words, from now on."""
    client = Client(
        mxid=job["user_id"],
        device_id=job["device_id"],
        base_url=job["url"],
        token=job["token"],
        state_store=Rooms(),
    )
    client.ignore_initial_sync = True  # what was said before is not answered
    if job["encrypted"]:
        await _encrypt(client)

    async def echo(event: object) -> None:
        if event.sender != client.mxid:  # type: ignore[attr-defined]
            await client.send_text(event.room_id, event.content.body)  # type: ignore[attr-defined]

    client.add_event_handler(EventType.ROOM_MESSAGE, echo)
    await client.start(None)


async def _encrypt(client: Client) -> None:
    from mautrix.crypto import OlmMachine  # type: ignore[import-not-found]  # needs python-olm
    from mautrix.crypto.store import MemoryCryptoStore  # type: ignore[import-not-found]

    store = MemoryCryptoStore(client.mxid, "bench")
    await store.put_device_id(client.device_id)
    client.crypto = OlmMachine(client, store, client.state_store)
    await client.crypto.load()
    await client.crypto.share_keys()


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
