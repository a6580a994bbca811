"""What the sheets have in common on paper: page numbers as official papers have them, and sheets made to fit."""

from __future__ import annotations

from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.cell_xml import clean
from bot.ledger.rows import LedgerHead

A3, A4 = 8, 9  # the workbook format's numbers
MOST_LEFT, MOST_RIGHT = (
    110,
    60,
)  # characters; Excel calls a file damaged whose footer has more than 255 in all
FONT = "宋体,Regular"


def landscape(sheet: Worksheet, paper: int, head: LedgerHead) -> None:
    """Turn the sheet and put "— 3 —" below every page, beside it which ledger the page belongs to."""
    sheet.page_setup.paperSize, sheet.page_setup.orientation = paper, "landscape"
    sheet.HeaderFooter.scaleWithDoc = False  # many columns are shrunk; what proves the page must be legible
    footer = sheet.oddFooter or HeaderFooterItem()
    for part, text, size in (
        (footer.left, _literal(head.stamp, MOST_LEFT), 8),
        (footer.center, head.words.say("ledger_page"), 14),
        (footer.right, _literal(head.anchor_text, MOST_RIGHT), 8),
    ):
        part.text, part.font, part.size = text, FONT, size
    sheet.oddFooter = footer


def _literal(text: str, most: int) -> str | None:
    """The text as a footer shows it: in there a lone & begins a command. None where there is nothing to show."""
    return clean(text).replace("&", "&&")[:most].rstrip("&") or None


def fit_to_width(sheet: Worksheet) -> None:
    """Shrink until all columns are on one page; as many pages long as it takes."""
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
