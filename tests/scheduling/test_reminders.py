"""Reminders: on the right day, to who has something left, once, never in quiet hours or in the middle of a chat."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from bot.chat import Said
from bot.scheduling.hours import Hours
from storage import outbox
from storage.outbox import Outgoing
from tests.support.bot_in_memory import COORDINATOR, LI, OBSERVER, OFFICE, START, ZHANG, InMemoryBot, plan
from tests.support.bot_in_memory import dump as tables

ZONE = START.tzinfo


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2023-{text}").replace(tzinfo=ZONE)


def ticks(stand: InMemoryBot, start: str, end: str, minutes: int = 1) -> list[tuple[datetime, str, str]]:
    """(when, to whom, what) of everything the ticks of a time write to people, not to rooms."""
    told = []
    stand.now = at(start)
    while stand.now <= at(end):
        for row in stand.tick():
            if row.person_id is not None:
                who = stand.tx.value("SELECT user_id FROM person_ids WHERE person_id = ?", (row.person_id,))
                told.append((stand.now, str(who), str(row.content["body"])))
        stand.later(minutes=minutes)
    return told


def to(told: list[tuple[datetime, str, str]], who: str) -> list[tuple[datetime, str]]:
    return [(when, body) for when, person, body in told if person == who]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("08-01", "今天起：全面排查"),
        ("08-07", "全面排查还有3天"),
        ("08-09", "全面排查明天截止"),
        ("08-10", "全面排查今天截止"),
    ],
)
def test_each_occasion_is_told_once_at_its_hour(day: str, words: str) -> None:
    told = to(ticks(InMemoryBot(), f"{day} 08:00", f"{day} 20:00"), ZHANG)
    assert [when.time() for when, _ in told] == [time(9)]
    assert words in told[0][1]
    assert "还有 140 项没答" in told[0][1]


def test_days_without_an_occasion_are_quiet() -> None:
    assert ticks(InMemoryBot(), "08-05 08:00", "08-06 20:00", 7) == []


def test_two_occasions_of_a_day_are_one_message() -> None:
    told = to(ticks(InMemoryBot(), "08-28 08:00", "08-28 20:00"), ZHANG)
    assert len(told) == 1
    assert "集中整改今天截止" in told[0][1]
    assert "完善整改" in told[0][1]


def test_only_people_with_something_left_are_written_to() -> None:
    stand = InMemoryBot()
    stand.now = at("08-06 10:00")
    stand.says("排查", "3-72 无，入户20户", who=LI)
    told = ticks(stand, "08-07 08:00", "08-07 12:00")
    people = {who for _, who, _ in told}
    assert ZHANG in people
    assert COORDINATOR in people
    assert people.isdisjoint({LI, OFFICE, OBSERVER})


def test_drafts_and_open_findings_are_something_left() -> None:
    stand = InMemoryBot()
    stand.now = at("08-06 10:00")
    stand.says("排查", "22 水管老化漏水没人修", "村委会换管", "1", who=LI)
    stand.says("12 慢病卡没有办下来", "稍后", "其余无，入户20户", who=LI)
    (told,) = to(ticks(stand, "08-10 08:00", "08-10 12:00"), LI)
    assert "草稿 1 个" in told[1]
    assert "整改中的问题 1 个" in told[1]


def test_nobody_is_disturbed_in_the_middle_of_a_conversation() -> None:
    stand = InMemoryBot()
    stand.now = at("08-07 08:55")
    stand.say("排查")
    told = to(ticks(stand, "08-07 08:56", "08-07 12:00"), ZHANG)
    assert [when.time() for when, _ in told] == [time(9, 5)]


def test_nothing_is_sent_in_quiet_hours_and_a_late_one_says_so() -> None:
    hours = Hours()
    assert hours.are_quiet(time(12))
    assert hours.are_quiet(time(20, 30))
    assert hours.are_quiet(time(3))
    assert not hours.are_quiet(time(14))
    assert not hours.are_quiet(time(8))
    told = ticks(InMemoryBot(), "08-07 12:00", "08-08 08:59", 10)
    assert {when.time() for when, _, _ in told} == {time(14)}
    assert all(body.startswith("（补发）") for _, _, body in told)


def test_after_three_days_asleep_only_the_newest_missed_occasion_is_told() -> None:
    stand = InMemoryBot()
    ticks(stand, "08-05 09:00", "08-05 10:00", 10)
    told = to(ticks(stand, "08-08 10:00", "08-08 12:00", 10), ZHANG)
    assert len(told) == 1
    assert told[0][1].startswith("（补发）")
    assert "全面排查还有2天" in told[0][1]
    again = to(ticks(stand, "08-09 09:00", "08-09 19:00", 10), ZHANG)
    assert len(again) == 1
    assert "明天截止" in again[0][1]


def test_a_bot_installed_after_an_occasion_has_nothing_to_catch_up_with() -> None:
    assert ticks(InMemoryBot(), "08-08 09:00", "08-08 19:00", 10) == []


def test_a_phase_that_ended_while_nobody_listened_is_not_told_of() -> None:
    stand = InMemoryBot()
    ticks(stand, "08-05 09:00", "08-05 10:00", 10)
    told = to(ticks(stand, "08-12 09:00", "08-12 19:00", 10), ZHANG)
    assert all("全面排查" not in body for _, body in told)


def test_late_doubled_and_repeated_ticks_change_nothing_more() -> None:
    stand = InMemoryBot()
    stand.now = at("08-07 09:00")
    assert stand.tick() != []
    stood = tables(stand.tx)
    for _ in range(3):
        assert stand.tick() == []
    assert tables(stand.tx) == stood
    stand.later(hours=2, minutes=30)
    assert stand.tick() == []


def test_at_most_so_many_messages_a_day_are_begun_with_a_person() -> None:
    stand = InMemoryBot()
    stand.now = at("08-07 08:30")
    person = stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    for n in range(2):
        outbox.add(stand.tx, Outgoing(None, person, {"body": str(n)}, reason="reminder"), stand.now)
    told = ticks(stand, "08-07 09:00", "08-07 12:00", 10)
    assert to(told, ZHANG) == []
    assert to(told, LI) != []
    stand.now = at("08-07 12:00")
    assert not any(row.reason == "reminder" for row in stand.take(stand.event(Said("进度"))))


def test_a_reminder_rings_and_names_its_reader() -> None:
    stand = InMemoryBot()
    stand.now = at("08-07 09:00")
    content = next(row.content for row in stand.tick() if row.person_id is not None)
    assert content["msgtype"] == "m.text"
    assert content["m.mentions"] != {}


def test_every_reminder_of_the_campaign_comes_within_its_limits() -> None:
    stand, told = InMemoryBot(), []
    campaign = plan().campaign
    day = campaign.starts
    while day <= campaign.ends + timedelta(days=1):
        told += ticks(stand, f"{day:%m-%d} 07:55", f"{day:%m-%d} 21:00", 5)
        day += timedelta(days=1)
    a_day = [(when.date(), who) for when, who, _ in told]
    assert len(a_day) == len(set(a_day))
    assert not any(Hours().are_quiet(when.time()) for when, _, _ in told)
    assert {(d.month, d.day) for d, _ in a_day} >= {
        (8, 1),
        (8, 7),
        (8, 9),
        (8, 10),
        (8, 11),
        (8, 25),
        (8, 27),
        (8, 28),
    }
