"""Numbers that identify a person are not kept: found in what people write, masked before anything is stored.

Rule: masking may hide a harmless number of the same shape; it must never let an identity number through. What is left
begins with the stars, so that it cannot be read as the number of an item.
"""

from __future__ import annotations

import re

_GAP = r"[ \-.·]?"  # people group digits: 6222 0210 0102 3456, 138-1234-5678
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}(?:18|19|20)\d{{2}}{_GAP}{_DAY}{_GAP}\d{{3}}([0-9Xx])(?!\d)")
_OLD_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}\d{{2}}{_DAY}{_GAP}\d{{2}}(\d)(?!\d)")  # issued before 1999
_BANK = re.compile(rf"(?<!\d)\d{{4}}(?:{_GAP}\d{{4}}){{2,3}}{_GAP}(?:\d{{4}}{_GAP})?\d{{1,4}}(?!\d)")
_CARD_DIGITS = range(16, 20)
_PHONE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}(\d{{4}})(?!\d)")


def mask_pii(words: str) -> tuple[str, bool]:
    """(the words with identity, bank card and mobile numbers masked, whether there were any). `words` are normalised."""
    masked = _IDENTITY.sub(rf"{'*' * 17}\1", words)
    masked = _OLD_IDENTITY.sub(rf"{'*' * 14}\1", masked)
    masked = _BANK.sub(_card, masked)
    masked = _PHONE.sub(rf"{'*' * 7}\1", masked)
    return masked, masked != words


def _card(found: re.Match[str]) -> str:
    digits = "".join(character for character in found[0] if character.isdigit())
    return "*" * (len(digits) - 4) + digits[-4:] if len(digits) in _CARD_DIGITS else found[0]
