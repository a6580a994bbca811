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
from bot.ledger.rows import FindingRow, LedgerHead
from bot.ledger.styles import RED, Styles
from bot.ledger.words import DONE, STATES

LONG = (
    240  # characters in one cell after which the line's height is held, so that it does not fill the screen
)
LONG_HEIGHT = 132.0
SPARE_ROWS = 50  # below the last finding: new ones may be written there and sent back


class Column(NamedTuple):
    """A column of the sheet: its field in FindingRow (its heading is the text of that name), width and style."""

    field: str
    width: float
    style: str = "flat_text"


COLUMNS = (
    Column("number", 8, "flat_mark"),
    Column("township", 14),
    Column("village", 16),
    Column("item_no", 6, "flat_mark"),
    Column("section", 12),
    Column("object", 14),
    Column("description", 40),
    Column("cause", 20),
    Column("measure", 36),
    Column("horizon", 10, "flat_mark"),
    Column("due", 12, "flat_date"),
    Column("unit", 18),
    Column("person", 10),
    Column("result", 36),
    Column("state", 10, "flat_mark"),
    Column("reporter", 10),
    Column("verifier", 10),
    Column("found_on", 12, "flat_date"),
    Column("closed_on", 12, "flat_date"),
    Column("evidence_count", 8, "flat_mark"),
    Column("recurrences", 8, "flat_mark"),
    Column("extensions", 8, "flat_mark"),
    Column("source", 12),
)
LETTER = {column.field: get_column_letter(at) for at, column in enumerate(COLUMNS, 1)}


def details_sheet(
    sheet: Worksheet, styles: Styles, head: LedgerHead, rows: Sequence[FindingRow]
) -> Iterator[str]:
    """Prepare the sheet and return its rows: the headings in row 1, then one row a finding."""
    _set_up(sheet, len(rows) + 1, head)
    return _lines(styles, head, rows)


def _lines(styles: Styles, head: LedgerHead, rows: Sequence[FindingRow]) -> Iterator[str]:
    setting = head.setting
    headings = [(LETTER[c.field], head.words.say(f"ledger_col_{c.field}")) for c in COLUMNS]
    yield row(1, [cell(f"{at}1", text, styles.flat_head, setting) for at, text in headings], 30)
    layout = [(LETTER[column.field], getattr(styles, column.style)) for column in COLUMNS]
    values_of: Callable[[FindingRow], tuple[Value, ...]] = attrgetter(*(column.field for column in COLUMNS))
    for number, finding in enumerate(rows, 2):
        longest = max(len(finding.description), len(finding.measure), len(finding.result))
        yield row(
            number,
            [
                cell(f"{letter}{number}", value, style, setting)
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
    landscape(sheet, A3, head)  # so many columns
    fit_to_width(sheet)
    states = [head.words.state(state) for state in STATES]
    choice = DataValidation(type="list", formula1=f'"{",".join(states)}"', allow_blank=True)
    choice.error = head.words.say("ledger_choose", states=head.words.say("ledger_between_names").join(states))
    choice.errorTitle = head.words.say("ledger_col_state")
    choice.add(f"{LETTER['state']}2:{LETTER['state']}{last + SPARE_ROWS}")
    sheet.data_validations.append(choice)
    _colour_overdue(sheet, last, head)


def _colour_overdue(sheet: Worksheet, last: int, head: LedgerHead) -> None:
    """Red where the due date was past at the cut-off: the ledger says the same whenever it is opened."""
    due, state = LETTER["due"], LETTER["state"]
    day = head.cut_off.astimezone(head.zone)
    open_still = ",".join(f'${state}2<>"{head.words.state(done)}"' for done in DONE)
    rule = Rule(
        type="expression",
        formula=[f"AND(ISNUMBER(${due}2),${due}2<DATE({day.year},{day.month},{day.day}),{open_still})"],
        dxf=DifferentialStyle(font=Font(color="FF9C0006", bold=True), fill=PatternFill("solid", bgColor=RED)),
    )
    sheet.conditional_formatting.add(f"{due}2:{due}{last + 1} {state}2:{state}{last + 1}", rule)
