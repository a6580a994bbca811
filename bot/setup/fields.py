"""Reading what an operator wrote: files into tables, tables key by key, every mistake complained of and read past.

Rule: a bad value yields a neutral one ("" () None) after its complaint, so that one mistake never hides another.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from datetime import date, time
from pathlib import Path

from bot.setup.errors import ErrorList, FileErrors

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SERVER = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_USER_ID = re.compile(rf"@[\x21-\x39\x3b-\x7e]+:{_SERVER}")
_ROOM = re.compile(rf"#[^:\s]+:{_SERVER}|![^\s]+")
_LONGEST_ID = 255  # bytes, by the Matrix specification
_SHOWN = 40  # characters of a wrong value repeated in a complaint


class _Object(dict[str, object]):
    """A JSON object that remembers keys written twice, which plain dicts swallow."""

    repeated: tuple[str, ...] = ()


def _as_object(pairs: list[tuple[str, object]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        found.repeated = tuple(key for key in found if keys.count(key) > 1)
    return found


def read_file(path: Path) -> str:
    """The text of an UTF-8 file, byte for byte; FileProblems when it cannot be had."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise FileErrors([f"{path.name}: cannot be read ({error.strerror}): {path}"]) from error
    except UnicodeDecodeError as error:
        raise FileErrors([f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8"]) from error


def parse_json(text: str, name: str) -> object:
    """Any JSON value; FileProblems with line and column when it is none."""
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_as_object)
    except json.JSONDecodeError as error:
        raise FileErrors([f"{name}: line {error.lineno}, column {error.colno}: {error.msg}"]) from error
    except (RecursionError, ValueError) as error:  # nested without end, a number of thousands of digits
        raise FileErrors([f"{name}: not readable as JSON: {str(error)[:80]}"]) from error


def parse_toml(text: str, name: str) -> object:
    """A TOML document; FileProblems with line and column when it is none."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (RecursionError, ValueError) as error:
        raise FileErrors([f"{name}: not readable as TOML: {str(error)[:120]}"]) from error


def shown(value: object) -> str:
    """A wrong value, short enough to stand in a complaint."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def fault_in_text(value: str) -> str:
    """Why these words cannot be kept or shown; empty when they can."""
    if not value.strip():
        return "is empty; write something or remove it"
    if value != value.strip():
        return "begins or ends with a space; remove it"
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            return f"has the invisible character U+{ord(char):04X}; remove it"
    return ""


def is_user_id(value: str) -> bool:
    """A full Matrix user id, `@zhangsan:example.org`."""
    return bool(_USER_ID.fullmatch(value)) and len(value.encode()) <= _LONGEST_ID


def is_room(value: str) -> bool:
    """A room id or alias: `!…` or `#county:example.org`."""
    return bool(_ROOM.fullmatch(value)) and len(value.encode()) <= _LONGEST_ID


def clock(value: object) -> time | None:
    """`"18:00"` as a time of day, None when it is not one."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    return time(int(match[1]), int(match[2])) if match else None


class Fields:
    """One table of a file: each key is asked for by its kind, `close` complains of those nobody asked for."""

    def __init__(self, raw: object, where: str, complaints: ErrorList) -> None:
        self.where = where
        self.complaints = complaints
        self._asked: set[str] = set()
        self._readable = isinstance(raw, dict)
        self._raw: dict[str, object] = raw if isinstance(raw, dict) else {}
        if not self._readable:
            complaints.add(where, f"is {shown(raw)}; a table of keys and values is needed here")
        for key in raw.repeated if isinstance(raw, _Object) else ():
            self.complain(key, "is written twice; keep one")

    def place(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def complain(self, key: str, what: str) -> None:
        self.complaints.add(self.place(key), what)

    def take(self, key: str, needed: str = "") -> object:
        """The raw value or None. `needed` says what to write when the key must be there."""
        self._asked.add(key)
        if key not in self._raw and needed and self._readable:
            self.complain(key, f"is missing; write {needed}")
        return self._raw.get(key)

    def has(self, key: str) -> bool:
        return key in self._raw

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, "a text" if default is None else "")
        if not self.has(key):
            return default or ""
        if not isinstance(value, str):
            self.complain(key, f"is {shown(value)}; write a text in quotes")
            return ""
        if fault := fault_in_text(value):
            self.complain(key, fault)
            return ""
        return value

    def texts(self, key: str, required: bool = False) -> tuple[str, ...]:
        """A list of texts without repeats. `required`: at least one."""
        found: list[str] = []
        for index, value in enumerate(self._list(key, required)):
            here = f"{key}[{index}]"
            if not isinstance(value, str):
                self.complain(here, f"is {shown(value)}; write a text in quotes")
            elif fault := fault_in_text(value):
                self.complain(here, fault)
            elif value in found:
                self.complain(here, f"{shown(value)} is there twice; keep one")
            else:
                found.append(value)
        return tuple(found)

    def rows(self, key: str, required: bool = False) -> list[Fields]:
        """A list of tables, in order. `required`: at least one."""
        values = self._list(key, required)
        return [Fields(value, f"{self.place(key)}[{i}]", self.complaints) for i, value in enumerate(values)]

    def items(self, key: str) -> list[object]:
        """A list of anything, in order; empty when it is absent."""
        return self._list(key, required=False)

    def number(self, key: str, lowest: int, highest: int, default: int | None = None) -> int | None:
        """A whole number between both bounds; None after a complaint."""
        value = self.take(key, "a whole number" if default is None else "")
        if not self.has(key):
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.complain(key, f"is {shown(value)}; write a whole number from {lowest} to {highest}")
            return None
        return value

    def day(self, key: str, open_end: bool = False) -> date | None:
        """A calendar day `2023-08-30`. `open_end`: null may stand there and means none."""
        example = "a day like 2023-08-30" + (" or null" if open_end else "")
        value = self.take(key, example)
        if not self.has(key) or (open_end and value is None):
            return None
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.complain(key, f"{value} is not in the calendar; write {example}")
                return None
        self.complain(key, f"is {shown(value)}; write {example}")
        return None

    def choice(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """One of the `known` words; empty after a complaint."""
        value = self.text(key, default)
        words = list(known)
        if value and value not in words:
            self.complain(key, f"{shown(value)} is not known; write one of: {', '.join(words)}")
            return ""
        return value

    def close(self) -> None:
        """Complains of every key that was never asked for."""
        for key in self._raw:
            if key not in self._asked:
                expected = ", ".join(sorted(self._asked))
                self.complain(key, f"is not known here; remove it or use one of: {expected}")

    def _list(self, key: str, required: bool) -> list[object]:
        value = self.take(key, "a list" if required else "")
        if not self.has(key):
            return []
        if not isinstance(value, list):
            self.complain(key, f"is {shown(value)}; write a list in [ ]")
            return []
        if required and not value:
            self.complain(key, "is empty; at least one is needed")
        return value
