"""A list collected in a messaging group and pasted as one message: one village a line, numbered or not (接龙).

Rule: a list begins with 接龙 or 代报, or has two lines or numbered pieces that begin with the name of a place; two
villages named in a sentence are none. What follows a name is kept as said; it is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.answers import tells_of_trouble
from bot.dialogue.parsing.normalise import Line, fold
from bot.dialogue.parsing.parse import parse
from bot.dialogue.parsing.place_names import ENDS, PART, Named, PlaceNames
from bot.dialogue.parsing.remarks import unlabelled
from bot.dialogue.parsing.vocabulary import Vocabulary
from bot.domain.similarity import object_of

LONGEST = 20_000  # characters; more is a pasted document
MOST = 120  # lines whose names are looked up: more than a township has places
TITLES = 5  # lines at the beginning that may be a heading
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
_PERSON = re.compile(
    r"\s*(?:\(\s*(?P<who>[^()\d:,、。;]{1,20}?)\s*(?:\d{3}[\d*]{4,8})?\s*\)|@[^\s:,、。;()]{1,20})"
)
_NO_NAME = re.compile("[全部组队头边户村庄查过没未已分相于间果成完报各两几]")  # 张庄（三组）, 张庄（全部）
_TITLED = re.compile(
    r"[\u4e00-\u9fff]{1,3}(?:书记|主任|支书|会计|队长|组长|网格员|联络员|老师)|[A-Z][a-z]+(?:\s[A-Z][a-z]+){1,2}"
)
_EDGE = " :,、。;=-\n"
_GOES_ON = re.compile(r"\d|第|除|其余|全部|all|the\srest")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. `places`: the ids its name can mean, none where it is no name we know."""

    said: str
    places: tuple[str, ...] = ()
    words: str = ""
    numbered: bool = False
    firm: bool = False  # it certainly begins with the name of a place


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
        if len(entries) >= MOST:
            entries.append(Entry(raw.words))
            continue
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
    listed = firm > 1 or (
        firm == 1 and any(_looks_like_one(entry, names.vocabulary) for entry in kept[:MOST])
    )
    if not (head or listed):
        return ()
    parts: list[Entry] = []
    for n, entry in enumerate(kept):
        parts += _apart(entry, names, MOST - len(parts) - (len(kept) - n))
    return tuple(parts)


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
    who = line.words[slice(*person.span("who"))] if person and person["who"] else ""
    if person and (not who or person["who"] in known or _is_person(who)):
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


def _is_person(who: str) -> bool:
    """张庄（王五）, 张庄（李书记）, Zhangzhuang (Wang Wu); not 张庄（无）, 张庄（部分户）."""
    named = object_of(who) == who and _NO_NAME.search(who) is None
    return named or _TITLED.fullmatch(who) is not None


def _continues(entry: Entry, before: Entry) -> bool:
    """张庄： and its answers on the lines below it."""
    bare = bool(before.places) and (not before.words or before.words.startswith("\n"))
    return bare and not entry.places and not entry.numbered and bool(_GOES_ON.match(entry.said.lower()))


def _titles(entries: Sequence[Entry], vocabulary: Vocabulary) -> int:
    """How many lines at the beginning are a heading: they name no village and give no answer."""
    for n, entry in enumerate(entries[:TITLES]):
        said = parse(entry.words if entry.places else entry.said, Expect.NOTHING, vocabulary)
        answers = said.bulk or said.choice or said.doubt
        named = n == 0 and _TITLE.search(entry.said.lower())  # 颍桥镇8月5日排查接龙
        heading = named if entry.places else not entry.numbered
        trouble = tells_of_trouble(fold(entry.said, vocabulary.spelling).fold, vocabulary.answers)
        if answers or trouble or not heading or _looks_like_one(entry, vocabulary):
            return n
    return min(TITLES, len(entries))


def _looks_like_one(entry: Entry, vocabulary: Vocabulary) -> bool:
    """王家村 无: a name we do not know, and an answer; beside one that we know it is a list all the same."""
    ends = ENDS.search(entry.said)
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


def _apart(entry: Entry, names: PlaceNames, room: int) -> list[Entry]:
    """张庄 无；李庄 22有 on one line: cut where a name begins a new sentence, at most so often."""
    line = fold(entry.words, names.vocabulary.spelling)
    ends = (m for m in re.finditer(r"[;。]\s*", line.fold) if names.at(line.cut(m.end(), m.end() + 40))[0])
    cuts = list(islice(ends, max(0, room))) if entry.places else []
    if not cuts:
        return [entry]
    first = replace(
        entry,
        said=entry.said.removesuffix(line.words[cuts[0].start() :]),
        words=line.words[: cuts[0].start()],
    )
    stops = [*(cut.start() for cut in cuts[1:]), None]
    return [first, *(_entry(line.cut(cut.end(), stop), names) for cut, stop in zip(cuts, stops, strict=True))]
