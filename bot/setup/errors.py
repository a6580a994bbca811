"""What the operator can mend: every mistake in a file they wrote, gathered and told all at once.

Rule: one line a mistake, with the file, the place in it and the remedy; never a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class FileErrors(Exception):  # noqa: N818 -- it names what is wrong with a file
    """The start stops here. `lines` go to the operator as they are, one mistake each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    def __str__(self) -> str:
        return "\n".join(self.lines)


class ErrorList:
    """Gathers mistakes while a file is read to its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lines: list[str] = []

    def add(self, where: str, what: str) -> None:
        """`where` is a path like `items[3].units`, or empty for the file as a whole."""
        # repr's escapes: a stray surrogate or control character must not break the terminal it is shown on
        line = ": ".join(part for part in (self.name, where, what) if part)
        self._lines.append("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))

    def close(self) -> None:
        """Raises FileErrors when anything was complained of."""
        if self._lines:
            raise FileErrors(self._lines)
