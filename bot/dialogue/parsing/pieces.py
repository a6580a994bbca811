"""A message cut at the places where it names items: each piece is a subject and what was said of it.

Rule: what is said again and again is looked at once, and a message of more pieces than there are items is read to there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bot.dialogue.parsing.answers import SEPARATORS, clauses
from bot.dialogue.parsing.normalise import SILENCE, Line
from bot.dialogue.parsing.subjects import Subject, SubjectWords, subject_of

# A subject may stand after a break, or run on behind one of these when an answer follows it (12有15无).
_STRONG = re.compile(r"(?:^|[\n;。,!、(])[ ]*$")
MOST = 100  # pieces that are read: there are 70 items
MOST_LOOKED = 400  # numbers that are looked at
MANY = 40  # clauses from which on what is said again and again is read once
PERIOD = 3  # clauses that may be said again together
_LONG_LIST = 60  # characters of a list that is looked into once only
_WEAK = frozenset(" .:从有无没题好常及在现✅👍👌")
# 有问题的是12, 没问题：4-10: the answer stands first and points on to its items.
_TURNED = re.compile(
    r"[题有无没现常及](?:的(?:项目?|条)?(?:有|是|为)?\s?:?|项目?(?:有|是|为)?\s?:|\s?:)\s{0,2}$"
)
_ANSWER_FOLLOWS = re.compile(
    r"[\s,:.、=-]{0,3}(?:都|均|全部?|也|还|就|暂时?|is|are|\s){0,3}(?:没|无|未|莫|木有|有|发现|存在|不涉|不适|不存|不属|正常|好|挺好|很好|稍后|跳过|先放|先不|先跳|放一放|回头|一切|"
    r"ok|clear|none|nothing|found|problem|no\b|fine|n/a|na\b|not|later|skip|[✅👍👌])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A subject and what was said of it."""

    subject: Subject
    said: Line
    predicate: Line
    loose: bool  # the number stands in the middle of a line
    contrary: bool = False  # introduced by a but


@dataclass(frozen=True, slots=True)
class Joins:
    """Words between two marks."""

    join: re.Pattern[str]
    exception: re.Pattern[str]


@dataclass(slots=True)
class Cut:
    """A line cut at its subjects. `lead`: what precedes the first; `tail`: what comes after more than anybody says."""

    pieces: list[Piece] = field(default_factory=list)
    lead: Line = SILENCE
    tail: str = ""


def pieces_of(line: Line, subject: re.Pattern[str], words: SubjectWords, joins: Joins) -> Cut:
    """Cut `line` at every place where a subject stands."""
    found: list[tuple[Subject, bool]] = []
    position, end, looked = 0, len(line.fold), 0
    while match := subject.search(line.fold, position):
        looked += 1
        if len(found) == MOST or looked > MOST_LOOKED:
            end = match.start()
            break
        if _may_stand(match, line.fold, joins) or _counts_on(match, line, words, found):
            loose = not _STRONG.search(line.fold, max(0, match.start() - 4), match.start())
            found.append((subject_of(match, line, words), loose))
            position = match.end()
        else:  # a shorter list may begin inside; not inside a long one, which would take a square of its length
            long = match.end() - match.start() > _LONG_LIST
            position = match.end() if long else match.start() + 1
    if not found:
        return Cut()
    pieces: list[Piece] = []
    contrary = False
    for (this, loose), after in zip(found, [*(s.start for s, _ in found[1:]), end], strict=True):
        predicate = line.cut(this.end, after)
        join = joins.join.search(predicate.fold)
        said = line.cut(this.start, this.end + (join.start() if join else len(predicate.fold)))
        predicate = predicate.cut(0, join.start() if join else None).strip(SEPARATORS + "=")
        pieces.append(Piece(this, said.strip(SEPARATORS), predicate, loose, contrary))
        contrary = bool(join and joins.exception.fullmatch(join.group().strip(SEPARATORS)))
    lead = line.cut(0, found[0][0].start)
    join = joins.join.search(lead.fold)
    if join:
        lead = lead.cut(0, join.start())
        if joins.exception.fullmatch(join.group().strip(SEPARATORS)):
            pieces[0] = replace(pieces[0], contrary=True)
    return Cut(pieces, lead.strip(SEPARATORS), line.words[end:].strip())


def without_echo(line: Line) -> Line:
    """22有水管漏，22有水管漏，22有水管漏 … without what is said a third time and more."""
    spans = clauses(line)
    if len(spans) <= MANY:
        return line
    starts = [0, *(start for start, _ in spans[1:]), len(line.fold)]
    said, kept = list[str](), list[tuple[int, int]]()
    for start, end in pairwise(starts):
        said.append(line.fold[start:end])
        kept.append((start, end))
        for n in range(1, PERIOD + 1):
            if (
                len(said) > n
                and said[-1] == said[-1 - n]
                and said[-n:] == said[-2 * n : -n] == said[-3 * n : -2 * n]
            ):
                del said[-n:], kept[-n:]
                break
    return Line("".join(line.words[start:end] for start, end in kept), "".join(said))


def _may_stand(match: re.Match[str], text: str, joins: Joins) -> bool:
    """Whether a subject may stand here: after a break, or run on where an answer ended and another follows."""
    start, groups = match.start(), match.groupdict()
    if groups["rest"] or groups["onward"]:
        return True
    if not groups["refs"]:
        return start == 0 or text[start - 1] in _WEAK or bool(_STRONG.search(text, max(0, start - 4), start))
    follows = bool(_ANSWER_FOLLOWS.match(text, match.end()))
    if _STRONG.search(text, max(0, start - 4), start) or start == 0:
        return (
            follows
            or groups["refs"][0].isascii()
            or groups["refs"][0] == "第"
            or groups["refs"].endswith("项")
        )
    if _TURNED.search(text, max(0, start - 10), start):
        return True
    return follows and (text[start - 1] in _WEAK or bool(joins.join.search(text, max(0, start - 8), start)))


def _counts_on(
    match: re.Match[str], line: Line, words: SubjectWords, found: list[tuple[Subject, bool]]
) -> bool:
    """4无5无6有补助没到账7无: the next number of a row and an answer behind it, wherever it stands."""
    last = found[-1][0].nos if found else ()
    if not last or not match.groupdict()["refs"] or not _ANSWER_FOLLOWS.match(line.fold, match.end()):
        return False
    nos = subject_of(match, line, words).nos
    return len(found) > 1 and bool(nos) and nos[0] == last[-1] + 1
