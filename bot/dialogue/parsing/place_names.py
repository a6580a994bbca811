"""The places of a county by what people call them, and where such a name stands at the head of a line.

Rule: a name ends where a break, an answer, an item or a problem begins; 李庄子 is another village than 李庄.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.dialogue.parsing.answers import tells_of_trouble
from bot.dialogue.parsing.normalise import Line, fold
from bot.dialogue.parsing.vocabulary import Vocabulary

PART = (2, 20)  # characters of a part of a name
_SUFFIX = re.compile(r"(?:行政村|村民委员会|村委会|村委|社区|村|\svillage\b)")
ENDS = re.compile(r"[\s@:：,，、。;；(（=-]|$")
# An answer or an item may stand right behind a name: 张庄无, 张庄4-10无; 张庄1村 is another name.
_RUNS_ON = re.compile(
    r"\d+(?![\d村组队庄])|第\s?\d+\s?[项条题号-]|全|都|没|无|未|不|有|除|其余|正常|一切|[✅👍👌]"
)
_NO_END = re.compile("[的和与跟及是在子家村庄寨屯营店集镇乡沟湾岗坡口楼部委里内头中东西南北前后大小上下新老]")


@dataclass(frozen=True, slots=True)
class Named:
    """A place by its name. `own`: the person may report on it; `people`: the names of those who answer for it."""

    id: str
    name: str
    unit: str
    village: bool
    own: bool
    people: tuple[str, ...] = ()


class PlaceNames:
    """The places of a county by everything people call them."""

    def __init__(self, places: Sequence[Named], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._own = {place.id for place in places if place.own}
        self._folded = [(place, self._fold(place.name)) for place in places]
        self._called: dict[str, list[Named]] = {}
        for place in places:
            for called in {*self._calls(place.name), *self._calls(place.unit + place.name)}:
                self._called.setdefault(called, []).append(place)
        self._holding: dict[
            str, tuple[Named, ...]
        ] = {}  # words asked for -> the places whose names hold them
        self._lengths = sorted({len(called) for called in self._called}, reverse=True)

    def is_own(self, place_id: str) -> bool:
        return place_id in self._own

    def _fold(self, name: str) -> str:
        return fold(name, self.vocabulary.spelling).fold

    def _calls(self, name: str) -> Iterator[str]:
        """张庄村 is 张庄村 and 张庄."""
        folded = self._fold(name)
        yield folded
        ending = list(_SUFFIX.finditer(folded))
        if ending and ending[-1].end() == len(folded) and ending[-1].start() >= PART[0]:
            yield folded[: ending[-1].start()]

    def at(self, line: Line) -> tuple[tuple[Named, ...], int]:
        """The places whose full name `line` begins with, and where it ends; (), 0 without one."""
        for length in self._lengths:
            found = self._called.get(line.fold[:length])
            if found is None:
                continue
            suffix = _SUFFIX.match(line.fold, length)
            ends = (suffix.end(), length) if suffix else (length,)
            end = next((end for end in ends if self._may_end(line, end)), None)
            if end is not None:
                own = tuple(place for place in found if place.own)
                return own or (*self._own_with(line.fold[:length]), *found), end
        return (), 0

    def _may_end(self, line: Line, end: int) -> bool:
        """Whether a name can end here, so that what follows is said of the place."""
        return bool(ENDS.match(line.fold, end) or _RUNS_ON.match(line.fold, end)) or self._trouble(line, end)

    def _own_with(self, word: str) -> tuple[Named, ...]:
        return tuple(place for place in self._with(word) if place.own)

    def _with(self, word: str) -> tuple[Named, ...]:
        if word not in self._holding:
            self._holding[word] = tuple(place for place, folded in self._folded if word in folded)
        return self._holding[word]

    def _trouble(self, line: Line, end: int) -> bool:
        """李庄水管漏: what runs on is a problem, and no longer name."""
        after = re.split(r"[\s:,、。;(]", line.fold[end:], maxsplit=1)[0]
        plain = _NO_END.match(after) is None and not line.fold[end - 1 : end + 1].isascii()
        return plain and len(after) > 2 and tells_of_trouble(after, self.vocabulary.answers)

    def part(self, line: Line) -> tuple[tuple[Named, ...], int]:
        """The places whose name holds the first word of `line`, the person's own before others."""
        ends = ENDS.search(line.fold)
        word = line.fold[: ends.start() if ends else None]
        if not PART[0] <= len(word) <= PART[1] or not word[0].isalpha():
            return (), 0
        others = self._with(word)
        return self._own_with(word) or (others if len(others) == 1 else ()), len(word)

    def others_in(self, words: str, place_id: str) -> bool:
        """Whether words about one place name another village."""
        text = self._fold(words)
        for called in [called for called in self._called if called in text]:
            if any(place.id == place_id for place in self._called[called]):
                text = text.replace(called, "\n")
        return any(
            called in text and any(place.village for place in places)
            for called, places in self._called.items()
        )
