"""The ledger read back as an office opens it: the annex's form, the flat findings, the summary."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger import form_sheet
from bot.ledger.content_hash import content_hash
from bot.ledger.form_sheet import title_lines
from bot.ledger.rows import CoverRow, FindingRow, FormRow, LedgerHead
from bot.ledger.workbook import build_workbook
from tests.support.ledger_rows import HEAD, cover_row, finding, form_row, form_rows, read

HEADINGS = [
    "类别",
    None,
    "分项",
    None,
    "序号",
    "排查项目",
    "排查发现问题",
    "整改措施",
    "整改情况",
    "责任单位",
]


def built(
    form: list[FormRow] | None = None, findings: list[FindingRow] | None = None, head: LedgerHead = HEAD
) -> Workbook:
    return read(
        build_workbook(head, form_rows() if form is None else form, findings or [], [cover_row("颍桥回族镇")])
    )


def body(sheet: Worksheet) -> list[list[object]]:
    """The lines between the heading and the signatures."""
    lines: list[list[object]] = [
        [cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_col=10)
    ]
    end = next(i for i, line in enumerate(lines) if str(line[0]).startswith("制表人"))
    return lines[:end]


def test_the_sheets_are_the_form_the_findings_and_the_summary() -> None:
    assert built().sheetnames == ["台账", "明细", "汇总"]


def test_the_form_has_the_annexs_heading_lines() -> None:
    sheet = built()["台账"]
    assert sheet["A1"].value == "附件"
    assert sheet["A2"].value == "襄城县巩固拓展脱贫攻坚成果\n“大排查、大整改、大提升”专项行动排查整改台账"
    assert sheet["A3"].value == "填报单位：颍桥回族镇 颍桥示范一村"
    assert sheet["H3"].value == "填报日期：2023年8月12日"
    assert [cell.value for cell in sheet[4]] == HEADINGS
    merged = {str(merge) for merge in sheet.merged_cells.ranges}
    assert {"A4:B4", "C4:D4", "A2:J2"} <= merged


def test_all_72_items_stand_in_order_with_their_exact_text_and_no_blank() -> None:
    lines = body(built()["台账"])
    assert [line[4] for line in lines] == list(range(1, 73))
    assert [line[5] for line in lines] == [row.text for row in form_rows()]
    assert {line[6] for line in lines} == {"未发现问题（入户12户）"}
    assert all(value not in (None, "") for line in lines for value in line[4:])


def test_a_row_nobody_worded_says_so() -> None:
    lines = body(built([form_row(1, "")])["台账"])
    assert lines[0][6:9] == ["未报", "—", "—"]


def test_merges_stay_on_one_page_and_the_heading_is_repeated() -> None:
    sheet = built()["台账"]
    ends = [page_end.id for page_end in sheet.row_breaks.brk]
    assert len(ends) >= 10
    for merge in sheet.merged_cells.ranges:
        assert not any(merge.min_row <= end < merge.max_row for end in ends), merge
    # Each page begins with the names of its area and section.
    assert all(sheet.cell(end + 1, column).value for end in ends for column in (1, 2, 3, 4))
    assert sheet.print_title_rows == "$4:$4"


def test_the_form_is_set_for_a4_landscape_without_shrinking() -> None:
    sheet = built()["台账"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.page_setup.scale) == (
        9,
        "landscape",
        100,
    )
    assert not sheet.sheet_properties.pageSetUpPr or not sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddFooter
    assert sheet.oddFooter.center.text == "— &P —"
    assert sheet.print_area == f"'台账'!$A$1:$J${sheet.max_row}"
    assert sum(sheet.column_dimensions[letter].width for letter in "ABCDEFGHIJ") <= 120
    assert all(sheet.row_dimensions[number].height for number in range(1, sheet.max_row + 1))


def test_signatures_cut_off_version_hash_and_note_stand_below() -> None:
    head = replace(HEAD, note="县办同意在3项未报的情况下定稿")
    form = form_rows()
    sheet = built(form, head=head)["台账"]
    texts = [str(sheet.cell(sheet.max_row - back, 1).value) for back in (3, 2, 1, 0)]
    assert texts[0].startswith("制表人：张三")
    assert "审核人：" in texts[0]
    assert texts[1] == "数据截止：2023年8月12日18:00　　版本：V3　　依据：示范〔2023〕1号"
    assert texts[2].endswith(content_hash(form, [], [cover_row("颍桥回族镇")]))
    assert texts[3] == "说明：县办同意在3项未报的情况下定稿"


def test_a_long_description_goes_on_in_further_lines_without_loss() -> None:
    long = "群众反映村东头入户水管冻裂以来没有修好，" * 100
    lines = body(built(form_rows(n22=long))["台账"])
    own = [line for line in lines if line[4] == 22]
    assert len(own) > 1
    assert "".join(str(line[6] or "") for line in own) == long
    assert [line[5] for line in own[1:]] == ["（续上）"] * (len(own) - 1)


def test_a_finding_is_one_flat_line_with_real_dates() -> None:
    sheet = built(findings=[finding()])["明细"]
    line = {sheet.cell(1, at).value: sheet.cell(2, at) for at in range(1, sheet.max_column + 1)}
    assert len(line) == 23
    assert (line["编号"].value, line["排查点"].value, line["责任人"].value) == (128, "颍桥示范一村", "王五")
    assert line["完成期限"].value == datetime(2023, 8, 10)  # noqa: DTZ001 -- workbooks know no zones
    assert line["完成期限"].is_date
    assert line["发现日期"].value == datetime(2023, 8, 5, 1, 30)  # noqa: DTZ001 -- half past one in the county
    assert line["销号日期"].value is None
    assert line["延期次数"].value == 1


def test_the_flat_sheet_can_be_filtered_chosen_from_and_shows_what_is_overdue() -> None:
    sheet = built(findings=[finding(1), finding(2)])["明细"]
    assert sheet.auto_filter.ref == "A1:W3"
    assert sheet.freeze_panes == "D2"
    assert sheet["O1"].value == "状态"
    choice = sheet.data_validations.dataValidation[0]
    assert choice.formula1 == '"草稿,整改中,待核实,已核实,已退回,已销号,重新打开,已作废"'
    assert len(choice.formula1) <= 255
    assert "O2" in choice.sqref
    [(covered, rules)] = [(c.sqref, c.rules) for c in sheet.conditional_formatting]
    assert "K2" in covered
    assert rules[0].formula == ['AND(ISNUMBER($K2),$K2<DATE(2023,8,12),$O2<>"已销号",$O2<>"已作废")']
    assert not sheet.merged_cells.ranges


def test_a_very_long_description_does_not_fill_the_screen() -> None:
    sheet = built(findings=[finding(1), finding(2, "水" * 2000)])["明细"]
    assert sheet.row_dimensions[2].height is None
    assert sheet.row_dimensions[3].height == 132
    assert sheet["G3"].value == "水" * 2000


@pytest.mark.parametrize("text", ["=1+1", "@x", "#REF!", "<a&b>", "😀", "_x000D_", "a\x00b\ufffe"])
def test_hostile_text_is_plain_text_in_every_sheet(text: str) -> None:
    book = read(
        build_workbook(
            replace(HEAD, scope=text, version=text, title=text, note=text),
            [form_row(1, text, text, text)],
            [replace(finding(), description=text, object=text, state=text)],
            [cover_row(text)],
        )
    )
    for sheet in book.worksheets:
        assert all(cell.data_type in "nsd" for row in sheet.iter_rows() for cell in row)
    assert book["明细"]["G2"].value in (text, "_x005F_x000D_", "ab")
    assert book["汇总"]["A3"].value == book["明细"]["G2"].value


def test_the_summary_shows_answers_and_findings_of_each_unit_and_all() -> None:
    rows = [cover_row("颍桥回族镇"), cover_row("麦岭镇", answered=0, findings=0), CoverRow("县教体局", ())]
    sheet = read(build_workbook(HEAD, [], [], rows))["汇总"]
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(max_col=4)]
    assert lines[1] == ["单位", "教育帮扶", "饮水安全", "合计"]
    assert lines[2:6] == [
        ["颍桥回族镇", "4/7", "3/3", "7/10"],
        ["麦岭镇", "0/7", "3/3", "3/10"],
        ["县教体局", "—", "—", "—"],
        ["合计", "4/14", "6/6", "10/20"],
    ]
    assert lines[6] == [None] * 4
    assert lines[9:] == [
        ["颍桥回族镇", 1, 0, 1],
        ["麦岭镇", 0, 0, 0],
        ["县教体局", "—", "—", "—"],
        ["合计", 1, 0, 1],
    ]


def test_nothing_reported_still_makes_a_file_that_opens() -> None:
    book = read(build_workbook(HEAD, [], [], []))
    assert book["明细"].max_row == 1
    assert body(book["台账"]) == []


def test_endless_heads_and_notes_stay_within_what_a_workbook_allows() -> None:
    sheet = built(head=replace(HEAD, title="甲\n" * 60, note="说" * 9000))["台账"]
    heights = [sheet.row_dimensions[number].height or 0 for number in range(1, sheet.max_row + 1)]
    assert max(heights) <= 409


def test_more_pages_than_a_workbook_can_have_breaks_still_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert form_sheet.MAX_BREAKS == 1026  # what Excel takes; so many pages take half a minute to build
    monkeypatch.setattr(form_sheet, "MAX_BREAKS", 5)
    rows = [form_row(1, "\n".join(f"{i}. 水管漏水" for i in range(1, 300)))]
    assert len(built(rows)["台账"].row_breaks.brk) == 5


def test_a_cut_off_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        build_workbook(replace(HEAD, cut_off=datetime(2023, 8, 12)), [], [], [])  # noqa: DTZ001 -- the mistake


def test_the_same_values_make_the_same_bytes_in_every_process() -> None:
    script = (
        "import hashlib; from tests.support.ledger_rows import *; from bot.ledger.workbook import build_workbook;"
        "print(hashlib.sha256(build_workbook(HEAD, form_rows(), [finding()], [cover_row('甲')])).hexdigest())"
    )
    here = hashlib.sha256(build_workbook(HEAD, form_rows(), [finding()], [cover_row("甲")])).hexdigest()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "America/New_York", "PYTHONIOENCODING": "utf-8"}
        root = Path(__file__).parents[2]
        ran = subprocess.run(
            [sys.executable, "-c", script], cwd=root, env=env, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == here


def test_the_hash_follows_what_was_reported_and_nothing_else() -> None:
    form, findings, cover = form_rows(), [finding()], [cover_row("甲")]
    same = content_hash(form, findings, cover)
    assert content_hash(tuple(form), tuple(findings), tuple(cover)) == same
    assert len(same) == 64
    changed = [
        content_hash(form_rows(n22="水管漏水"), findings, cover),
        content_hash(form, [replace(finding(), closed_on=finding().due)], cover),
        content_hash(form, findings, [cover_row("乙")]),
        content_hash(form, findings * 2, cover),
        content_hash([], findings, cover),
    ]
    assert len({same, *changed}) == 6


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("排查整改台账", ["排查整改台账"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("甲" * 40, ["甲" * 30, "甲" * 10]),
        ("甲" * 20 + "“乙乙”" + "丙" * 20, ["甲" * 20, "“乙乙”" + "丙" * 20]),
    ],
)
def test_a_long_title_is_broken_where_it_reads_best(title: str, lines: list[str]) -> None:
    assert title_lines(title) == lines
