"""The SHA-256 printed on a ledger: two ledgers with the same figure say the same, whenever they were made.

Rule: only what was reported counts. Cut-off time, version and layout are left out, so that an unchanged county
has an unchanged figure. It is taken over the words as they are printed, so each language has its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from operator import attrgetter

from bot.ledger.rows import CoverRow, EvidenceRow, FindingRow, FormRow


def content_hash(
    form_rows: Sequence[FormRow],
    finding_rows: Sequence[FindingRow],
    cover_rows: Sequence[CoverRow],
    evidence_rows: Sequence[EvidenceRow] = (),
) -> str:
    """64 hex digits over one JSON array a row (ASCII, dates in ISO form), in the order given."""
    digest = hashlib.sha256()
    for name, lines in (
        ("form", _lines(FormRow, form_rows)),
        ("findings", _lines(FindingRow, finding_rows)),
        ("cover", _cover_lines(cover_rows)),
        ("evidence", _evidence_lines(evidence_rows)),
    ):
        digest.update(f"{name}\n".encode("ascii"))
        for line in lines:
            digest.update(line.encode("ascii") + b"\n")
    return digest.hexdigest()


def _lines(kind: type[FormRow] | type[FindingRow], rows: Sequence[FormRow | FindingRow]) -> Iterable[str]:
    values = attrgetter(*(field.name for field in fields(kind)))
    encode = json.JSONEncoder(default=date.isoformat).encode
    return (encode(values(row)) for row in rows)


def _cover_lines(rows: Sequence[CoverRow]) -> Iterable[str]:
    return (
        json.dumps([row.unit, *([c.section, c.answered, c.expected, c.findings] for c in row.cells)])
        for row in rows
    )


def _evidence_lines(rows: Sequence[EvidenceRow]) -> Iterable[str]:
    """Pictures and the words in their stead depend on the machine; the file's own SHA-256 does not."""
    return (
        json.dumps(
            [it.number, it.place, it.item_no, it.name, it.kind, it.at.isoformat(), it.sender, it.sha256]
        )
        for it in rows
    )
