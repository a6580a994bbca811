"""Edits and deletions that came before the message they speak of."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class EarlyEdit:
    """`words` None: a deletion."""

    event_id: str
    target: str
    room_id: str
    sender: str
    at: str
    words: str | None


def keep(tx: Transaction, edit: EarlyEdit) -> None:
    tx.run(
        "INSERT INTO early_edits (event_id, target, room_id, sender, at, words) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (edit.event_id, edit.target, edit.room_id, edit.sender, edit.at, edit.words),
    )


def take(tx: Transaction, target: str, sender: str) -> list[EarlyEdit]:
    """What its own sender did to a message before it came, oldest first; forgets all about it."""
    found = _of(tx, target, sender)
    tx.run("DELETE FROM early_edits WHERE target = ?", (target,))
    return found


def drop(tx: Transaction, event_id: str) -> None:
    """Its sender deleted it before the message came that it speaks of."""
    tx.run("DELETE FROM early_edits WHERE event_id = ?", (event_id,))


def _of(tx: Reader, target: str, sender: str) -> list[EarlyEdit]:
    sql = (
        "SELECT event_id, target, room_id, sender, at, words FROM early_edits WHERE target = ? AND sender = ?"
        " ORDER BY at, rowid"
    )
    return [EarlyEdit(*row) for row in tx.all(sql, (target, sender))]
