"""A file that is handed out in chat, noted and sealed in the history before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.chat import Upload, in_thread
from storage import exports
from storage.db import Transaction
from storage.exports import Export
from storage.history import Action, record


@dataclass(frozen=True, slots=True)
class Document:
    """A file to hand out, what it takes to know it again, and the action as which it goes down in history."""

    upload: Upload
    export: Export
    action: Action


def note_export(tx: Transaction, made: Document, now: datetime) -> None:
    with record(tx, made.action, now) as written:
        exports.add(written, made.export)


def file_content(upload: Upload, asked: Mapping[str, object]) -> dict[str, object]:
    """Content of the file's message, in the thread in which it was asked for."""
    info = {"mimetype": upload.mimetype, "size": len(upload.data)}
    content = {
        "msgtype": "m.file",
        "body": upload.name,
        "filename": upload.name,
        "info": info,
        "m.mentions": {},
    }
    return in_thread(content, str(asked.get("thread", "")), str(asked.get("asked", "")))
