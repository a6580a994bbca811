"""Which items a stretch of words speaks of: numbers, ranges, section names, all but some, the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.dialogue.parsing.answers import any_of
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import ARABIC, CHINESE, parse_number, parse_run
from bot.domain.answers import Spread
from bot.domain.campaign import Campaign

_TO = r"\s{0,3}(?:[-~]{1,3}|\.{2,3}|至|到|to|through)\s{0,3}"
_AND = r"(?:\s{0,3}(?:[,、/&;+]|和|与|及|跟|还有|以及|and\b)\s{0,3}|\s{1,3})"
_UNIT = r"(?:\s?(?:项|号|条|题)(?!目))?"
_ITEM = r"(?:\s?(?:项|题)(?!目))?"  # without 第: 22号 is a day or a house, 5条 are so many of something
_PART = r"(?:帮扶|[一二三四五六七八九十两]{1,2}[项条]|[这那]\s?(?:\d|[一二两三四五六七八九十几])[项条个]|那几项|那些|那块|那一块|这几个|那几个|那几条|方面|这一块|这块|一块|部分|这类|类|板块|版块|领域|这项|这几项|这些|工作|各项|项目)?"
_OUT = r"\s{0,3}(?:之外|以外|除外|外)"
_SAID_FOUND = r"(?P<found>\s{0,3}(?:是)?(?:有|存在|发现)(?:一?点|一?些)?(?:问题|情况)?的?)?"
_REST_ANSWER = r"(?=\s{0,3}[,:]?\s{0,3}(?:都|均|全部?|也|就|暂时?|is|are|\s){0,3}(?:没|无|未|莫|木有|正常|好|挺好|很好|不涉|不适|不存|稍后|跳过|一切|ok|clear|none|no\b|fine|n/a|not|later|skip|[✅👍👌1]))"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a mark speaks of and where that was said."""

    start: int
    end: int
    spread: Spread
    nos: tuple[int, ...] = ()  # for ALL: the exceptions
    by_name: bool = False  # a section or area was named: too wide for a finding
    unknown: tuple[str, ...] = ()  # numbers and ranges that are not on the list, as said
    found: bool = False  # 除12有问题外: the exceptions are findings


@dataclass(frozen=True, slots=True, eq=False)
class SubjectWords:
    """The subject grammar for one campaign."""

    nos: frozenset[int]
    names: Mapping[str, tuple[int, ...]]
    atom: re.Pattern[str]
    subject: re.Pattern[str]  # at a place where a subject may stand
    subject_or_all: re.Pattern[str]  # the same while no item is open: 全部 then means every item
    wider: re.Pattern[str]  # the words in which the two differ


def subject_words(data: Mapping[str, Any], campaign: Campaign) -> SubjectWords:
    """Build the grammar from [phrases] and the names and aliases of the campaign's sections and areas."""
    phrases = data["phrases"]
    names: dict[str, tuple[int, ...]] = {}
    for area in campaign.areas:
        ids = {section.id for section in campaign.sections if section.area_id == area.id}
        names[area.name.lower()] = tuple(item.no for item in campaign.items if item.section_id in ids)
    for section in campaign.sections:
        nos = tuple(item.no for item in campaign.items if item.section_id == section.id)
        names |= {name.lower(): nos for name in (section.name, *section.aliases) if len(name) > 1}
    measure = any_of(phrases["measures"])
    named, digits = r"(?:第|#|no\.?\s?|items?\s?)\s?", rf"(?>{ARABIC}|{CHINESE})"
    number = rf"(?:{named}{digits}{_UNIT}|\s?{digits}{_ITEM})"
    name = rf"(?:{any_of(names)}){_PART}" if names else r"(?!)"
    atom = rf"(?:(?P<a>{number}){_TO}(?P<b>{number})|(?P<n>{number})|(?P<name>{name}))"
    plain = re.sub(r"\?P<\w+>", "?:", atom)
    # Atomic and possessive: what a list has taken it never gives back. Otherwise each number that turns out to be a
    # measure (3, 4, 5 … 40户) would have every shorter reading of the whole list tried again.
    one = rf"(?>{plain}(?!\s?(?:{measure})))"
    refs = rf"{one}(?:{_AND}{one}){{0,80}}+"
    rest, everything = any_of(phrases["rest"]), any_of(phrases["all"])
    others = rf"(?:[,\s]{{0,3}}(?:{rest}|{everything}|全部|所有的?|all)(?:的|项目?|各项|items?)?)?"

    def subject(all_words: str) -> re.Pattern[str]:
        return re.compile(
            rf"(?P<but>(?:除(?:了|去|开)?|(?:except|besides|apart\sfrom)(?:\sfor)?)\s{{0,3}}(?P<out>{refs}){_SAID_FOUND}(?:{_OUT})?{others}"
            rf"|(?P<out2>{refs}){_OUT}{others}"
            rf"|(?:all|everything|everything\selse)\s(?:items?\s)?(?:except|but|besides|apart\sfrom)(?:\sfor)?\s(?P<out3>{refs}))"
            rf"|(?P<onward>(?:{any_of(phrases['onward'])}){_REST_ANSWER})"
            rf"|(?P<rest>(?:{rest})(?:的|项目?|各项|items?)?{_REST_ANSWER})"
            rf"|(?P<all>(?:{all_words}){_REST_ANSWER})"
            rf"|(?P<refs>{refs})"
        )

    return SubjectWords(
        nos=frozenset(item.no for item in campaign.items),
        names=names,
        atom=re.compile(atom),
        subject=subject(everything),
        wider=re.compile(any_of(phrases["all_when_nothing_open"])),
        subject_or_all=subject(any_of([*phrases["all"], *phrases["all_when_nothing_open"]])),
    )


def subject_of(match: re.Match[str], line: Line, words: SubjectWords) -> Subject:
    """The subject that `words.subject` matched in `line`."""
    groups = match.groupdict()
    start, end = match.span()
    if groups.get("onward"):
        return Subject(start, end, Spread.ONWARD)
    if groups.get("rest"):
        return Subject(start, end, Spread.REST)
    if groups.get("all"):
        return Subject(start, end, Spread.ALL)
    group = next(name for name in ("refs", "out", "out2", "out3") if groups.get(name) is not None)
    nos, unknown, by_name = numbers_in(line.cut(*match.span(group)), words)
    spread = Spread.LISTED if group == "refs" else Spread.ALL
    return Subject(start, end, spread, nos, by_name, unknown, bool(groups.get("found")))


@lru_cache(maxsize=256)
def numbers_in(line: Line, words: SubjectWords) -> tuple[tuple[int, ...], tuple[str, ...], bool]:
    """Item numbers in a list of numbers, ranges and names; what is not on the list; whether a name was used."""
    nos, unknown, by_name = dict[int, None](), list[str](), False
    for match in words.atom.finditer(line.fold):
        if match["name"]:
            by_name = True
            name = max((n for n in words.names if match["name"].startswith(n)), key=len)
            said: tuple[int, ...] = words.names[name]
        elif match["n"]:
            said = parse_run(_digits(match["n"]))
        else:
            said = _range(parse_number(_digits(match["a"])), parse_number(_digits(match["b"])), words.nos)
        if said and words.nos.issuperset(said):
            nos |= dict.fromkeys(said)
        else:
            unknown.append(line.words[match.start() : match.end()].strip())
    return tuple(sorted(nos)), tuple(unknown), by_name


def _range(a: int | None, b: int | None, known: frozenset[int]) -> tuple[int, ...]:
    """Every listed number between two listed numbers, whichever is named first; else none."""
    if a is None or b is None or a not in known or b not in known:
        return ()
    low, high = sorted((a, b))
    return tuple(no for no in range(low, high + 1) if no in known)


def _digits(text: str) -> str:
    match = re.search(rf"{ARABIC}|{CHINESE}", text)
    return match.group() if match else ""
