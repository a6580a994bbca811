"""What time it is: an injected clock, so that a demo, a rehearsal and a test can stand inside the campaign."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """An aware datetime."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """Stood at `start` when it was made, and runs on from there."""

    start: datetime
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.made)


@dataclass(slots=True)
class SetClock:
    """Stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at
