"""Proves the history: walks the chain, compares it with anchors kept elsewhere, and replays it against the tables.

Rule: what stands at or before the newest anchor from outside is proven; what came later only fits together. The chain has
no key: who can write the file could rebuild all of it, but not the digest in the county room or a ledger that was handed out.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from storage.db import Reader, Value
from storage.history import GENESIS, HEAD, change_digest, seal

BATCH = 5000  # actions
_HEADER = "seq, at, received_at, person_id, on_behalf_of, source, ref, verb, undoes, version"
_CHANGED = "kind, subject, part, field, before, after"
_ACTIONS = f"SELECT seq, hash, CAST(json_array({_HEADER}) AS BLOB) FROM actions WHERE seq >= ? AND seq < ? ORDER BY seq"
_CHANGES = (
    "SELECT action, n, digest, salt, CASE WHEN typeof(before) IN ('real', 'blob') OR typeof(after) IN ('real', 'blob')"
    f" THEN NULL ELSE CAST(json_array({_CHANGED}) AS BLOB) END FROM changes WHERE action >= ? AND action < ?"
    " ORDER BY action, n"
)
_END = (0, 0, b"", None, None)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What somebody outside has noted: the hash of this action began with these hex digits."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that does not fit. `seq` 0: no action in particular."""

    seq: int
    kind: str
    subject: str
    field: str
    why: str


@dataclass(slots=True)
class Report:
    """What an audit came to. `rows`: actions and changes looked at. `proven_to`: seq of the newest anchor that fits."""

    rows: int = 0
    actions: int = 0
    proven_to: int = 0
    anchors: list[Anchor] = field(default_factory=list)
    first_wrong: Wrong | None = None

    @property
    def sound(self) -> bool:
        return self.first_wrong is None


def audit(tx: Reader, anchors: Sequence[Anchor] = ()) -> Report:
    """The chain, then the anchors, then the tables; ends at the first thing that does not fit."""
    report = Report(anchors=list(anchors))
    report.first_wrong = walk(tx, report) or _anchored(tx, report) or _erased(tx) or replay(tx)
    return report


def walk(tx: Reader, report: Report) -> Wrong | None:
    """Compute every seal anew, from the first action to the last.

    SQLite writes the JSON, which is three times as fast as doing it here. Where its text does not give the seal, the row
    is read and written as `storage.history` writes it: only that decides that something is wrong.
    """
    newest = tx.number("SELECT max(seq) FROM actions")
    if wrong := _outside(tx, newest):
        return wrong
    sha256, last, expected = hashlib.sha256, GENESIS, 1
    for begin in range(1, newest + 1, BATCH):
        changes = tx.each(_CHANGES, (begin, begin + BATCH))
        action, n, digest, salt, text = next(changes, _END)
        for seq, seen, header in tx.each(_ACTIONS, (begin, begin + BATCH)):
            if seq != expected:
                return Wrong(expected, "action", str(expected), "seq", "missing from the chain")
            parts = [last, header]
            while action == seq:
                if salt is not None and (text is None or sha256(salt + text).digest() != digest):
                    wrong = _unlike(tx, seq, n)
                    if wrong:
                        return wrong
                parts.append(digest)
                action, n, digest, salt, text = next(changes, _END)
            if sha256(b"".join(parts)).digest() != seen and not _seals(tx, seq, last, parts[2:]):
                return Wrong(seq, "action", str(seq), "hash", "the seal does not fit")
            last, expected = seen, seq + 1
            report.rows += len(parts) - 1
    report.actions = newest
    return None


def _outside(tx: Reader, newest: int) -> Wrong | None:
    """What the walk would never come past: it goes from 1 to the newest action."""
    for sql, why in (
        ("SELECT max(action) FROM changes", "a change without its action: actions were cut off"),
        ("SELECT min(action) FROM changes", "a change without its action"),
        ("SELECT min(seq) FROM actions", "an action before the first one"),
    ):
        seq = tx.value(sql)
        if isinstance(seq, int) and not 1 <= seq <= newest:
            return Wrong(seq, "action", str(seq), "seq", why)
    return None


def _unlike(tx: Reader, seq: int, n: int) -> Wrong | None:
    """A change whose digest is not that of what it says."""
    with suppress(TypeError, sqlite3.OperationalError):  # bytes, or no UTF-8: nothing of ours ever wrote that
        sql = f"SELECT {_CHANGED}, salt, digest FROM changes WHERE action = ? AND n = ?"
        row = next(tx.each(sql, (seq, n)))
        if change_digest(row[6], row[:6]) == row[7]:
            return None
    names = ", ".join(f"CAST({name} AS BLOB)" for name in ("kind", "subject", "part", "field"))
    told = next(tx.each(f"SELECT {names} FROM changes WHERE action = ? AND n = ?", (seq, n)))
    kind, subject, part, name = (str(it, "utf-8", "replace") for it in told)
    return Wrong(seq, kind, f"{subject} {part}".strip(), name, "changed after it was sealed")


def _seals(tx: Reader, seq: int, last: bytes, digests: Sequence[bytes]) -> bool:
    try:
        row = next(tx.each(f"SELECT {_HEADER}, hash FROM actions WHERE seq = ?", (seq,)))
    except sqlite3.OperationalError:
        return False
    return bool(seal(last, row[:10], digests) == row[10])


def _anchored(tx: Reader, report: Report) -> Wrong | None:
    for anchor in sorted(report.anchors, key=lambda it: it.seq):
        if anchor.seq == 0:
            continue
        row = tx.one("SELECT hash FROM actions WHERE seq = ?", (anchor.seq,))
        if row is None:
            return Wrong(anchor.seq, "anchor", str(anchor.seq), "seq", "the history ends before this anchor")
        if not row[0].hex().startswith(anchor.head.lower()) or len(anchor.head) < HEAD // 2:
            return Wrong(
                anchor.seq, "anchor", str(anchor.seq), "head", "another history than the one anchored"
            )
        report.proven_to = anchor.seq
    return None


def _erased(tx: Reader) -> Wrong | None:
    """Words that are gone were erased by an action that says so, and nothing stands in their place."""
    row = tx.one(
        "SELECT action, n, kind, field, before IS NULL AND after IS NULL FROM changes c WHERE salt IS NULL AND"
        " (before IS NOT NULL OR after IS NOT NULL OR NOT EXISTS (SELECT 1 FROM changes e WHERE e.kind = 'change'"
        " AND e.subject = CAST(c.action AS TEXT) AND e.part = CAST(c.n AS TEXT) AND e.field = 'words'"
        " AND e.action > c.action)) ORDER BY action, n LIMIT 1"
    )
    if row is None:
        return None
    why = "erased without an action" if row[4] else "words where nothing is sealed any more"
    return Wrong(row[0], row[2], f"{row[0]}/{row[1]}", row[3], why)


@dataclass(frozen=True, slots=True)
class _Table:
    """How a table is compared: its key columns (subject, part) and the columns that the history holds."""

    kind: str
    name: str
    key: str
    columns: tuple[str, ...]


_FINDING = (
    "place_id item_id object description cause measure horizon due mechanism unit unit_id responsible responsible_id"
    " result source state reporter_id on_behalf_of verifier_id opened_at closed_at recurrences extensions campaign version"
)
_EXPORT = "kind scope seq head person_id at sha256 content_hash final reason"
_TABLES = (
    _Table("check", "checks", "place_id, item_id", ("answer", "basis")),
    _Table(
        "finding",
        "findings",
        "no, ''",
        tuple(_FINDING.split()),
    ),
    _Table("evidence", "evidence", "id, ''", ("kind", "name", "finding_no", "sha256", "state")),
    _Table("person", "people", "id, ''", ("name", "phone", "language")),
    _Table("place", "places", "id, ''", ("name", "kind", "unit_id", "until")),
    _Table("unit", "units", "id, ''", ("name", "kind", "until")),
    _Table("grant", "grants", "id, ''", ("person_id", "role", "unit_id", "place_id", "until")),
    _Table("hand_in", "hand_ins", "id, ''", ("kind", "place_id", "withdrawn_at")),
    _Table("export", "exports", "id, ''", tuple(_EXPORT.split())),
    _Table("feedback", "feedback", "id, ''", ("person_id", "words", "state", "answer", "at")),
)
_LAST = (
    "SELECT subject, part, field, after, salt IS NULL, action, max(action * 100000 + n) FROM changes"
    " WHERE kind = ? GROUP BY subject, part, field"
)
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Value:
    seq: int
    after: Value
    erased: bool


def replay(tx: Reader) -> Wrong | None:
    """What a table says otherwise than the last change of each field, and other things that must agree."""
    for table in _TABLES:
        wrong = next(_differences(tx, table), None)
        if wrong is not None:
            return wrong
    return _signed_checks(tx) or _ids(tx) or _texts(tx)


def _differences(tx: Reader, table: _Table) -> Iterator[Wrong]:
    """What a table says otherwise than its history does."""
    replayed: dict[_Key, dict[str, _Value]] = {}
    for subject, part, name, after, erased, seq, _ in tx.each(_LAST, (table.kind,)):
        replayed.setdefault((subject, part), {})[name] = _Value(seq, after, bool(erased))
    wanted = f"SELECT {table.key}, {', '.join(table.columns)} FROM {table.name}"
    for row in tx.each(wanted, ()):
        key = (str(row[0]), str(row[1]))
        subject = " ".join(part for part in key if part)
        fields = replayed.pop(key, None)
        if fields is None:
            yield Wrong(0, table.kind, subject, "", "in the table, but never in the history")
            return
        for name, value in zip(table.columns, row[2:], strict=True):
            told = fields.get(name)
            if told is not None and told.erased:
                continue
            if (told.after if told else None) not in (value, *_NOTHING.get(value, ())):
                seq = told.seq if told else 0
                yield Wrong(seq, table.kind, subject, name, "the table says otherwise than the history")
    for (subject, part), fields in replayed.items():
        if table.kind != "check" or fields.get("answer", _Value(0, None, False)).after is not None:
            seq = max(value.seq for value in fields.values())
            yield Wrong(
                seq, table.kind, f"{subject} {part}".strip(), "", "in the history, but gone from the table"
            )


_NOTHING: dict[Value, tuple[Value, ...]] = {
    "": (None,),
    0: (None,),
}  # what is empty in a table was never noted


def _signed_checks(tx: Reader) -> Wrong | None:
    """An answer stands under the name of who gave it, and under the checklist it was given under."""
    row = tx.one(
        "SELECT c.place_id, c.item_id, a.seq FROM checks c JOIN actions a ON a.seq = (SELECT max(action) FROM changes"
        " WHERE kind = 'check' AND subject = c.place_id AND part = c.item_id)"
        " WHERE a.person_id IS NOT c.person_id OR a.version <> c.version OR a.on_behalf_of IS NOT c.on_behalf_of LIMIT 1"
    )
    why = "stands under another name or checklist than in the history"
    return Wrong(row[2], "check", f"{row[0]} {row[1]}", "person_id", why) if row else None


def _ids(tx: Reader) -> Wrong | None:
    """The Matrix id in use is the one last given."""
    row = tx.one(
        "SELECT i.person_id, l.action FROM person_ids i LEFT JOIN (SELECT subject, after, max(action) AS action FROM changes"
        " WHERE kind = 'person' AND field = 'user_id' AND salt IS NOT NULL GROUP BY subject) l"
        " ON l.subject = CAST(i.person_id AS TEXT) WHERE i.until IS NULL AND l.after IS NOT i.user_id LIMIT 1"
    )
    why = "another Matrix id than in the history"
    return Wrong(row[1] or 0, "person", str(row[0]), "user_id", why) if row else None


def _texts(tx: Reader) -> Wrong | None:
    """A checklist's version is the hash of its text."""
    for version, text in tx.each("SELECT version, text FROM checklists", ()):
        if hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()[: len(version)] != version:
            return Wrong(0, "checklist", version, "text", "not the text this version was made of")
    return None


def evidence_files(tx: Reader) -> dict[str, int]:
    """SHA-256 of every file that should lie under media/ -> the id of a piece of evidence it belongs to."""
    rows = tx.all(
        "SELECT sha256, min(id) FROM evidence WHERE sha256 IS NOT NULL AND state = 'stored' GROUP BY 1"
    )
    return {row[0]: row[1] for row in rows}


def sealed_by(tx: Reader, kind: str, subject: str) -> int:
    """The newest action that changed it; 0 when none did."""
    return tx.number("SELECT max(action) FROM changes WHERE kind = ? AND subject = ?", (kind, subject))
