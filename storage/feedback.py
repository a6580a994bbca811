"""意见: what people say about the bot and the campaign."""

from __future__ import annotations

from storage.history import Record, Subject


def add(record: Record, words: str) -> int:
    """Under the name of who does the action: nobody's, when it is `history.unsigned`. Return its number."""
    at, person = record.action.at.isoformat(), record.action.person_id
    sql = "INSERT INTO feedback (person_id, words, at) VALUES (?, ?, ?)"
    number = record.tx.insert(sql, (person, words, at))
    sealed = {"person_id": person, "words": words, "state": "open", "at": at}
    record.changed(Subject("feedback", str(number)), {}, sealed)
    return number
