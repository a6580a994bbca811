"""排查结果: the latest answer for each place and item, and the counts made of them."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Check:
    item_id: str
    answer: str
    basis: str
    person_id: int
    at: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a check is to say; `answer` None takes it away. `basis` None: as it stands, where the answer stays."""

    answer: str | None
    basis: str | None = None


def subject(place_id: str, item_id: str) -> Subject:
    return Subject("check", place_id, item_id)


_CHECK = "SELECT item_id, answer, basis, person_id, at FROM checks"


def of_place(tx: Reader, place_id: str) -> dict[str, Check]:
    """Item id -> its answer; items without one are not in it."""
    rows = tx.all(f"{_CHECK} WHERE place_id = ?", (place_id,))
    return {row[0]: Check(*row) for row in rows}


def get(tx: Reader, place_id: str, item_id: str) -> Check | None:
    row = tx.one(f"{_CHECK} WHERE place_id = ? AND item_id = ?", (place_id, item_id))
    return Check(*row) if row else None


def counts(tx: Reader) -> dict[str, dict[str, int]]:
    """Place id -> answer -> how many items."""
    result: dict[str, dict[str, int]] = {}
    for row in tx.all("SELECT place_id, answer, count(*) FROM checks GROUP BY place_id, answer"):
        result.setdefault(row[0], {})[row[1]] = row[2]
    return result


def put(record: Record, place_id: str, item_id: str, given: Given) -> bool:
    """Make the check at (place, item) so. False when nothing changed."""
    tx, of = record.tx, record.action
    old = get(tx, place_id, item_id)
    before = Given(old.answer, old.basis) if old else Given(None, "")
    if given.answer is None:
        given = Given(None, "")
    elif given.basis is None:
        given = Given(given.answer, before.basis if given.answer == before.answer else "")
    if before == given:
        return False
    if given.answer is None:
        tx.run("DELETE FROM checks WHERE place_id = ? AND item_id = ?", (place_id, item_id))
    else:
        tx.run(
            "INSERT INTO checks (place_id, item_id, answer, basis, person_id, on_behalf_of, campaign, version, at)"
            " SELECT ?, ?, ?, ?, ?, ?, campaign, version, ? FROM checklists WHERE version = ?"
            " ON CONFLICT (place_id, item_id) DO UPDATE SET answer = excluded.answer, basis = excluded.basis,"
            " person_id = excluded.person_id, on_behalf_of = excluded.on_behalf_of, campaign = excluded.campaign,"
            " version = excluded.version, at = excluded.at",
            (
                place_id,
                item_id,
                given.answer,
                given.basis,
                of.person_id,
                of.on_behalf_of,
                of.at.isoformat(),
                of.version,
            ),
        )
    fields = {"answer": (before.answer, given.answer), "basis": (before.basis or None, given.basis or None)}
    changed = {name: pair for name, pair in fields.items() if pair[0] != pair[1]}
    record.changed(
        subject(place_id, item_id),
        {name: pair[0] for name, pair in changed.items()},
        {name: pair[1] for name, pair in changed.items()},
    )
    return True
