"""How a walk through a place stands: the answers given there and the drafts that are still to be asked about."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Reader


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be known of a draft to ask for what it lacks."""

    no: int
    state: str
    description: str
    measure: str
    horizon: str
    due: str | None
    mechanism: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`answers`: item id -> answer. `draft`: the first of the person's drafts to ask about, the one spoken of before others."""

    answers: dict[str, str]
    draft: Draft | None


def standing(tx: Reader, place_id: str, person_id: int, focus: int) -> Standing:
    """In one look: the answers at a place, and the first draft to ask about there (or the focus, wherever it is)."""
    rows = tx.all(
        "SELECT item_id, answer, 0, NULL, NULL, NULL, NULL, NULL FROM checks WHERE place_id = :place"
        " UNION ALL SELECT state, description, no, measure, horizon, due, mechanism, 1 FROM ("
        "SELECT * FROM findings WHERE reporter_id = :person AND state = 'draft' AND put_off = 0"
        " AND (place_id = :place OR no = :focus) ORDER BY no <> :focus, no LIMIT 1)",
        {"place": place_id, "person": person_id, "focus": focus},
    )
    drafts = [Draft(row[2], row[0], row[1], *tuple(row)[3:7]) for row in rows if row[2]]
    return Standing({row[0]: row[1] for row in rows if not row[2]}, drafts[0] if drafts else None)


def answers(tx: Reader, place_id: str) -> dict[str, str]:
    """Item id -> answer."""
    return {
        row[0]: row[1] for row in tx.all("SELECT item_id, answer FROM checks WHERE place_id = ?", (place_id,))
    }


def without_basis(tx: Reader, place_id: str) -> frozenset[str]:
    """Items that are clear without a word on how that was established."""
    sql = "SELECT item_id FROM checks WHERE place_id = ? AND answer = 'clear' AND basis = ''"
    return frozenset(row[0] for row in tx.all(sql, (place_id,)))
