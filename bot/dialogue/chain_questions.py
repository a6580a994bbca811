"""The two questions about a pasted list: whether to store it, and how its clears were established."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskChain:
    """What would be stored of each village; `words` were said of it, `shown` is what they came to when this was asked.

    `behalf`: the person in whose name it goes down, 0 where it is only the speaker's.
    """

    places: tuple[str, ...]
    words: tuple[str, ...]  # one for each place
    shown: tuple[str, ...]
    behalf: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskChainBasis:
    """How the clears were established that the message `event` has stored at these places."""

    places: tuple[str, ...]
    event: str
