"""A list collected in a messaging group and pasted as one message: one village a line, numbered or not (接龙).

Rule: a list begins with 接龙 or 代报, or has two lines or numbered pieces that begin with the name of a place; two
villages named in a sentence are none. What follows a name is kept as said; it is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.answers import look_up, tells_of_trouble
from bot.dialogue.parsing.normalise import Line, fold
from bot.dialogue.parsing.parse import parse
from bot.dialogue.parsing.remarks import unlabelled
from bot.dialogue.parsing.vocabulary import Vocabulary

LONGEST = 20_000  # characters; more is a pasted document
PART = (2, 20)  # characters of a part of a name
_HEAD = re.compile(
    r"[【\[]?(?:#\s?(?:接龙|chain(?:\slist)?)|接龙|代报|chain\slist|report\sfor)(?=[\s:,、。;#】\]]|$)[\s:,、。;#】\]]*"
)
# matches "1. 张庄 无 2. " and "①张庄" (by now 1张庄), not "4-10无" or "4、5无"
_NUMBER = re.compile(r"[(\[【]?(?P<n>\d{1,3})(?:(?P<stop>[)\]】]|\s?[.、:)])\s*(?!\d)|\s+|(?=[^\d\s]))")
_NEXT = re.compile(rf"(?<=[\s;,。)✅])(?:{_NUMBER.pattern})")
_GLUED = re.compile(r"#?接龙|代报")
_TITLE = re.compile(r"接龙|汇总|情况|统计|名单|list|summary")
_IN_BRACKETS = re.compile(r"\((?P<all>[^()]+)\)")
_DECORATION = re.compile(r"[^\w(\[【#]+")  # bullets and pictures before a line
_SUFFIX = re.compile(r"(?:行政村|村民委员会|村委会|村委|社区|村|\svillage\b)")
_ENDS = re.compile(r"[\s:：,，、。;；(（=-]|$")
# An answer or an item may stand right behind a name: 张庄无, 张庄4-10无; 张庄1村 is another name.
_RUNS_ON = re.compile(r"\d+(?![\d村组队庄])|第|全|都|没|无|未|不|有|除|其余|正常|一切|[✅👍👌]")
_NO_END = re.compile("[的和与跟及是在子家村庄寨屯营店集镇乡沟湾岗坡口楼东西南北前后大小上下新老]")
_PERSON = re.compile(r"\s*[(@]\s*(?P<who>[^()\d:,、。;]{1,12}?)\s*(?:\d{3}[\d*]{4,8})?\s*(?:\)|(?=[\s:]))")
_EDGE = " :,、。;=-\n"
_GOES_ON = re.compile(r"\d|第|除|其余|全部|all|the\srest")


@dataclass(frozen=True, slots=True)
class Named:
    """A place by its name. `own`: the person may report on it; `people`: the names of those who answer for it."""

    id: str
    name: str
    unit: str
    village: bool
    own: bool
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. `places`: the ids its name can mean, none where it is no name we know."""

    said: str
    places: tuple[str, ...] = ()
    words: str = ""
    numbered: bool = False
    firm: bool = False  # it certainly begins with the name of a place


class PlaceNames:
    """The places of a county by everything people call them."""

    def __init__(self, places: Sequence[Named], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._places = places
        self._called: dict[str, list[Named]] = {}
        for place in places:
            for called in {*self._calls(place.name), *self._calls(place.unit + place.name)}:
                self._called.setdefault(called, []).append(place)
        self._lengths = sorted({len(called) for called in self._called}, reverse=True)

    def is_own(self, place_id: str) -> bool:
        return any(place.own for place in self._places if place.id == place_id)

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
            for end in (suffix.end(), length) if suffix else (length,):
                if _ENDS.match(line.fold, end) or _RUNS_ON.match(line.fold, end) or self._trouble(line, end):
                    own = tuple(place for place in found if place.own)
                    return own or (*self._own_with(line.fold[:length]), *found), end
        return (), 0

    def _own_with(self, word: str) -> tuple[Named, ...]:
        return tuple(place for place in self._places if place.own and word in self._fold(place.name))

    def _trouble(self, line: Line, end: int) -> bool:
        """李庄水管漏: what runs on is a problem, and no longer name."""
        after = re.split(r"[\s:,、。;(]", line.fold[end:], maxsplit=1)[0]
        plain = _NO_END.match(after) is None and not line.fold[end - 1 : end + 1].isascii()
        return plain and len(after) > 2 and tells_of_trouble(after, self.vocabulary.answers)

    def part(self, line: Line) -> tuple[tuple[Named, ...], int]:
        """The places whose name holds the first word of `line`, the person's own before others."""
        ends = _ENDS.search(line.fold)
        word = line.fold[: ends.start() if ends else None]
        if not PART[0] <= len(word) <= PART[1] or not word[0].isalpha():
            return (), 0
        others = tuple(place for place in self._places if word in self._fold(place.name))
        return self._own_with(word) or (others if len(others) == 1 else ()), len(word)

    def others_in(self, words: str, place_id: str) -> bool:
        """Whether words about one place name another village."""
        text, others = self._fold(words), list[str]()
        for called, places in self._called.items():
            if any(place.id == place_id for place in places):
                text = text.replace(called, "\n")
            elif any(place.village for place in places):
                others.append(called)
        return any(called in text for called in others)


def could_be_list(words: str, vocabulary: Vocabulary) -> bool:
    """A cheap look, before any names are read: whether words have the form of a list at all."""
    if len(words) > LONGEST:
        return False
    line = fold(words, vocabulary.spelling)
    if unlabelled(line, Expect.TEXT) is not None:
        return False
    headed = _HEAD.match(line.fold) or _GLUED.match(line.fold)
    return bool("\n" in words or headed or (_NUMBER.match(line.fold) and _NEXT.search(line.fold)))


def read_list(words: str, names: PlaceNames) -> tuple[Entry, ...]:
    """The lines of a list in their order, headings left out; empty when the words are no list."""
    whole = fold(words, names.vocabulary.spelling)
    head = _head(whole, names)
    entries: list[Entry] = []
    for raw in _lines(whole.cut(head)):
        for piece in _numbered(raw, names):
            entry = _entry(piece, names)
            if entries and _continues(entry, entries[-1]):
                before = entries[-1]
                entries[-1] = replace(
                    before, said=f"{before.said} {entry.said}", words=f"{before.words}\n{entry.said}"
                )
            else:
                entries.append(entry)
    titles = _titles(entries, names.vocabulary)
    kept = [replace(entry, words=entry.words.strip()) for entry in entries[titles:]]
    firm = sum(entry.firm for entry in kept)
    if not head and (not firm or firm + sum(_looks_like_one(entry, names.vocabulary) for entry in kept) < 2):
        return ()
    return tuple(part for entry in kept for part in _apart(entry, names))


def _head(whole: Line, names: PlaceNames) -> int:
    """Where 接龙 ends; 0 when the words do not begin with it."""
    head = _HEAD.match(whole.fold)
    glued = None if head else _GLUED.match(whole.fold)
    if glued and names.at(whole.cut(glued.end()))[0]:  # 代报张庄 4-10无
        return glued.end()
    return head.end() if head else 0


def _lines(whole: Line) -> Iterator[Line]:
    start = 0
    for text in whole.fold.split("\n"):
        line = whole.cut(start, start + len(text)).strip(" ")
        if any(character.isalnum() for character in line.fold):
            yield line
        start += len(text) + 1


def _numbered(line: Line, names: PlaceNames) -> Iterator[Line]:
    """1. 张庄 无 2. 李庄 22有: cut where the numbers go on."""
    first = _NUMBER.match(line.fold)
    start, wanted = 0, int(first["n"]) + 1 if first else 0
    for number in _NEXT.finditer(line.fold, first.end()) if first else ():
        if int(number["n"]) == wanted and (number["stop"] or names.at(line.cut(number.end()))[0]):
            yield line.cut(start, number.start())
            start, wanted = number.start(), wanted + 1
    yield line.cut(start)


def _entry(line: Line, names: PlaceNames) -> Entry:
    """A line's name and what follows it, whatever number or picture stands before."""
    decoration = _DECORATION.match(line.fold)
    plain = line.cut(decoration.end()) if decoration else line
    number = _NUMBER.match(plain.fold)
    starts = [plain, plain.cut(number.end())] if number else [plain]
    said = line.words.strip(" ;；,，")
    for look in (names.at, names.part):
        for n, text in enumerate(starts):
            found, end = look(text)
            if found:
                firm = look == names.at or (len(found) == 1 and found[0].own)
                ids = tuple(place.id for place in found)
                return Entry(said, ids, _after(text.cut(end), found, names.vocabulary), n == 1, firm)
    return Entry(said, numbered=bool(number and number["stop"]))


def _after(line: Line, places: tuple[Named, ...], vocabulary: Vocabulary) -> str:
    """What is said behind a name and the persons named with it."""
    known = {fold(name, vocabulary.spelling).fold for place in places for name in place.people}
    person = _PERSON.match(line.fold)
    if person and (person["who"] in known or _is_person(person["who"], vocabulary)):
        line = line.cut(person.end())
    line = line.strip(_EDGE)
    for name in known:
        if re.match(rf"{re.escape(name)}(?:[\s:,、。;]|$)", line.fold):
            line = line.cut(len(name))
        for ending in (f"({name})", f" {name}"):
            if line.fold.endswith(ending):
                line = line.cut(0, len(line.fold) - len(ending))
    line = line.strip(_EDGE)
    if (all_of_it := _IN_BRACKETS.fullmatch(line.fold)) is not None:  # 张庄（22水管漏）
        line = line.cut(*all_of_it.span("all"))
    return line.words


def _is_person(who: str, vocabulary: Vocabulary) -> bool:
    """张庄（王五）, not 张庄（无） or 张庄（水管漏）."""
    return not (look_up(who, vocabulary.answers) or tells_of_trouble(who, vocabulary.answers))


def _continues(entry: Entry, before: Entry) -> bool:
    """张庄： and its answers on the lines below it."""
    bare = bool(before.places) and (not before.words or before.words.startswith("\n"))
    return bare and not entry.places and not entry.numbered and bool(_GOES_ON.match(entry.said.lower()))


def _titles(entries: Sequence[Entry], vocabulary: Vocabulary) -> int:
    """How many lines at the beginning are a heading: they name no village and give no answer."""
    for n, entry in enumerate(entries):
        said = parse(entry.said, Expect.NOTHING, vocabulary)
        answers = said.bulk or said.choice or said.doubt
        heading = _TITLE.search(entry.said.lower()) if entry.places else not entry.numbered
        trouble = tells_of_trouble(fold(entry.said, vocabulary.spelling).fold, vocabulary.answers)
        if answers or trouble or not heading or _looks_like_one(entry, vocabulary):
            return n
    return len(entries)


def _looks_like_one(entry: Entry, vocabulary: Vocabulary) -> bool:
    """王家村 无: a name we do not know, and an answer; beside one that we know it is a list all the same."""
    ends = _ENDS.search(entry.said)
    if (
        entry.firm
        or ends is None
        or _GOES_ON.match(entry.said.lower())
        or not PART[0] <= ends.start() <= PART[1]
    ):
        return False
    whole = parse(entry.said, Expect.NOTHING, vocabulary)
    after = parse(entry.said[ends.end() :], Expect.NOTHING, vocabulary)
    told = whole.choice or whole.command or (whole.bulk and not whole.rest)
    return not told and bool(after.bulk or after.choice)


def _apart(entry: Entry, names: PlaceNames) -> Iterator[Entry]:
    """张庄 无；李庄 22有 on one line: cut where a name begins a new sentence."""
    line = fold(entry.words, names.vocabulary.spelling)
    cut = next((m for m in re.finditer(r"[;。]\s*", line.fold) if names.at(line.cut(m.end()))[0]), None)
    if not entry.places or cut is None:
        yield entry
        return
    here = entry.said.removesuffix(line.words[cut.start() :])
    yield replace(entry, said=here, words=line.words[: cut.start()])
    yield from _apart(_entry(line.cut(cut.end()), names), names)
