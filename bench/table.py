"""How a bench shows what it measured: the machine, the command that made it, and a plain table."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

Cell = str | int | float | None


def announce(title: str) -> None:
    """Print what is measured, on what machine, by what command."""
    command = " ".join(["python", "-m", _module(), *sys.argv[1:]])
    print(f"\n## {title}")
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; `{command}`\n"
    )


def show(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under their header; numbers to the right, nothing known as a dash."""
    lines = [list(header), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for number, line in enumerate(lines):
        cells = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _module() -> str:
    return f"bench.{Path(sys.argv[0]).stem}"


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell >= 100 else f"{cell:.1f}" if cell >= 10 else f"{cell:.2f}"
    return str(cell)
