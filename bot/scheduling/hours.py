"""When the bot may speak up by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

LATE = timedelta(minutes=30)  # after the hour it was due: say so


@dataclass(frozen=True, slots=True)
class Hours:
    """When the bot may speak up by itself, in the campaign's time zone."""

    remind_at: time = time(9)
    digest_at: time = time(18)
    quiet: tuple[tuple[time, time], ...] = ((time(20, 30), time(8)), (time(12), time(14)))
    messages_a_day: int = 2

    def are_quiet(self, at: time) -> bool:
        return any(a <= at < b if a < b else at >= a or at < b for a, b in self.quiet)
