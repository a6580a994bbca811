"""How a walk through a place stands: the answers given there and the drafts that are still to be asked about."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader


@dataclass(frozen=True, slots=True)
class Standing:
    """`answers`: item id -> answer. `drafts`: numbers of the person's open drafts, the one spoken of first."""

    answers: dict[str, str]
    drafts: tuple[int, ...]


def standing(tx: Reader, place_id: str, person_id: int, focus: int) -> Standing:
    """In one look: the answers at a place, and the first draft to ask about there (or the focus, wherever it is)."""
    rows = tx.all(
        "SELECT item_id, answer, 0 FROM checks WHERE place_id = :place"
        " UNION ALL SELECT '', '', no FROM (SELECT no FROM findings WHERE reporter_id = :person AND state = 'draft'"
        " AND put_off = 0 AND (place_id = :place OR no = :focus) ORDER BY no <> :focus, no LIMIT 1)",
        {"place": place_id, "person": person_id, "focus": focus},
    )
    answers = {row[0]: row[1] for row in rows if not row[2]}
    return Standing(answers, tuple(row[2] for row in rows if row[2]))


def answers(tx: Reader, place_id: str) -> dict[str, str]:
    """Item id -> answer."""
    return {
        row[0]: row[1] for row in tx.all("SELECT item_id, answer FROM checks WHERE place_id = ?", (place_id,))
    }


def without_basis(tx: Reader, place_id: str) -> frozenset[str]:
    """Items that are clear without a word on how that was established."""
    sql = "SELECT item_id FROM checks WHERE place_id = ? AND answer = 'clear' AND basis = ''"
    return frozenset(row[0] for row in tx.all(sql, (place_id,)))
