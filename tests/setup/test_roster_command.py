"""`paicha roster import`: a dry run unless --apply, mistakes all at once, never beside a running bot."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main, plan_from
from bot.cli.roster import DRY, SAME
from bot.rehearsal.chat import SERVER, open_rehearsal
from bot.scheduling.hours import Hours
from storage.lock import hold

OTHER = DEMO_ROSTER.read_text("utf-8").replace("李四", "李思")
LINE = f"~ person 李四 -> 李思 @lisi:{SERVER}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a rehearsal that was held."""

    async def begin() -> None:
        plan = plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
        rehearsal = await open_rehearsal(plan, tmp_path / "d", datetime(2023, 8, 5, 1, tzinfo=UTC), Hours())
        await rehearsal.close()

    asyncio.run(begin())
    (tmp_path / "other.toml").write_text(OTHER, "utf-8")
    return tmp_path / "d"


def actions(folder: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "paicha.db")
    try:
        sql = "SELECT seq, source, ref, person_id, substr(received_at, 1, 10), lower(hex(hash)) FROM actions"
        return connection.execute(f"{sql} ORDER BY seq").fetchall()
    finally:
        connection.close()


def imported(folder: Path, *more: str, name: str = "other.toml") -> int:
    return main(["roster", "import", str(folder.parent / name), "--data", str(folder), *more])


def test_a_dry_run_shows_the_difference_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = actions(folder)
    with hold(folder):  # the bot may be running
        assert imported(folder) == 0
    assert capsys.readouterr().out.splitlines() == [LINE, DRY]
    assert actions(folder) == before


def test_applied_it_is_one_action_and_its_seal_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = actions(folder)
    assert imported(folder, "--apply") == 0
    *_, last = after = actions(folder)
    assert after[:-1] == before
    assert last[1:5] == ("roster", "other.toml", None, "2023-08-05")
    assert capsys.readouterr().out.splitlines() == [LINE, f"{last[0]}:{str(last[5])[:16]}"]
    for more in ((), ("--apply",)):
        assert imported(folder, *more) == 0
        assert capsys.readouterr().out.splitlines() == [SAME]
    assert actions(folder) == after


def test_settings_name_the_folder_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder.parent / "paicha.toml"
    config.write_text(
        f'data_dir = "d"\n[homeserver]\nurl = "https://matrix.{SERVER}"\nuser_id = "@paicha:{SERVER}"\n',
        "utf-8",
    )
    assert main(["roster", "import", str(folder.parent / "other.toml"), "-c", str(config)]) == 0
    assert capsys.readouterr().out.splitlines() == [LINE, DRY]


def test_beside_a_running_bot_nothing_is_applied(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = actions(folder)
    with hold(folder):
        assert imported(folder, "--apply") == 2
    assert "Stop that one first" in capsys.readouterr().err
    assert actions(folder) == before


def test_mistakes_are_told_all_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = OTHER.replace('"observer"', '"boss"').replace('user = "lisi"', 'user = "李四"')
    (folder.parent / "wrong.toml").write_text(text, "utf-8")
    before = actions(folder)
    assert imported(folder, "--apply", name="wrong.toml") == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    twins = DEMO_ROSTER.read_text("utf-8").replace("李四", "张三")
    (folder.parent / "twins.toml").write_text(twins, "utf-8")
    assert imported(folder, "--apply", name="twins.toml") == 0
    (folder.parent / "noname.toml").write_text(
        twins.replace('user = "zhangsan"\n', "").replace('user = "lisi"\n', 'user = "other"\n'), "utf-8"
    )
    assert imported(folder, "--apply", name="noname.toml") == 2
    assert "张三 is the name of several people" in capsys.readouterr().err
    assert len(actions(folder)) == len(before) + 1


@pytest.mark.parametrize("name", ["roster.xlsx", "roster.CSV"])
def test_sheets_come_later(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(folder, name=name) == 2
    assert "come in a later version" in capsys.readouterr().err


def test_without_a_database_or_a_file_it_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(folder, name="nowhere.toml") == 2
    assert main(["roster", "import", str(DEMO_ROSTER), "--apply", "--data", str(folder.parent / "none")]) == 2
    assert "there is no database yet" in capsys.readouterr().err
    assert not (folder.parent / "none").exists()
