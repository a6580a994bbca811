"""Reading JSON that strangers wrote: whatever shape it has, asking it a question never fails.

Rule: nothing that came over the wire is indexed directly; it is asked for an object, a list or a text, and gives an
empty one when it is something else. A text given out can always be stored and sent on: what no UTF-8 can hold (half of a
surrogate pair) and NUL are replaced here, once, for everything that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
EMPTY: Json = {}
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")  # matches "\\ud800", half of a pair, and "\\x00"


def get_object(value: object, *path: str) -> Json:
    """The object at `path` inside `value`, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else EMPTY


def get_text(value: object, *path: str) -> str:
    """The text at `path` inside `value`, or an empty one."""
    found = get_object(value, *path[:-1]).get(path[-1])
    return _UNSTORABLE.sub("\ufffd", found) if isinstance(found, str) else ""


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
            yield key, item
