"""paicha doctor: what is wrong with a data folder, running bot or not, each with place and remedy.

Exit codes: 0 sound; 1 a mistake of use; 2 something the operator can mend; 3 looked, and found something wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.cli.stored import database_in, folder_of
from bot.clock import SystemClock
from bot.ops.checks import CHECKS
from bot.ops.doctor import Look, Result, examine, sound
from bot.setup import bootstrap
from storage.read_only import look_into

WRONG = 3


def run(options: argparse.Namespace) -> int:
    """Look, say what was found, and end with the exit code that means it."""
    folder = folder_of(options)
    with look_into(database_in(folder)) as tx:
        setup = bootstrap.stored_setup(tx)
        look = Look(folder, tx, SystemClock().now().astimezone(), setup.campaign if setup else None)
        results = examine(look, CHECKS)
    print(as_json(folder, results) if options.json else "\n".join(as_lines(folder, results)))
    return 0 if sound(results) else WRONG


def as_json(folder: Path, results: Sequence[Result]) -> str:
    """What machines get; these keys stay."""
    told = {
        "folder": str(folder),
        "sound": sound(results),
        "checks": [
            {"check": result.check, "seen": [asdict(seen) for seen in result.seen]} for result in results
        ],
    }
    return json.dumps(told, ensure_ascii=False)


def as_lines(folder: Path, results: Sequence[Result]) -> list[str]:
    lines = [
        f"{seen.level.upper()} {result.check}: {seen.where}: {seen.what}.\n    {seen.remedy}"
        for result in results
        for seen in result.seen
    ]
    end = "sound" if sound(results) else "something is WRONG"
    return [*lines, f"{folder}: {end}. {len(results)} checks."]
