"""paicha doctor: each check is proven by breaking what it looks at; a sound folder is 0, one with something wrong 3."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.chat import Unreadable
from bot.cli.main import main
from bot.ops.checks import CHECKS
from bot.ops.doctor import NOTE, WRONG, Look, Seen, examine, sound
from bot.setup.bootstrap import stored_setup
from storage.read_only import look_into
from tests.support.bot_in_memory import START, InMemoryBot

Break = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of a bot that is well."""
    stand = InMemoryBot()
    stand.says("排查", "1", "1")
    stand.take(position="s1")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with closing(sqlite3.connect(data / "paicha.db")) as file:
        stand.connection.backup(file)
    for name in ("crypto.db", "matrix.json", "lock"):
        (data / name).write_text("1" if name == "lock" else "", "utf-8")  # process 1 is always there
    for path in data.iterdir():
        path.chmod(0o600)
    return data


def seen(folder: Path, now: datetime = START) -> dict[str, tuple[Seen, ...]]:
    with look_into(folder / "paicha.db") as tx:
        setup = stored_setup(tx)
        found = examine(Look(folder, tx, now, setup.campaign if setup else None), CHECKS)
    assert sound(found) == (not any(it.level == WRONG for result in found for it in result.seen))
    return {result.check: result.seen for result in found if result.seen}


def run(folder: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "paicha.db", isolation_level=None)) as file:
        file.execute(sql, values)


OLD = (START - timedelta(hours=3)).isoformat()
ROW = "INSERT INTO outbox (room_id, act, content, reason, written_at, stranger, failed) VALUES (?, 'message', '{}', 'reply', ?, ?, ?)"
PIECE = "INSERT INTO evidence (person_id, room_id, event_id, kind, state, tries, at) VALUES (1, '!a', '$x', 'image', ?, ?, '2023')"
BROKEN: dict[str, tuple[str, str, Break]] = {  # how -> (check, level, what breaks it)
    "folder open": ("modes", WRONG, lambda data: data.chmod(0o755)),
    "database open": ("modes", WRONG, lambda data: (data / "paicha.db").chmod(0o644)),
    "keys missing": ("files", WRONG, lambda data: (data / "crypto.db").unlink()),
    "account missing": ("files", WRONG, lambda data: (data / "matrix.json").unlink()),
    "no bot": ("running", NOTE, lambda data: (data / "lock").write_text("999999999", "utf-8")),
    "message waits": ("waiting", WRONG, lambda data: run(data, ROW, "!a", OLD, 0, None)),
    "stranger waits": ("waiting", NOTE, lambda data: run(data, ROW, "!a", OLD, 1, None)),
    "never sent": ("undelivered", NOTE, lambda data: run(data, ROW, "!a", OLD, 0, "403 M_FORBIDDEN")),
    "file fails": ("media", NOTE, lambda data: run(data, PIECE, "waiting", 4)),
    "file gone": ("media", NOTE, lambda data: run(data, PIECE, "gone", 9)),
}


def test_a_folder_that_is_well_shows_nothing(folder: Path) -> None:
    assert seen(folder) == {}


@pytest.mark.parametrize("how", BROKEN)
def test_each_check_finds_what_it_is_for_and_names_place_and_remedy(folder: Path, how: str) -> None:
    check, level, breaks = BROKEN[how]
    breaks(folder)
    found = seen(folder)
    assert list(found) == [check]
    (it,) = found[check]
    assert it.level == level
    assert it.where
    assert it.what
    assert it.remedy


@pytest.mark.parametrize(
    ("days", "expected"), [(-30, {"campaign", "clock"}), (2, {"sync"}), (400, {"campaign", "sync"})]
)
def test_clock_campaign_and_silence_are_told_by_the_time(folder: Path, days: int, expected: set[str]) -> None:
    assert set(seen(folder, START + timedelta(days=days))) == expected


def test_days_off_that_are_not_announced_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.domain.deadlines._is_announced", lambda year: False)
    assert "days off" in " ".join(it.where for it in seen(folder)["campaign"])


@pytest.mark.parametrize(("free", "level"), [(4_000_000_000, NOTE), (500_000_000, WRONG)])
def test_a_disk_that_fills_up_is_told_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert [it.level for it in seen(folder)["disk"]] == [level]


def test_messages_without_a_key_are_counted(tmp_path: Path) -> None:
    stand = InMemoryBot()
    stand.send(Unreadable("session", {}))
    with closing(sqlite3.connect(tmp_path / "paicha.db")) as file:
        stand.connection.backup(file)
    assert "1 messages" in seen(tmp_path)["unreadable"][0].what


def test_damage_inside_the_file_is_found(folder: Path) -> None:
    path = folder / "paicha.db"
    with closing(sqlite3.connect(path)) as file:
        page = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'digests'").fetchone()[0]
        size = file.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xee" * size)
    assert [it.level for it in seen(folder)["database"]] == [WRONG]


@pytest.mark.parametrize("as_json", [False, True])
def test_exit_codes_and_words(folder: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    arguments = ["doctor", "--data", str(folder), *(["--json"] if as_json else [])]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(arguments) == 0  # notes at most: these days lie outside the campaign
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    folder.chmod(0o755)
    capsys.readouterr()
    assert main(arguments) == 3
    told = capsys.readouterr().out
    if as_json:
        found = json.loads(told)
        assert found["sound"] is False
        (wrong,) = next(check["seen"] for check in found["checks"] if check["check"] == "modes")
        assert wrong["remedy"] == f"chmod 700 {folder}"
    else:
        assert f"WRONG modes: {folder}" in told
        assert f"chmod 700 {folder}" in told


def test_what_cannot_be_looked_at_is_2_and_a_mistake_of_use_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--data", str(tmp_path)]) == 2
    (tmp_path / "paicha.db").write_text("no database", "utf-8")
    assert main(["doctor", "--data", str(tmp_path)]) == 2
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--fast"])
    assert end.value.code == 1
    capsys.readouterr()
