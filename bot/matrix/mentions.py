"""Whether a message mentions us, and by which name it calls us where it does.

Rule: a list of mentions counts only in what is no reply: clients copy it from the message that is replied to. A link to
us in the words (a pill) always counts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

from bot.chat import Edited, Said
from bot.matrix.json_access import Json, get_object, get_text

_LINK = "https://matrix.to/#/"
# <a href="https://matrix.to/#/@paicha:x">name</a> · [name](https://matrix.to/#/@paicha:x)
_PILL = re.compile(r"<a\s[^<>]{0,200}?href=[\"']([^\"'<>]{1,400})[\"'][^<>]{0,200}>([^<>]{1,200})</a>", re.I)
_WRITTEN = re.compile(r"\[([^\[\]\n]{1,200})\]\(<?(https://matrix\.to/#/[^\s()<>]{1,400})>?\)", re.I)
_LONGEST = 16_000  # characters of HTML that are looked through
_MOST = 8  # names in one message


def with_mentions(said: Said | Edited, content: Json, own: tuple[str, ...]) -> Said | Edited:
    """The same words, and whether and how they call us. `own`: our id, then the names that people see."""
    own_id = own[0]
    fresh = get_object(content, "m.new_content") or content
    html = get_text(fresh, "formatted_body")[:_LONGEST]
    found = _PILL.findall(html) if _LINK in html else []
    pills = [unescape(name).strip() for link, name in found if _leads_to(unescape(link), own_id)]
    written = [link for link in _WRITTEN.finditer(said.words) if _leads_to(link[2], own_id)]
    words = said.words
    for link in reversed(written):
        words = f"{words[: link.start()]}@{_name(link[1])}{words[link.end() :]}"
    relation = get_object(content, "m.relates_to")
    is_reply = bool(get_object(relation, "m.in_reply_to")) and relation.get("is_falling_back") is not True
    listed = get_object(fresh, "m.mentions").get("user_ids")
    to_us = isinstance(listed, list) and own_id in listed and not is_reply
    names = (*pills, *(_name(link[1]) for link in written), *own)
    called = tuple(dict.fromkeys(name for name in names if name and name in words))[:_MOST]
    return replace(said, words=words, to_us=to_us or bool(pills or written), called=called)


def _name(text: str) -> str:
    return text.strip().lstrip("@")


def _leads_to(link: str, own_id: str) -> bool:
    target = link.removeprefix(_LINK).partition("?")[0]
    return link.startswith(_LINK) and own_id in (target, unquote(target))
