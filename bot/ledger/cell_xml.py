"""One value becomes one cell: the only place where anything a person typed enters a workbook.

Rule: text is always written as text. A cell with a formula, a broken character or a hidden reversal of the
reading direction cannot be made here, whatever came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TypeAlias

from bot.ledger.text_metrics import TALLEST

Value: TypeAlias = str | int | date | None

MAX_UNITS = 32_767  # of UTF-16 in one cell: above it Excel calls the file damaged
MAX_EXACT = 10**15  # numbers are doubles in a workbook; a longer one would lose its last digits

# Not allowed in XML, or able to show a text other than it is. Line ends of all kinds are mended before.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel would read _x000D_ as one control character
_NEEDS_CARE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff&<>]|_x"
)

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- workbooks know no zones
_FIRST_DAY = date(1900, 3, 1)  # before it, workbooks count a 29 February 1900 that never was


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every cell of a workbook."""

    zone: tzinfo  # aware times are shown in it
    cut_note: str  # stands at the end of a text that is longer than a cell


def cell(reference: str, value: Value, style: int, setting: Setting) -> str:
    """The XML of one cell. `reference` like "B7", `style` a number of the workbook."""
    if value is None or value == "":
        return f'<c r="{reference}" s="{style}"/>'
    if isinstance(value, str):
        text = value
    elif isinstance(value, date):
        serial = _serial(value, setting.zone)
        if serial:
            return f'<c r="{reference}" s="{style}"><v>{serial}</v></c>'
        text = value.isoformat()
    elif abs(value) < MAX_EXACT:
        return f'<c r="{reference}" s="{style}"><v>{value:d}</v></c>'
    else:
        text = str(value)
    if len(text) > MAX_UNITS // 2 or _NEEDS_CARE.search(text):
        text = _escape(_cut(clean(text), setting.cut_note))
    return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def row(number: int, cells: Iterable[str], height: float | None = None) -> str:
    """The XML of one row of cells; `height` in points, None for as high as its text."""
    size = "" if height is None else f' ht="{min(height, TALLEST):g}" customHeight="1"'
    return f'<row r="{number}"{size}>{"".join(cells)}</row>'


def clean(text: str) -> str:
    """The text without what a workbook cannot hold or should not show; every line end is "\\n"."""
    return _UNFIT.sub("", _LINE_END.sub("\n", text))


def unescape(text: str) -> str:
    """What a cell's text meant before it was written: for whoever reads a workbook back."""
    return re.sub("_x005F_(?=x[0-9A-Fa-f]{4}_)", "_", text)


def _cut(text: str, note: str) -> str:
    if _units(text) <= MAX_UNITS:
        return text
    room = MAX_UNITS - _units(note)
    # A character outside the basic plane takes two units; half of one at the cut is dropped.
    return text.encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore") + note


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _escape(text: str) -> str:
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _serial(value: date, zone: tzinfo) -> str:
    """Days since the workbook's beginning, or "" for a day it cannot count to."""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = _local(value, zone)
        if value.date() < _FIRST_DAY:
            return ""
        past = value - _EPOCH
        return f"{past.days + past.seconds / 86_400:.10f}".rstrip("0").rstrip(".")
    return "" if value < _FIRST_DAY else str((value - _EPOCH.date()).days)


def _local(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone).replace(tzinfo=None)
    except OverflowError:  # the first and last hours of the calendar: better an hour off than no ledger
        return value.replace(tzinfo=None)
