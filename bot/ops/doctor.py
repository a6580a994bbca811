"""What a look at a data folder comes to: a list of checks, each of which names what it found, where, and the remedy.

Rule: a check reads and nothing else, beside a running bot too; it asks nobody but the disk. A new one is a function in
`checks.py` and a line in `CHECKS` there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain.campaign import Campaign
from storage.db import Reader

WRONG, NOTE = "wrong", "note"  # to be mended; worth knowing


@dataclass(frozen=True, slots=True)
class Look:
    """What a check is given: the data folder, one snapshot of its database, the machine's time, the campaign kept there."""

    folder: Path
    tx: Reader
    now: datetime
    campaign: Campaign | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was found. `level` is WRONG or NOTE; `where` a file, a room, a setting."""

    level: str
    where: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """`name` stays: scripts read it."""

    name: str
    look: Callable[[Look], Iterable[Seen]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    check: str
    seen: tuple[Seen, ...]


def examine(look: Look, checks: Sequence[Check]) -> list[Result]:
    """Every check, in its order."""
    return [Result(check.name, tuple(check.look(look))) for check in checks]


def sound(results: Iterable[Result]) -> bool:
    return not any(seen.level == WRONG for result in results for seen in result.seen)
