"""Limits are counted as the law counts them, and days are read as people type them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.domain
from bot.domain.deadlines import (
    Deadline,
    LimitKind,
    deadline,
    months_after,
    parse_date,
    parse_holidays,
    parse_limits,
    working_days_after,
)
from bot.setup.campaign_file import load_campaign
from tests.support.examples import examples

DOMAIN = Path(bot.domain.__path__[0])
HOLIDAYS = parse_holidays((DOMAIN / "holidays.toml").read_text(encoding="utf-8"))
BY_NO = parse_limits((DOMAIN / "limits.toml").read_text(encoding="utf-8"))
LIMITS = [limit for of_one in BY_NO.values() for limit in of_one]
TODAY = date(2023, 8, 5)  # a Saturday


@pytest.mark.parametrize(
    ("since", "n", "day"),
    [
        ("2023-08-07", 1, "2023-08-08"),
        ("2023-08-04", 1, "2023-08-07"),  # over a weekend
        ("2023-08-07", 10, "2023-08-21"),
        ("2023-09-27", 2, "2023-10-07"),  # eight days of holiday, then a Saturday worked
        ("2023-09-25", 10, "2023-10-13"),
        ("2023-06-21", 1, "2023-06-25"),  # the Sunday after the Dragon Boat Festival is worked
        ("2023-06-21", 2, "2023-06-26"),
        ("2022-12-30", 1, "2023-01-03"),
    ],
)
def test_working_days_leave_out_holidays_and_count_days_worked_in_exchange(
    since: str, n: int, day: str
) -> None:
    counted = working_days_after(date.fromisoformat(since), n, HOLIDAYS)
    assert counted.day == date.fromisoformat(day)


def test_a_year_not_announced_yet_is_counted_with_weekends_and_fixed_holidays_and_said() -> None:
    counted = working_days_after(date(2031, 12, 29), 4, HOLIDAYS)
    assert counted == Deadline(date(2032, 1, 5), (2031, 2032))  # 1 January is a holiday in every year
    assert working_days_after(date(2023, 8, 7), 10, HOLIDAYS).unknown_years == ()
    assert HOLIDAYS.unannounced([2032, 2023, 2031, 2024, 2031]) == (2031, 2032)


def test_what_is_entered_by_hand_wins_and_makes_its_year_known() -> None:
    by_hand = parse_holidays(
        '[2031]\nholidays=[["2031-03-04", "2031-03-05"]]\nworked=["2031-01-01", "2031-03-08"]'
    )
    assert by_hand.unannounced([2031, 2032]) == (2032,)
    worked = [date(2031, 1, 1), date(2031, 3, 3), date(2031, 3, 8)]
    off = [date(2031, 3, 4), date(2031, 3, 5), date(2031, 3, 9), date(2031, 5, 1)]  # the last as published
    assert [day for day in worked + off if by_hand.is_working(day)] == worked


# As the State Council announced them: 国办发明电〔2022〕16号, 国务院办公厅 2023-10-25.
ANNOUNCED = {
    2023: (
        "01-01/01-02 01-21/01-27 04-05/04-05 04-29/05-03 06-22/06-24 09-29/10-06",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    ),
    2024: (
        "01-01/01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10/06-10 09-15/09-17 10-01/10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
}


@pytest.mark.parametrize("year", ANNOUNCED)
def test_the_published_days_are_those_the_state_council_announced(year: int) -> None:
    spans, worked = ANNOUNCED[year]
    for month_day in worked.split():
        assert HOLIDAYS.is_working(date.fromisoformat(f"{year}-{month_day}")), month_day
    off = [span.split("/") for span in spans.split()]
    for step in range(366 if year == 2024 else 365):
        day = date(year, 1, 1) + timedelta(step)
        named = f"{day:%m-%d}"
        is_off = any(first <= named <= last for first, last in off)
        assert HOLIDAYS.is_working(day) == (named in worked or (day.weekday() < 5 and not is_off)), day


@given(st.dates(date(2023, 1, 1), date(2024, 11, 30)), st.integers(1, 20))
def test_a_working_limit_ends_on_a_working_day_and_skips_none(since: date, n: int) -> None:
    day = working_days_after(since, n, HOLIDAYS).day
    between = [since + timedelta(step) for step in range(1, (day - since).days + 1)]
    assert HOLIDAYS.is_working(day)
    assert sum(map(HOLIDAYS.is_working, between)) == n


@pytest.mark.parametrize(
    ("since", "n", "day"),
    [
        (date(2023, 2, 28), 6, date(2023, 8, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_one(since: date, n: int, day: date) -> None:
    assert months_after(since, n) == day


def test_every_limit_counts_from_the_day_it_names() -> None:
    since = date(2023, 8, 1)
    days = [(limit.no, limit.kind, deadline(limit, since, HOLIDAYS).day) for limit in LIMITS]
    assert days == [
        (15, LimitKind.WORKING, date(2023, 8, 15)),
        (42, LimitKind.CALENDAR, date(2023, 8, 16)),
        (42, LimitKind.CALENDAR, date(2023, 8, 11)),
        (44, LimitKind.CALENDAR, date(2023, 8, 11)),
        (61, LimitKind.MONTH, date(2024, 2, 1)),
    ]


def test_every_limit_stands_in_the_text_of_its_item() -> None:
    items = load_campaign(Path(__file__).parents[2] / "checklist.json").by_no
    unit = {LimitKind.WORKING: "个工作日", LimitKind.CALENDAR: "天", LimitKind.MONTH: "个月"}
    for limit in LIMITS:
        assert f"{limit.n}{unit[limit.kind]}" in items[limit.no].text
        assert limit.name
        assert limit.since


def test_a_broken_table_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="month"):
        parse_holidays('[2023]\nholidays=[]\nworked=["2023-13-01"]')
    with pytest.raises(ValueError, match="fortnight"):
        parse_limits('[[limit]]\nno=1\nname="x"\nn=1\nkind="fortnight"\nsince="y"')


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("8月12日", "2023-08-12"),
        ("8月12号", "2023-08-12"),
        ("8月12", "2023-08-12"),
        ("8 月 12 日", "2023-08-12"),
        ("８月１２日", "2023-08-12"),
        ("8.12", "2023-08-12"),
        ("8-12", "2023-08-12"),
        ("8/12", "2023-08-12"),
        ("2023/8/12", "2023-08-12"),
        ("2023.8.12", "2023-08-12"),
        ("2023-08-12", "2023-08-12"),
        ("20230812", "2023-08-12"),
        ("2023年8月12日", "2023-08-12"),
        ("2023年8月", "2023-08-31"),
        ("2023-10", "2023-10-31"),
        ("八月二十日", "2023-08-20"),
        ("十月三十一日", "2023-10-31"),
        ("二〇二三年八月二十日", "2023-08-20"),
        ("8月底", "2023-08-31"),
        ("8月底前", "2023-08-31"),
        ("10月底前完成", "2023-10-31"),
        ("8月中旬", "2023-08-20"),
        ("9月上旬", "2023-09-10"),
        ("月底", "2023-08-31"),
        ("下月底", "2023-09-30"),
        ("下个月10号", "2023-09-10"),
        ("本月20日", "2023-08-20"),
        ("20号", "2023-08-20"),
        ("二十号之前", "2023-08-20"),
        ("今天", "2023-08-05"),
        ("明天", "2023-08-06"),
        ("后天", "2023-08-07"),
        ("大后天", "2023-08-08"),
        ("昨天", "2023-08-04"),
        ("下周一", "2023-08-07"),
        ("下周日", "2023-08-13"),
        ("下下周三", "2023-08-16"),
        ("周五", "2023-08-11"),
        ("星期天", "2023-08-06"),
        ("本周六", "2023-08-05"),
        ("3天内", "2023-08-08"),
        ("三天后", "2023-08-08"),
        ("一周内", "2023-08-12"),
        ("两周后", "2023-08-19"),
        ("半个月", "2023-08-20"),
        ("一个月内", "2023-09-05"),
        ("年底", "2023-12-31"),
        ("明年3月1日", "2024-03-01"),
        ("1月5日", "2024-01-05"),
        ("2月29日", "2024-02-29"),
        ("Aug 20", "2023-08-20"),
        ("by Aug 20", "2023-08-20"),
        ("August 20th, 2023", "2023-08-20"),
        ("20 Aug", "2023-08-20"),
        ("tomorrow", "2023-08-06"),
        ("next Monday", "2023-08-07"),
        ("Friday", "2023-08-11"),
        ("in 3 days", "2023-08-08"),
        ("end of August", "2023-08-31"),
    ],
)
def test_a_day_is_read_as_people_type_it(text: str, day: str) -> None:
    assert parse_date(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "水管漏水",
        "12",
        "2023",
        "8月32日",
        "13.5",
        "0月5日",
        "2023-02-30",
        "12户",
        "8月12日下午修好",
        "99999天",
        "十十月",
        "0000-01-01",
        "下周",
        "尽快",
    ],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert parse_date(text, TODAY) is None


def test_a_day_of_the_month_is_the_nearest_one_unless_it_must_be_ahead() -> None:
    late = date(2023, 8, 25)
    assert parse_date("20号", late) == date(2023, 8, 20)
    assert parse_date("20号", late, not_before=late) == date(2023, 9, 20)
    assert parse_date("3月1日", late, not_before=late) == date(2024, 3, 1)
    assert parse_date("31号", date(2023, 9, 5), not_before=date(2023, 9, 5)) == date(2023, 10, 31)


@given(st.text(max_size=60) | st.text("0123456789一二十〇年月日号.-/周下底前天aug 个", max_size=12))
@examples(300)
def test_no_text_is_an_error(text: str) -> None:
    for today in (TODAY, date.min, date.max):
        day = parse_date(text, today, today)
        assert day is None or isinstance(day, date)
