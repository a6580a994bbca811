"""The sheet 佐证: one line for each photo, voice, file or place on the map, photos with a small picture of them.

Rule: the originals are never put into a workbook, nor where anybody was: of a photo it holds a thumbnail that is
nothing but pixels, of a place on the map no more than that it was sent.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.cell_xml import Value, cell, row
from bot.ledger.printing import A4, fit_to_width, landscape
from bot.ledger.rows import EvidenceRow, LedgerHead
from bot.ledger.styles import Styles

SHOWN = 0.75  # of the thumbnail's size: it prints sharper, and five lines fit on a page
CELL_WIDTH, CELL_HEIGHT = 160, 128  # pixels of a picture's cell
EMU = 9525  # the drawing unit, in a pixel
FINGERPRINT = 12  # digits of the SHA-256: enough to find the file by
NAME_START, NAME_END = 40, 16  # of a longer file name


class Column(NamedTuple):
    """A column of the sheet: its name (its heading is the text of that name), width and style."""

    name: str
    width: float
    style: str = "cover_plain"


COLUMNS = (
    Column("number", 9),
    Column("place", 18, "cover_unit"),
    Column("item_no", 8),
    Column("name", 26, "cover_unit"),
    Column("kind", 7),
    Column("at", 17),
    Column("sender", 10),
    Column("sha256", 16),
    Column("picture", 22),
)
LETTERS = tuple(get_column_letter(at) for at in range(1, len(COLUMNS) + 1))


def photos_sheet(
    sheet: Worksheet, styles: Styles, head: LedgerHead, rows: Sequence[EvidenceRow]
) -> Iterator[str]:
    """Prepare the sheet with its pictures and return its rows: the headings in row 1, then one row a piece."""
    for letter, column in zip(LETTERS, COLUMNS, strict=True):
        sheet.column_dimensions[letter].width = column.width
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{LETTERS[-1]}{len(rows) + 1}"
    sheet.print_title_rows = "1:1"
    landscape(sheet, A4, head)
    fit_to_width(sheet)
    for number, piece in enumerate(rows, 2):
        if piece.picture:
            sheet.add_image(_picture(piece.picture, number))
    return _lines(styles, head, rows)


def _lines(styles: Styles, head: LedgerHead, rows: Sequence[EvidenceRow]) -> Iterator[str]:
    setting = head.setting
    looks = [getattr(styles, column.style) for column in COLUMNS]

    def line(number: int, values: Sequence[Value], height: float | None) -> str:
        cells = [
            cell(f"{letter}{number}", value, styles.flat_head if number == 1 else look, setting)
            for letter, value, look in zip(LETTERS, values, looks, strict=True)
        ]
        return row(number, cells, height)

    yield line(1, [head.words.say(f"ledger_evidence_{it.name}", n=FINGERPRINT) for it in COLUMNS], 30)
    for number, piece in enumerate(rows, 2):
        values = (
            piece.number,
            piece.place,
            piece.item_no or "",
            _short(piece.name),
            piece.kind,
            f"{piece.at.astimezone(head.zone):%Y-%m-%d %H:%M}",
            piece.sender,
            piece.sha256[:FINGERPRINT],
            "" if piece.picture else piece.note,
        )
        yield line(number, values, CELL_HEIGHT * 0.75 if piece.picture else None)


def _picture(data: bytes, number: int) -> Image:
    """The picture inside its cell at both corners: it moves, hides and is sorted with its line."""
    image = Image(io.BytesIO(data))
    width, height = round(image.width * SHOWN), round(image.height * SHOWN)
    left, top = (CELL_WIDTH - width) // 2, (CELL_HEIGHT - height) // 2
    corners = [
        AnchorMarker(col=len(COLUMNS) - 1, row=number - 1, colOff=x * EMU, rowOff=y * EMU)
        for x, y in ((left, top), (left + width, top + height))
    ]
    image.anchor = TwoCellAnchor(editAs="twoCell", _from=corners[0], to=corners[1])
    return image


def _short(name: str) -> str:
    """A file name that fits beside a picture; its ending stays."""
    return name if len(name) <= NAME_START + NAME_END else f"{name[:NAME_START]}…{name[-NAME_END:]}"
