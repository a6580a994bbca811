"""How this installation is set up: `paicha.toml` read into frozen values, every mistake in it told at once.

Rule: secrets come from the environment or a file only its owner can read; they never stand in `paicha.toml` or a repr.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path

from bot.domain.roster import LANGUAGES
from bot.setup.config_shape import PASSWORD_VARIABLE, ConfigFile, HomeserverTable
from bot.setup.errors import ErrorList, FileErrors
from bot.setup.fields import parse_toml, read_file
from bot.setup.shape import read_table

_PASSWORD_FILE = "homeserver.password_file"  # its place in the file

Span = tuple[time, time]  # from, until; over midnight when until is the earlier one


@dataclass(frozen=True, slots=True)
class Homeserver:
    """The account of the bot. `password` is empty when it comes neither from the environment nor from a file."""

    url: str  # http(s)://host[:port]
    user_id: str
    device_name: str = "Paicha"
    display_name: str = ""  # what people see; empty: as the account has it
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
    media_person_mb_a_day: int = 2000  # the rest of a day waits for the next one
    media_mb_a_day: int = 20_000  # of everybody together


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read and check the file; FileErrors with every mistake in it. `environ` may hold the password."""
    return parse_config(read_file(path), path.parent, environ, path.name)


def parse_config(text: str, folder: Path, environ: Mapping[str, str], name: str = "paicha.toml") -> Config:
    """Check the file's text; FileErrors with every mistake in it. Relative paths are relative to `folder`."""
    complaints = ErrorList(name)
    file = read_table(ConfigFile, parse_toml(text, name), complaints)
    plain = {key: getattr(file, key) for key in file.model_fields_set}
    paths = {key: folder / getattr(file, key) for key in ("data_dir", "checklist", "roster")}
    account = file.homeserver and _homeserver(file.homeserver, folder, environ, complaints)
    config = Config(**plain | paths | {"homeserver": account})
    spans = [span for span in config.quiet_hours if span and all(span)]
    if config.remind_at and any(_within(config.remind_at, span) for span in spans):
        complaints.add(
            "remind_at", f"{config.remind_at:%H:%M} is in the quiet hours; choose a time outside them"
        )
    complaints.close()
    return config


def require_homeserver(config: Config, name: str = "paicha.toml") -> Homeserver:
    """The account, for commands that chat; FileErrors when the file has none."""
    if config.homeserver is None:
        raise FileErrors([f"{name}: homeserver: is missing; write a [homeserver] table with url and user_id"])
    return config.homeserver


def _within(at: time, span: Span) -> bool:
    begins, ends = span
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def _homeserver(
    table: HomeserverTable, folder: Path, environ: Mapping[str, str], complaints: ErrorList
) -> Homeserver:
    file = folder / table.password_file if table.password_file else None
    account = Homeserver(
        table.url.rstrip("/"), table.user_id, password_file=file, county_room=table.county_room
    )
    secret = environ.get(PASSWORD_VARIABLE, "") or (_password(file, complaints) if file else "")
    named = replace(account, device_name=table.device_name or account.device_name)
    return replace(named, display_name=table.display_name, password=secret)


def _password(file: Path, complaints: ErrorList) -> str:
    """The first line of a file that nobody but its owner may open."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            complaints.add(_PASSWORD_FILE, f"{file} can be opened by others; run: chmod 600 {file}")
            return ""
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        complaints.add(
            _PASSWORD_FILE, f"{file} cannot be read ({type(error).__name__}); create it with mode 0600"
        )
        return ""
    if not lines or not lines[0]:
        complaints.add(_PASSWORD_FILE, f"{file} is empty; write the password into its first line")
        return ""
    return lines[0]
