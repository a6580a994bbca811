"""From Matrix events to our own values: what a person did, told without Matrix words.

Rules: pure functions over the event's JSON; an edit is never a new message; notices, stickers, our own words and
everything malformed are nothing (None). `names` is what we are called, beside our id.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from bot.chat import Content, Edited, Incoming, Media, Reacted, Redacted, Said, Unreadable
from bot.matrix.json_access import Json, cleaned, get_id, get_number, get_object, get_text
from bot.matrix.mentions import with_mentions

KINDS_OF_MEDIA = {"m.image": "image", "m.audio": "audio", "m.video": "video", "m.file": "file"}
WORDS = frozenset({"m.text", "m.emote"})
POLL_RESPONSE = "org.matrix.msc3381.poll.response"
LONGEST_NAME = 255  # characters of the name or kind of a file, of an address, of a reaction
LATEST_MS = 253_402_300_799_000  # the last second that a datetime can hold


def incoming(event: Json, room_id: str, own_id: str, names: Collection[str] = ()) -> Incoming | None:
    """What somebody else did in a room; `event` is readable (decrypted or sent in clear)."""
    content = _content(event)
    if isinstance(content, Said | Edited):
        content = with_mentions(content, get_object(event, "content"), (own_id, *names))
    return None if content is None else _from_person(event, room_id, own_id, content)


def in_clear(found: Incoming, event: Json) -> Incoming:
    """The same, said without encryption in a room that is encrypted. Reactions and redactions never are encrypted; the
    answers to a poll are."""
    content = found.content
    if isinstance(content, Reacted) and get_text(event, "type") == "m.reaction":
        return found
    if not isinstance(content, Said | Edited | Reacted):
        return found
    return replace(found, content=replace(content, in_clear=True))


def unreadable(event: Json, room_id: str, own_id: str, session_id: str) -> Incoming | None:
    """A message whose key is missing."""
    return _from_person(event, room_id, own_id, Unreadable(session_id, event))


def _from_person(event: Json, room_id: str, own_id: str, content: Content) -> Incoming | None:
    event_id, sender = get_id(event, "event_id"), get_id(event, "sender")
    if not event_id or not sender or sender == own_id:
        return None
    return Incoming(event_id, room_id, sender, written_at(event), content)


def written_at(event: Json) -> datetime:
    """When the sender's homeserver says it was written; a nonsense time becomes the nearest possible one."""
    milliseconds = min(max(get_number(event, "origin_server_ts"), 0), LATEST_MS)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _content(event: Json) -> Content | None:
    if isinstance(event.get("state_key"), str) or get_object(event, "unsigned", "redacted_because"):
        return None
    match get_text(event, "type"):
        case "m.room.message":
            return _message(get_object(event, "content"))
        case "m.reaction":
            return _reaction(get_object(event, "content", "m.relates_to"))
        case "m.room.redaction":
            target = get_id(event, "redacts") or get_id(event, "content", "redacts")
            return Redacted(target) if target else None
        case "m.poll.response" | "org.matrix.msc3381.poll.response":
            return _vote(get_object(event, "content"))
        case _:
            return None


def _message(content: Json) -> Said | Edited | None:
    relation = get_object(content, "m.relates_to")
    if get_text(relation, "rel_type") == "m.replace":
        return _edit(content, get_id(relation, "event_id"))
    thread = get_id(relation, "event_id") if get_text(relation, "rel_type") == "m.thread" else ""
    reply_to, after = get_id(relation, "m.in_reply_to", "event_id"), ""
    if thread and relation.get("is_falling_back") is True:
        reply_to, after = "", reply_to  # put there for clients without threads; nobody replied to it
    said = _said(content, replies=bool(reply_to))
    return None if said is None else replace(said, reply_to=reply_to, thread=thread, after=after)


def _edit(content: Json, target: str) -> Edited | None:
    fresh = get_object(content, "m.new_content")
    said = _said(fresh, replies=False) if fresh else _said(content, replies=True)
    if said is None or not target:
        return None
    words = said.words if fresh else said.words.removeprefix("* ")
    return Edited(target, words)


def _said(content: Json, *, replies: bool) -> Said | None:
    """Words, a file or a place; relations aside. None for what no person said."""
    kind, body = get_text(content, "msgtype"), get_text(content, "body")
    if kind in KINDS_OF_MEDIA:
        return _with_media(content, KINDS_OF_MEDIA[kind])
    if kind == "m.location":
        geo_uri = get_text(content, "geo_uri")
        return Said(words=body, geo_uri=geo_uri) if 0 < len(geo_uri) <= LONGEST_NAME else None
    if kind in WORDS:
        return Said(words=without_quote(body) if replies else body)
    return None


def _with_media(content: Json, kind: str) -> Said | None:
    file = get_object(content, "file")
    url = get_text(file, "url") or get_text(content, "url")
    if not url.startswith("mxc://") or len(url) > LONGEST_NAME:
        return None
    body, name = get_text(content, "body"), get_text(content, "filename")
    caption = body if name and name != body else ""
    info = get_object(content, "info")
    media = Media(
        kind,
        (name or body)[:LONGEST_NAME],
        url,
        get_text(info, "mimetype")[:LONGEST_NAME],
        max(get_number(info, "size"), 0),
        dict(file) if file else None,
    )
    return Said(words=caption, media=media)


def without_quote(body: str) -> str:
    """A reply's words without the quoted lines that older clients put in front."""
    if not body.startswith("> "):
        return body
    lines = body.split("\n")
    quoted = next((at for at, line in enumerate(lines) if not line.startswith(">")), len(lines))
    rest = lines[quoted:]
    return "\n".join(rest[1:] if rest and not rest[0] else rest)


def _reaction(relation: Json) -> Reacted | None:
    target, key = get_id(relation, "event_id"), get_text(relation, "key")
    if get_text(relation, "rel_type") != "m.annotation" or not target or not 0 < len(key) <= LONGEST_NAME:
        return None
    return Reacted(target, key)


def _vote(content: Json) -> Reacted | None:
    """A poll answer names one option; an empty or double vote is no answer."""
    target = get_id(content, "m.relates_to", "event_id")
    found = get_object(content, POLL_RESPONSE).get("answers") or content.get("m.selections")
    answers = found if isinstance(found, list) else []
    if not target or len(answers) != 1 or not isinstance(answers[0], str):
        return None
    return Reacted(target, cleaned(answers[0])[:LONGEST_NAME])
