"""Anchors that the operator brings from outside: SEQ:HEAD, a ledger that was handed out, exported events of a room."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bot.ledger.anchor import anchor_of_ledger
from bot.setup.errors import FileErrors
from bot.texts import load_texts
from storage.audit import Anchor

_GIVEN = re.compile(r"(\d{1,18}):([0-9a-fA-F]{8,64})")  # 1234:9f3c0a1b2c3d4e5f
_MEANT = re.compile(r"\d+:[0-9a-fA-F]*")  # 1234:9f
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # of JSON: 台
_GAP = "{anchor}"
REMEDY = "Give SEQ:HEAD (1234:9f3c0a1b2c3d4e5f), a ledger (.xlsx), or exported events of the county room."


class NotAnAnchor(ValueError):  # noqa: N818 -- a mistake of use, told as it is
    """What was typed is neither an anchor nor a file."""


def anchors_from(given: Iterable[str]) -> list[Anchor]:
    """Every anchor of every argument, by seq, each once. NotAnAnchor: mistyped; FileErrors: a file that holds none."""
    found: set[Anchor] = set()
    for words in given:
        if match := _GIVEN.fullmatch(words):
            found.add(Anchor(int(match[1]), match[2].lower()))
        elif _MEANT.fullmatch(words) and not Path(words).exists():
            raise NotAnAnchor(f"--anchor {words}: the head needs 8 hex digits or more. {REMEDY}")
        else:
            found |= _of_file(Path(words))
    return sorted(found, key=lambda it: (it.seq, it.head))


def _of_file(path: Path) -> set[Anchor]:
    data = path.read_bytes()
    if data.startswith(b"PK"):
        try:
            told = anchor_of_ledger(path)
        except ValueError as error:
            raise FileErrors([f"{path}: {error}. {REMEDY}"]) from error
        match = _GIVEN.fullmatch(told or "")
        found = {Anchor(int(match[1]), match[2].lower())} if match else set()
        missing = "this workbook carries no anchor (document property paicha-anchor)"
    else:
        found = anchors_in(_decoded(data))
        missing = "no anchor in this file: it has no line of a digest of ours"
    if not found:
        raise FileErrors([f"{path}: {missing}. {REMEDY}"])
    return found


def anchors_in(text: str) -> set[Anchor]:
    """What follows the digest's own words in any language; other numbers, such as 18:00, are none."""
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return {Anchor(int(match[1]), match[2]) for shape in _shapes() for match in shape.finditer(text)}


def _shapes() -> list[re.Pattern[str]]:
    """One a language: "台账记录链 1234:9f3c0a1b2c3d4e5f", whatever white space the export made of ours."""
    shapes = []
    for texts in load_texts().catalogue.values():
        before, _, after = texts["digest_anchor"].partition(_GAP)
        spaced = [r"\s+".join(map(re.escape, part.split(" "))) for part in (before, after)]
        shapes.append(re.compile(rf"{spaced[0]}(\d{{1,18}}):([0-9a-f]{{16}})(?![0-9a-zA-Z]){spaced[1]}"))
    return shapes


def _decoded(data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if utf16 else "utf-8-sig", "replace")
