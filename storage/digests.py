"""The figures of each daily digest: the next one is compared with them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from storage.db import Reader, Transaction

COUNTY = ""  # scope of the county's own digest; a unit's is its id


def keep(tx: Transaction, scope: str, day: str, figures: Mapping[str, int]) -> None:
    sql = (
        "INSERT INTO digests (scope, day, figures) VALUES (?, ?, ?)"
        " ON CONFLICT (scope, day) DO UPDATE SET figures = excluded.figures"
    )
    tx.run(sql, (scope, day, json.dumps(dict(figures))))


def before(tx: Reader, scope: str, day: str) -> dict[str, int] | None:
    """The figures of the newest digest before this day."""
    sql = "SELECT figures FROM digests WHERE scope = ? AND day < ? ORDER BY day DESC LIMIT 1"
    value = tx.value(sql, (scope, day))
    return json.loads(str(value)) if value is not None else None
