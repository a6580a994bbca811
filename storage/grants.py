"""Grants: person x role x unit x place with validity. A grant ends; it is never deleted."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader, Value
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Grant:
    person_id: int
    role: str
    unit_id: str | None = None
    place_id: str | None = None


def in_force(tx: Reader) -> dict[Grant, int]:
    """Every grant that has not ended -> its id, in the order of people and their places."""
    rows = tx.all(
        "SELECT person_id, role, unit_id, place_id, id FROM grants WHERE until IS NULL ORDER BY person_id, rank, id"
    )
    return {Grant(*tuple(row)[:4]): row[4] for row in rows}


def give(record: Record, grant: Grant, rank: int, today: str) -> int:
    """A grant from today on; return its id."""
    grant_id = record.tx.insert(
        "INSERT INTO grants (person_id, role, unit_id, place_id, rank, since) VALUES (?, ?, ?, ?, ?, ?)",
        (grant.person_id, grant.role, grant.unit_id, grant.place_id, rank, today),
    )
    given: dict[str, Value] = {
        "person_id": grant.person_id,
        "role": grant.role,
        "unit_id": grant.unit_id,
        "place_id": grant.place_id,
    }
    record.changed(
        Subject("grant", str(grant_id)), {}, {name: v for name, v in given.items() if v is not None}
    )
    return grant_id


def end(record: Record, grant_id: int, today: str) -> None:
    """It no longer holds from today on."""
    record.tx.run("UPDATE grants SET until = ? WHERE id = ?", (today, grant_id))
    record.changed(Subject("grant", str(grant_id)), {"until": None}, {"until": today})
