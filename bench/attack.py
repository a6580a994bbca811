"""What strangers, accidents and broken servers can do to the bot, tried on purpose: attack, tries, held.

Run: python -m bench.attack [--few] [--seed 1] [--only WORDS]   (exit code 1 when something did not hold)
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bench.attacks import Attack, Field, Tally, every
from bench.table import announce, show
from bot.demo.homeserver import homeserver


async def play(attacks: tuple[Attack, ...], folder: Path, few: bool, seed: int) -> list[tuple[Attack, Tally]]:
    """Play one after the other on one homeserver, each in a folder of its own."""
    played = []
    async with homeserver(folder / "homeserver") as running:
        for number, attack in enumerate(attacks):
            own = folder / f"attack-{number}"
            own.mkdir()
            tries = attack.few if few else attack.many
            played.append((attack, await attack.play(Field(own, tries, seed, running))))
    return played


def main() -> int:
    options = _options()
    attacks = tuple(attack for attack in every() if options.only in attack.name)
    with tempfile.TemporaryDirectory(prefix="paicha-attack-") as folder:
        played = asyncio.run(play(attacks, Path(folder), options.few, options.seed))
    announce(f"Attacks, seed {options.seed}")
    show(("attack", "tries", "held"), [(attack.name, tally.tries, tally.held) for attack, tally in played])
    for attack, tally in played:
        for line in tally.wrong:
            print(f"{attack.name}: {line}")
    return int(any(tally.held < tally.tries for _, tally in played))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__)
    parser.add_argument("--few", action="store_true", help="as few tries as the tests make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="WORDS", help="attacks whose name contains this")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
