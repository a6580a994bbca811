"""One spelling out of many: what a phone, a keyboard or a voice input made of the same words.

Rule: a `Line` keeps the words beside their folded form, of the same length, so that whatever is found in the
folded form is quoted as it was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.pii import mask_pii

LONGEST = 4000  # characters of a message that is read: two pages; more is a document
LARGEST_CHARACTER = 18  # what ﷺ comes to
# Invisible or decorative: variation selectors, keycap, joiners, directions, skin tones, broken halves of characters.
_DROPPED = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\ufeff"
    "\ud800-\udfff\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]"
)
_BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085]")
# NFKC would turn these into their ASCII look-alikes, which would spoil a sentence on its way into an official table.
_KEPT = re.compile("([，：；！？（）…])")
_NUMBERED = str.maketrans(
    {chr(0x2776 + n): str(n + 1) for n in range(10)}
    | {chr(0x2780 + n): str(n + 1) for n in range(10)}
    | {chr(0x278A + n): str(n + 1) for n in range(10)}
    | {"🔟": "10"}
)
_PUNCTUATION = {
    ord(a): b for a, b in zip("，：；！？（）．－—–−‐‑～〜\t\u3000", ",:;!?().------~~  ", strict=True)
}


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of a message: as said, and folded for looking up. Both have the same length."""

    words: str
    fold: str

    def cut(self, start: int, end: int | None = None) -> Line:
        return Line(self.words[start:end], self.fold[start:end])

    def strip(self, chars: str) -> Line:
        """Without leading and trailing `chars` (judged on the folded form)."""
        start = len(self.fold) - len(self.fold.lstrip(chars))
        return self.cut(start, max(start, len(self.fold.rstrip(chars))))


SILENCE = Line("", "")


@dataclass(frozen=True, slots=True)
class Spelling:
    """The character table and the misspellings that `fold` applies."""

    table: Mapping[int, str]
    typos: Mapping[str, str]
    typo: re.Pattern[str]


def spelling(traditional: str, typos: Mapping[str, str]) -> Spelling:
    """`traditional` holds pairs of characters; a misspelling must be as long as what it stands for."""
    letters = "".join(traditional.split())
    if len(letters) % 2:
        raise ValueError("spelling.traditional: an odd number of characters cannot be pairs")
    for wrong, right in typos.items():
        if len(wrong) != len(right):
            raise ValueError(f"spelling.typos: {wrong} and {right} differ in length")
    table = {ord(a): b for a, b in zip(letters[::2], letters[1::2], strict=True)} | _PUNCTUATION
    wrongs = "|".join(re.escape(wrong) for wrong in sorted(typos, key=len, reverse=True))
    return Spelling(table, dict(typos), re.compile(wrongs or r"(?!)"))


def normalise(text: str) -> str:
    """NFKC without invisible characters, trimmed; Chinese punctuation, case and inner line breaks stay as said."""
    if not text.isascii():
        parts = _KEPT.split(text.translate(_NUMBERED))
        text = "".join(part if i % 2 else unicodedata.normalize("NFKC", part) for i, part in enumerate(parts))
    return _DROPPED.sub("", _BREAKS.sub("\n", text)).strip()


def is_too_long(text: str) -> bool:
    """Whether a message is not read at all; what counts is what there is to read, and one character may stand for many."""
    many = len(text) * LARGEST_CHARACTER > LONGEST and not text.isascii()
    return len(text) > LONGEST or (many and len(normalise(text)) > LONGEST)


def as_kept(text: str) -> str:
    """What is kept of somebody's words: normalised first, since a number split by invisible characters is one too."""
    return mask_pii(normalise(text))[0]


def fold(words: str, spelling: Spelling) -> Line:
    """`words` (already normalised) in lower case, simplified characters and usual spelling, length unchanged."""
    lower = words.lower()
    if len(lower) != len(words):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in words)
    lower = lower.translate(spelling.table)
    return Line(words, spelling.typo.sub(lambda match: spelling.typos[match.group()], lower))
