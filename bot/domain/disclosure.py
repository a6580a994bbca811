"""What may stand in which room: one table of matter x kind of room, and the only place where that is decided.

Rules: who can read in a room decides, not who asked. Its kind follows from its members (`engine/membership`): a room is
direct only while its person is known to be alone in it with us, so whatever is not known counts as a room of several.
What goes privately goes to a direct room of the asker, the encrypted one where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Matter(StrEnum):
    """What a sentence or a file carries."""

    FIGURES = "figures"  # numbers, items, places, days, states, official wording
    SAID = "what was just said"  # words of the message that is answered, said back
    PEOPLE = "people"  # who answers for something: names and telephone numbers
    RECORD = "words on record"  # what was found where, at whose house, and what is done about it
    FILE = "files"  # a ledger


class Setting(StrEnum):
    """Where something is to be said."""

    DIRECT = "direct"
    DIRECT_IN_CLEAR = "direct, not encrypted"
    UNIT = "unit or county"
    GROUP = "group"  # and every room whose members are not known


class Way(StrEnum):
    """How it is said there."""

    SHOWN = "shown"
    COVERED = "covered"  # the sentence is said, without it
    PRIVATELY = "privately"  # to the asker alone; the room is told so in one line


_ALONE = dict.fromkeys(Matter, Way.SHOWN)
_AMONG_OTHERS = {
    Matter.FIGURES: Way.SHOWN,
    Matter.SAID: Way.COVERED,
    Matter.PEOPLE: Way.PRIVATELY,
    Matter.RECORD: Way.PRIVATELY,
    Matter.FILE: Way.PRIVATELY,
}
# A direct room without encryption is its person's own choice: our own are encrypted, and what leaves a room of several
# goes to an encrypted one where there is one.
TABLE: Mapping[Setting, Mapping[Matter, Way]] = {
    Setting.DIRECT: _ALONE,
    Setting.DIRECT_IN_CLEAR: _ALONE,
    Setting.UNIT: _AMONG_OTHERS,
    Setting.GROUP: _AMONG_OTHERS,
}
_OPEN = frozenset(where for where, ways in TABLE.items() if set(ways.values()) == {Way.SHOWN})


def setting(kind: str, *, encrypted: bool) -> Setting:
    """Where one is in a room of this kind (as `rooms.kind` has it)."""
    if kind == "direct":
        return Setting.DIRECT if encrypted else Setting.DIRECT_IN_CLEAR
    return Setting.UNIT if kind in ("unit", "county") else Setting.GROUP


def way(where: Setting, matter: Matter) -> Way:
    return TABLE[where][matter]


def hides_nothing(where: Setting) -> bool:
    """Whether all may be said there as it is."""
    return where in _OPEN


def printed() -> Iterator[str]:
    """The table as lines of Markdown."""
    yield "| what | " + " | ".join(Setting) + " |"
    yield "|---|" + "---|" * len(Setting)
    for matter in Matter:
        yield f"| {matter} | " + " | ".join(TABLE[where][matter] for where in Setting) + " |"
