"""How this installation is set up: `paicha.toml` read into frozen values, every mistake in it told at once.

Rule: secrets come from the environment or a file only its owner can read; they never stand in `paicha.toml` or a repr.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit

from bot.domain.roster import LANGUAGES
from bot.setup.errors import ErrorList, FileErrors
from bot.setup.fields import Fields, clock, is_room, is_user_id, parse_toml, read_file, shown

PASSWORD_VARIABLE = "PAICHA_PASSWORD"

Span = tuple[time, time]  # from, until; over midnight when until is the earlier one


@dataclass(frozen=True, slots=True)
class Homeserver:
    """The account of the bot. `password` is empty when it comes neither from the environment nor from a file."""

    url: str  # http(s)://host[:port]
    user_id: str
    device_name: str = "Paicha"
    password_file: Path | None = None
    password: str = field(default="", repr=False)
    county_room: str = ""  # alias or id of the room for digests; empty: none are posted

    @property
    def server(self) -> str:
        """The server part of the bot's id, which completes ids of the roster."""
        return self.user_id.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything an operator can set. Times are in the campaign's zone."""

    data_dir: Path
    checklist: Path
    roster: Path
    homeserver: Homeserver | None = None  # None: no chat, enough to check and to export
    language: str = LANGUAGES[0]  # of people whose roster entry names none
    digest_at: time = time(18, 0)
    remind_at: time = time(9, 0)
    quiet_hours: tuple[Span, ...] = ((time(20, 30), time(8, 0)), (time(12, 0), time(14, 0)))
    messages_a_day: int = 2  # which the bot begins, to one person
    media_limit_mb: int = 50  # 1 MB is 1,000,000 bytes


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read and check the file; FileProblems with every mistake in it. `environ` may hold the password."""
    return parse_config(read_file(path), path.parent, environ, path.name)


def parse_config(text: str, folder: Path, environ: Mapping[str, str], name: str = "paicha.toml") -> Config:
    """Check the file's text; FileProblems with every mistake in it. Relative paths are relative to `folder`."""
    complaints = ErrorList(name)
    top = Fields(parse_toml(text, name), "", complaints)
    usual = Config(
        data_dir=_path(top, "data_dir", folder, "data"),
        checklist=_path(top, "checklist", folder, "checklist.json"),
        roster=_path(top, "roster", folder, "roster.toml"),
    )
    config = replace(
        usual,
        homeserver=_homeserver(top, folder, environ),
        language=top.choice("language", LANGUAGES, usual.language),
        digest_at=_time(top, "digest_at", usual.digest_at),
        remind_at=_time(top, "remind_at", usual.remind_at),
        quiet_hours=_spans(top, "quiet_hours", usual.quiet_hours),
        messages_a_day=top.number("messages_a_day", 0, 10, usual.messages_a_day) or 0,
        media_limit_mb=top.number("media_limit_mb", 1, 1000, usual.media_limit_mb) or 1,
    )
    if any(_within(config.remind_at, span) for span in config.quiet_hours):
        top.complain(
            "remind_at", f"{config.remind_at:%H:%M} is in the quiet hours; choose a time outside them"
        )
    top.close()
    complaints.close()
    return config


def require_homeserver(config: Config, name: str = "paicha.toml") -> Homeserver:
    """The account, for commands that chat; FileProblems when the file has none."""
    if config.homeserver is None:
        raise FileErrors([f"{name}: homeserver: is missing; write a [homeserver] table with url and user_id"])
    return config.homeserver


def _within(at: time, span: Span) -> bool:
    begins, ends = span
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def _path(fields: Fields, key: str, folder: Path, default: str) -> Path:
    said = fields.text(key, default)
    if said.startswith("~"):
        fields.complain(key, f"{shown(said)}: the sign ~ is not understood here; write the whole path")
    return folder / said


def _time(fields: Fields, key: str, default: time) -> time:
    said = fields.take(key)
    if not fields.has(key):
        return default
    found = _clock(fields, key, said)
    return default if found is None else found


def _clock(fields: Fields, key: str, said: object) -> time | None:
    found = clock(said)
    if found is None:
        fields.complain(key, f'is {shown(said)}; write a time of day in quotes, like "18:00"')
    return found


def _spans(fields: Fields, key: str, default: tuple[Span, ...]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for index, pair in enumerate(fields.items(key)):
        here = f"{key}[{index}]"
        if not isinstance(pair, list) or len(pair) != 2:
            fields.complain(here, f'is {shown(pair)}; write two times, like ["12:00", "14:00"]')
            continue
        begins, ends = (_clock(fields, f"{here}[{side}]", said) for side, said in enumerate(pair))
        if begins is not None and begins == ends:
            fields.complain(here, "begins and ends at the same time; write two different times")
        elif begins is not None and ends is not None:
            spans.append((begins, ends))
    return tuple(spans) if fields.has(key) else default


def _homeserver(top: Fields, folder: Path, environ: Mapping[str, str]) -> Homeserver | None:
    raw = top.take("homeserver")
    if not top.has("homeserver"):
        return None
    table = Fields(raw, "homeserver", top.complaints)
    url = table.text("url")
    if url and (fault := _fault_in_url(url)):
        table.complain("url", fault)
    user_id = table.text("user_id")
    if user_id and not is_user_id(user_id):
        table.complain(
            "user_id", f"{shown(user_id)} is no Matrix id; write it in full, like @paicha:example.org"
        )
    room = table.text("county_room", "")
    if room and not is_room(room):
        table.complain(
            "county_room", f"{shown(room)} is no room; write #county:example.org or the id that begins with !"
        )
    if table.has("password"):
        table.take("password")
        table.complain(
            "password",
            f"must not stand in this file; use password_file or {PASSWORD_VARIABLE}, and change it",
        )
    file = _path(table, "password_file", folder, "") if table.has("password_file") else None
    usual = Homeserver(url.rstrip("/"), user_id)
    found = replace(
        usual,
        device_name=table.text("device_name", usual.device_name),
        password_file=file,
        password=environ.get(PASSWORD_VARIABLE, "")
        or (_password(table, file) if file and file != folder else ""),
        county_room=room,
    )
    table.close()
    return found


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


def _password(table: Fields, file: Path) -> str:
    """The first line of a file that nobody but its owner may open."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            table.complain("password_file", f"{file} can be opened by others; run: chmod 600 {file}")
            return ""
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        table.complain(
            "password_file", f"{file} cannot be read ({type(error).__name__}); create it with mode 0600"
        )
        return ""
    if not lines or not lines[0]:
        table.complain("password_file", f"{file} is empty; write the password into its first line")
        return ""
    return lines[0]
