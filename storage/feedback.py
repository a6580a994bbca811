"""意见: what people say about the bot and the campaign."""

from __future__ import annotations

from datetime import datetime

from storage.db import Transaction


def add(tx: Transaction, person_id: int | None, words: str, at: datetime) -> None:
    """`person_id` None: anonymous."""
    tx.run("INSERT INTO feedback (person_id, words, at) VALUES (?, ?, ?)", (person_id, words, at.isoformat()))
