"""Every version of the checklist that an answer was given under, and which campaign this file is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Checklist:
    version: str
    campaign: str  # id
    text: str


def newest(tx: Reader) -> Checklist | None:
    row = tx.one("SELECT version, campaign, text FROM checklists ORDER BY since DESC, rowid DESC LIMIT 1")
    return Checklist(*row) if row else None


def keep(record: Record, checklist: Checklist, numbers: Mapping[str, int], now: datetime) -> None:
    """Keep a version that is new. `numbers`: item id -> printed number."""
    if _insert(record.tx, checklist, now):
        for item_id, no in numbers.items():
            record.tx.run(
                "INSERT INTO items (version, item_id, no) VALUES (?, ?, ?)",
                (checklist.version, item_id, no),
            )
        record.changed(Subject("checklist", checklist.version), {}, {"campaign": checklist.campaign})


def _insert(tx: Transaction, checklist: Checklist, now: datetime) -> bool:
    sql = "INSERT INTO checklists (version, campaign, text, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.run(sql, (checklist.version, checklist.campaign, checklist.text, now.isoformat())) == 1
