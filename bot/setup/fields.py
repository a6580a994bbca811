"""Reads the text of a file into plain tables and lists; what is no JSON, no TOML or no text is one line of FileErrors."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from bot.setup.errors import FileErrors


class _Object(dict[str, object]):
    """A JSON object that remembers keys written twice, which plain dicts swallow."""

    repeated: tuple[str, ...] = ()


def _as_object(pairs: list[tuple[str, object]]) -> _Object:
    # pydantic cannot take a key that no UTF-8 can hold; it is unknown anyway
    pairs = [(key.encode("utf-8", "backslashreplace").decode(), value) for key, value in pairs]
    found = _Object(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        found.repeated = tuple(key for key in found if keys.count(key) > 1)
    return found


def read_file(path: Path) -> str:
    """The text of an UTF-8 file, byte for byte; FileErrors when it cannot be had."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise FileErrors([f"{path.name}: cannot be read ({error.strerror}): {path}"]) from error
    except UnicodeDecodeError as error:
        raise FileErrors([f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8"]) from error


def parse_json(text: str, name: str) -> object:
    """Any JSON value; FileErrors with line and column when it is none."""
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_as_object)
    except json.JSONDecodeError as error:
        raise FileErrors([f"{name}: line {error.lineno}, column {error.colno}: {error.msg}"]) from error
    except (RecursionError, ValueError) as error:  # nested without end, a number of thousands of digits
        raise FileErrors([f"{name}: not readable as JSON: {str(error)[:80]}"]) from error


def parse_toml(text: str, name: str) -> object:
    """A TOML document; FileErrors with line and column when it is none."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (RecursionError, ValueError) as error:
        raise FileErrors([f"{name}: not readable as TOML: {str(error)[:120]}"]) from error


def repeated_keys(raw: object) -> Iterator[str]:
    """The places of all keys that stand twice in one JSON object."""
    waiting = [("", raw)]
    while waiting:  # not by recursion: a file may be nested as deep as its author likes
        where, value = waiting.pop()
        if isinstance(value, _Object):
            yield from (place_in(where, key) for key in value.repeated)
        inner = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        waiting += [(place_in(where, step), below) for step, below in inner]


def place_in(where: str, *steps: str | int) -> str:
    """`items`, 3, `units` -> `items[3].units`."""
    for step in steps:
        where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else step
    return where
