"""A folder that is in use: its database says who takes part and which checklist it is; files no longer do."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import load_workbook

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main, plan_from
from bot.rehearsal.chat import SERVER, open_rehearsal
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from storage import grants, people
from storage.db import Transaction
from storage.grants import Grant
from storage.history import Action, record
from tests.rehearsal.test_rehearse import rehearse


def test_a_person_is_whoever_the_database_names(tmp_path: Path) -> None:
    plan = plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
    asyncio.run(_with_a_newcomer(plan, tmp_path))
    done = rehearse("进度\n/as lisi\n", "--as", "赵六", "--data", str(tmp_path), status=1)
    assert "颍桥示范一村" in done.stdout
    assert "lisi is neither a name of the roster" in done.stderr


async def _with_a_newcomer(plan: Setup, folder: Path) -> None:
    """赵六 was invited in chat, say; 李四 left."""

    def change(tx: Transaction) -> None:
        action = Action(
            "test", None, datetime(2023, 8, 5, tzinfo=UTC), plan.campaign.version, source="system"
        )
        with record(tx, action, action.at) as writing:
            new = people.add(writing, {"name": "赵六", "language": "zh-CN"}, "@zhao:else.where", "2023-08-01")
            grants.give(writing, Grant(new, "reporter", "颍桥回族镇", "颍桥示范一村"), 0, "2023-08-01")
            (old,) = people.named(tx, "李四", "2023-08-05")
            for standing in grants.standing(tx, "2023-08-05"):
                if standing.grant.person_id == old.id:
                    grants.end(writing, standing.id, "2023-08-05")

    rehearsal = await open_rehearsal(plan, folder, datetime(2023, 8, 5, 1, tzinfo=UTC), Hours())
    await rehearsal.database.transaction(change)
    await rehearsal.restart()
    await rehearsal.close()


def test_files_that_say_otherwise_than_the_folder_are_named_and_not_used(tmp_path: Path) -> None:
    folder, other, checklist = str(tmp_path / "d"), tmp_path / "other.toml", tmp_path / "checklist.json"
    other.write_text(DEMO_ROSTER.read_text("utf-8").replace("张三", "张三丰"), "utf-8")
    checklist.write_text(CHECKLIST.read_text("utf-8") + "\n", "utf-8")
    rehearse("切换 颍桥示范一村\n3-10 无，入户3户\n", "--data", folder, "--roster", str(other))
    told = rehearse(
        "进度\n",
        "--data",
        folder,
        "--roster",
        str(DEMO_ROSTER),
        "--checklist",
        str(checklist),
        "--lang",
        "en",
    )
    assert "已答 8/70" in told.stdout
    lines = told.stderr.splitlines()
    assert len(lines) == 3
    assert [
        word in line for word, line in zip(("version", "another roster", "--lang"), lines, strict=True)
    ] == [True] * 3
    same = rehearse("进度\n", "--data", folder, "--roster", str(other), "--checklist", str(CHECKLIST))
    assert same.stderr == ""


def test_an_export_goes_by_the_checklist_and_the_roster_of_its_folder(tmp_path: Path) -> None:
    roster, checklist, book = tmp_path / "r.toml", tmp_path / "c.json", tmp_path / "out.xlsx"
    roster.write_text(DEMO_ROSTER.read_text("utf-8").replace("颍桥示范一村", "东岗村"), "utf-8")
    checklist.write_text(
        CHECKLIST.read_text("utf-8").replace('"county": "襄城县"', '"county": "东城县"'), "utf-8"
    )
    files = ("--roster", str(roster), "--checklist", str(checklist), "--data", str(tmp_path / "d"))
    rehearse("切换 东岗村\n3 2 三组王五家孩子没上学\n", *files)
    assert main(["export", "--data", str(tmp_path / "d"), "-o", str(book), "--scope", "东岗村"]) == 0
    words = {str(cell.value) for sheet in load_workbook(book) for row in sheet.iter_rows() for cell in row}
    assert any("东岗村" in word for word in words)
    assert main(["export", "--data", str(tmp_path / "none"), "-o", str(book)]) == 2


def test_a_folder_of_an_early_paicha_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "paicha.db")
    connection.executescript("CREATE TABLE history (id); PRAGMA user_version=1")
    connection.close()
    assert "Move the folder away" in rehearse("进度\n", "--data", str(tmp_path), status=2).stderr
