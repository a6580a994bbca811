"""What the tick has already decided on: one row a slot, so late, doubled or crashed ticks change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Slot:
    """kind: reminder | digest | awake; scope: a person's id or a room; slot: what it is for, as a rule a day."""

    kind: str
    scope: str
    slot: str


def claim(tx: Transaction, slot: Slot, now: datetime) -> bool:
    """True for the first to ask for this slot, ever."""
    sql = "INSERT INTO slots (kind, scope, slot, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.run(sql, (slot.kind, slot.scope, slot.slot, now.isoformat())) == 1


def is_claimed(tx: Reader, slot: Slot) -> bool:
    sql = "SELECT 1 FROM slots WHERE kind = ? AND scope = ? AND slot = ?"
    return tx.value(sql, (slot.kind, slot.scope, slot.slot)) is not None


def newest(tx: Reader, kind: str, scope: str, before: str = "~") -> str | None:
    """The newest slot claimed before this one; None when there is none."""
    sql = "SELECT max(slot) FROM slots WHERE kind = ? AND scope = ? AND slot < ?"
    value = tx.value(sql, (kind, scope, before))
    return str(value) if value is not None else None
