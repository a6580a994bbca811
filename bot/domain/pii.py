"""Numbers that identify a person are not kept: found in what people write, masked before anything is stored.

Rule: masking may hide a harmless number of the same shape; it must never let an identity number through. What is left
begins with the stars, so that it cannot be read as the number of an item. Where a number's shape is no proof, because
other digits touch it, its check digit decides.
"""

from __future__ import annotations

import re

from stdnum import luhn
from stdnum.cn import ric

_GAP = r"[ \-.·]?"  # people group digits: 6222 0210 0102 3456, 138-1234-5678
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}(?:18|19|20)\d{{2}}{_GAP}{_DAY}{_GAP}\d{{3}}([0-9Xx])(?!\d)")
_OLD_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}\d{{2}}{_DAY}{_GAP}\d{{2}}(\d)(?!\d)")  # issued before 1999
_BANK = re.compile(rf"(?<!\d)\d{{4}}(?:{_GAP}\d{{4}}){{2,3}}{_GAP}(?:\d{{4}}{_GAP})?\d{{1,4}}(?!\d)")
_CARD_DIGITS = range(16, 20)
_PHONE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}(\d{{4}})(?!\d)")
_RUN = re.compile(r"[0-9][0-9Xx]{19,}")  # longer than any one number: 11010119900307775813812345678
# At every digit of a run; what they find may overlap, so they take nothing away.
_GLUED_IDENTITY = re.compile(rf"(?=([0-9]{{6}}(?:18|19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9Xx]))", re.ASCII)
_GLUED_CARD = re.compile(r"(?=(62[0-9]{14,17}))")  # 62: China UnionPay


def mask_pii(words: str) -> tuple[str, bool]:
    """(the words with identity, bank card and mobile numbers masked, whether there were any). `words` are normalised."""
    masked = _IDENTITY.sub(rf"{'*' * 17}\1", words)
    masked = _RUN.sub(_glued, masked)
    masked = _OLD_IDENTITY.sub(rf"{'*' * 14}\1", masked)
    masked = _BANK.sub(_card, masked)
    masked = _PHONE.sub(rf"{'*' * 7}\1", masked)
    return masked, masked != words


def _card(found: re.Match[str]) -> str:
    digits = "".join(character for character in found[0] if character.isdigit())
    return "*" * (len(digits) - 4) + digits[-4:] if len(digits) in _CARD_DIGITS else found[0]


def _glued(run: re.Match[str]) -> str:
    words = run[0]
    for found in _GLUED_IDENTITY.finditer(words):
        if ric.calc_check_digit(found[1].upper()) == found[1][-1].upper():
            words = _starred(words, found.start(), len(found[1]))
    for found in _GLUED_CARD.finditer(run[0]):
        longest_first = range(len(found[1]), _CARD_DIGITS.start - 1, -1)
        if length := next((n for n in longest_first if luhn.is_valid(found[1][:n])), 0):
            words = _starred(words, found.start(), length)
    return words


def _starred(words: str, start: int, length: int) -> str:
    return words[:start] + "*" * length + words[start + length :]
