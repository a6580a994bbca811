"""A whole village told in seventy messages or in ten comes to the same rows and the same ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import load_workbook

from bot.rehearsal.chat import Shown, open_rehearsal
from bot.rehearsal.player import Player
from bot.scheduling.hours import Hours
from storage.db import Reader
from tests.support.transcripts import ANCHOR, plan_in

START = datetime(2023, 8, 5, 1, tzinfo=UTC)
CHECKS = "SELECT place_id, item_id, answer, basis, version FROM checks ORDER BY place_id, item_id"
FINDINGS = (
    "SELECT no, place_id, item_id, description, object, cause, measure, horizon, due, unit, responsible, source,"
    " state FROM findings ORDER BY no"
)
Rows = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]
LEAK, PUT_RIGHT = "三组王五家水管老化漏水", "村委会换好水管"

IN_TEN = [
    "排查 颍桥示范一村",
    "3-21 无，入户20户",
    f"22 有，{LEAK}",
    PUT_RIGHT,
    "1",
    "23-45 无，入户20户",
    "46-50 不涉及",
    "其余无，入户20户",
    "提交",
]


def one_by_one() -> list[str]:
    """An item a message, as the walk asks them."""
    lines = ["排查 颍桥示范一村"]
    for no in range(3, 73):
        if no == 22:
            lines += [f"有，{LEAK}", PUT_RIGHT, "立行立改"]
        else:
            lines.append("3" if 46 <= no <= 50 else "没有，入户20户")
    return [*lines, "1"]


def rows(tx: Reader) -> Rows:
    return [tuple(row) for row in tx.all(CHECKS)], [tuple(row) for row in tx.all(FINDINGS)]


async def told(lines: list[str], folder: Path) -> tuple[Rows, list[list[list[object]]]]:
    """The rows and the ledger's cells after these messages."""
    rehearsal = await open_rehearsal(plan_in("zh-CN"), folder, START, Hours())
    try:
        shown: list[Shown] = []
        player = Player(rehearsal, shown.append)
        await player.become("zhangsan")
        for line in lines:
            await player.play(line)
        assert "已提交" in str(shown[-1].content["body"])
        await player.play("台账 颍桥示范一村")
        book = load_workbook(shown[-1].file)
        cells: list[list[list[object]]] = [
            [[_without_anchor(cell.value) for cell in row] for row in sheet.iter_rows()] for sheet in book
        ]
        return await rehearsal.database.read(rows), cells
    finally:
        await rehearsal.close()


def _without_anchor(value: object) -> object:
    """The head of the history is another one each time."""
    return ANCHOR.sub("seq:head", value) if isinstance(value, str) else value


def test_ten_messages_and_seventy_come_to_the_same_rows_and_the_same_ledger(tmp_path: Path) -> None:
    assert len(IN_TEN) <= 10
    (checks, findings), ledger = asyncio.run(told(IN_TEN, tmp_path / "ten"))
    (checks_one, findings_one), ledger_one = asyncio.run(told(one_by_one(), tmp_path / "seventy"))
    assert len(checks) == 70
    assert len(findings) == 1
    assert checks == checks_one
    assert findings == findings_one
    assert ledger == ledger_one
