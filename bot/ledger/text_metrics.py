"""How many lines a text takes in a column, since a workbook cannot say and nothing fits merged cells by itself.

Widths are counted in halves: a Latin letter or digit is one half, a Chinese character two. It is an estimate
for fonts that may differ on the other side, so it leans to one line too many rather than a line cut off.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LINE = 1.45  # line height in parts of the type size
DIGIT = 7.5  # pixels of a digit in the workbook's default font: 8 in 宋体, 7 in what may stand in for it
MARGIN = 5.0  # points above and below the text in a cell
TALLEST = 409.0  # points; no row can be higher

_TOKENS = re.compile(r"[!-~]+|.", re.DOTALL)
_NO_START = frozenset("，。、；：？！）》〉」』】〕”’…,.;:?!)]}%％")  # may not begin a line


def halves(column_width: float, size: float) -> int:
    """How many half characters of `size` points a column of that width (workbook units) holds in a line."""
    return int((DIGIT * column_width + 5 - 6) * 0.75 / size * 2)


def wrap(text: str, room: int) -> list[str]:
    """The lines a cell `room` halves wide shows. Joined they are the text again: a hard end keeps its "\\n"."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _wrap_paragraph(paragraph, room)
        lines[-1] += "\n"
    lines[-1] = lines[-1][:-1]
    return lines


def lines_height(count: int, size: float) -> float:
    """Points that so many lines of `size` points need, margins included."""
    return round(count * size * LINE + MARGIN, 1)


def _wrap_paragraph(paragraph: str, room: int) -> list[str]:
    lines: list[str] = []
    line, used = "", 0
    for token in _TOKENS.findall(paragraph):
        width = len(token) if token.isascii() else _halves_of(token)
        if used + width > room and line:
            carried = ""
            if token[0] in _NO_START and len(line) > 1:
                line, carried = line[:-1], line[-1]
            lines.append(line)
            line, used = carried, _sum_halves(carried)
        while width > room - used and len(token) > 1:  # a word longer than the line is broken anywhere
            piece = max(room - used, 1)
            lines.append(line + token[:piece])
            token = token[piece:]
            line, used, width = "", 0, len(token)
        line += token
        used += width
    lines.append(line)
    return lines


def _sum_halves(text: str) -> int:
    return sum(_halves_of(char) for char in text)


@lru_cache(maxsize=8192)
def _halves_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    # Quotation marks and dashes are "ambiguous"; Chinese fonts draw them full width.
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1
