"""The sheet 汇总: which unit is how far in which section, and how much it found; readable on one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.cell_xml import Value, cell, row
from bot.ledger.printing import A4, landscape
from bot.ledger.rows import CoverCell, CoverRow, LedgerHead
from bot.ledger.styles import Styles
from bot.ledger.words import LedgerWords

UNIT_WIDTH, SECTION_WIDTH, TOTAL_WIDTH = 18.0, 9.0, 11.0
PAPER_WIDTH = 1020  # pixels between the margins
TOGETHER = 10  # units up to which both tables stand on one page
Look = Callable[[CoverCell | None], tuple[Value, int]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Units down, sections across, the totals in the last row and the last column."""

    headings: tuple[str, ...]  # the unit's, one a section, the total's
    rows: tuple[tuple[str, tuple[CoverCell | None, ...]], ...]


def cover_sheet(
    sheet: Worksheet, styles: Styles, head: LedgerHead, rows: Sequence[CoverRow]
) -> Iterator[str]:
    """Prepare the sheet and return its rows: one table of answers, below it one of findings."""
    matrix = _matrix(rows, head.words)
    widths = (UNIT_WIDTH, *(SECTION_WIDTH for _ in matrix.headings[1:-1]), TOTAL_WIDTH)
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "B1"
    landscape(sheet, A4, head)
    sheet.page_margins.left = sheet.page_margins.right = 0.47  # inches
    # Counted in the widest digits there are. Not "fit to page": Excel would ignore the break between the tables.
    sheet.page_setup.scale = min(100, int(100 * PAPER_WIDTH / (9 * sum(widths) + 5 * len(widths))))
    if len(rows) > TOGETHER:
        sheet.row_breaks.append(Break(id=len(rows) + 4))  # caption, headings, total, an empty line
    sheet.print_options.horizontalCentered = True
    return _lines(styles, head, matrix)


def _lines(styles: Styles, head: LedgerHead, matrix: Matrix) -> Iterator[str]:
    local, words, setting = head.cut_off.astimezone(head.zone), head.words, head.setting
    when = {"day": words.short_day(local), "time": f"{local:%H:%M}"}
    not_asked = words.say("ledger_none"), styles.cover_none

    def progress(it: CoverCell | None) -> tuple[Value, int]:
        if it is None or not it.expected:
            return not_asked
        if it.answered >= it.expected:
            return f"{it.answered}/{it.expected}", styles.cover_green
        return f"{it.answered}/{it.expected}", styles.cover_amber if it.answered else styles.cover_red

    def findings(it: CoverCell | None) -> tuple[Value, int]:
        if it is None or not (it.expected or it.findings):
            return not_asked
        return it.findings, styles.cover_bold if it.findings else styles.cover_plain

    number = 1
    for caption, look in (
        (words.say("ledger_summary_progress", **when), progress),
        (words.say("ledger_summary_findings", **when), findings),
    ):
        for line in _table(caption, matrix, look, styles):
            cells = [
                cell(f"{get_column_letter(at)}{number}", value, style, setting)
                for at, (value, style) in enumerate(line, 1)
            ]
            yield row(number, cells, _height(line))
            number += 1
        number += 1
    if head.anchor:  # on the screen too, where no page shows its footer
        stamp = f"{head.stamp}　　{head.anchor_text}"
        yield row(number, [cell(f"A{number}", stamp, styles.line, setting)], 26.0)


def _table(caption: str, matrix: Matrix, look: Look, styles: Styles) -> Iterator[list[tuple[Value, int]]]:
    yield [(caption, styles.line)]
    yield [(text, styles.cover_head) for text in matrix.headings]
    for unit, cells in matrix.rows:
        yield [(unit, styles.cover_unit), *map(look, cells)]


def _height(line: list[tuple[Value, int]]) -> float:
    """Points for the longest text of a line: a unit's column holds eight characters, the others four or ten digits."""
    if len(line) == 1:
        return 26.0
    texts = [value if isinstance(value, str) else "" for value, _ in line]
    lines = [
        ceil(len(texts[0]) / 8),
        *(ceil(len(text) / (10 if text.isascii() else 4)) for text in texts[1:]),
    ]
    return 8 + 14.5 * max(1, *lines)


def _matrix(rows: Sequence[CoverRow], words: LedgerWords) -> Matrix:
    sections = tuple(dict.fromkeys(it.section for line in rows for it in line.cells))
    body: list[tuple[str, tuple[CoverCell | None, ...]]] = []
    for line in rows:
        by_section = {it.section: it for it in line.cells}
        body.append((line.unit, (*(by_section.get(section) for section in sections), _sum(line.cells))))
    totals = [
        _sum([it for line in rows for it in line.cells if it.section == section]) for section in sections
    ]
    totals.append(_sum([it for line in rows for it in line.cells]))
    total = words.say("ledger_summary_total")
    headings = (words.say("ledger_summary_unit"), *sections, total)
    return Matrix(headings, (*body, (total, tuple(totals))))


def _sum(cells: Sequence[CoverCell]) -> CoverCell:
    return CoverCell(
        "", sum(c.answered for c in cells), sum(c.expected for c in cells), sum(c.findings for c in cells)
    )
