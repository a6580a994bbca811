"""问题: what was found, as it now stands; every change of a field goes through `change` and so into the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from bot.domain.lifecycle import LIVE, STATES, Move
from storage.db import Reader, Row, Value
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Finding:
    no: int
    place_id: str
    item_id: str
    object: str
    description: str
    cause: str
    measure: str
    horizon: str
    due: str | None  # ISO date
    mechanism: str
    unit: str
    unit_id: str | None
    responsible: str
    responsible_id: int | None
    result: str
    source: str
    state: str
    reporter_id: int
    on_behalf_of: int | None
    verifier_id: int | None
    opened_at: str
    closed_at: str | None
    recurrences: int
    extensions: int
    campaign: str
    version: str
    put_off: int  # 1: not asked about by itself any more
    rev: int


COLUMNS = ", ".join(field.name for field in fields(Finding))
CHANGEABLE = frozenset(
    [
        "place_id",
        "item_id",
        "object",
        "description",
        "cause",
        "measure",
        "horizon",
        "due",
        "mechanism",
        "unit",
        "unit_id",
        "responsible",
        "responsible_id",
        "result",
        "source",
        "verifier_id",
        "closed_at",
        "recurrences",
        "extensions",
    ]
)
# The columns that people speak of, by the names that bot/texts has for them (field_…).
SPOKEN_OF = frozenset(
    [
        "object",
        "description",
        "cause",
        "measure",
        "horizon",
        "due",
        "mechanism",
        "unit",
        "responsible",
        "result",
    ]
)
_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))


class StaleError(Exception):
    """Somebody else changed the finding between reading and writing."""


def subject(no: int) -> Subject:
    return Subject("finding", str(no))


def _finding(row: Row) -> Finding:
    return Finding(*row)


def get(tx: Reader, no: int) -> Finding | None:
    row = tx.one(f"SELECT {COLUMNS} FROM findings WHERE no = ?", (no,)) if no < 2**63 else None
    return _finding(row) if row else None


def at(tx: Reader, place_id: str, item_id: str) -> list[Finding]:
    """Live findings of a place and an item, oldest first."""
    sql = f"SELECT {COLUMNS} FROM findings WHERE place_id = ? AND item_id = ? AND state IN ({_LIVE}) ORDER BY no"
    return [_finding(row) for row in tx.all(sql, (place_id, item_id))]


def of_place(tx: Reader, place_id: str) -> list[Finding]:
    sql = f"SELECT {COLUMNS} FROM findings WHERE place_id = ? AND state IN ({_LIVE}) ORDER BY no"
    return [_finding(row) for row in tx.all(sql, (place_id,))]


def live(tx: Reader) -> list[Finding]:
    sql = f"SELECT {COLUMNS} FROM findings WHERE state IN ({_LIVE}) ORDER BY no"
    return [_finding(row) for row in tx.all(sql)]


def of_reporter(tx: Reader, person_id: int, limit: int = 200) -> list[Finding]:
    sql = f"SELECT {COLUMNS} FROM findings WHERE reporter_id = ? AND state IN ({_LIVE}) ORDER BY no DESC LIMIT ?"
    return [_finding(row) for row in tx.all(sql, (person_id, limit))]


def filed_by(tx: Reader, person_id: int) -> int:
    """How many findings this person has on the books."""
    sql = "SELECT count(*) FROM findings WHERE reporter_id = ? AND state NOT IN ('draft', 'void')"
    return tx.number(sql, (person_id,))


def to_ask(tx: Reader, person_id: int, place_id: str) -> Finding | None:
    """The first draft at this place that its reporter is still to be asked about."""
    sql = (
        f"SELECT {COLUMNS} FROM findings WHERE reporter_id = ? AND place_id = ? AND state = 'draft' AND put_off = 0"
        " ORDER BY no LIMIT 1"
    )
    row = tx.one(sql, (person_id, place_id))
    return _finding(row) if row else None


def open_finding(record: Record, given: Mapping[str, Value]) -> int:
    """Insert a draft; return its number. `given`: place_id, item_id, source, and what is known."""
    of, tx = record.action, record.tx
    values: dict[str, Value] = {
        **given,
        "state": "draft",
        "reporter_id": of.person_id,
        "on_behalf_of": of.on_behalf_of,
        "opened_at": of.at.isoformat(),
        "version": of.version,
        "campaign": tx.value("SELECT campaign FROM checklists WHERE version = ?", (of.version,)),
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    no = tx.insert(f"INSERT INTO findings ({names}) VALUES ({marks})", tuple(values.values()))
    record.changed(
        subject(no), {}, {name: value for name, value in values.items() if value not in (None, "")}
    )
    return no


def change(record: Record, old: Finding, given: Mapping[str, Value], move: Move | None = None) -> bool:
    """Set columns of a finding as it was read; False when nothing changed. Its state changes by a move of the table."""
    new = {name: value for name, value in given.items() if getattr(old, name) != value}
    assert new.keys() <= CHANGEABLE, f"not changeable: {sorted(new.keys() - CHANGEABLE)}"
    if move is not None:
        assert old.state == move.source, f"{move.verb} does not lead on from {old.state}"
        assert move.to in STATES, f"{move.to} is no state"
        if move.to != old.state:
            new["state"] = move.to
    if not new:
        return False
    sets = ", ".join(f"{name} = ?" for name in new)
    values = (*new.values(), old.no, old.rev)
    if record.tx.run(f"UPDATE findings SET {sets}, rev = rev + 1 WHERE no = ? AND rev = ?", values) != 1:
        raise StaleError(f"finding {old.no}")
    record.changed(subject(old.no), {name: getattr(old, name) for name in new}, new)
    return True


def put_off(record: Record, no: int, *, off: bool) -> None:
    """Whether its reporter is still asked about a draft; a matter of the conversation, not of the record."""
    record.tx.run("UPDATE findings SET put_off = ? WHERE no = ?", (int(off), no))


HAND_FIELDS = ("description", "measure", "mechanism", "result")


def hands(tx: Reader, no: int) -> frozenset[int]:
    """Everybody who wrote words or sent evidence for a finding in this round: since it was opened, or reopened."""
    sql = (
        "WITH round (begun) AS (SELECT coalesce(max(action), 0) FROM changes"
        " WHERE kind = 'finding' AND subject = :subject AND field = 'state' AND after = 'reopened')"
        " SELECT DISTINCT a.person_id, a.on_behalf_of FROM changes c JOIN actions a ON a.seq = c.action, round"
        " WHERE c.action > round.begun AND a.undoes IS NULL AND ((c.kind = 'finding' AND c.subject = :subject"
        f" AND c.field IN ({', '.join(repr(name) for name in HAND_FIELDS)}))"
        " OR (c.kind = 'evidence' AND c.field = 'finding_no' AND c.after = :no))"
    )
    rows = tx.all(sql, {"subject": str(no), "no": no})
    return frozenset(person for row in rows for person in row if person is not None)
