"""提交 and 上报: places, ledgers and reports that were handed in, each with its receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping

from storage.db import Reader
from storage.history import Record, Subject, last_seq


def place(record: Record, place_id: str, figures: Mapping[str, int]) -> int:
    """Record that a place was handed in as it stands now; return the number of the receipt."""
    of = record.action
    receipt = record.tx.insert(
        "INSERT INTO hand_ins (kind, place_id, person_id, on_behalf_of, figures, seq, at) VALUES ('place', ?, ?, ?, ?, ?, ?)",
        (
            place_id,
            of.person_id,
            of.on_behalf_of,
            json.dumps(dict(figures)),
            last_seq(record.tx) + 1,  # this very action
            of.at.isoformat(),
        ),
    )
    record.changed(Subject("hand_in", str(receipt)), {}, {"kind": "place", "place_id": place_id, **figures})
    return receipt


def newest_by_place(tx: Reader) -> dict[str, str]:
    """Place id -> when it was last handed in."""
    sql = "SELECT place_id, max(at) FROM hand_ins WHERE kind = 'place' AND withdrawn_at IS NULL GROUP BY place_id"
    return {row[0]: row[1] for row in tx.all(sql)}


def place_of(tx: Reader, receipt: int) -> str | None:
    """The place that this receipt is of."""
    value = tx.value("SELECT place_id FROM hand_ins WHERE id = ?", (receipt,))
    return str(value) if value is not None else None


def stands(tx: Reader, place_id: str) -> bool:
    """Whether a place is handed in."""
    sql = "SELECT 1 FROM hand_ins WHERE kind = 'place' AND place_id = ? AND withdrawn_at IS NULL LIMIT 1"
    return tx.value(sql, (place_id,)) is not None


def withdraw(record: Record, receipt: int) -> None:
    """It was handed in by mistake: the receipt no longer counts."""
    at = record.action.at.isoformat()
    record.tx.run("UPDATE hand_ins SET withdrawn_at = ? WHERE id = ?", (at, receipt))
    record.changed(Subject("hand_in", str(receipt)), {"withdrawn_at": None}, {"withdrawn_at": at})
