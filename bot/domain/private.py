"""Numbers that identify a person are not kept: found in what people write, masked before anything is stored.

Rule: masking may hide a harmless number of the same shape; it must never let an identity number through.
"""

from __future__ import annotations

import re

_IDENTITY = re.compile(
    r"(?<!\d)(\d{6})(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}([0-9Xx])(?!\d)"
)
_BANK = re.compile(r"(?<!\d)(\d{4})\d{8,11}(\d{4})(?!\d)")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def mask(words: str) -> tuple[str, bool]:
    """(the words with identity, bank card and mobile numbers masked, whether there were any)."""
    masked = _IDENTITY.sub(r"\1**********\2", words)
    masked = _BANK.sub(r"\1********\2", masked)
    masked = _PHONE.sub(r"\1****\2", masked)
    return masked, masked != words
