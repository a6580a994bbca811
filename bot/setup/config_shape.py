"""The shape of `paicha.toml`: which keys it has and what stands in each."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from bot.setup.kinds import Language, Text, is_room, is_user_id
from bot.setup.shape import Table, Wants, neutral, shown, wrong

PASSWORD_VARIABLE = "PAICHA_PASSWORD"
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")  # 18:00
_A_TIME = 'a time of day in quotes, like "18:00"'


def _time(value: object) -> time:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(f"is {shown(value)}; write {_A_TIME}")
    return time(int(match[1]), int(match[2]))


def _two(value: object) -> object:
    if not isinstance(value, list) or len(value) != 2:
        raise wrong(f'is {shown(value)}; write two times, like ["12:00", "14:00"]')
    return value


def _different(span: tuple[time, time]) -> tuple[time, time]:
    if span[0] is not None and span[0] == span[1]:
        raise wrong("begins and ends at the same time; write two different times")
    return span


def _path(value: str) -> str:
    if value.startswith("~"):
        raise wrong(f"{shown(value)}: the sign ~ is not understood here; write the whole path")
    return value


def _url(value: str) -> str:
    if fault := value and _fault_in_url(value):
        raise wrong(fault)
    return value


def _fault_in_url(url: str) -> str:
    """What is wrong with a homeserver's address; never repeats it, for it may hold a password."""
    example = "write it like https://matrix.example.org"
    try:
        parts = urlsplit(url)
        port_fits = parts.port != 0
    except ValueError:
        return f"is no address; {example}"
    if parts.username is not None or parts.password is not None:
        return f"holds a name or password; {example}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_fits or " " in url:
        return f"is no address of a server; {example}"
    if parts.path.strip("/") or parts.query or parts.fragment:
        return f"has something after the server's name; {example}"
    return ""


def _user_id(value: str) -> str:
    if value and not is_user_id(value):
        raise wrong(f"{shown(value)} is no Matrix id; write it in full, like @paicha:example.org")
    return value


def _room(value: str) -> str:
    if value and not is_room(value):
        raise wrong(f"{shown(value)} is no room; write #county:example.org or the id that begins with !")
    return value


def _never(value: object) -> None:
    if value is not None:
        raise wrong(f"must not stand in this file; use password_file or {PASSWORD_VARIABLE}, and change it")


def _number(lowest: int, highest: int) -> Wants:
    return Wants(f"a whole number from {lowest} to {highest}")


FilePath = Annotated[Text, AfterValidator(_path)]
Clock = Annotated[time, BeforeValidator(_time), Wants(_A_TIME), neutral(None)]
Span = Annotated[tuple[Clock, Clock], BeforeValidator(_two), AfterValidator(_different), neutral(None)]


Megabytes = Annotated[int, Field(strict=True, ge=1, le=1_000_000), _number(1, 1_000_000), neutral(1)]


class HomeserverTable(Table):
    """The bot's account."""

    url: Annotated[Text, AfterValidator(_url)]
    user_id: Annotated[Text, AfterValidator(_user_id)]
    device_name: Text = ""
    display_name: Text = ""
    password_file: FilePath = ""
    password: Annotated[None, BeforeValidator(_never), neutral(None)] = Field(
        None, exclude=True
    )  # exclude: not named
    county_room: Annotated[Text, AfterValidator(_room)] = ""


class ConfigFile(Table):
    """What an operator can set. What is not written is as `Config` has it."""

    data_dir: FilePath = "data"
    checklist: FilePath = "checklist.json"
    roster: FilePath = "roster.toml"
    homeserver: Annotated[HomeserverTable, neutral(None)] | None = None
    language: Language | None = None
    digest_at: Clock | None = None
    remind_at: Clock | None = None
    quiet_hours: Annotated[tuple[Span, ...], neutral(())] = ()
    messages_a_day: Annotated[int, Field(strict=True, ge=0, le=10), _number(0, 10), neutral(0)] = 0
    media_limit_mb: Annotated[int, Field(strict=True, ge=1, le=1000), _number(1, 1000), neutral(1)] = 1
    media_person_mb_a_day: Megabytes = 1
    media_mb_a_day: Megabytes = 1
