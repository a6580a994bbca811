"""What the tick has already decided on: one row a slot, so late, doubled or crashed ticks change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from storage.db import Reader, Transaction


def take(tx: Transaction, kind: str, scope: str, slot: str, now: datetime) -> bool:
    """True for the first to ask for this slot, ever."""
    sql = "INSERT INTO slots VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.run(sql, (kind, scope, slot, now.isoformat())) == 1


def taken(tx: Reader, kind: str, scope: str, slot: str) -> bool:
    return (
        tx.value("SELECT 1 FROM slots WHERE kind = ? AND scope = ? AND slot = ?", (kind, scope, slot))
        is not None
    )


def newest_before(tx: Reader, kind: str, scope: str, slot: str) -> str | None:
    """The newest slot taken before this one; None when there is none."""
    sql = "SELECT max(slot) FROM slots WHERE kind = ? AND scope = ? AND slot < ?"
    value = tx.value(sql, (kind, scope, slot))
    return str(value) if value is not None else None


def keep_figures(tx: Transaction, day: str, figures: Mapping[str, int]) -> None:
    sql = "INSERT INTO digests VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET figures = excluded.figures"
    tx.run(sql, (day, json.dumps(dict(figures))))


def figures_before(tx: Reader, day: str) -> dict[str, int] | None:
    """The figures of the newest digest before this day."""
    value = tx.value("SELECT figures FROM digests WHERE day < ? ORDER BY day DESC LIMIT 1", (day,))
    return json.loads(str(value)) if value is not None else None


def keep_checklist(tx: Transaction, version: str, text: str, now: datetime) -> None:
    tx.run("INSERT INTO checklists VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (version, text, now.isoformat()))


def submitted(
    tx: Transaction, place_id: str, person_id: int, figures: Mapping[str, int], now: datetime
) -> int:
    """Record that a place was handed in; return the number of the receipt."""
    sql = "INSERT INTO submissions (place_id, person_id, figures, at) VALUES (?, ?, ?, ?)"
    return tx.insert(sql, (place_id, person_id, json.dumps(dict(figures)), now.isoformat()))


def submissions(tx: Reader) -> dict[str, str]:
    """Place id -> when it was last handed in."""
    return {row[0]: row[1] for row in tx.all("SELECT place_id, max(at) FROM submissions GROUP BY place_id")}


def feedback(tx: Transaction, person_id: int | None, words: str, now: datetime) -> None:
    tx.run(
        "INSERT INTO feedback (person_id, words, at) VALUES (?, ?, ?)", (person_id, words, now.isoformat())
    )
