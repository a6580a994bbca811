"""An echo bot on matrix-nio in the usual way: `sync_forever` and a callback. It stores nothing of what is said.

Run: python -m bench.echo_nio JOB (`bench.rivals` writes the job, `bench.chat` and `bench.stub` start it).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import nio


async def run(job: dict[str, str]) -> None:
    """Answer every message with its own words, from now on."""
    encrypted = bool(job["encrypted"])
    config = nio.AsyncClientConfig(encryption_enabled=encrypted, store_sync_tokens=True)
    client = nio.AsyncClient(
        job["url"], job["user_id"], job["device_id"], job["folder"] if encrypted else "", config
    )
    client.restore_login(job["user_id"], job["device_id"], job["token"])

    async def echo(room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
        if event.sender != client.user_id:
            content = {"msgtype": "m.text", "body": event.body}
            await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    if client.should_upload_keys:
        await client.keys_upload()
    await client.sync(timeout=0, full_state=True)  # what was said before is not answered
    client.add_event_callback(echo, nio.RoomMessageText)
    await client.sync_forever(timeout=30_000)


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
