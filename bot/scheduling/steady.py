"""The beat under the scheduler: every so many seconds by a clock that nobody can set.

Rule: APScheduler reckons with the machine's clock. Set forward by a year, it would count a million runs that were missed,
one by one; set back, it would wait until the old time is reached again. So a run is followed by one that many seconds from
*now*, and a beat of the loop's own (monotonic) clock sees to it that no run lies further away than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger


class EverySeconds(BaseTrigger):  # type: ignore[misc]
    """Runs again so many seconds from now, whatever became of the run before."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """`previous` does not matter."""
        return now + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class Beat:
    """`tick` is called every so many `seconds`, never twice at a time. Run it with `run`."""

    tick: Callable[[], Awaitable[None]]
    seconds: float
    now: Callable[[], datetime]  # the machine's clock: the one that the scheduler reckons with

    async def run(self) -> None:
        """Beat until cancelled."""
        scheduler = AsyncIOScheduler(timezone=UTC)
        job = scheduler.add_job(
            self.tick,
            EverySeconds(self.seconds),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        try:
            while True:
                await asyncio.sleep(self.seconds)  # by the loop's own clock
                self._see_to(job)
        finally:
            scheduler.shutdown(wait=False)

    def _see_to(self, job: Job) -> None:
        """A run that lies further away than one beat was set before the clock was."""
        now = self.now()
        if job.next_run_time is None or job.next_run_time - now > timedelta(seconds=self.seconds):
            job.modify(next_run_time=now)
