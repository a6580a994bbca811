"""Cutting a row that is higher than a page: what belongs together stays on the same sheet.

Rule: nothing is dropped and nothing repeated. Finding 7, its measure and its result go to the same part as long
as one page can hold them.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from bot.ledger.text_metrics import wrap

Texts = tuple[str, str, str]  # findings, measures, results
FindingBlock = tuple[
    tuple[str, ...], tuple[str, ...], tuple[str, ...]
]  # the lines of one finding in each column
FindingBlocks = list[FindingBlock]

_NUMBERED = re.compile(r"\d+[.．、)）]")


def slabs_of(texts: Texts, rooms: tuple[int, int, int]) -> FindingBlocks:
    """The texts as pieces to be kept together: one a finding where the columns are numbered alike."""
    columns = [_entries(wrap(text, room)) for text, room in zip(texts, rooms, strict=True)]
    if len({len(entries) for entries in columns if len(entries) > 1}) > 1:
        columns = [[tuple(line for entry in entries for line in entry)] for entries in columns]
    return [(a, b, c) for a, b, c in zip_longest(*columns, fillvalue=())]


def take(slabs: FindingBlocks, count: int, *, cut: bool) -> tuple[Texts, FindingBlocks]:
    """As many slabs as fit in `count` lines, as texts, and the rest. `cut`: tear the first one if it must be."""
    used = [0, 0, 0]
    fitting = 0
    for slab in slabs:
        used = [n + len(lines) for n, lines in zip(used, slab, strict=True)]
        if max(used) > count:
            break
        fitting += 1
    if fitting:
        return _text(slabs[:fitting]), slabs[fitting:]
    if not cut:
        return ("", "", ""), slabs
    a, b, c = slabs[0]
    rest: FindingBlock = (a[count:], b[count:], c[count:])
    return _text([(a[:count], b[:count], c[:count])]), [rest, *slabs[1:]]


def _entries(lines: list[str]) -> list[tuple[str, ...]]:
    """Lines gathered under the number they follow."""
    entries: list[list[str]] = []
    begins = True
    for line in lines:
        if not entries or (begins and _NUMBERED.match(line)):
            entries.append([])
        entries[-1].append(line)
        begins = line.endswith("\n")
    return [tuple(entry) for entry in entries]


def _text(slabs: FindingBlocks) -> Texts:
    a, b, c = ("".join(line for slab in slabs for line in slab[i]).removesuffix("\n") for i in range(3))
    return a, b, c
