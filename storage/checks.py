"""排查结果: the latest answer for each place and item, and the counts made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage import history
from storage.db import Reader, Transaction, Value


@dataclass(frozen=True, slots=True)
class Check:
    item_id: str
    answer: str
    basis: str
    person_id: int
    at: str


def subject(place_id: str, item_id: str) -> str:
    return f"check/{place_id}/{item_id}"


def of_place(tx: Reader, place_id: str) -> dict[str, Check]:
    """Item id -> its answer; items without one are not in it."""
    rows = tx.all("SELECT item_id, answer, basis, person_id, at FROM checks WHERE place_id = ?", (place_id,))
    return {row[0]: Check(*row) for row in rows}


def get(tx: Reader, place_id: str, item_id: str) -> Check | None:
    sql = "SELECT item_id, answer, basis, person_id, at FROM checks WHERE place_id = ? AND item_id = ?"
    row = tx.one(sql, (place_id, item_id))
    return Check(*row) if row else None


def counts(tx: Reader) -> dict[str, dict[str, int]]:
    """Place id -> answer -> how many items, over all active places."""
    result: dict[str, dict[str, int]] = {}
    for row in tx.all("SELECT place_id, answer, count(*) FROM checks GROUP BY place_id, answer"):
        result.setdefault(row[0], {})[row[1]] = row[2]
    return result


def put(
    tx: Transaction, where: tuple[str, str], fields: dict[str, Value], cause: history.Cause, now: datetime
) -> bool:
    """Make the check at (place, item) so. `fields`: answer, basis, version; answer None takes it away.

    False when nothing changed. The action in history is answered, changed or withdrawn.
    """
    place_id, item_id = where
    old = get(tx, place_id, item_id)
    before: dict[str, Value] = (
        {"answer": old.answer, "basis": old.basis} if old else {"answer": None, "basis": ""}
    )
    after: dict[str, Value] = {"answer": fields["answer"], "basis": fields.get("basis") or ""}
    if before == after:
        return False
    if after["answer"] is None:
        tx.run("DELETE FROM checks WHERE place_id = ? AND item_id = ?", where)
        action = "withdrawn"
    else:
        action = "changed" if old else "answered"
        tx.run(
            "INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place_id, item_id) DO UPDATE SET"
            " answer = excluded.answer, basis = excluded.basis, person_id = excluded.person_id,"
            " version = excluded.version, at = excluded.at",
            (
                place_id,
                item_id,
                after["answer"],
                after["basis"],
                cause.person_id,
                fields["version"],
                now.isoformat(),
            ),
        )
    history.add(tx, cause, (subject(place_id, item_id), action), (before, after), now)
    return True
