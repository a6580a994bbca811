"""An echo bot on simplematrixbotlib in the usual way: a listener for messages.

Needs the environment of `bench/requirements.txt`. Run: python bench/echo_simple.py JOB (`bench.chat` and `bench.stub` do).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import simplematrixbotlib as library  # type: ignore[import-not-found]


def main(job: dict[str, str]) -> None:
    """Answer every message with its own words, from now on."""
    folder = Path(job["folder"])
    credentials = library.Creds(
        job["url"],
        job["user_id"],
        access_token=job["token"],
        session_stored_file=str(folder / "session"),
    )
    config = library.Config()
    config.encryption_enabled = bool(job["encrypted"])
    config.ignore_unverified_devices = True
    config.store_path = str(folder / "keys")
    config.emoji_verify = False
    bot = library.Bot(credentials, config)

    async def echo(room: object, message: object) -> None:
        if message.sender != bot.api.async_client.user_id:  # type: ignore[attr-defined]
            await bot.api.send_text_message(room.room_id, message.body)  # type: ignore[attr-defined]

    bot.listener.on_message_event(echo)
    asyncio.run(bot.main())


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
