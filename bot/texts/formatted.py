"""A reply as HTML, beside its plain words: the place and item it is about in bold, each choice on a line of its own.

Rule: only <b> and <br>, which every client draws; the same words in the same order as the plain body; all else escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from bot.dialogue.effects import Line
from bot.texts import Texts

HEADS = frozenset({"ask_answer", "digest_head"})  # in bold
WITH_CHOICES = frozenset(
    {"choices", "ask_resume", "ask_submit", "ask_go_on", "ask_merge", "ask_take_back", "ask_many"}
)
# Between two choices of one line: before a digit that a no-break space holds to its word. "1\u00a0submit  2\u00a0look again"
BETWEEN = re.compile(r" +(?=\d\u00a0)")
LONGEST = 16_000  # bytes; what is longer goes out plain, so that body and HTML fit into one event
BREAK = "<br>"


def formatted(texts: Texts, parts: Sequence[Iterable[Line]], language: str) -> str:
    """The HTML of a message whose parts stand apart; empty where there is nothing to set off, or too much to send twice."""
    parts = [tuple(part) for part in parts]
    if not any(line.key in HEADS | WITH_CHOICES for part in parts for line in part):
        return ""
    apart = (BREAK.join(_lines(texts, part, language)) for part in parts)
    html = (2 * BREAK).join(part for part in apart if part)
    return html if len(html.encode()) <= LONGEST else ""


def _lines(texts: Texts, part: Iterable[Line], language: str) -> Iterable[str]:
    for line in part:
        text = texts.render(line, language)
        if line.key in WITH_CHOICES:
            text = BETWEEN.sub("\n", text)
        html = escape(text).replace("\n", BREAK)
        if html:
            yield f"<b>{html}</b>" if line.key in HEADS else html
