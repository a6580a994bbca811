"""Finds the items a few everyday words speak of: BM25 over pairs of neighbouring Han characters, plus synonyms.

Rule: words that fit no item well find nothing anyone acts on; `confident` says whether the best hit may be offered
to a person who did not ask for a search.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.dialogue.parsing.lexicon import Lexicon, any_of, fold, parse_lexicon
from bot.domain.campaign import Campaign, Item, Section

_RUN = re.compile(r"[一-鿿〇]+|[a-z]+|\d+")
_SATURATION, _LENGTH = 1.2, 0.4  # BM25's k1 and b
_PHRASE = 2.0  # a synonym that hit weighs as much as this many rare pairs
_SURE = 6.0  # one rare pair weighs at most 5: a single chance hit is never enough
_LONGEST = 300  # characters of a query that are read: a pasted report must not cost more than a sentence


@dataclass(frozen=True, slots=True)
class Hit:
    """An item and how well it fits; scores compare only within one campaign's index."""

    item_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Index:
    """Everything a search needs, made once. `weights`: term -> (position in `ids`, weight) of the items with it."""

    ids: tuple[str, ...]
    weights: Mapping[str, tuple[tuple[int, float], ...]]
    lexicon: Lexicon
    known: re.Pattern[str]  # every word with a meaning of its own, and every idle one
    topics: Mapping[str, tuple[str, ...]]  # a word with a meaning -> the words of the list


def build_index(campaign: Campaign, synonyms_text: str) -> Index:
    """Index the campaign's items; `synonyms_text` is the content of synonyms.toml."""
    lexicon = parse_lexicon(synonyms_text)
    topics = dict(lexicon.means)
    for own in _own_words(campaign):
        topics[own] = (*topics.get(own, ()), own)
    phrases = {phrase for meant in topics.values() for phrase in meant} | {
        phrase for _, phrase in lexicon.far
    }
    bags = [_bag(item, campaign.section[item.section_id], phrases) for item in campaign.items]
    return Index(
        ids=tuple(item.id for item in campaign.items),
        weights=_weigh(bags),
        lexicon=lexicon,
        known=any_of([*topics, *lexicon.idle]),
        topics=topics,
    )


def search(index: Index, query: str, limit: int = 3) -> tuple[Hit, ...]:
    """The best `limit` items, best first; of equals the one printed first. Nothing fits: empty."""
    scores: dict[int, float] = {}
    for term, times in _query_terms(index, fold(query[:_LONGEST])).items():
        for position, weight in index.weights.get(term, ()):
            scores[position] = scores.get(position, 0.0) + weight * times
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return tuple(Hit(index.ids[position], round(score, 3)) for position, score in best)


def confident(hits: tuple[Hit, ...]) -> bool:
    """Whether the best hit rests on more than a chance pair of characters."""
    return bool(hits) and hits[0].score >= _SURE


def _own_words(campaign: Campaign) -> Iterable[str]:
    for section in campaign.sections:
        yield from map(fold, (section.name, *section.aliases))
    for item in campaign.items:
        yield from map(fold, item.words)


def _pairs(run: str) -> list[str]:
    """Neighbouring characters of a Han run (a lone one stands for itself); Latin words and numbers whole."""
    if run.isascii() or len(run) == 1:
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _bag(item: Item, section: Section, phrases: set[str]) -> Counter[str]:
    """The weighted terms of one item. What stands in its text counts most."""
    bag: Counter[str] = Counter()
    fields = (
        (10, (item.text, *item.words)),
        (6, (section.name, *section.aliases)),
        (6, (*item.hints, *item.figures)),
    )
    for tenths, texts in fields:
        for text in map(fold, texts):
            for run in _RUN.findall(text):
                for term in {*_pairs(run), *(run if not run.isascii() else ())}:
                    bag[term] += tenths
            for phrase in phrases:
                if phrase in text:
                    bag[_phrase_term(phrase)] += tenths
    return bag


def _phrase_term(phrase: str) -> str:
    return f"={phrase}"


def _weigh(bags: list[Counter[str]]) -> dict[str, tuple[tuple[int, float], ...]]:
    held = Counter(term for bag in bags for term in bag)
    mean_size = sum(map(len, bags)) / max(1, len(bags))
    weights: dict[str, list[tuple[int, float]]] = {}
    for position, bag in enumerate(bags):
        size = 1 - _LENGTH + _LENGTH * len(bag) / mean_size
        for term, tenths in bag.items():
            rarity = math.log(1 + (len(bags) - held[term] + 0.5) / (held[term] + 0.5))
            times = tenths / 10
            weights.setdefault(term, []).append(
                (position, rarity * times * (_SATURATION + 1) / (times + _SATURATION * size))
            )
    return {term: tuple(rows) for term, rows in weights.items()}


def _query_terms(index: Index, query: str) -> dict[str, float]:
    terms: dict[str, float] = {}

    def spare(match: re.Match[str]) -> str:
        for phrase in index.topics.get(match[0], ()):
            terms[_phrase_term(phrase)] = _PHRASE
        return " " if match[0] in index.lexicon.idle else match[0]

    for pattern, phrase in index.lexicon.far:
        if pattern.search(query):
            terms[_phrase_term(phrase)] = _PHRASE
    for run in _RUN.findall(index.known.sub(spare, query)):
        for term in _pairs(run):
            terms[term] = 1.0
    return terms
