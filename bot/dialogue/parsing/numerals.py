"""Numbers as people write them: 12, 十二, 二十一, 廿一, 一百二十八."""

from __future__ import annotations

import re

# What follows a digit run must not make it a decimal, a date or a time.
ARABIC = r"(?<!\d)(?<!\d[.:])\d{1,5}(?![\d%])(?![.:]\d)"
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
CHINESE = r"[零〇一二两俩三四五六七八九十百廿]{1,7}"
NUMBER = rf"(?:{ARABIC}|{CHINESE})"

_LEADING = re.compile(rf"\s*(?:第|#|no\.?\s?)?\s?(?P<n>{NUMBER})")
_DIGITS = {
    c: n
    for n, cs in enumerate(("零〇", "一", "二两俩", "三", "四", "五", "六", "七", "八", "九"))
    for c in cs
}
_GROUPS = re.compile(
    r"(?:(?P<hundreds>[一二两三四五六七八九])百[零〇]?)?"
    r"(?:(?P<tens>[一二三四五六七八九])?十|(?P<twenty>廿))?(?P<ones>[零〇一二两俩三四五六七八九])?"
)


def parse_number(text: str) -> int | None:
    """The whole number that all of `text` is, in Arabic or Chinese digits; None when it is not one."""
    if text.isascii():
        return int(text) if text.isdecimal() and len(text) <= 9 else None
    match = _GROUPS.fullmatch(text)
    if match is None or not text:
        return None
    hundreds, tens, twenty, ones = match.group("hundreds", "tens", "twenty", "ones")
    total = 100 * _DIGITS[hundreds] if hundreds else 0
    if twenty:
        total += 20
    elif "十" in text:
        total += 10 * (_DIGITS[tens] if tens else 1)
    elif hundreds and ones and not ("零" in text or "〇" in text):
        return total + 10 * _DIGITS[ones]  # 一百二 is 120
    return total + (_DIGITS[ones] if ones else 0)


def parse_run(text: str) -> tuple[int, ...]:
    """The numbers in a numeral: one as a rule, several where single digits stand in a row (四五六), else none."""
    number = parse_number(text)
    if number is not None:
        return (number,)
    if len(text) > 1 and all(c in _DIGITS for c in text):
        return tuple(_DIGITS[c] for c in text)
    return ()


def leading_number(text: str) -> int | None:
    """The number `text` begins with (第二十一项, #128), else the first in Arabic digits; 张三家 holds none."""
    match = _LEADING.match(text) or re.search(rf"(?P<n>{ARABIC})", text)
    return parse_number(match["n"]) if match else None
