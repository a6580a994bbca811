"""How long until a bot with thousands of rooms answers, and how much memory it takes.

Rule: the clock runs from the start of the process until the answer to a message that waited for it. The rooms are on
the stub homeserver (making thousands on a real one takes longer than all other benches together); its first sync is
of the size and shape that a real one gives to the bot's filter. Every room is a direct room with somebody of the roster.

Run: python -m bench.rooms [--rooms 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.county import Account, write_settings
from bench.process import usage
from bench.stub import bot, stub, wave
from bench.stub_server import BOT
from bench.table import Cell, announce, show

HEADER = ("start", "seconds until it answers", "CPU s", "RSS MiB", "peak MiB")


async def measure(rooms: int, folder: Path) -> list[list[Cell]]:
    """The first start, with an empty file; a restart; the restarted bot after one message in every room."""
    found: list[list[Cell]] = []
    with stub(rooms, folder) as (_server, url):
        settings = write_settings(folder / "bot", url, Account(BOT, "stub"), rooms)
        for name in ("first", "again"):
            begun = time.perf_counter()
            with bot(settings, folder) as running:
                await wave(url, (BOT, running), 1)
                seconds = time.perf_counter() - begun
                it = usage(running.pid)
                found.append([name, seconds, it.cpu_ms / 1000, it.rss_mib, it.peak_mib])
                if name == "again":
                    before = it.cpu_ms
                    taken, _waits = await wave(url, (BOT, running), rooms)
                    it = usage(running.pid)
                    cpu = (it.cpu_ms - before) / 1000
                    found.append(["then one message in every room", taken, cpu, it.rss_mib, it.peak_mib])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rooms", description="start-up with many rooms")
    parser.add_argument("--rooms", type=int, default=2000)
    options = parser.parse_args(arguments)
    announce(f"{options.rooms:,} rooms on the stub homeserver")
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        show(HEADER, asyncio.run(measure(options.rooms, Path(folder))))


if __name__ == "__main__":
    main()
