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


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant as it stands: it holds today, or will."""

    id: int
    grant: Grant
    rank: int  # order of a person's places
    since: str
    until: str | None  # the first day on which it no longer holds


def standing(tx: Reader, today: str) -> list[Standing]:
    """Every grant that holds today (an ISO day) or later, in the order of people and their places."""
    rows = tx.all(
        "SELECT id, person_id, role, unit_id, place_id, rank, since, until FROM grants"
        " WHERE until IS NULL OR (until > ? AND until > since) ORDER BY person_id, rank, id",
        (today,),
    )
    return [Standing(row[0], Grant(*tuple(row)[1:5]), *tuple(row)[5:]) for row in rows]


def give(record: Record, grant: Grant, rank: int, today: str, until: str | None = None) -> int:
    """A grant from today on; return its id."""
    grant_id = record.tx.insert(
        "INSERT INTO grants (person_id, role, unit_id, place_id, rank, since, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (grant.person_id, grant.role, grant.unit_id, grant.place_id, rank, today, until),
    )
    given: dict[str, Value] = {
        "person_id": grant.person_id,
        "role": grant.role,
        "unit_id": grant.unit_id,
        "place_id": grant.place_id,
        "until": until,
    }
    record.changed(_subject(grant_id), {}, {name: v for name, v in given.items() if v is not None})
    return grant_id


def change(record: Record, known: Standing, rank: int, until: str | None) -> None:
    """The same grant elsewhere in the person's order, or with another end."""
    before: dict[str, Value] = {"rank": known.rank, "until": known.until}
    after: dict[str, Value] = {"rank": rank, "until": until}
    record.tx.run("UPDATE grants SET rank = ?, until = ? WHERE id = ?", (rank, until, known.id))
    record.changed(_subject(known.id), before, {name: v for name, v in after.items() if before[name] != v})


def end(record: Record, grant_id: int, today: str) -> None:
    """It no longer holds from today on."""
    before = record.tx.value("SELECT until FROM grants WHERE id = ?", (grant_id,))
    record.tx.run("UPDATE grants SET until = ? WHERE id = ?", (today, grant_id))
    record.changed(_subject(grant_id), {"until": before}, {"until": today})


def _subject(grant_id: int) -> Subject:
    return Subject("grant", str(grant_id))
