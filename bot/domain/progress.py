"""Where a walk goes next, and how far it has come. Pure arithmetic over a place's items and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.domain.campaign import Item

Answers = Mapping[str, str]  # item id -> answer; items without one are not in it


@dataclass(frozen=True, slots=True)
class Count:
    """How a place stands. Everything is a number of items."""

    asked: int
    clear: int
    found: int
    not_applicable: int
    later: int

    @property
    def answered(self) -> int:
        """Items with a real answer: put off is not answered."""
        return self.clear + self.found + self.not_applicable

    @property
    def missing(self) -> int:
        return self.asked - self.answered


def count(items: Sequence[Item], answers: Answers) -> Count:
    given = [answers.get(item.id) for item in items]
    return Count(
        len(items),
        *(given.count(kind) for kind in (Answer.CLEAR, Answer.FOUND, Answer.NOT_APPLICABLE, Answer.LATER)),
    )


def next_item(items: Sequence[Item], answers: Answers, after: str) -> Item | None:
    """The first item without any answer after this one, then from the top. None when only put-off ones are left."""
    start = next((place + 1 for place, item in enumerate(items) if item.id == after), 0)
    around = (*items[start:], *items[:start])
    return next((item for item in around if item.id not in answers), None)


def first_open(items: Sequence[Item], answers: Answers, start: str) -> Item | None:
    """Where to take the walk up: the item it stands at if that is open, the next one without an answer, a put-off one."""
    here = next((item for item in items if item.id == start), None)
    if here is not None and here.id not in answers:
        return here
    later = (item for item in items if answers.get(item.id) == Answer.LATER)
    return next_item(items, answers, start) or next(later, None)


def previous_item(items: Sequence[Item], before: str) -> Item | None:
    """The item printed before this one."""
    found = next((place for place, item in enumerate(items) if item.id == before), 0)
    return items[found - 1] if found > 0 else None


def meant(
    items: Sequence[Item], marks: Sequence[BulkAnswer], mark: BulkAnswer, answers: Answers, here: str = ""
) -> list[Item]:
    """The items of a place that one mark of a message speaks of, in order.

    ALL leaves out its exceptions, REST and ONWARD what the other marks name; all leave alone what already has an
    answer. `here`: the id of the item that ONWARD begins with.
    """
    if mark.spread is Spread.LISTED:
        return [item for item in items if item.no in mark.nos]
    if mark.spread is Spread.ONWARD:
        start = next((at for at, item in enumerate(items) if item.id == here), 0)
        items = items[start:]
    open_items = [item for item in items if answers.get(item.id, Answer.LATER) == Answer.LATER]
    left_out = set(mark.nos)
    for other in marks:
        if other.spread is Spread.LISTED:
            left_out.update(other.nos)
    return [item for item in open_items if item.no not in left_out]


def ranges(numbers: Sequence[int]) -> tuple[str, ...]:
    """4, 5, 6, 12 -> 4-6 and 12: short enough for a phone."""
    parts: list[str] = []
    start = previous = None
    for number in [*sorted(set(numbers)), None]:
        if start is not None and previous is not None and number != previous + 1:
            parts.append(str(start) if start == previous else f"{start}-{previous}")
            start = None
        if start is None:
            start = number
        previous = number
    return tuple(parts)
