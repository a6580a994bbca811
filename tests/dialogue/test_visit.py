"""One sentence about a visit becomes the right proposals, and no word of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.visit import Visit, propose
from tests.dialogue.test_search import CAMPAIGN, INDEX
from tests.support.examples import examples


def visit(text: str) -> Visit:
    return propose(text, INDEX, CAMPAIGN)


def found(text: str) -> list[tuple[int, str]]:
    return [(CAMPAIGN.item[one.item_id].no, one.words) for one in visit(text).proposals]


WATER_AND_CARD = [(22, "水管漏"), (12, "慢病卡没办")]


@pytest.mark.parametrize(
    "text",
    [
        "张三家 水管漏 慢病卡没办",
        "张三家　水管漏　慢病卡没办",
        "张三家，水管漏，慢病卡没办。",
        "张三家：水管漏；慢病卡没办",
        "张三家水管漏、慢病卡没办",
        "张三家水管漏还有慢病卡没办",
        "张三家水管漏，另外慢病卡没办",
        "张三家水管漏和慢病卡没办",
        "张三家水管漏慢病卡没办",
        "去张三家 水管漏\n慢病卡没办",
        "低保户张三家 水管漏 慢病卡 没办",
    ],
)
def test_one_sentence_gives_the_household_and_two_findings(text: str) -> None:
    assert visit(text).object == "张三家"
    assert found(text) == WATER_AND_CARD
    assert visit(text).rest == ()


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("三组王五家水管漏水", "三组王五家"),
        ("张三 水管漏", "张三"),
        ("五保户张三轮椅坏了", "张三"),
        ("村东头水井没水", "村东头水井"),
        ("王建国家的水管老化了", "王建国家"),
        ("水管漏 张三家", "张三家"),
        ("水管漏 厕所坏", ""),
    ],
)
def test_the_household_or_place_is_taken_out(text: str, thing: str) -> None:
    assert visit(text).object == thing
    assert all(thing not in one.words for one in visit(text).proposals if thing)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张三家孩子没上学贷款没还房子裂缝", [(4, "孩子没上学"), (56, "贷款没还"), (17, "房子裂缝")]),
        ("张三家房顶漏雨住院没报销", [(18, "房顶漏雨"), (14, "住院没报销")]),
        (
            "张三家养老金没领轮椅坏了护理补贴没发",
            [(26, "养老金没领"), (24, "轮椅坏了"), (27, "护理补贴没发")],
        ),
    ],
)
def test_speech_without_stops_is_cut_where_the_next_finding_begins(
    text: str, expected: list[tuple[int, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text", ["张三家低保户厕所坏了", "张三家水管漏漏水没人修", "张三家没上学的残疾孩子没人管"]
)
def test_what_describes_one_finding_stays_together(text: str) -> None:
    assert [one.words for one in visit(text).proposals] == [text.removeprefix("张三家")]


def test_a_piece_that_fits_no_item_is_kept_as_said() -> None:
    heard = visit("张三家 水管漏 他家狗咬人")
    assert [one.words for one in heard.proposals] == ["水管漏"]
    assert heard.rest == ("他家狗咬人",)


@pytest.mark.parametrize("text", ["都好", "一切正常", "没发现问题", "水管没问题", "其他都好", "all fine"])
def test_what_is_fine_is_no_finding(text: str) -> None:
    heard = visit(f"张三家 {text}")
    assert heard.proposals == ()
    assert heard.rest == ()
    assert " ".join(heard.fine) == text


def test_fine_and_wrong_in_one_piece_is_not_taken_for_fine() -> None:
    assert found("张三家房子都好就是水管漏水")[0][0] == 22


def test_the_same_item_twice_is_one_proposal() -> None:
    assert found("张三家 水管漏，厨房水管老化") == [(22, "水管漏，厨房水管老化")]


def test_a_second_household_keeps_its_name() -> None:
    proposals = visit("张三家水管漏，李四家水管漏").proposals
    assert [(one.words, one.object) for one in proposals] == [("水管漏", ""), ("李四家水管漏", "李四家")]


def test_a_printed_number_decides() -> None:
    assert found("张三家 22 卡没办") == [(22, "卡没办")]
    assert found("张三家 第67项 坏了") == [(67, "坏了")]


def test_a_number_that_counts_something_is_no_item() -> None:
    assert found("张三家 3人没办慢病卡") == [(12, "3人没办慢病卡")]
    assert visit("张三家 99电视坏了").rest == ("99电视坏了",)


def test_the_likely_alternatives_are_offered_too() -> None:
    only = visit("张三家 贷款没还").proposals[0]
    assert only.candidates[0] == only.item_id
    assert 1 < len(only.candidates) <= 3


def test_english_words_hold_together() -> None:
    assert found("张三家 water pipe leaking and toilet broken") == [
        (22, "water pipe leaking"),
        (67, "toilet broken"),
    ]


def test_nothing_said_gives_nothing() -> None:
    assert visit("") == visit(" 。") == Visit("", (), (), ())


def test_a_pasted_page_is_kept_whole() -> None:
    assert visit("张三家 水管漏 " + "甲" * 5000).rest[-1].endswith("甲" * 100)


PIECES = [
    "水管漏",
    "慢病卡没办",
    "张三家",
    "都好",
    "狗咬人",
    "22",
    "没办",
    "还有",
    "和",
    "，",
    " ",
    "。",
    "的",
    "toilet",
    "İ",
    "ﬁ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@examples(150)
def test_no_character_of_a_visit_is_lost(text: str) -> None:
    heard = visit(text)
    kept = "".join((heard.object, *(one.words for one in heard.proposals), *heard.rest, *heard.fine))
    joiners = set("还有和") | set("22")
    for letter in set(text) - set(" ，。的") - joiners:
        assert letter in kept, letter
