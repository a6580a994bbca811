"""How a rehearsal shows what the bot sent: a JSON object a line for machines, words for people."""

from __future__ import annotations

import json

from bot.rehearsal.chat import Shown


def as_json(shown: Shown) -> str:
    """One object a line."""
    content = shown.content
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    reply = relation.get("m.in_reply_to")
    mentions = content.get("m.mentions")
    return json.dumps(
        {
            "now": shown.now.isoformat(timespec="seconds"),
            "room": shown.room,
            "to": shown.to,
            "type": shown.type,
            "event_id": shown.event_id,
            "reason": shown.reason,
            "msgtype": content.get("msgtype"),
            "body": content.get("body", relation.get("key")),
            "formatted_body": content.get("formatted_body"),
            "mentions": mentions.get("user_ids", []) if isinstance(mentions, dict) else [],
            "in_reply_to": reply.get("event_id") if isinstance(reply, dict) else None,
            "replaces": relation.get("event_id") if relation.get("rel_type") == "m.replace" else None,
            "redacts": content.get("redacts"),
            "file": shown.file or None,
        },
        ensure_ascii=False,
    )


def as_text(shown: Shown, here: str) -> str:
    """For a person's eyes: who reads it, when that is not the one who speaks."""
    head = "" if shown.room == here else f"[→ {shown.to}] "
    relation = shown.content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    if shown.type == "m.reaction":
        return f"{head}({relation.get('key')})"
    if relation.get("rel_type") == "m.replace":  # an earlier message of ours now says this
        return f"{head}(✎) {str(shown.content.get('body')).removeprefix('* ')}"
    if shown.type == "m.room.redaction":
        return f"{head}(⌫)"
    if shown.file:
        return f"{head}[{shown.content.get('body')}] {shown.file}"
    return f"{head}{shown.content.get('body', shown.content.get('org.matrix.msc1767.text', ''))}"
