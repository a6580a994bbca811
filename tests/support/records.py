"""Records for tests that write straight into the storage, under an action like any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from storage import checklists, people
from storage.db import Transaction
from storage.grants import Grant, give
from storage.history import Action, Record, record


@contextmanager
def written(tx: Transaction, now: datetime, person_id: int | None = 1, ref: str = "$e") -> Iterator[Record]:
    """An action of this person, under the newest checklist."""
    checklist = checklists.newest(tx)
    version = checklist.version if checklist else "none"
    with record(tx, Action("test", person_id, now, version, ref), now) as writing:
        yield writing


def add_person(tx: Transaction, user_id: str, name: str, role: str, now: datetime) -> int:
    """Somebody with a Matrix id and a role for the whole county."""
    today = now.date().isoformat()
    with written(tx, now, None) as writing:
        person_id = people.add(writing, {"name": name, "language": "zh-CN"}, user_id, today)
        give(writing, Grant(person_id, role), 0, today)
    return person_id
