"""Files that were handed out, each with what it takes to know it again: whatever comes back can be held against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from storage.db import Value
from storage.history import Record, Subject


@dataclass(frozen=True, slots=True)
class Export:
    """`anchor` is the `seq:head` printed on it, `sha256` that of the file, `content_hash` that of what it says, which is
    printed too and stays the same whatever the layout."""

    kind: str  # ledger
    scope: Mapping[str, str]
    anchor: str
    sha256: str
    content_hash: str


def add(record: Record, export: Export) -> int:
    """Note a file before it leaves; return its number. Made again after a crash, it is noted again: either may have left."""
    seq, _, head = export.anchor.partition(":")
    values: dict[str, Value] = {
        "kind": export.kind,
        "scope": json.dumps(dict(export.scope), ensure_ascii=False),
        "seq": int(seq),
        "head": head,
        "person_id": record.action.person_id,
        "at": record.now.isoformat(),
        "sha256": export.sha256,
        "content_hash": export.content_hash,
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    number = record.tx.insert(f"INSERT INTO exports ({names}) VALUES ({marks})", tuple(values.values()))
    record.changed(Subject("export", str(number)), {}, values)
    return number
