"""The bot killed at drawn points while people talk, in small: nothing lost, nothing doubled; and the run can fail."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.chaos import Storm, rage
from bench.chaos_lives import Lives, settle
from bench.chaos_talk import direct_rooms
from bench.chaos_verdict import Verdict, judge
from bench.county_on_synapse import Account, County, Process, found_county, phones
from bot.demo.homeserver import Running

pytestmark = pytest.mark.synapse
NEVER = 60.0  # seconds; the kill comes with the first message


async def killed_once(hs: Running, folder: Path, *, baseline: bool = False) -> Verdict:
    """Three messages said while the bot is down; its next life ends where their keys are saved and they are not."""
    made = datetime.now(UTC)
    county = await found_county(hs, folder, people=1)
    lives = Lives(county, random.Random(1), made, baseline)
    async with phones(hs, county) as people:
        process = await Process.start(county, lives.wishes.as_argument())
        async with direct_rooms(people, county) as speakers:
            await settle(lives, [], speakers, process)
            sent = [await speakers[0].say(words) for words in ("排查", "1", "2 第7号水井水管漏水")]
            await lives.one(lives.aimed("taking", 1), NEVER)
            assert lives.kills.total() == 1
            await settle(lives, sent, speakers)
            assert not lives.bad_ends
            return await judge(county, sent, speakers, made)


def test_a_storm_of_kills_and_faults_loses_nothing_and_doubles_nothing(
    homeserver: Running, tmp_path: Path
) -> None:
    storm = Storm(kills=12, messages=30, seed=1, people=4, spells=("502", "full crypto"))
    report = asyncio.run(rage(storm, homeserver, tmp_path / "county"))
    assert report.good, "\n".join(report.lines())
    assert report.verdict.replies >= storm.messages


def test_the_seed_decides_which_life_ends_how_and_when_disks_are_full(tmp_path: Path) -> None:
    storm = Storm(kills=100, messages=150, seed=77)
    county = County(tmp_path, Account("@bot:x", ""), (), plan=None)  # type: ignore[arg-type]

    def drawn() -> list[tuple[str, int]]:
        lives = Lives(
            county, random.Random(storm.seed), datetime(2023, 8, 5, tzinfo=UTC), full=storm.full_disks()
        )
        return [(wishes.kind, wishes.count) for wishes in (lives.drawn() for _ in range(storm.kills))]

    assert drawn() == drawn()
    assert [name for _, name in storm.full_disks()] == ["paicha", "crypto"]
    assert all(0 < kills < storm.kills for kills, _ in storm.full_disks())


def test_a_kill_between_the_commits_of_both_files_costs_nothing(homeserver: Running, tmp_path: Path) -> None:
    verdict = asyncio.run(killed_once(homeserver, tmp_path / "county"))
    assert verdict.good, "\n".join(verdict.lines())
    assert (verdict.sent, verdict.taken_in) == (3, 3)


def test_a_position_saved_before_its_effects_loses_messages_and_the_judge_says_so(
    homeserver: Running, tmp_path: Path
) -> None:
    verdict = asyncio.run(killed_once(homeserver, tmp_path / "county", baseline=True))
    assert not verdict.good
    assert verdict.lost == 3
    assert verdict.doubled == 0
