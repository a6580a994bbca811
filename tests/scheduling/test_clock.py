"""The machine's clock is set back or forward: no tick stops, nothing is said twice, nothing waits for the old time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from bot.chat import Unreadable
from bot.scheduling.hours import Hours
from bot.scheduling.steady import Beat
from tests.support.bot_in_memory import LI, ZHANG, InMemoryBot, shown

JUMPS = [timedelta(hours=-8), timedelta(days=-400), timedelta(days=365), timedelta(seconds=-40)]
GUARD = 2.0  # seconds in which a beat of hundredths must be felt


class Machine:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self, zone: tzinfo | None = UTC) -> datetime:
        return datetime.now(zone) + self.moved


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The clock of this machine, for whoever asks the module `datetime`."""
    machine = Machine()

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return machine.now(tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Moved)
    return machine


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_the_tick_goes_on_whatever_the_clock_does(machine: Machine, jump: timedelta) -> None:
    async def run() -> None:
        ticks = 0
        felt = asyncio.Condition()

        async def tick() -> None:
            nonlocal ticks
            async with felt:
                ticks += 1
                felt.notify_all()

        async def more(number: int) -> None:
            until = ticks + number
            async with asyncio.timeout(GUARD), felt:
                await felt.wait_for(lambda: ticks >= until)

        beat = asyncio.create_task(Beat(tick, 0.02, machine.now).run())
        try:
            await more(2)
            machine.moved += jump
            await more(3)
            machine.moved -= jump
            await more(3)
        finally:
            beat.cancel()
            await asyncio.wait({beat})

    asyncio.run(run())


def through_a_day(stand: InMemoryBot, move: Callable[[int], timedelta]) -> list[str]:
    """Everything said unasked, tick by tick from 08:30 on; `move` says by how much the clock is moved before each."""
    said: list[str] = []
    for step in range(120):
        stand.now += timedelta(minutes=5) + move(step)
        said += [f"{row.room_id or row.person_id} {row.reason}" for row in stand.tick(Hours())]
    return said


@pytest.mark.parametrize("jump", [*JUMPS[:1], *JUMPS[2:]], ids=str)
@pytest.mark.parametrize("at", [3, 8, 30, 118])
def test_reminders_and_digest_come_once_a_day_although_the_clock_goes_to_and_fro(
    jump: timedelta, at: int
) -> None:
    stand = InMemoryBot()
    stand.now = datetime(2023, 8, 10, 8, 30, tzinfo=stand.now.tzinfo)
    usual = through_a_day(stand, lambda step: timedelta())
    moved = InMemoryBot()
    moved.now = datetime(2023, 8, 10, 8, 30, tzinfo=moved.now.tzinfo)
    said = through_a_day(moved, lambda step: jump if step == at else -jump if step == at + 1 else timedelta())
    assert len(said) == len(set(said))
    assert set(said) <= set(usual)


def test_a_year_forward_says_nothing_of_the_year_between() -> None:
    stand = InMemoryBot()
    stand.tick()
    stand.later(days=365)
    assert stand.tick() == []


def test_a_person_who_spoke_before_the_clock_was_set_back_is_not_talking_for_hours() -> None:
    stand = InMemoryBot()
    stand.now = datetime(2023, 8, 10, 17, 0, tzinfo=stand.now.tzinfo)
    stand.says("排查", "1")
    stand.later(hours=-7, minutes=-30)
    told = [row.person_id for row in stand.tick() if row.reason == "reminder"]
    zhang = stand.tx.value("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    assert zhang in told


def test_what_could_not_be_read_is_told_of_although_the_clock_was_set_back() -> None:
    stand = InMemoryBot()
    stand.send(Unreadable("session", {}), LI)
    stand.later(hours=-8)
    assert "解不开" in "".join(shown(row) for row in stand.tick())
    assert not [row for row in stand.tick() if "解不开" in shown(row)]


def test_a_question_of_a_time_that_is_still_to_come_counts_as_long_ago() -> None:
    stand = InMemoryBot()
    stand.says("排查")
    session = stand.standing()
    assert session.question is not None
    assert session.has_in_mind(session.question, stand.now)
    assert not session.has_in_mind(session.question, stand.now - timedelta(days=3))
