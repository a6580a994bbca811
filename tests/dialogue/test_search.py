"""Everyday words find their item; words about nothing in the list are never taken for a finding."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.dialogue
from bot.dialogue.parsing.lexicon import fold
from bot.dialogue.search import Hit, Index, build_index, confident, search
from bot.domain.campaign import Campaign
from bot.setup.campaign_file import load_campaign
from tests.support.examples import examples

HERE = Path(__file__).parents[1]
SYNONYMS = (Path(bot.dialogue.__path__[0]) / "synonyms.toml").read_text(encoding="utf-8")
CAMPAIGN = load_campaign(HERE.parent / "checklist.json")
INDEX = build_index(CAMPAIGN, SYNONYMS)


def numbers(hits: tuple[Hit, ...], campaign: Campaign = CAMPAIGN) -> list[int]:
    return [campaign.item[hit.item_id].no for hit in hits]


def queries(of: str) -> list[tuple[str, set[int]]]:
    """The rows of one set; an empty set of numbers where no item is meant."""
    lines = (HERE / "data" / "queries.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [
        (words, {int(no) for no in nos.split(",") if no != "-"}) for words, nos, kind in rows if kind == of
    ]


def share_found(rows: list[tuple[str, set[int]]], index: Index = INDEX) -> tuple[float, list[str]]:
    asked = [(words, right) for words, right in rows if right]
    missed = [words for words, right in asked if not right & set(numbers(search(index, words)))]
    return 1 - len(missed) / len(asked), missed


def test_the_right_item_is_among_the_first_three_for_nearly_every_query() -> None:
    rows = queries("in")
    assert sum(1 for _, right in rows if right) >= 80
    share, missed = share_found(rows)
    assert share >= 0.95, missed


def test_queries_nobody_tuned_for_find_their_item_four_times_in_five() -> None:
    rows = queries("out")
    assert sum(1 for _, right in rows if right) >= 30
    share, missed = share_found(rows)
    assert share >= 0.8, missed


@pytest.mark.parametrize("kind", ["in", "out"])
def test_small_talk_is_never_offered_as_a_finding(kind: str) -> None:
    idle = [words for words, right in queries(kind) if not right]
    assert len(idle) >= (40 if kind == "in" else 15)
    assert [words for words in idle if confident(search(INDEX, words))] == []


def test_words_about_an_item_are_sure_enough_to_be_offered() -> None:
    rows = [words for words, right in queries("in") if right]
    unsure = [words for words in rows if not confident(search(INDEX, words))]
    assert len(unsure) <= len(rows) // 20, unsure


def test_without_the_synonym_file_fewer_are_found() -> None:
    bare = build_index(
        CAMPAIGN,
        "[words]\n[far]\n[idle]\nwords=[]\n[fine]\nwords=[]\n[trouble]\nwords=[]\n[joiners]\nwords=[]\nsingle=[]",
    )
    assert share_found(queries("in"), bare)[0] < share_found(queries("in"))[0]


def test_every_word_the_synonyms_lead_to_stands_in_the_list() -> None:
    data = tomllib.loads(SYNONYMS)
    texts = [
        fold(text) for item in CAMPAIGN.items for text in (item.text, *item.hints, *item.figures, *item.words)
    ]
    texts += [fold(section.name) for section in CAMPAIGN.sections]
    listed = {*data["words"], *data["far"]}
    assert [word for word in listed if not any(fold(word) in text for text in texts)] == []


@pytest.mark.parametrize(
    ("words", "no"),
    [
        ("户厕", 67),
        ("厕 所", 67),
        ("Toilets", 67),
        ("TOILET broken", 67),
        ("水管 漏水！！", 22),
        ("ｔｏｉｌｅｔ", 67),
        ("25号文件信息采集", 32),
    ],
)
def test_spelling_does_not_matter(words: str, no: int) -> None:
    assert no in numbers(search(INDEX, words))


@pytest.mark.parametrize("words", ["", " ", "。。。", "🙂", "﷽", "\n"])
def test_words_without_content_find_nothing(words: str) -> None:
    assert search(INDEX, words) == ()
    assert not confident(())


def test_two_words_of_a_pair_belong_to_one_clause() -> None:
    assert 21 in numbers(search(INDEX, "院里的水喝着发苦"))
    assert not confident(search(INDEX, "打了水，日子苦"))


def test_no_more_than_the_limit_come_back_best_first() -> None:
    hits = search(INDEX, "脱贫户贷款", limit=5)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert search(INDEX, "脱贫户贷款", limit=1) == hits[:1]


def test_one_character_finds_what_has_it() -> None:
    assert set(numbers(search(INDEX, "粪", limit=72))) <= {item.no for item in CAMPAIGN.items}
    assert 22 in numbers(search(INDEX, "管", limit=72))


def test_a_latin_word_inside_another_is_not_heard() -> None:
    assert not confident(search(INDEX, "pipeline loaner"))


@given(st.text(max_size=400))
@examples(150)
def test_any_text_can_be_searched(words: str) -> None:
    hits = search(INDEX, words)
    assert len({hit.item_id for hit in hits}) == len(hits) <= 3
    assert all(hit.score > 0 for hit in hits)
