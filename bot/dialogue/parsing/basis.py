"""How a clear was established, as people say it along with the answer: 入户12户, 查台账, 现场."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.parsing.answers import AnswerWords, any_of, clauses, key, look_up, tells_of_trouble
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import NUMBER, parse_number

_VERB = "入户|进户|走访|走了|跑了|去了|查了|看了|抽查|抽了|问了|查看|核查|核实"
_SAID_AS = {
    "进户": "入户",
    "走了": "走访",
    "跑了": "走访",
    "去了": "走访",
    "查了": "查看",
    "看了": "查看",
    "抽了": "抽查",
    "问了": "询问",
    "看": "查看",
    "查": "查看",
    "问": "询问",
    "跑": "走访",
}
_VISIT = re.compile(
    rf"(?:我们?|一共|共|总共|已|已经|都|又|今天|昨天)?(?P<verb>{_VERB})(?:走访|调查|核查|核实|了解|查看|看|到|了){{0,2}}\s?(?:约|大约|近|共|共计)?"
    rf"\s?(?P<n>{NUMBER})\s?多?(?:农户|户人家|户群众|户|家)(?:人家)?"
)
_VISITED_TOO = re.compile(
    rf"(?P<n>{NUMBER})\s?户\s?(?:都|全部|全)?(?P<verb>入户|走访|看|查|问|跑)(?:走访|了|过|到|完|遍){{0,3}}"
)
_VISITED = re.compile(
    r"(?:visited|checked|saw|went to|called at|been to)\s(?P<n>\d{1,5})\s(?:households?|homes?|families|houses?)"
)
_VISITED_LAST = re.compile(
    r"(?P<n>\d{1,5})\s(?:households?|homes?|families|houses?)\s(?:visited|checked|seen)"
)
_HOUSEHOLDS = re.compile(rf"(?P<n>{NUMBER})\s?多?(?:户|家)")
_BEFORE = re.compile(r"(?:^|[\s,;。.!、:()]|[无没有题好常及到项\dr])$")
_AFTER = re.compile(r"\s*(?:$|[,;。.!、:()\n]|都|均|全|没|未|无|一切|\d|[除其])|\s")
_MORE_WAYS = re.compile(r"名册|花名册|问了|询问|\d户|每户|学校|微信|照片")
_BOUNDS = r"(?:^|(?<=[\s,;。.!、:(])|(?<=\d无)|(?<=问题))(?:{})了?(?=$|[\s,;。.!、:)])"


# What says how something was checked, in words of people's own; and that it was not.
_WAYS = re.compile(
    "[查看问访跑核对抽翻检测量拍瞧瞅]|点(?:了|过|的)?(?:名|人|数)|电话|现场|实地|名册|花名册|台账|系统|档案|入户|到户|每户|开会|座谈|会上|挨家|挨户|逐户|visit|site|interview|document|meeting|check|ask|look|saw|call|phone|record|list|meet|register|house|went|walked|door to door",
    re.I,
)
_UNDONE = re.compile(
    r"(?:还|都|也|我们?|俺们?|暂时|目前|根本|压根){0,3}(?:没|未|不|甭|别)|not\b|no\b|haven't|didn't", re.I
)


_NOT_DONE = re.compile(
    r"没有?[查看问访跑去核]|还没|没来得及|\b(?:haven't|hasn't|didn't|not yet|never)\b", re.I
)
_CLAUSES = re.compile(r"[,;。，；、]|\band\b|\bbut\b")
_TO_COME = re.compile(
    r"明[天日儿]|后天|再|等|回头|下次|改天|准备|打算|要去|去问问|还得|得问|要问|问问(?:他|她|再|看)|才知道|\b(?:will|tomorrow|later|going to|must)\b"
)


def names_a_way(words: str) -> bool:
    """Whether words of people's own say how something was checked."""
    if _UNDONE.match(words) or _TO_COME.search(words):
        return False
    return any(_WAYS.search(clause) and not _NOT_DONE.search(clause) for clause in _CLAUSES.split(words))


@dataclass(frozen=True, slots=True)
class BasisWords:
    """The basis phrases of words.toml, ready for looking up."""

    phrases: Mapping[str, str]
    phrase: re.Pattern[str]  # one of them, standing as a clause of its own
    keywords: Mapping[str, str]


def basis_words(data: Mapping[str, Any]) -> BasisWords:
    """Compile [basis] and [basis_keywords]."""
    phrases = {word: said for said, words in data["basis"].items() for word in words}
    return BasisWords(phrases, re.compile(_BOUNDS.format(any_of(phrases))), dict(data["basis_keywords"]))


def take_basis(line: Line, words: BasisWords) -> tuple[Line, str]:
    """`line` with every basis in it blanked out (the length stays), and the basis said, several joined by 、."""
    text, found = line.fold, dict[int, str]()
    for match in (
        *_VISIT.finditer(text),
        *_VISITED_TOO.finditer(text),
        *_VISITED.finditer(text),
        *_VISITED_LAST.finditer(text),
    ):
        if _BEFORE.search(text[max(0, match.start() - 1) : match.start()]) and _AFTER.match(
            text, match.end()
        ):
            found[match.start()] = _said(match)
            text = _blank(text, match)
    for match in words.phrase.finditer(text):
        phrase = match.group()
        found[match.start()] = words.phrases.get(phrase) or words.phrases[phrase.removesuffix("了")]
        text = _blank(text, match)
    if not found:
        return line, ""
    kept = "".join(c if f == t else "," for c, f, t in zip(line.words, line.fold, text, strict=True))
    return Line(kept, text), "、".join(dict.fromkeys(found[start] for start in sorted(found)))


def ask_basis(line: Line, words: BasisWords, answers: AnswerWords) -> str:
    """The basis in the reply to "how was it established?": freely worded, but a denial is none."""
    left, said = take_basis(line, words)
    if said and names_a_way(left.words):  # 翻了台账，又抽了五户去看: as said
        return line.words
    if said:
        return said
    text = line.fold
    match = _VISIT.search(text)
    if match:
        beside = text[: match.start()] + text[match.end() :]
        return line.words if names_a_way(beside) else _said(match)
    plain = key(text.strip(" ,;。.!?"))
    households = _HOUSEHOLDS.fullmatch(plain)
    if households:
        return f"入户{parse_number(households['n'])}户"
    worded = len(plain) > 1 and any(character.isalpha() for character in plain)
    if not worded or look_up(plain, answers) or text.rstrip().endswith("?"):
        return ""
    told = [
        text[start:end] for start, end in clauses(line) if not answers.denial.match(text[start:end].strip())
    ]
    if any(tells_of_trouble(clause, answers) for clause in told):
        return ""
    meant = {said: word for word, said in words.keywords.items() if any(word in clause for clause in told)}
    if len(meant) == 1 and not _MORE_WAYS.search(text):  # several in one sentence: as said
        return next(iter(meant))
    return "" if answers.denial.match(plain) else left.words


def _said(match: re.Match[str]) -> str:
    number = parse_number(match["n"])
    if "verb" not in match.groupdict():
        return f"visited {number} households"
    verb = match["verb"]
    return f"{_SAID_AS.get(verb, verb)}{match['n'] if number is None else number}户"


def _blank(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + "," * (match.end() - match.start()) + text[match.end() :]
