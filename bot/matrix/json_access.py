"""Reading JSON that strangers wrote: whatever shape it has, asking it a question never fails.

Rule: nothing that came over the wire is indexed directly; it is asked for an object, a list or a text, and gives an
empty one when it is something else. A text given out can always be stored and sent on: what no UTF-8 can hold (half of a
surrogate pair) and NUL are replaced here, once, for everything that is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
EMPTY: Json = {}
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")  # matches "\\ud800", half of a pair, and "\\x00"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.S)
DEEPEST = 100  # objects in objects: more than any message needs
LONGEST_ID = 255  # bytes, as the Matrix specification has it
LONGEST_NUMBER = 20  # digits


def decoded(data: bytes) -> object:
    """What an answer of the homeserver says, None where it is no JSON. What one event in it is (nested a thousand deep,
    a number of five thousand digits) cannot make the others unreadable."""
    try:
        return _loaded(data)
    except RecursionError:
        return _or_none(_shallow(data.decode("utf-8", "replace")))
    except ValueError:
        return _or_none(data.decode("utf-8", "replace"))


def _loaded(data: bytes | str) -> object:
    found: object = json.loads(data)
    return found


def _or_none(text: str) -> object:
    try:
        found: object = json.loads(text, parse_int=lambda n: int(n) if len(n) <= LONGEST_NUMBER else 0)
    except (RecursionError, ValueError):
        return None
    return found


def _shallow(text: str) -> str:
    """The same JSON with null in place of everything that lies too deep."""
    kept, start, depth = list[str](), 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("{", "["):
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[start : token.start()] + "null")
        elif token[0] in ("}", "]"):
            depth -= 1
            if depth == DEEPEST:
                start = token.end()
    return "".join((*kept, text[start:]))


def cleaned(text: str) -> str:
    """A text that can be stored and sent on."""
    return _UNSTORABLE.sub("\ufffd", text)


def get_object(value: object, *path: str) -> Json:
    """The object at `path` inside `value`, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else EMPTY


def get_text(value: object, *path: str) -> str:
    """The text at `path` inside `value`, or an empty one."""
    found = get_object(value, *path[:-1]).get(path[-1])
    return cleaned(found) if isinstance(found, str) else ""


def get_id(value: object, *path: str) -> str:
    """The id at `path` inside `value` (of an event, a person, a room, a session), or an empty one where it can be none."""
    found = get_text(value, *path)
    return found if len(found.encode()) <= LONGEST_ID else ""


def get_number(value: object, *path: str) -> int:
    """The whole number at `path` inside `value`, or 0 (true and false are no numbers)."""
    found = get_object(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def get_objects(value: object, *path: str) -> Iterator[Json]:
    """The objects in the list at `path` inside `value`; anything else in it is passed over."""
    found = get_object(value, *path[:-1]).get(path[-1])
    if isinstance(found, list):
        yield from (item for item in found if isinstance(item, dict))


def get_items(value: object, *path: str) -> Iterator[tuple[str, Json]]:
    """Name and object of each entry of the object at `path` inside `value`."""
    for key, item in get_object(value, *path).items():
        if isinstance(item, dict):
            yield cleaned(key), item
