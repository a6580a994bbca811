"""The daily digest: the right figures against the last one, once, in the county room; units only, never persons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.dialogue.digest import lines_of
from bot.rehearsal.chat import COUNTY
from bot.scheduling.hours import Hours
from storage import checks, digests, figures, history, people, places, rooms
from storage.checks import Given
from storage.outbox import OutboxRow
from storage.places import Place
from tests.support.bot_in_memory import COORDINATOR, LI, OFFICE, START, ZHANG, InMemoryBot, context, plan
from tests.support.records import written

CAMPAIGN = plan().campaign


def posted(rows: list[OutboxRow]) -> list[str]:
    return [str(row.content["body"]) for row in rows if row.room_id == COUNTY]


def at(stand: InMemoryBot, text: str) -> InMemoryBot:
    stand.now = datetime.fromisoformat(f"2023-{text}").replace(tzinfo=START.tzinfo)
    return stand


def test_an_empty_county_has_an_honest_digest() -> None:
    (body,) = posted(at(InMemoryBot(), "08-05 18:00").tick())
    count = len(places.every(InMemoryBot().tx))
    assert f"已查 0/应查 {count}" in body
    assert "0%" in body
    assert "尚未开始的单位 28 个" in body
    assert "(" not in body


def test_figures_count_places_cells_and_findings() -> None:
    stand = InMemoryBot()
    stand.says("排查", "3-72 无，入户20户", who=LI)
    stand.says("排查", "1", "4-10 无，查台账", "22 水管老化漏水没人修", "村委会换管", "1")
    stand.says("12 慢病卡没有办下来", "稍后", "30 稍后")
    f = figures.county(stand.tx, CAMPAIGN, date(2023, 8, 5))
    assert (f.begun, f.done, f.answered) == (2, 1, 70 + 7 + 2)
    assert (f.findings, f.drafts, f.open, f.closed, f.overdue) == (2, 1, 1, 0, 0)
    assert len(f.quiet) == 26
    stand.act(101, "submit", ZHANG, result="水管已换，8月6日通水")
    stand.act(101, "close", COORDINATOR)
    late = figures.county(stand.tx, CAMPAIGN, date(2023, 9, 1))
    assert (late.closed, late.open, late.overdue) == (1, 0, 0)
    stand.say("作废 102 重复登记")
    assert figures.county(stand.tx, CAMPAIGN, date(2023, 8, 5)).findings == 1


def test_what_is_due_is_overdue_the_day_after() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "22 水管老化漏水没人修", "村委会换管", "1")
    assert figures.county(stand.tx, CAMPAIGN, date(2023, 8, 31)).overdue == 0
    assert figures.county(stand.tx, CAMPAIGN, date(2023, 9, 1)).overdue == 1


def test_the_figures_are_set_against_the_last_digest() -> None:
    stand = at(InMemoryBot(), "08-05 10:00")
    stand.says("排查", "3-72 无，入户20户", who=LI)
    at(stand, "08-05 18:00").tick()
    at(stand, "08-06 10:00").says("排查", "1", "4-10 无，查台账", "22 水管老化漏水没人修")
    (body,) = posted(at(stand, "08-06 18:00").tick())
    assert "已查 2(+1)" in body
    assert "78(+8)" in body
    assert "问题：1(+1)" in body
    stand.redact(stand.last)
    (body,) = posted(at(stand, "08-07 18:00").tick())
    assert "问题：0(-1)" in body


def test_what_is_asked_for_after_the_digest_of_the_day_is_set_against_the_one_before() -> None:
    stand = InMemoryBot()
    at(stand, "08-05 18:00").tick()
    at(stand, "08-06 10:00").says("排查", "3-72 无，入户20户", who=LI)
    (posted_at_six,) = posted(at(stand, "08-06 18:00").tick())
    later = at(stand, "08-06 19:00").say("简报", OFFICE)
    assert "70(+70)" in posted_at_six
    *figures_at_six, anchor = posted_at_six.splitlines()[1:]
    assert later.splitlines()[1:] == figures_at_six
    assert anchor == f"台账记录链 {history.head(stand.tx)}"


@pytest.mark.parametrize(("day", "overdue"), [("08-30", 0), ("08-31", 0), ("09-01", 1)])
def test_a_finding_is_overdue_the_day_after_its_date(day: str, overdue: int) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "22 水管老化漏水没人修", "村委会换管", "1")
    assert stand.finding(101)["due"] == "2023-08-31"
    assert f"逾期 {overdue}" in at(stand, f"{day} 17:00").say("简报", OFFICE)


def test_it_is_posted_once_a_day_at_its_hour_within_the_campaign() -> None:
    stand, days = at(InMemoryBot(), "07-10 17:00"), []
    while stand.now.date() < date(2023, 9, 5):
        days += [stand.now for _ in posted(stand.tick())]
        stand.later(minutes=30)
    assert {when.strftime("%H:%M") for when in days} == {"18:00"}
    assert [when.date() for when in days] == [
        CAMPAIGN.starts + timedelta(days=n) for n in range((CAMPAIGN.ends - CAMPAIGN.starts).days + 2)
    ]


def test_after_days_asleep_only_the_newest_missed_one_is_posted_marked_as_late() -> None:
    stand = InMemoryBot()
    at(stand, "08-05 18:00").tick()
    (body,) = posted(at(stand, "08-09 09:30").tick())
    assert body.startswith("（补发）")
    assert posted(at(stand, "08-09 09:31").tick()) == []
    (body,) = posted(at(stand, "08-09 18:00").tick())
    assert not body.startswith("（补发）")


def test_a_late_one_waits_for_the_end_of_the_quiet_hours() -> None:
    stand = InMemoryBot()
    at(stand, "08-05 18:00").tick()
    assert posted(at(stand, "08-06 21:00").tick()) == []
    assert len(posted(at(stand, "08-07 08:00").tick())) == 1


def test_nothing_is_caught_up_with_before_the_first_digest_ever() -> None:
    assert posted(at(InMemoryBot(), "08-09 09:30").tick()) == []


def test_without_a_county_room_there_is_no_digest_until_there_is_one() -> None:
    stand = at(InMemoryBot(), "08-05 18:00")
    rooms.set_state(stand.tx, COUNTY, "left", stand.now)
    assert posted(stand.tick()) == []
    rooms.set_county(stand.tx, COUNTY, stand.now)
    assert len(posted(stand.tick())) == 1


def test_the_hour_is_the_operators() -> None:
    stand, hours = (
        at(InMemoryBot(), "08-05 16:59"),
        Hours(digest_at=datetime.fromisoformat("2023-08-05 17:00").time()),
    )
    assert posted(stand.tick(hours)) == []
    assert len(posted(at(stand, "08-05 17:00").tick(hours))) == 1


def test_asking_for_it_shows_the_figures_now_and_takes_no_slot() -> None:
    stand = at(InMemoryBot(), "08-05 10:00")
    assert "简报" in stand.say("简报", OFFICE)
    assert digests.before(stand.tx, digests.COUNTY, "2023-08-06") is None
    assert len(posted(at(stand, "08-05 18:00").tick())) == 1


def test_no_person_is_named_in_it() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "22 水管老化漏水没人修")
    (body,) = posted(at(stand, "08-05 18:00").tick())
    names = [
        person.name for person in people.everybody(stand.tx, "2023-08-05") if person.user_id in (ZHANG, LI)
    ]
    assert names == ["张三", "李四"]
    assert not any(name in body for name in names)


def test_a_county_of_448_villages_is_counted_to_the_last_cell() -> None:
    stand, villages = InMemoryBot(), 448
    tx, today = stand.tx, "2023-08-05"
    townships = [unit for unit in places.units(tx) if unit.kind == "township"]
    items = [item.id for item in CAMPAIGN.items if item.no > 2]
    zhang = tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    with written(tx, START, zhang) as record:
        for place in places.every(tx):
            places.end(record, "place", place.id, today)
        for n in range(villages):
            unit = townships[n % 16]
            places.put_place(record, Place(f"v{n}", f"{n}村", "village", unit.id, unit.name), n, today)
        for n in range(0, villages, 2):
            for item in items[: 70 if n % 4 == 0 else 35]:
                checks.put(record, f"v{n}", item, Given("clear"))
    f = figures.county(tx, CAMPAIGN, START.date())
    assert (f.places, f.begun, f.done) == (448, 224, 112)
    assert (f.cells, f.answered) == (448 * 70, 112 * 70 + 112 * 35)
    text = context().texts.together(lines_of(CAMPAIGN, f, None, START), "zh-CN")
    assert "11760/31360，37.5%" in text
    assert replace(f, quiet=()).plain()["answered"] == 11760
