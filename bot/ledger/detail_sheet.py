"""The sheet 明细: one line a finding, to be filtered, sorted and sent back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.cell_xml import Value, cell, row
from bot.ledger.printing import A3, fit_to_width, landscape
from bot.ledger.rows import DONE, STATES, FindingRow, LedgerHead
from bot.ledger.styles import RED, Styles

SHEET = "明细"
LONG = (
    240  # characters in one cell after which the line's height is held, so that it does not fill the screen
)
LONG_HEIGHT = 132.0
SPARE_ROWS = 50  # below the last finding: new ones may be written there and sent back


class Column(NamedTuple):
    """A column of the sheet: its field in FindingRow, its heading, its width and the style it is written in."""

    field: str
    heading: str
    width: float
    style: str = "flat_text"


COLUMNS = (
    Column("number", "编号", 8, "flat_mark"),
    Column("township", "乡镇", 14),
    Column("village", "排查点", 16),
    Column("item_no", "序号", 6, "flat_mark"),
    Column("section", "分项", 12),
    Column("object", "问题对象", 14),
    Column("description", "问题描述", 40),
    Column("cause", "原因", 20),
    Column("measure", "整改措施", 36),
    Column("horizon", "整改时限", 10, "flat_mark"),
    Column("due", "完成期限", 12, "flat_date"),
    Column("unit", "责任单位", 18),
    Column("person", "责任人", 10),
    Column("result", "整改情况", 36),
    Column("state", "状态", 10, "flat_mark"),
    Column("reporter", "填报人", 10),
    Column("verifier", "核实人", 10),
    Column("found_on", "发现日期", 12, "flat_date"),
    Column("closed_on", "销号日期", 12, "flat_date"),
    Column("evidence_count", "佐证数", 8, "flat_mark"),
    Column("recurrences", "复发次数", 8, "flat_mark"),
    Column("extensions", "延期次数", 8, "flat_mark"),
    Column("source", "问题来源", 12),
)
LETTER = {column.field: get_column_letter(at) for at, column in enumerate(COLUMNS, 1)}


def details_sheet(
    sheet: Worksheet, styles: Styles, head: LedgerHead, rows: Sequence[FindingRow]
) -> Iterator[str]:
    """Prepare the sheet and return its rows: the headings in row 1, then one row a finding."""
    _set_up(sheet, len(rows) + 1, head)
    return _lines(styles, head, rows)


def _lines(styles: Styles, head: LedgerHead, rows: Sequence[FindingRow]) -> Iterator[str]:
    yield row(1, [cell(f"{LETTER[c.field]}1", c.heading, styles.flat_head, head.zone) for c in COLUMNS], 30)
    layout = [(LETTER[column.field], getattr(styles, column.style)) for column in COLUMNS]
    values_of: Callable[[FindingRow], tuple[Value, ...]] = attrgetter(*(column.field for column in COLUMNS))
    zone = head.zone
    for number, finding in enumerate(rows, 2):
        longest = max(len(finding.description), len(finding.measure), len(finding.result))
        yield row(
            number,
            [
                cell(f"{letter}{number}", value, style, zone)
                for (letter, style), value in zip(layout, values_of(finding), strict=True)
            ],
            LONG_HEIGHT if longest > LONG else None,
        )


def _set_up(sheet: Worksheet, last: int, head: LedgerHead) -> None:
    for column in COLUMNS:
        sheet.column_dimensions[LETTER[column.field]].width = column.width
    sheet.freeze_panes = f"{LETTER['item_no']}2"
    sheet.auto_filter.ref = f"A1:{LETTER['source']}{last}"
    sheet.print_title_rows = "1:1"
    landscape(sheet, A3)  # so many columns
    fit_to_width(sheet)
    choice = DataValidation(type="list", formula1=f'"{",".join(STATES)}"', allow_blank=True)
    choice.error, choice.errorTitle = f"请填：{'、'.join(STATES)}", "状态"
    choice.add(f"{LETTER['state']}2:{LETTER['state']}{last + SPARE_ROWS}")
    sheet.data_validations.append(choice)
    _colour_overdue(sheet, last, head)


def _colour_overdue(sheet: Worksheet, last: int, head: LedgerHead) -> None:
    """Red where the due date was past at the cut-off: the ledger says the same whenever it is opened."""
    due, state = LETTER["due"], LETTER["state"]
    day = head.cut_off.astimezone(head.zone)
    open_still = ",".join(f'${state}2<>"{word}"' for word in DONE)
    rule = Rule(
        type="expression",
        formula=[f"AND(ISNUMBER(${due}2),${due}2<DATE({day.year},{day.month},{day.day}),{open_still})"],
        dxf=DifferentialStyle(font=Font(color="FF9C0006", bold=True), fill=PatternFill("solid", bgColor=RED)),
    )
    sheet.conditional_formatting.add(f"{due}2:{due}{last + 1} {state}2:{state}{last + 1}", rule)
