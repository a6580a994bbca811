"""Findings about different households are never taken for one; object and cause are read out of a description."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.similarity import cause_of, object_of, same_problem, similarity
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("王五家水管漏水", "王五家水管漏水严重"),
        ("水管漏水", "王五家厨房水管漏水"),
        ("三组王五家水管漏水", "王五家的水管一直漏水"),
        ("第三村民组路灯不亮", "3组路灯不亮"),
        ("3户慢病卡没办", "5户慢病卡没办"),
        ("张三家慢病卡没办", "张三家慢性病卡未办理"),
        ("２０２３年补贴没发", "2023年补贴没有发"),
        ("明白纸没贴", "明白纸没贴。"),
        ("十二组坑塘脏", "12组坑塘很脏"),
    ],
)
def test_the_same_problem_in_other_words_is_noticed(a: str, b: str) -> None:
    assert same_problem(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("王五家水管漏水", "李四家水管漏水"),
        ("王五家水管漏水", "王五家厕所坏了"),
        ("三组路灯不亮", "四组路灯不亮"),
        ("三组王五家水管漏水", "四组王五家水管漏水"),
        ("村东头路灯不亮", "村西头路灯不亮"),
        ("3号机井坏了", "5号机井坏了"),
        ("2022年补贴没发", "2023年补贴没发"),
        ("户主张三未办慢性病卡", "户主李四未办慢性病卡"),
        ("水管漏水", "慢病卡没办"),
        ("水管漏水", ""),
        ("小王五家漏水", "大刘家漏水"),
    ],
)
def test_different_problems_are_kept_apart(a: str, b: str) -> None:
    assert not same_problem(a, b)
    assert not same_problem(b, a)


@given(
    st.text("王李五四家水管漏组三3年因由于的，", max_size=30),
    st.text("王李五四家水管漏组三3年因由于的，", max_size=30),
)
@examples(150)
def test_likeness_is_symmetric_and_a_share(a: str, b: str) -> None:
    assert similarity(a, b) == similarity(b, a)
    assert 0.0 <= similarity(a, b) <= 1.0
    assert similarity(a, a) == 1.0


@pytest.mark.parametrize(
    ("sentence", "thing"),
    [
        ("张三家水管漏水", "张三家"),
        ("张三家里水管漏水", "张三家"),
        ("因水管老化，王五家停水", "王五家"),
        ("三组王五水管漏", "三组王五"),
        ("三组王五家水管漏", "三组王五家"),
        ("第3村民组李建国家厕所坏了", "第3村民组李建国家"),
        ("王建国家孩子辍学", "王建国家"),
        ("户主张三未办慢性病卡", "张三"),
        ("户主：张三，未办卡", "张三"),
        ("脱贫户王建军慢病卡没办", "王建军"),
        ("五保户老王没人管", "老王"),
        ("张三 水管漏", "张三"),
        ("张**家房子裂缝", "张**家"),
        ("王某家漏雨", "王某家"),
        ("李奶奶家水龙头坏", "李奶奶家"),
        ("于海家水管漏", "于海家"),
        ("对于王五家漏水的问题", "王五家"),
        ("现场看张三家水管漏", "张三家"),
        ("张三户危房", "张三户"),
        ("村东头水井干了", "村东头水井"),
        ("村东头的路灯坏了", "村东头路灯"),
        ("三组坑塘垃圾多", "三组坑塘"),
        ("二组路灯不亮", "二组路灯"),
        ("3号机井坏了", "3号机井"),
        ("村委会广场灯不亮", "村委会广场"),
    ],
)
def test_the_object_is_read_out_of_a_sentence(sentence: str, thing: str) -> None:
    assert object_of(sentence) == thing


@pytest.mark.parametrize(
    "sentence",
    [
        "水管老化漏水",
        "国家助学金没到",
        "高中国家助学金没到账",
        "大家都没贴明白纸",
        "低保户厕所坏了",
        "有3户没办慢病卡",
        "全村3户没通自来水",
        "孩子在家没人管",
        "打工人员没登记",
        "高中生学费没免",
        "车间停产",
        "居家兜底人员没人照顾",
        "老家没人",
        "",
    ],
)
def test_a_sentence_without_an_object_gives_none(sentence: str) -> None:
    assert object_of(sentence) == ""


@pytest.mark.parametrize(
    ("sentence", "cause"),
    [
        ("因水管老化，王五家停水", "水管老化"),
        ("因为水管老化，停水了", "水管老化"),
        ("由于水管老化王五家停水", "水管老化"),
        ("水管老化导致王五家停水", "水管老化"),
        ("王五家水管老化导致停水", "水管老化"),
        ("王五家漏水，因水管老化", "水管老化"),
        ("王五家停水，原因是水表坏了", "水表坏了"),
        ("停水，原因：泵坏了", "泵坏了"),
        ("管子冻裂造成漏水", "管子冻裂"),
        ("由于管子冻裂导致漏水", "管子冻裂"),
        ("张三因年老体弱，不会用卡", "年老体弱"),
        ("由于长期外出打工，未办理慢性病卡", "长期外出打工"),
    ],
)
def test_the_cause_is_read_out_of_a_sentence(sentence: str, cause: str) -> None:
    assert cause_of(sentence) == cause


@pytest.mark.parametrize(
    "sentence",
    [
        "水管漏水",
        "因此没有办",
        "因户施策不到位",
        "因地制宜不够",
        "因病返贫没纳入",
        "原因不明",
        "停水，原因：不清楚",
        "因",
        "",
    ],
)
def test_a_sentence_without_a_cause_gives_none(sentence: str) -> None:
    assert cause_of(sentence) == ""


@given(st.text(max_size=600))
@examples(100)
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(object_of(text) + cause_of(text), str)
