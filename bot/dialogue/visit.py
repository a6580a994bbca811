"""Turns one sentence about a household visit into proposed findings: 走访 张三家 水管漏 慢病卡没办 -> items 22 and 12.

Rule: every piece of the sentence ends up in a proposal, among the fine ones or in the rest; nothing is dropped and
nothing is recorded before the person has confirmed it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.dialogue.parsing.lexicon import fold
from bot.dialogue.search import Hit, Index, confident, search
from bot.domain.campaign import Campaign
from bot.domain.similarity import object_of

_STRONG = re.compile(r"[,，、;；。!！\n\r]+")
_EDGE = " \t,，、;；。!！:：."
_KIND = r"(?:去|到|走访|入户)?\s*(?:户主|村民|群众|(?:低保|五保|脱贫|监测|特困|贫困)(?:户|对象|老人)?)?\s*"
# 22水管漏, 第22项 水管漏; not 3户没办卡: there the number counts something.
_NUMBER = re.compile(
    r"第?(\d{1,3})(?:项|条)?[\s:：.]*((?![\d户个人天月日年岁元块万千百亩组口名处盏间次号位只台头%]).+)", re.S
)
_ITEM_NO = re.compile(r"第?\d{1,3}[项条]?[:：.]?")
_SHORT = 4  # a piece this short after a space only ends the one before it: 慢病卡 没办
_CLOSE = 0.6  # a candidate scores at least this share of the best
_LONGEST = 2000  # characters that are read; what comes after goes to the rest whole
_MOST = 60  # pieces that are looked at; the others go to the rest
_MOST_CUTS = 12  # cuts tried in one run-on piece: a pasted page must not cost more than a sentence


@dataclass(frozen=True, slots=True)
class Proposal:
    """A finding to confirm: the likeliest item, what was said about it, and the items it could be instead."""

    item_id: str
    words: str
    candidates: tuple[str, ...]  # item ids, likeliest first, `item_id` among them
    object: str = ""  # the household or place these words name; "" for the visit's own


@dataclass(frozen=True, slots=True)
class Visit:
    """What was understood of one visit."""

    object: str  # the household or place visited; "" when none was named
    proposals: tuple[Proposal, ...]
    rest: tuple[str, ...]  # pieces that fit no item, as said
    fine: tuple[str, ...] = ()  # pieces that say all is well there


def propose(text: str, index: Index, campaign: Campaign) -> Visit:
    """Read the words after 走访. A piece that begins with a printed number (22 水管漏) is of that item."""
    thing, said = _visited(text[:_LONGEST].strip(_EDGE), index)
    proposals: dict[tuple[str, str], Proposal] = {}
    rest: list[str] = []
    fine: list[str] = []
    last: tuple[str, str] | None = None
    for n, (piece, spaced) in enumerate(_pieces(said, index)):
        if n >= _MOST:
            rest.append(piece)
            continue
        if piece == thing:
            continue
        if _is_fine(piece, index):
            fine.append(piece)
            continue
        hits, piece = _numbered(piece, campaign) or (search(index, piece), piece)
        if confident(hits):
            key = (hits[0].item_id, _other_object(piece, thing))
            earlier = proposals.get(key)
            proposals[key] = (
                _joined(earlier, piece, last == key and spaced) if earlier else _proposal(key, piece, hits)
            )
            last = key
        elif spaced and last and len(piece) <= _SHORT and _is_trouble(piece, index):
            proposals[last] = _joined(proposals[last], piece, near=True)
        else:
            rest.append(piece)
            last = None
    unread = text[_LONGEST:].strip(_EDGE)
    return Visit(thing, tuple(proposals.values()), (*rest, unread) if unread else tuple(rest), tuple(fine))


def _visited(text: str, index: Index) -> tuple[str, str]:
    """The household or place at the start, and what comes after it."""
    named = _without_topic(object_of(text), text, index)
    head = re.match(_KIND + re.escape(named) + r"(?:里|中|庭)?[\s,，、:：的]*", text) if named else None
    if head:
        return named, text[head.end() :]
    first, _, after = text.partition(" ")
    alone = object_of(first)
    return (alone, after) if alone and alone == first else (named, text)


def _without_topic(named: str, text: str, index: Index) -> str:
    """张三 of 张三轮椅坏了: a name ends where a word of the list begins."""
    at = text.find(named)
    for found in index.known.finditer(fold(text)) if named and not named.endswith("家") else ():
        if found.start() == at + len(named) - 1:
            return named[:-1]
    return named


def _numbered(piece: str, campaign: Campaign) -> tuple[tuple[Hit, ...], str] | None:
    """The item a piece names by its printed number, as a hit as sure as can be, and the words without it."""
    found = _NUMBER.fullmatch(piece)
    item = campaign.by_no.get(int(found[1])) if found else None
    return ((Hit(item.id, math.inf),), found[2]) if found and item else None


def _pieces(text: str, index: Index) -> Iterator[tuple[str, bool]]:
    """The sentence cut up; the flag says that only a space (or nothing) stood before the piece."""
    seen = 0
    joiners = "|".join(map(re.escape, index.lexicon.joiners))
    for clause in re.split(rf"(?:{_STRONG.pattern})|(?:{joiners})", text, flags=re.IGNORECASE):
        spaced = False
        for chunk in _chunks(clause):
            seen += 1
            bare = chunk.strip(_EDGE)
            for piece in _run_on(bare, index) if seen <= _MOST else [bare]:
                if piece:
                    yield piece, spaced
                    spaced = True


def _chunks(clause: str) -> list[str]:
    """Cut at the spaces, but not inside "water pipe" and not after an item's number."""
    chunks: list[str] = []
    for word in clause.split():
        if chunks and (_ITEM_NO.fullmatch(chunks[-1]) or (_latin(chunks[-1][-1]) and _latin(word[0]))):
            chunks[-1] += f" {word}"
        else:
            chunks.append(word)
    return chunks


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _run_on(piece: str, index: Index) -> list[str]:
    """Cut a piece without separators where a second finding begins, as voice input has it."""
    folded = fold(piece)
    if len(folded) != len(piece):
        return [piece]
    for at in _topic_starts(folded, index)[:_MOST_CUTS]:
        left, right = piece[:at], piece[at:]
        if _stands_alone(left, index) and _is_trouble(right, index):
            first, second = search(index, left), search(index, right)
            if confident(first) and confident(second) and not _share_best(first, second):
                return [_unjoined(left, index), *_run_on(right, index)]
    return [piece]


def _topic_starts(folded: str, index: Index) -> list[int]:
    """Where a word of the list begins, the very start aside."""
    starts = {found.start() for found in index.known.finditer(folded) if found[0] in index.topics}
    for pattern, _ in index.lexicon.far:
        starts.update(found.start() for found in pattern.finditer(folded))
    return sorted(starts - {0})


def _stands_alone(left: str, index: Index) -> bool:
    """Says what is wrong, and does not merely describe what follows: 没上学的残疾…, 低保户…"""
    return _is_trouble(left.rpartition("的")[2], index)


def _unjoined(left: str, index: Index) -> str:
    for word in index.lexicon.weak_joiners:
        left = left.removesuffix(word)
    return left.strip(_EDGE)


def _share_best(first: tuple[Hit, ...], second: tuple[Hit, ...]) -> bool:
    """Both speak of one item: 水管漏 and 漏水没人修."""
    return first[0].item_id in _candidates(second) and second[0].item_id in _candidates(first)


def _candidates(hits: tuple[Hit, ...]) -> tuple[str, ...]:
    return tuple(hit.item_id for hit in hits if hit.score >= hits[0].score * _CLOSE)


def _is_fine(piece: str, index: Index) -> bool:
    bare = index.lexicon.fine.sub(" ", fold(piece))
    return bare != fold(piece) and index.lexicon.trouble.search(bare) is None


def _is_trouble(piece: str, index: Index) -> bool:
    return index.lexicon.trouble.search(fold(piece)) is not None


def _other_object(piece: str, visited: str) -> str:
    named = object_of(piece)
    return "" if named == visited else named


def _proposal(key: tuple[str, str], piece: str, hits: tuple[Hit, ...]) -> Proposal:
    return Proposal(item_id=key[0], words=piece, candidates=_candidates(hits), object=key[1])


def _joined(earlier: Proposal, piece: str, near: bool) -> Proposal:
    """More words about the same item; `near` when nothing but a space parted them."""
    return replace(earlier, words=f"{earlier.words}{'' if near else '，'}{piece}")
