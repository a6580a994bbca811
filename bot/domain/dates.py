"""Reads a day as people type it: 8月12日, 8.12, 8月底, 下周一, 20号, 八月二十日, Aug 20, 3天内.

Rule: only a text that is a day and nothing else is read; anything else is None, never an error and never a guess.
A day without a year (or month) is the one nearest to today, or the first that is not before `not_before`.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache

from dateutil.relativedelta import relativedelta

_HAN_DIGITS = "零一二三四五六七八九"
_HAN_NUMBER = re.compile("[〇零一二两俩仨三四五六七八九十廿卅]+")
_SPAN = re.compile("([俩仨])(?=月)")  # 俩月 is two months, 2月 is February
_WORD_NUMBER = {
    "a": "1",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "ten": "10",
}
_ENGLISH_NUMBER = re.compile(rf"\b({'|'.join(_WORD_NUMBER)})(?= (?:day|week|month)s?\b)")
_AFFIX = re.compile(
    r"^(?:到|至|在|于|截至|截止到?|最[晚迟快]|不超过|赶在|争取|计划|预计|就|by|before|until|due|on|the|no later than)\s*"
    r"|\s*(?:之前|以前|以内|之内|左右|前后?|内|止|截止|完成|整改完|整改到位|办完|办好|修好|前完成|吧|[。.!,,])$"
)
_DAYS = {
    "今天": 0,
    "今日": 0,
    "明天": 1,
    "明日": 1,
    "明儿": 1,
    "后天": 2,
    "大后天": 3,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
}
_DAYS |= {"today": 0, "tomorrow": 1, "yesterday": -1, "day after tomorrow": 2}
_WEEKDAYS = {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "日": 6, "天": 6, "7": 6, "末": 6}
_ENGLISH_DAYS = {name.lower()[:3]: at for at, name in enumerate(calendar.day_name)}
_ENGLISH_MONTHS = {name.lower()[:3]: at for at, name in enumerate(calendar.month_name) if name}
_MONTH = "(?P<word>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*[.]?"
_ENDS = {"上旬": 10, "初": 10, "中旬": 20, "中": 20, "下旬": 31, "底": 31, "末": 31, "月底": 31, "": 31}

_FULL = re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)")
_MONTH_DAY = re.compile(r"(?:(?P<rel>今年|明年)\s*)?(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?")
_MONTH_PART = re.compile(
    r"(?:(?P<y>\d{4})\s*年|(?P<rel>今年|明年))?\s*(?P<m>\d{1,2})\s*月份?(?P<part>上旬|中旬|下旬|初|中|底|末|)"
)
_YEAR_MONTH = re.compile(r"(?P<y>\d{4})\s*[-/.]\s*(?P<m>\d{1,2})")
_NAMED_MONTH = re.compile(
    r"(?P<rel>这个月|本月|当月|下个月|下月|上个月|上月)?(?:(?P<d>\d{1,2})[日号]|(?P<part>上旬|中旬|下旬|月?底|月?末))"
)
_WEEKDAY = re.compile(r"(?P<rel>这个?|本|下下个?|下个?|上个?)?(?:周|星期|礼拜)(?P<w>[1-7日天末])")
_AFTER = re.compile(r"(?P<n>\d{1,3}|半)\s*个?(?P<unit>天|日|周|星期|礼拜|月)(?:以?后|之后)?")
_IN_ENGLISH = re.compile(r"(?:in|within)?\s*(?P<n>\d{1,3})\s+(?P<unit>day|week|month)s?")
_ENGLISH_DAY = re.compile(r"(?P<rel>next|this)?\s*(?P<w>mon|tue|wed|thu|fri|sat|sun)[a-z]*")
_ENGLISH = (
    re.compile(rf"{_MONTH}\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,?\s*(?P<y>\d{{4}}))?"),
    re.compile(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*(?:of\s+)?{_MONTH}(?:\s*,?\s*(?P<y>\d{{4}}))?"),
)
_ENGLISH_END = re.compile(
    rf"(?:the )?(?:end of|late)\s+(?:{_MONTH}|(?P<rel>the|this|next) month)|month[- ]end"
)
# before it means: by the day before; 9月前 and 国庆前, but 8月20日前 is that day still
_BEFORE = re.compile(
    r"(?:赶在|最[晚迟]|在|到)?(?:(?P<m>\d{1,2})月份?|(?P<feast>国庆|中秋|元旦|春节|过年|端午|五一|劳动节|清明|开学))节?(?:放假)?(?:之|以)?前"
    r"(?:完成|办完|办好|修好|弄好|弄完|整改完|整改到位)?"
)
_BEFORE_MONTH = re.compile(rf"before\s+{_MONTH}")
_FEASTS = {"过年": "春节", "五一": "劳动节"}
_SCHOOL = 9  # the month whose first day the autumn term begins on


def parse_date(text: str, today: date, not_before: date | None = None) -> date | None:
    """The day `text` names, or None. Pass `not_before` where only a coming day makes sense, as for a due date."""
    said = _plain(text)
    if not said:
        return None
    try:
        ahead = _BEFORE_MONTH.fullmatch(_narrow(text))
        if ahead:
            return _day_before_month(_ENGLISH_MONTHS[ahead["word"][:3]], today)
        before = _BEFORE.fullmatch(_narrow(text))
        if before:
            return _day_before(before, today)
        for read in (_read_full, _read_relative, _read_week, _read_within_year, _read_english):
            day = read(said, today, not_before)
            if day is not None:
                return day
    except (ValueError, OverflowError):
        pass  # 8月32日, or a day past the end of the calendar: no such day
    return None


def _plain(text: str) -> str:
    """Narrow, lower case, Chinese numerals as digits, without the words around a day (截至, 前, 完成)."""
    said = _ENGLISH_NUMBER.sub(lambda found: _WORD_NUMBER[found[1]], _narrow(text))
    while (shorter := _AFFIX.sub("", said, count=1).strip()) != said:
        said = shorter
    return said


def _narrow(text: str) -> str:
    narrow = _SPAN.sub(r"\1个", unicodedata.normalize("NFKC", text[:40]).strip().lower())
    return _HAN_NUMBER.sub(lambda found: _digits(found[0]), narrow)


def _day_before(found: re.Match[str], today: date) -> date | None:
    """The last day that is still before a month, or before a holiday."""
    if found["m"]:
        return _day_before_month(int(found["m"]), today)
    if found["feast"] == "开学":
        return date(today.year, _SCHOOL - 1, 31) if today.month in (_SCHOOL - 2, _SCHOOL - 1) else None
    days = (_feast(_FEASTS.get(found["feast"], found["feast"]), today.year + ahead) for ahead in (0, 1))
    return next((day - timedelta(1) for day in days if day and day > today), None)


def _day_before_month(month: int, today: date) -> date | None:
    """The last day of the month before, unless that month has begun."""
    first = _in_some_year(month, None, today, today, lambda y, m: date(y, m, 1))
    return None if month == today.month or first is None else first - timedelta(1)


@lru_cache(maxsize=64)
def _feast(name: str, year: int) -> date | None:
    from holidays import country_holidays  # takes a third of a second, and few dates are told by a holiday

    published = country_holidays("CN", years=year, language="zh_CN", observed=False)
    return min(
        (day for day, named in published.items() if name in named and "休息" not in named), default=None
    )


def _digits(han: str) -> str:
    """二十 -> 20, 二〇二三 -> 2023."""
    plain = (
        han.replace("〇", "零")
        .replace("两", "二")
        .replace("俩", "二")
        .replace("仨", "三")
        .replace("廿", "二十")
        .replace("卅", "三十")
    )
    if "十" not in plain:
        return "".join(str(_HAN_DIGITS.index(one)) for one in plain)
    tens, _, units = plain.partition("十")
    if len(tens) > 1 or len(units) > 1 or units == "十":
        return han
    return str((_HAN_DIGITS.index(tens) if tens else 1) * 10 + (_HAN_DIGITS.index(units) if units else 0))


def _read_full(said: str, today: date, not_before: date | None) -> date | None:
    found = _FULL.fullmatch(said) or _COMPACT.fullmatch(said)
    if found:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    found = _YEAR_MONTH.fullmatch(said)
    return _in_month(int(found["y"]), int(found["m"]), 31) if found else None


def _read_relative(said: str, today: date, not_before: date | None) -> date | None:
    if said in _DAYS:
        return today + timedelta(_DAYS[said])
    if said in ("年底", "年末", "年前"):
        return date(today.year, 12, 31)
    found = _AFTER.fullmatch(said) or _IN_ENGLISH.fullmatch(said)
    if found is None or (found["unit"] == "日" and said.endswith("日")):
        return None
    if found["n"] == "半":
        return today + timedelta(15) if found["unit"] == "月" else None
    n = int(found["n"])
    if found["unit"] in ("月", "month"):
        # 3个月 is a span, 3月 a month of the year.
        return _month_from(today, n, today.day) if "个" in said or "month" in said else None
    return today + timedelta(n * (1 if found["unit"] in ("天", "日", "day") else 7))


def _read_week(said: str, today: date, not_before: date | None) -> date | None:
    english = _ENGLISH_DAY.fullmatch(said)
    if english:
        ahead = (_ENGLISH_DAYS[english["w"]] - today.weekday()) % 7
        return today + timedelta(ahead or 7 if english["rel"] == "next" else ahead)
    found = _WEEKDAY.fullmatch(said)
    if found is None:
        return None
    monday, at = today - timedelta(today.weekday()), _WEEKDAYS[found["w"]]
    named = (found["rel"] or "").rstrip("个")
    if named:
        return monday + timedelta(at + 7 * {"下下": 2, "下": 1, "上": -1}.get(named, 0))
    return _nearest((monday + timedelta(at + 7 * week) for week in (-1, 0, 1)), today, not_before or today)


def _read_within_year(said: str, today: date, not_before: date | None) -> date | None:
    found = _MONTH_DAY.fullmatch(said)
    if found:
        on = int(found["d"])
        return _in_some_year(int(found["m"]), found["rel"], today, not_before, lambda y, m: date(y, m, on))
    found = _MONTH_PART.fullmatch(said)
    if found:
        part, month = _ENDS[found["part"]], int(found["m"])
        if found["y"]:
            return _in_month(int(found["y"]), month, part)
        return _in_some_year(month, found["rel"], today, not_before, lambda y, m: _in_month(y, m, part))
    found = _NAMED_MONTH.fullmatch(said)
    if found is None:
        return None
    shift = {"下": 1, "上": -1}.get((found["rel"] or " ")[0], 0)
    if found["part"]:
        return _month_from(today, shift, _ENDS[found["part"].removeprefix("月")])
    day = int(found["d"])
    if found["rel"]:
        first = _month_from(today, shift, 1)
        return date(first.year, first.month, day)
    months = (_month_from(today, ahead, 1) for ahead in (-1, 0, 1, 2))
    return _nearest(
        (one.replace(day=day) for one in months if _has(one.year, one.month, day)), today, not_before
    )


def _read_english(said: str, today: date, not_before: date | None) -> date | None:
    found = _ENGLISH_END.fullmatch(said)
    if found and not found["word"]:
        return _month_from(today, int(found["rel"] == "next"), 31)
    if found:
        return _in_some_year(
            _ENGLISH_MONTHS[found["word"][:3]], None, today, not_before, lambda y, m: _in_month(y, m, 31)
        )
    found = _ENGLISH[0].fullmatch(said) or _ENGLISH[1].fullmatch(said)
    if found is None:
        return None
    month, day = _ENGLISH_MONTHS[found["word"][:3]], int(found["d"])
    if found["y"]:
        return date(int(found["y"]), month, day)
    return _in_some_year(month, None, today, not_before, lambda y, m: date(y, m, day))


def _in_some_year(
    month: int, named: str | None, today: date, not_before: date | None, make: Callable[[int, int], date]
) -> date | None:
    if named:
        return make(today.year + (named == "明年"), month)
    days = []
    for year in range(today.year - 1, today.year + 9):
        try:
            days.append(make(year, month))
        except ValueError:
            continue  # 2月29日 of a common year
    return _nearest(days, today, not_before)


def _nearest(days: Iterable[date], today: date, not_before: date | None) -> date | None:
    allowed = (day for day in days if not_before is None or day >= not_before)
    return min(allowed, key=lambda day: (abs(day - today), day), default=None)


def _in_month(year: int, month: int, day: int) -> date:
    """That day, or the month's last one."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _month_from(today: date, shift: int, day: int) -> date:
    return today + relativedelta(months=shift, day=day)


def _has(year: int, month: int, day: int) -> bool:
    return 1 <= day <= calendar.monthrange(year, month)[1]
