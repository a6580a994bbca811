"""What a phone hears: one event of a room, readable, whether it came encrypted or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEGOLM = "m.megolm.v1.aes-sha2"


@dataclass(frozen=True, slots=True)
class Heard:
    """An event by someone else. `content` is decrypted; `encrypted` says whether it had to be.

    An invitation is an `m.room.member` whose content says `invite`; it has no event id.
    """

    room_id: str
    event_id: str
    sender: str
    type: str
    content: Mapping[str, Any]
    encrypted: bool = False
    state_key: str | None = None
    redacts: str = ""  # event id, of a redaction

    @property
    def words(self) -> str:
        """The text a person would see: of an edit the new text, of a file its caption or name, else ""."""
        return str(self.content.get("m.new_content", self.content).get("body", ""))

    @property
    def edits(self) -> str:
        """The event id that this message replaces, or ""."""
        return self._related("m.replace")

    @property
    def reacts_to(self) -> str:
        """The event id that this reaction belongs to, or ""."""
        return self._related("m.annotation")

    @property
    def key(self) -> str:
        """The reaction's key, or ""."""
        return str(self._relation.get("key", ""))

    @property
    def reply_to(self) -> str:
        """The event id that this message answers, or ""."""
        return str(self._relation.get("m.in_reply_to", {}).get("event_id", ""))

    @property
    def is_file(self) -> bool:
        """Whether there is something to download."""
        return "url" in self.content or "file" in self.content

    @property
    def is_message(self) -> bool:
        """Whether it is a message with words or a file, new or edited, and not taken back meanwhile."""
        return self.type == "m.room.message" and "body" in self.content

    @property
    def _relation(self) -> Mapping[str, Any]:
        relation: Mapping[str, Any] = self.content.get("m.relates_to") or {}
        return relation

    def _related(self, kind: str) -> str:
        return str(self._relation.get("event_id", "")) if self._relation.get("rel_type") == kind else ""


def heard(room_id: str, source: Mapping[str, Any], *, encrypted: bool = False) -> Heard:
    """Read an event as the wire has it."""
    content = source.get("content") or {}
    return Heard(
        room_id=room_id,
        event_id=str(source.get("event_id", "")),
        sender=str(source.get("sender", "")),
        type=str(source.get("type", "")),
        content=content,
        encrypted=encrypted,
        state_key=source.get("state_key"),
        redacts=str(source.get("redacts") or content.get("redacts") or ""),
    )
