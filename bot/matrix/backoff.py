"""Waiting for a homeserver that is busy or away: longer each time, never all at the same moment.

Rule: its own wish is kept to; a refusal is not waited out.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.chat import TryLaterError

log = logging.getLogger(__name__)

FIRST_SECONDS = 0.5
MOST_SECONDS = 60.0
MOST_WISHED_SECONDS = 600.0  # a wish beyond it is a mistake of somebody's

T = TypeVar("T")


def pause(failures: int, wish: float | None) -> float:
    """Seconds to wait after the given number of failures in a row (1 or more)."""
    grown = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 10))
    return max(min(wish or 0.0, MOST_WISHED_SECONDS), grown * random.uniform(0.5, 1.0))


async def until_answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer. Passes on everything but TryLater."""
    failures = 0
    while True:
        try:
            return await ask()
        except TryLaterError as trouble:
            failures += 1
            seconds = pause(failures, trouble.after)
            log.warning("the homeserver does not answer (%s), again in %.1f s", trouble, seconds)
            await asyncio.sleep(seconds)
