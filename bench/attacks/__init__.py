"""What an attack is, and all there are: one module a subject, each with `ATTACKS`.

Rules: an attack goes through the doors that service uses, never into the middle; it counts a try as held only when it
looked at what came of it; it prints the seed it can be repeated with.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from bot.demo.homeserver import Running


@dataclass(frozen=True, slots=True)
class Field:
    """Where an attack is played: `folder` is its own, `tries` how many it is to make, `homeserver` a real Synapse."""

    folder: Path
    tries: int
    seed: int
    homeserver: Running


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of it: `wrong` says in a line each what did not hold, the first few of them."""

    tries: int
    held: int
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attack:
    """`name` in a few words; `few` and `many`: tries in the tests and in the bench."""

    name: str
    play: Callable[[Field], Coroutine[object, object, Tally]]
    few: int
    many: int


def every() -> tuple[Attack, ...]:
    """All attacks, in the order in which they are played."""
    from bench.attacks import (  # here: each of them imports this module
        doors,
        flood,
        keys,
        machine,
        rooms,
        words,
    )

    return (
        *words.ATTACKS,
        *flood.ATTACKS,
        *rooms.ATTACKS,
        *doors.ATTACKS,
        *keys.ATTACKS,
        *machine.ATTACKS,
    )
