"""Counts time limits: ten working days, ten days and six months from a day a person gives.

Rule: the first day is not counted, the last one is; working days and calendar days are never mixed. A calendar
limit that ends on a holiday is not moved: the earlier day is the safe one to tell.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

from bot.domain.dates import parse_date as parse_date  # whoever counts from a day first has to read it

if TYPE_CHECKING:
    from holidays import HolidayBase


class LimitKind(StrEnum):
    """How a limit is counted."""

    WORKING = "working"  # 个工作日
    CALENDAR = "calendar"  # 天
    MONTH = "month"  # 个月


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit of an item: 县级批准后10天内系统录入."""

    no: int  # the item's printed number
    name: str
    n: int
    kind: LimitKind
    since: str  # the day it counts from, in words


@dataclass(frozen=True, slots=True)
class Holidays:
    """Which days are worked: what was entered by hand, else what is published. Weekends and holidays are not."""

    years: frozenset[int]  # entered by hand
    off: frozenset[date]
    worked: frozenset[date]

    def is_working(self, day: date) -> bool:
        if day in self.worked or day in self.off:
            return day in self.worked
        return _published(day.year).is_working_day(day)

    def unannounced(self, years: Iterable[int]) -> tuple[int, ...]:
        """Those years whose days off are not known yet, in order."""
        return tuple(sorted(year for year in set(years) - self.years if not _is_announced(year)))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a limit. `unknown_years`: not announced yet when it was counted; say so beside the day."""

    day: date
    unknown_years: tuple[int, ...] = ()


def parse_holidays(text: str) -> Holidays:
    """The text of holidays.toml. Raises ValueError or KeyError for a file that is not one."""
    data = tomllib.loads(text)
    off: set[date] = set()
    worked: set[date] = set()
    for year in data.values():
        for first, last in year["holidays"]:
            start = date.fromisoformat(first)
            off.update(start + timedelta(days) for days in range((date.fromisoformat(last) - start).days + 1))
        worked.update(map(date.fromisoformat, year["worked"]))
    return Holidays(frozenset(map(int, data)), frozenset(off), frozenset(worked))


def parse_limits(text: str) -> Mapping[int, tuple[Limit, ...]]:
    """The text of limits.toml: printed number -> its limits. Raises ValueError or KeyError for another file."""
    limits: dict[int, tuple[Limit, ...]] = {}
    for row in tomllib.loads(text)["limit"]:
        limit = Limit(row["no"], row["name"], row["n"], LimitKind(row["kind"]), row["since"])
        limits[limit.no] = (*limits.get(limit.no, ()), limit)
    return limits


def deadline(limit: Limit, since: date, holidays: Holidays) -> Deadline:
    """The last day of `limit` when it counts from `since`."""
    match limit.kind:
        case LimitKind.WORKING:
            return working_days_after(since, limit.n, holidays)
        case LimitKind.CALENDAR:
            return Deadline(since + timedelta(limit.n))
        case LimitKind.MONTH:
            return Deadline(months_after(since, limit.n))


def working_days_after(since: date, n: int, holidays: Holidays) -> Deadline:
    """The n-th working day after `since` (n >= 1)."""
    day, left = since, n
    years: set[int] = set()
    while left > 0:
        day += timedelta(1)
        years.add(day.year)
        left -= holidays.is_working(day)
    return Deadline(day, holidays.unannounced(years))


def months_after(since: date, n: int) -> date:
    """The same day n months later, or that month's last day when it is shorter."""
    return since + relativedelta(months=n)


@lru_cache(maxsize=64)
def _published(year: int) -> HolidayBase:
    """A year in China. Before it is announced: the fixed holidays, and no weekend day is worked."""
    from holidays import country_holidays  # takes a third of a second, and few starts ever count working days

    return country_holidays("CN", years=year)


def _is_announced(year: int) -> bool:
    """Each announced year so far had weekend days worked in exchange for days off."""
    return any(day.year == year for day in _published(year).weekend_workdays)
