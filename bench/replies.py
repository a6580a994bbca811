"""How long the bot's replies are, over a whole village as it goes: bytes of the words, with and without a new item.

The script is bench/village.txt, played through the very path of `paicha rehearse`. An item counts as new when it is not
the one that was shown last; what it costs is then what the reply says beside the item's own words.

Run: python -m bench.replies [--repo DIR] [--show]      DIR: another checkout, to play the same village there
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.checkout import older
from bench.table import Cell, announce, quantile, show
from bot.cli.main import CHECKLIST, DEMO_ROSTER, plan_from
from bot.domain.campaign import Campaign
from bot.rehearsal.chat import SERVER, Shown, open_rehearsal
from bot.rehearsal.player import Player
from bot.scheduling.hours import Hours

SCRIPT = Path(__file__).with_name("village.txt")
WALKER = "zhangsan"
START = datetime(2023, 8, 5, 1, tzinfo=UTC)
PIXEL = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300" + "08" * 64 + "ffd9")
# matches "颍桥示范一村 20/70 ·【饮水安全】第22项"
HEAD = re.compile(r"^(\S+) \d+/\d+ ·【[^】]+】第(\d+)项", re.M)
HEADER = ("replies", "how many", "median", "p90", "max")


@dataclass(slots=True)
class Sizes:
    """Bytes of every reply that brings no new item, and bytes beside the item's words of every one that does."""

    plain: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    last: str = ""  # the head of the item that was shown last

    def count(self, campaign: Campaign, body: str) -> str:
        """Add one reply; how it was counted."""
        size = len(body.encode())
        head = HEAD.search(body)
        shown = f"{head[1]} {head[2]}" if head else self.last
        if head is None or shown == self.last:
            self.plain.append(size)
            return f"{size}"
        self.last = shown
        item = campaign.by_no[int(head[2])]
        words = "\n".join((item.text, *(f"· {hint}" for hint in item.hints)))
        self.beside.append(size - len(words.encode()))
        return f"item + {self.beside[-1]}"


def lines(photo: Path) -> list[str]:
    """What is said, in order."""
    script = SCRIPT.read_text("utf-8").replace("{photo}", str(photo))
    return [line for line in script.splitlines() if line and not line.startswith("#")]


async def play(folder: Path, *, aloud: bool) -> Sizes:
    """Say it all; `aloud` prints the talk with the size of each reply."""
    photo = folder / "photo.jpg"
    photo.write_bytes(PIXEL)
    plan, sizes = plan_from(CHECKLIST, DEMO_ROSTER, SERVER), Sizes()
    rehearsal = await open_rehearsal(plan, folder / "data", START, Hours())
    try:
        heard: list[Shown] = []
        player = Player(rehearsal, heard.append)
        await player.become(WALKER)
        for line in lines(photo):
            heard.clear()
            await player.play(line)
            here = (one for one in heard if one.room == player.room_id and one.type == "m.room.message")
            for body in (str(one.content["body"]) for one in here if not one.file):
                counted = sizes.count(plan.campaign, body)
                if aloud:
                    print(f"> {line}\n{body}\n  [{counted}]\n")
    finally:
        await rehearsal.close()
    return sizes


def rows(sizes: Sizes) -> list[list[Cell]]:
    """The two rows of the table."""
    return [
        _row("no new item: bytes", sizes.plain),
        _row("a new item: bytes beside the item's own words", sizes.beside),
    ]


def _row(what: str, values: Sequence[int]) -> list[Cell]:
    return [what, len(values), round(quantile(values, 0.5)), round(quantile(values, 0.9)), max(values)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replies", description="how long the replies are")
    parser.add_argument("--repo", type=Path, metavar="DIR", help="play it in another checkout")
    parser.add_argument("--show", action="store_true", help="print the talk with the size of each reply")
    options = parser.parse_args(arguments)
    aloud = ["--show"] if options.show else []
    if options.repo:
        print(older(options.repo).output(str(Path(__file__).resolve()), *aloud), end="")
        return
    announce("the length of replies, one village")
    with tempfile.TemporaryDirectory(prefix="paicha-bench-") as folder:
        show(HEADER, rows(asyncio.run(play(Path(folder), aloud=options.show))))


if __name__ == "__main__":
    main()
