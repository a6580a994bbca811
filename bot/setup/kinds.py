"""The kinds of values our files are made of, each with what is wrong with a value that is none of its kind."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import InitErrorDetails

from bot.setup.shape import Wants, neutral, shown, wrong

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # 2023-08-30
_A_DAY = "a day like 2023-08-30"
_SERVER = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_USER_ID = re.compile(rf"@[\x21-\x39\x3b-\x7e]+:{_SERVER}")  # @zhangsan:example.org
_ROOM = re.compile(rf"#[^:\s]+:{_SERVER}|![^\s]+")  # #county:example.org
_LONGEST_ID = 255  # bytes, by the Matrix specification


def fault_in_text(value: object) -> str:
    """Why these words cannot be kept or shown; empty when they can."""
    if not isinstance(value, str):
        return f"is {shown(value)}; write a text in quotes"
    if not value.strip():
        return "is empty; write something or remove it"
    if value != value.strip():
        return "begins or ends with a space; remove it"
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            return f"has the invisible character U+{ord(char):04X}; remove it"
    return ""


def is_user_id(value: str) -> bool:
    """A full Matrix user id."""
    return bool(_USER_ID.fullmatch(value)) and len(value.encode()) <= _LONGEST_ID


def is_room(value: str) -> bool:
    """A room id or alias."""
    return bool(_ROOM.fullmatch(value)) and len(value.encode()) <= _LONGEST_ID


def _text(value: object) -> object:
    if fault := fault_in_text(value):
        raise wrong(fault)
    return value


def _day(value: object) -> date:
    return _date(value, _A_DAY)


def _day_or_null(value: object) -> date | None:
    return None if value is None else _date(value, f"{_A_DAY} or null")


def _date(value: object, example: str) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise wrong(f"is {shown(value)}; write {example}")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise wrong(f"{value} is not in the calendar; write {example}") from None


def _zone(value: object) -> ZoneInfo:
    name = str(_text(value))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, a folder of names
        raise wrong(f"{shown(value)} is not known; write a name like Asia/Shanghai") from None


def _once_each(values: tuple[object, ...]) -> tuple[object, ...]:
    again = [
        InitErrorDetails(type=wrong(f"{shown(value)} is there twice; keep one"), loc=(at,), input=value)
        for at, value in enumerate(values)
        if value and value in values[:at]
    ]
    if again:
        raise ValidationError.from_exception_data("list", again)
    return values


ONCE_EACH = AfterValidator(_once_each)
UNIQUE = Field(json_schema_extra={"uniqueItems": True})
SOME = Field(min_length=1, json_schema_extra={"uniqueItems": True})

Text = Annotated[
    str, StringConstraints(min_length=1), BeforeValidator(_text), Wants("a text in quotes"), neutral("")
]
Slug = Annotated[
    str,
    StringConstraints(pattern="^[a-z0-9]+(-[a-z0-9]+)*$"),
    BeforeValidator(_text),
    Wants("small Latin letters, digits and single hyphens, like water-22"),
    neutral(""),
]
Number = Annotated[  # printed beside an item: people type it, and it stands in a narrow column
    int, Field(strict=True, ge=1, le=9999), Wants("a whole number from 1 to 9999"), neutral(0)
]
Day = Annotated[date, BeforeValidator(_day), Wants(_A_DAY), neutral(None)]
DayOrNull = Annotated[  # None is a value of its own here
    date | None, BeforeValidator(_day_or_null), Wants(f"{_A_DAY} or null"), neutral(False)
]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), Wants("a name like Asia/Shanghai"), neutral(None)]
Language = Annotated[Literal["zh-CN", "en"], neutral("")]  # those of bot.domain.roster.LANGUAGES
Texts = Annotated[tuple[Text, ...], UNIQUE, ONCE_EACH, neutral(())]
SomeTexts = Annotated[tuple[Text, ...], SOME, ONCE_EACH, neutral(())]
