"""What the file is called: the part in which files differ comes first, because phones cut the rest off."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from bot.ledger.words import LedgerWords

MAX_NAME = 60  # characters, ending included

_UNSAFE = re.compile(
    r'[\\/:*?"<>|\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]+'
)
_BETWEEN_LATIN = re.compile("(?<=[!-~]) +(?=[!-~])")  # (2 places) overdue


def ledger_name(scope: str, cut_off: datetime, words: LedgerWords) -> str:
    """库庄镇_0812_台账.xlsx. `cut_off` in the county's zone. Safe on every system people save it on."""
    ending = words.say("ledger_file", date=f"{cut_off:%m%d}")
    label = _BETWEEN_LATIN.sub("-", unicodedata.normalize("NFC", scope))
    label = _UNSAFE.sub("", label).strip(".~_-")
    return (label[: MAX_NAME - len(ending)] or words.say("ledger_file_everything")) + ending
