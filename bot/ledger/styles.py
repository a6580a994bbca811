"""The looks of a workbook's cells, each made once: fonts and frames as official papers have them.

Fonts are named, never embedded; an office computer has them, another shows its nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

TITLE_FONT = "方正小标宋简体"
HEAD_FONT = "黑体"
BODY_FONT = "仿宋_GB2312"
PLAIN_FONT = "宋体"

DATE = "yyyy-mm-dd"
RED, AMBER, GREEN = "FFF4CCCC", "FFFFF2CC", "FFD9EAD3"


@dataclass(frozen=True, slots=True)
class Styles:
    """The workbook's numbers of its cell styles."""

    annex: int
    title: int
    line: int
    line_end: int
    head: int
    label: int
    body: int
    missing: int
    foot: int
    flat_head: int
    flat_text: int
    flat_mark: int
    flat_date: int
    cover_head: int
    cover_unit: int
    cover_none: int
    cover_red: int
    cover_amber: int
    cover_green: int
    cover_plain: int
    cover_bold: int


def make_styles(book: Workbook) -> Styles:
    """Register every style with the workbook, in a fixed order."""
    # Column widths are counted in digits of the Normal style's font: one that every office here has.
    book._named_styles["Normal"].font = Font(name=PLAIN_FONT, size=11)  # type: ignore[attr-defined]  # no other way
    sheet = book.worksheets[0]
    frame = Border(*(Side(style="thin"),) * 4)
    middle = Alignment(horizontal="center", vertical="center", wrap_text=True)
    left = Alignment(horizontal="left", vertical="center", wrap_text=True)
    top = Alignment(horizontal="left", vertical="top", wrap_text=True)
    plain = Font(name=PLAIN_FONT, size=10)
    bold = Font(name=PLAIN_FONT, size=10, bold=True)
    body = Font(name=BODY_FONT, size=10.5)

    def number(
        font: Font, alignment: Alignment, fill: str = "", date_format: str = "", *, framed: bool = True
    ) -> int:
        cell = Cell(sheet, row=1, column=1)
        cell.font = font
        cell.alignment = alignment
        if framed:
            cell.border = frame
        if fill:
            cell.fill = PatternFill("solid", fgColor=fill)
        if date_format:
            cell.number_format = date_format
        return int(cell.style_id)

    line = Font(name=BODY_FONT, size=12)
    return Styles(
        annex=number(Font(name=HEAD_FONT, size=16), Alignment(vertical="center"), framed=False),
        title=number(Font(name=TITLE_FONT, size=22), middle, framed=False),
        line=number(line, Alignment(vertical="center"), framed=False),
        line_end=number(line, Alignment(horizontal="right", vertical="center"), framed=False),
        head=number(Font(name=HEAD_FONT, size=10.5), middle),
        label=number(body, middle),
        body=number(body, left),
        missing=number(Font(name=BODY_FONT, size=10.5, bold=True, color="FFC00000"), left),
        foot=number(Font(name=PLAIN_FONT, size=9), left, framed=False),
        flat_head=number(bold, middle, "FFE7E6E6"),
        flat_text=number(plain, top),
        flat_mark=number(plain, Alignment(horizontal="center", vertical="top")),
        flat_date=number(plain, Alignment(horizontal="center", vertical="top"), date_format=DATE),
        cover_head=number(bold, middle, "FFE7E6E6"),
        cover_unit=number(plain, left),
        cover_none=number(Font(name=PLAIN_FONT, size=10, color="FF808080"), middle),
        cover_red=number(plain, middle, RED),
        cover_amber=number(plain, middle, AMBER),
        cover_green=number(plain, middle, GREEN),
        cover_plain=number(plain, middle),
        cover_bold=number(bold, middle),
    )
