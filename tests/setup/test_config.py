"""The operator's file becomes frozen values; every mistake in it is told with its place, and no secret is shown."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest

from bot.setup.config import Config, Homeserver, load_config, parse_config, require_homeserver
from bot.setup.errors import FileErrors

EXAMPLE = Path(__file__).parents[2] / "deploy" / "paicha.example.toml"
HERE = Path.cwd() / "paicha"
ACCOUNT = '[homeserver]\nurl = "https://matrix.example.org"\nuser_id = "@paicha:example.org"\n'


def account(config: Config) -> Homeserver:
    assert config.homeserver is not None
    return config.homeserver


def problems(text: str, folder: Path = HERE) -> tuple[str, ...]:
    with pytest.raises(FileErrors) as caught:
        parse_config(text, folder, {})
    return caught.value.lines


def test_an_empty_file_is_enough_to_check_and_to_export() -> None:
    config = parse_config("", HERE, {})
    assert (config.data_dir, config.checklist, config.roster) == (
        HERE / "data",
        HERE / "checklist.json",
        HERE / "roster.toml",
    )
    assert config.homeserver is None
    with pytest.raises(FileErrors, match=r"paicha\.toml: homeserver: is missing"):
        require_homeserver(config)


def test_everything_written_is_taken() -> None:
    config = parse_config(
        'data_dir = "/var/lib/paicha"\nchecklist = "a.json"\nroster = "b.toml"\nlanguage = "en"\n'
        'digest_at = "00:00"\nremind_at = "10:15"\nquiet_hours = []\nmessages_a_day = 0\nmedia_limit_mb = 7\n'
        "media_person_mb_a_day = 300\nmedia_mb_a_day = 9000\n"
        + ACCOUNT
        + 'device_name = "bot"\ndisplay_name = "排查小助手"\ncounty_room = "!abc"\n',
        HERE,
        {"PAICHA_PASSWORD": "open sesame"},
    )
    assert config == Config(
        data_dir=Path("/var/lib/paicha"),
        checklist=HERE / "a.json",
        roster=HERE / "b.toml",
        homeserver=Homeserver(
            url="https://matrix.example.org",
            user_id="@paicha:example.org",
            device_name="bot",
            display_name="排查小助手",
            password="open sesame",
            county_room="!abc",
        ),
        language="en",
        digest_at=time(0, 0),
        remind_at=time(10, 15),
        quiet_hours=(),
        messages_a_day=0,
        media_limit_mb=7,
        media_person_mb_a_day=300,
        media_mb_a_day=9000,
    )
    assert require_homeserver(config).server == "example.org"


def test_the_example_holds_every_field_and_shows_what_holds_anyway(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    names = [
        f.name
        for kind in (Config, Homeserver)
        for f in fields(kind)
        if f.name not in {"homeserver", "password"}
    ]
    assert [name for name in names if not re.search(rf"^(# )?{name} = ", text, re.MULTILINE)] == []
    assert "PAICHA_PASSWORD" in text
    plain = load_config(EXAMPLE, {})
    (tmp_path / "password").write_text("x")
    (tmp_path / "password").chmod(0o600)
    everything = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)
    full = parse_config(everything, tmp_path, {})
    for name in [f.name for f in fields(Config)][4:]:
        assert getattr(plain, name) == getattr(full, name), name
    assert account(plain).device_name == account(full).device_name


def test_the_password_comes_from_the_environment_or_a_private_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    file.chmod(0o600)
    text = ACCOUNT + 'password_file = "password"\n'
    config = parse_config(text, tmp_path, {})
    assert account(config).password == "open sesame"
    assert "sesame" not in repr(config)
    assert account(parse_config(text, tmp_path, {"PAICHA_PASSWORD": "other"})).password == "other"
    assert account(parse_config(ACCOUNT, tmp_path, {})).password == ""


def test_a_password_file_that_others_may_open_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    text = ACCOUNT + 'password_file = "password"\n'
    for mode in (0o640, 0o604, 0o660):
        file.chmod(mode)
        [line] = problems(text, tmp_path)
        assert line.startswith("paicha.toml: homeserver.password_file: ")
        assert "chmod 600" in line
        assert "sesame" not in line


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_file_without_a_password_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "password").write_bytes(content)
        (tmp_path / "password").chmod(0o600)
    [line] = problems(ACCOUNT + 'password_file = "password"\n', tmp_path)
    assert line.startswith("paicha.toml: homeserver.password_file: ")


def test_a_password_in_the_file_is_refused_and_not_repeated() -> None:
    [line] = problems(ACCOUNT + 'password = "sesame"\n')
    assert line.startswith("paicha.toml: homeserver.password: must not stand in this file")
    [other] = problems(ACCOUNT.replace("https://", "https://paicha:sesame@"))
    assert other.startswith("paicha.toml: homeserver.url: holds a name or password")
    assert "sesame" not in line + other


def test_a_password_is_no_key_that_is_offered() -> None:
    [line] = problems(ACCOUNT + 'passwords = "sesame"\n')
    assert line.endswith("use one of: county_room, device_name, display_name, password_file, url, user_id")


MISTAKES = [
    ("colour = 1", "colour", "not known here"),
    ("data_dir = 1", "data_dir", "text in quotes"),
    ('data_dir = "~/data"', "data_dir", "whole path"),
    ('roster = ""', "roster", "is empty"),
    ('language = "fr"', "language", "zh-CN, en"),
    ('digest_at = "24:00"', "digest_at", "18:00"),
    ("digest_at = 18:00:00", "digest_at", "in quotes"),
    ('remind_at = "12:30"', "remind_at", "quiet hours"),
    ('remind_at = "23:30"', "remind_at", "quiet hours"),
    ('remind_at = "03:00"', "remind_at", "quiet hours"),
    ('quiet_hours = ["20:30", "08:00"]', "quiet_hours[0]", "two times"),
    ('quiet_hours = [["20:30", "8"]]', "quiet_hours[0][1]", "time of day"),
    ('quiet_hours = [["20:30", "20:30"]]', "quiet_hours[0]", "same time"),
    ('quiet_hours = "no"', "quiet_hours", "write a list"),
    ("messages_a_day = 11", "messages_a_day", "0 to 10"),
    ("media_mb_a_day = 0", "media_mb_a_day", "1 to 1000000"),
    ("media_limit_mb = 0", "media_limit_mb", "1 to 1000"),
    ("media_limit_mb = true", "media_limit_mb", "whole number"),
    ("homeserver = 1", "homeserver", "table"),
    ("[homeserver]", "homeserver.url", "is missing"),
    ("[homeserver]", "homeserver.user_id", "is missing"),
    ('[homeserver]\nurl = "matrix.example.org"', "homeserver.url", "no address"),
    ('[homeserver]\nurl = "ftp://example.org"', "homeserver.url", "no address"),
    ('[homeserver]\nurl = "https://[::"', "homeserver.url", "no address"),
    ('[homeserver]\nurl = "https://a:99999"', "homeserver.url", "no address"),
    ('[homeserver]\nurl = "https://a/_matrix"', "homeserver.url", "after the server's name"),
    ('[homeserver]\nuser_id = "paicha"', "homeserver.user_id", "in full"),
    ('[homeserver]\ncounty_room = "county"', "homeserver.county_room", "no room"),
    ('[homeserver]\npasswords = "x"', "homeserver.passwords", "not known here"),
]


@pytest.mark.parametrize(("text", "place", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, place: str, said: str) -> None:
    lines = problems(text)
    assert any(line.startswith(f"paicha.toml: {place}: ") and said in line for line in lines), lines


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems('language = "fr"\ncolour = 1\ndigest_at = "6pm"\n[homeserver]\nurl = "x"\n')) == 5


def test_broken_toml_is_told_with_its_line() -> None:
    [line] = problems('language = "en"\ndigest_at = \n')
    assert line.startswith("paicha.toml: not readable as TOML: ")
    assert "line 2" in line


def test_a_missing_file_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(FileErrors, match=r"paicha\.toml: cannot be read"):
        load_config(tmp_path / "paicha.toml", {})
