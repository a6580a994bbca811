"""The four answers to an item, and one answer for several items at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """The four answers to an item. Items have mixed polarity, so it is never yes or no."""

    CLEAR = "clear"  # 未发现问题
    FOUND = "found"  # 发现问题
    NOT_APPLICABLE = "not_applicable"  # 不涉及
    LATER = "later"  # 稍后


class Spread(StrEnum):
    """Which items a mark speaks of."""

    LISTED = "listed"  # the numbers in `nos`
    ALL = "all"  # every item of the place, less `nos`        除12外都没问题
    ONWARD = "onward"  # every item not yet answered from the open one on    后面的都没有
    REST = "rest"  # every item not yet answered, less what this same message names    其余无


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """One answer for one or more items: `4-10 无`, `22有`, `其余无`, `12 发现 慢病卡没办`."""

    answer: Answer
    nos: tuple[int, ...] = ()  # printed item numbers: in order, no repeats. For ALL: the exceptions
    spread: Spread = Spread.LISTED
    detail: str = ""  # words said about it: the description of a finding
    basis: str = ""  # of a clear whose clause says its own; else the message's basis counts
