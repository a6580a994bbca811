"""By what `paicha.db` knows the key store and the account that lie beside it: its instance, and how far they have come.

Rule: every sync that brought something has a number. `crypto.db` keeps it first, `paicha.db` together with what came,
so in one folder the two are equal or, after a crash between them, one apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage import outbox, rooms
from storage.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Answers:
    """What `paicha.db` says of itself. `syncs`: the number of the last sync in it; `listened`: whether there was one."""

    instance: str
    syncs: int
    listened: bool


def answers(tx: Reader) -> Answers:
    syncs = tx.number("SELECT value FROM meta WHERE key = 'syncs'")
    return Answers(outbox.instance(tx), syncs, rooms.position(tx) is not None)


def keep_syncs(tx: Transaction, syncs: int) -> None:
    """The sync with this number is taken in."""
    tx.run(
        "INSERT INTO meta (key, value) VALUES ('syncs', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (str(syncs),),
    )
