"""How long a ledger takes: one village, and a county's flat sheet against a bare openpyxl loop with the same cells.

Run: python -m bench.ledger [ROWS]
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import astuple
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, Side

from bot.ledger.rows import CoverCell, CoverRow, FindingRow, FormRow, LedgerHead
from bot.ledger.words import ledger_words
from bot.ledger.workbook import build_workbook
from bot.texts import load_texts

ZONE = ZoneInfo("Asia/Shanghai")
RUNS = 3


def main() -> None:
    """Print rows, seconds and ratios: medians of three runs, styled and plain loops beside ours."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 32_000
    head = LedgerHead(
        "排查整改台账",
        "示范县",
        "专项行动",
        "示范〔2023〕1号",
        datetime(2023, 8, 12, 18, tzinfo=ZONE),
        ZONE,
        "V1",
        ledger_words(load_texts(), "zh-CN"),
    )
    form = [form_row(no) for no in range(1, 73)]
    cover = [CoverRow("颍桥回族镇", tuple(CoverCell(f"分项{n}", 4, 5, 1) for n in range(1, 17)))]
    seconds, size = timed(lambda: build_workbook(head, form, [finding(n) for n in range(5)], cover))
    print(f"village: 72 rows  {seconds:.3f} s  {size / 1024:.0f} KiB")
    findings = [finding(number) for number in range(1, count + 1)]
    ours, size = timed(lambda: build_workbook(head, form, findings, cover))
    print(f"county: {count} flat rows  {ours:.2f} s  {size / 1024 / 1024:.1f} MiB")
    rows = [astuple(it) for it in findings]
    for name, styled in (("raw loop, same styles", True), ("raw loop, no styles", False)):
        raw = timed(lambda styled=styled: raw_loop(rows, styled=styled))[0]  # type: ignore[misc]
        print(f"openpyxl write-only {name}: {raw:.2f} s  ratio {ours / raw:.2f}")


def timed(work: Callable[[], bytes]) -> tuple[float, int]:
    """Median seconds over the runs, and the size of what came out."""
    taken: list[float] = []
    size = 0
    for _ in range(RUNS):
        begin = time.perf_counter()
        size = len(work())
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken), size


def raw_loop(rows: list[tuple[Any, ...]], *, styled: bool) -> bytes:
    """The least openpyxl can be asked for: append each row, save. Nothing cleaned, hashed or set up."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("明细")
    sample = WriteOnlyCell(sheet)
    sample.font = Font(name="宋体", size=10)
    sample.alignment = Alignment(wrap_text=True, vertical="top")
    sample.border = Border(*(Side(style="thin"),) * 4)
    for row in rows:
        values = list(row)
        if styled:
            for at, value in enumerate(row):
                values[at] = cell = WriteOnlyCell(sheet, value)
                cell._style = sample._style  # type: ignore[attr-defined]  # far faster than setting each look
        sheet.append(values)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def form_row(no: int) -> FormRow:
    """A row as a village fills it: one in ten has a problem."""
    found = "村东头入户水管漏水，已半个月没有修好" if no % 10 == 0 else "未发现问题（入户12户）"
    text = "域内所有家庭义务教育阶段适龄儿童是否全部上学(因自身条件不能上学的除外)。" * (1 + no % 3)
    area = 1 + (no > 3) + (no > 31)
    return FormRow(
        area,
        "政策落实",
        no // 5,
        f"分项{no // 5}",
        no,
        text,
        found,
        "—",
        "—",
        "县水利局、各乡镇（街道）党委政府",
    )


def finding(number: int) -> FindingRow:
    """A finding of usual length, all columns filled."""
    return FindingRow(
        number=number,
        township="颍桥回族镇",
        village="颍桥示范一村",
        item_no=22,
        section="饮水安全",
        object="张**家",
        description=f"三组张某家水管漏水，已经半个月没有修好（{number}）",
        cause="管网老化",
        measure="8月12日前由水利站更换入户水管12米",
        horizon="立行立改",
        due=date(2023, 8, 12),
        unit="县水利局、颍桥回族镇",
        person="王五",
        result="8月12日已更换入户水管12米，水压正常",
        state="已销号",
        reporter="张三",
        verifier="李四",
        found_on=date(2023, 8, 5),
        closed_on=date(2023, 8, 12),
        evidence_count=2,
        recurrences=0,
        extensions=0,
        source="自查",
    )


if __name__ == "__main__":
    main()
