"""What the sheets have in common on paper: page numbers as official papers have them, and sheets made to fit."""

from __future__ import annotations

from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.words import LedgerWords

A3, A4 = 8, 9  # the workbook format's numbers


def landscape(sheet: Worksheet, paper: int, words: LedgerWords) -> None:
    """Turn the sheet and put "— 3 —" below every page."""
    sheet.page_setup.paperSize, sheet.page_setup.orientation = paper, "landscape"
    footer = sheet.oddFooter or HeaderFooterItem()
    footer.center.text, footer.center.font, footer.center.size = words.say("ledger_page"), "宋体,Regular", 14
    sheet.oddFooter = footer


def fit_to_width(sheet: Worksheet) -> None:
    """Shrink until all columns are on one page; as many pages long as it takes."""
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
