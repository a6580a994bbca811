"""Rows for the tests of the ledger: the 72 items as a village answers them, and a finding of usual length."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook

from bot.ledger.cell_xml import Setting
from bot.ledger.rows import CoverCell, CoverRow, FindingRow, FormRow, LedgerHead
from bot.ledger.words import ledger_words
from bot.texts import load_texts

ZONE = ZoneInfo("Asia/Shanghai")
TEXTS = load_texts()
CHINESE, ENGLISH = ledger_words(TEXTS, "zh-CN"), ledger_words(TEXTS, "en")
SETTING = Setting(ZONE, CHINESE.say("ledger_cut"))
HEAD = LedgerHead(
    title="襄城县巩固拓展脱贫攻坚成果“大排查、大整改、大提升”专项行动排查整改台账",
    scope="颍桥回族镇 颍桥示范一村",
    campaign="大排查、大整改、大提升",
    document="示范〔2023〕1号",
    cut_off=datetime(2023, 8, 12, 10, 0, tzinfo=ZoneInfo("UTC")),
    zone=ZONE,
    version="V3",
    words=CHINESE,
    filled_by="张三",
)
ITEMS = json.loads((Path(__file__).parents[1] / "data" / "items.json").read_text(encoding="utf-8"))


def form_row(no: int, found: str = "未发现问题（入户12户）", measure: str = "", result: str = "") -> FormRow:
    """A row with the official text of that item."""
    it = ITEMS[no - 1]
    label = (it["area_no"], it["area"], it["section_no"], it["section"], no, it["text"])
    return FormRow(*label, found, measure, result, "、".join(it["units"]))


def form_rows(**findings: str) -> list[FormRow]:
    """All 72 rows; `n22="水管漏水"` puts a finding at item 22."""
    return [
        form_row(no, *([findings[f"n{no}"], "更换", "整改中"] if f"n{no}" in findings else []))
        for no in range(1, len(ITEMS) + 1)
    ]


def finding(number: int = 128, description: str = "三组张某家水管漏水，已半个月没有修好") -> FindingRow:
    """A finding that is being fixed, due on 10 August."""
    return FindingRow(
        number=number,
        township="颍桥回族镇",
        village="颍桥示范一村",
        item_no=22,
        section="饮水安全",
        object="张**家",
        description=description,
        cause="管网老化",
        measure="8月10日前由水利站更换入户水管12米",
        horizon="立行立改",
        due=date(2023, 8, 10),
        unit="县水利局",
        person="王五",
        result="",
        state="整改中",
        reporter="张三",
        verifier="",
        found_on=datetime(2023, 8, 4, 17, 30, tzinfo=ZoneInfo("UTC")),
        closed_on=None,
        evidence_count=2,
        recurrences=0,
        extensions=1,
        source="自查",
    )


def cover_row(unit: str, answered: int = 4, expected: int = 7, findings: int = 1) -> CoverRow:
    """A unit that was asked two sections."""
    return CoverRow(
        unit,
        (CoverCell("教育帮扶", answered, expected, findings), CoverCell("饮水安全", 3, 3, 0)),
    )


def read(data: bytes) -> Workbook:
    """The workbook as whoever opens the file sees it."""
    return load_workbook(io.BytesIO(data))
