"""Which rows of the printed form stand on which page, and how high each is.

Rule: every part of a row is whole on one page; a row that is higher than a page goes on in further parts; the
names of area and section are repeated on each page, and the rows beside them are high enough to show them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.ledger.row_split import FindingBlocks, Texts, slabs_of, take
from bot.ledger.rows import FormRow
from bot.ledger.text_metrics import TALLEST, halves, lines_height, wrap

SIZE = 10.5  # points: 五号
# With what a column takes for itself, 108 units still fit the paper where digits are 9 pixels wide.
WIDTHS = (3.0, 4.6, 3.0, 4.8, 4.2, 26.0, 20.0, 16.0, 15.0, 11.4)
AREA_ROOM = halves(WIDTHS[1], SIZE)
SECTION_ROOM = halves(WIDTHS[3], SIZE)
TEXT_ROOM = halves(WIDTHS[5], SIZE)
CELL_ROOMS = (halves(WIDTHS[6], SIZE), halves(WIDTHS[7], SIZE), halves(WIDTHS[8], SIZE))
UNITS_ROOM = halves(WIDTHS[9], SIZE)
SMALLEST = lines_height(3, SIZE)  # a part of a long row below this is not worth beginning on a page


@dataclass(frozen=True, slots=True)
class Paper:
    """Points of height for rows: on the first page (below the title), on the others, and the signature block."""

    first: float
    other: float
    tail: float


@dataclass(frozen=True, slots=True)
class Part:
    """A printed line: a row of the form, or as much of a long one as a page holds."""

    row: FormRow
    continued: bool  # goes on from above: the item's text is not said again
    texts: Texts
    height: float


@dataclass(frozen=True, slots=True)
class Page:
    """One printed page: its parts, each with its final height. The last page may hold the signatures alone."""

    parts: tuple[Part, ...]

    @property
    def height(self) -> float:
        return sum(part.height for part in self.parts)

    def runs(self) -> Iterator[tuple[int, int, str]]:
        """(first, last, column letters) of every block of parts that share a name: areas "AB", sections "CD"."""
        for letters, depth in (("AB", 1), ("CD", 2)):
            at = 0
            for _, same in groupby(self.parts, key=lambda part: _keys(part.row)[:depth]):
                count = len(list(same))
                yield at, at + count - 1, letters
                at += count


def plan_pages(rows: Sequence[FormRow], paper: Paper) -> tuple[Page, ...]:
    """At least one page; the signature block always fits below the last."""
    pages: list[list[Part]] = [[]]
    for row in rows:
        _place(row, pages, paper)
    _make_room_for_tail(pages, paper)
    return tuple(Page(_stretched(parts)) for parts in pages)


def _place(row: FormRow, pages: list[list[Part]], paper: Paper) -> None:
    """Put a row on the open page, or on a new one, or on several."""
    whole = Part(row, False, (row.finding_text, row.measure_text, row.result_text), _needed(row))
    if whole.height <= min(TALLEST, paper.other) and (pages[-1] or _room(pages, paper, whole) >= 0):
        if _room(pages, paper, whole) < 0:
            pages.append([])
        pages[-1].append(whole)
        return
    continued = False
    rest: FindingBlocks = slabs_of(whole.texts, CELL_ROOMS)
    least = min(max(SMALLEST, _label_height(row)), TALLEST, paper.other)
    while rest:
        probe = Part(row, continued, ("", "", ""), least)
        if pages[-1] and _room(pages, paper, probe) < 0:
            pages.append([])
        limit = min(_room(pages, paper), TALLEST)
        beyond_any_page = max(map(len, rest[0])) > _lines_in(TALLEST)
        taken, left = take(rest, _lines_in(limit), cut=not pages[-1] or beyond_any_page)
        if (
            len(left) == len(rest) and left[0] == rest[0]
        ):  # a finding that would be torn here is whole on the next page
            pages.append([])
            continue
        rest = left
        height = max(_height_of(taken), 0.0 if continued else least)
        pages[-1].append(Part(row, continued, taken, min(height, limit)))
        continued, least = True, SMALLEST


def _room(pages: list[list[Part]], paper: Paper, *more: Part) -> float:
    """Points left on the open page once `more` stands on it too; below 0 when it does not fit."""
    room = paper.first if len(pages) == 1 else paper.other
    return room - sum(part.height for part in _stretched([*pages[-1], *more]))


def _make_room_for_tail(pages: list[list[Part]], paper: Paper) -> None:
    if _room(pages, paper) >= paper.tail:
        return
    # Signatures alone on a sheet can be put under any ledger: the last line goes along, if one can be spared.
    last = pages[-1]
    spare = len(last) > 1 and _stretched(last[-1:])[0].height + paper.tail <= paper.other
    pages.append([last.pop()] if spare else [])


def _stretched(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, made higher where the name of their section or area needs more than they take together."""
    done = list(parts)
    for depth, room in ((2, SECTION_ROOM), (1, AREA_ROOM)):
        at = 0
        for _, same in groupby(parts, key=lambda part: _keys(part.row)[:depth]):
            count = len(list(same))
            name = parts[at].row.section if depth == 2 else parts[at].row.area
            needed = lines_height(len(wrap(name, room)), SIZE)
            lack = needed - sum(part.height for part in done[at : at + count])
            for i in range(at, at + count if lack > 0 else at):
                done[i] = replace(done[i], height=round(done[i].height + lack / count + 0.05, 1))
            at += count
    return tuple(done)


def _keys(row: FormRow) -> tuple[tuple[int, str], tuple[int, str]]:
    return (row.area_no, row.area), (row.section_no, row.section)


def _needed(row: FormRow) -> float:
    texts = (row.finding_text, row.measure_text, row.result_text)
    counts = [len(wrap(text, room)) for text, room in zip(texts, CELL_ROOMS, strict=True)]
    return max(lines_height(max(counts), SIZE), _label_height(row))


def _label_height(row: FormRow) -> float:
    """What the item's own text and its units need, whatever was found."""
    return lines_height(max(len(wrap(row.text, TEXT_ROOM)), len(wrap(row.units_text, UNITS_ROOM))), SIZE)


def _height_of(texts: Texts) -> float:
    return lines_height(max(len(wrap(t, room)) for t, room in zip(texts, CELL_ROOMS, strict=True)), SIZE)


def _lines_in(points: float) -> int:
    """How many lines a cell of that height shows: at least one."""
    count = 1
    while lines_height(count + 1, SIZE) <= points:
        count += 1
    return count
