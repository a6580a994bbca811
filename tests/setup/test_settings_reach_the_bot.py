"""What the operator writes into paicha.toml is what the bot does: hours, limits and language come through to its messages."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

import pytest

from bot.cli.main import CHECKLIST, DEMO_ROSTER, hours_of, plan_of
from bot.rehearsal.chat import COUNTY
from bot.setup.config import Config, parse_config
from tests.support.bot_in_memory import START, InMemoryBot

FILES = f'checklist = "{CHECKLIST}"\nroster = "{DEMO_ROSTER}"\n'


def settings(text: str) -> Config:
    return parse_config(FILES + text, Path.cwd() / "paicha", {})


def begun(config: Config, day: str) -> dict[str, set[time]]:
    """On one day, minute by minute: when the county room and when people were written to, unasked."""
    stand, when = InMemoryBot(), dict[str, set[time]](county=set(), people=set())
    stand.now = datetime.fromisoformat(f"2023-{day} 00:00").replace(tzinfo=START.tzinfo)
    for _ in range(24 * 12):
        for row in stand.tick(hours_of(config)):
            when["county" if row.room_id == COUNTY else "people"].add(stand.now.time())
        stand.later(minutes=5)
    return when


def test_reminders_and_digest_come_at_the_hours_of_the_settings() -> None:
    assert begun(settings('remind_at = "10:15"\ndigest_at = "17:00"\n'), "08-10") == {
        "people": {time(10, 15)},
        "county": {time(17)},
    }


def test_quiet_hours_are_those_of_the_settings() -> None:
    quiet = settings('remind_at = "10:15"\nquiet_hours = [["00:00", "10:15"], ["16:30", "18:40"]]\n')
    day = begun(quiet, "08-10")
    assert day["people"] == {time(10, 15)}
    assert hours_of(quiet).quiet == ((time(0), time(10, 15)), (time(16, 30), time(18, 40)))


def test_nobody_is_written_to_more_often_than_the_settings_allow() -> None:
    assert begun(settings("messages_a_day = 0\n"), "08-10")["people"] == set()
    assert begun(settings("messages_a_day = 1\n"), "08-10")["people"] == {time(9)}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_people_without_a_language_of_their_own_have_that_of_the_settings(language: str) -> None:
    people = plan_of(settings(f'language = "{language}"\n')).roster.people
    assert {person.language for person in people} == {language}


def test_ids_of_the_roster_are_completed_with_the_server_of_the_bot() -> None:
    account = '[homeserver]\nurl = "https://matrix.example.org"\nuser_id = "@paicha:example.org"\n'
    people = plan_of(settings(account)).roster.people
    assert {person.user_id.partition(":")[2] for person in people} == {"example.org"}
