"""A number opens an item only where it names one: before a counter, in an ordinal or in a road it is something else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from tests.engine.test_only_what_was_said import STATES
from tests.support.bot_in_memory import InMemoryBot, context, copy_of, dump
from tests.support.examples import examples

COUNTED = (
    "多户 余户 几户 来户 户 户人家 号井 号楼 批 口井 口人 口塘 路 个 个人 个孩子 岁 多岁 亩 亩地 万 万元 元 块 块钱 月 月份 年 天 日 人 名 名学生 处 座 座桥"
    " 条路 条沟 米 公里 里路 吨 户次 人次 栋 间房 盏灯 台 辆 张床 份 本 组 村 队 楼 层 起 笔 位 头牛 只羊 斤 小时 周 级 年级 期工程 件 批次 学期 点半 分 度"
    " households people homes meters days km years"
)
COUNTERS = COUNTED.split()
AROUND = ("{n}{c}", "有{n}{c}", "共{n}{c}", "{n}{c}都看过了", "第{n}批", "{n}-{m}{c}", "上次{n}{c}，这次也是")
INSIDE = (
    "第一书记",
    "第二批",
    "第三小学",
    "1号路",
    "第十二中学",
    "三八妇女节",
    "六一儿童节",
    "一期工程",
    "两不愁三保障",
    "四个路口",
)
VOCABULARY = context().vocabulary
NUMBERS = st.integers(1, 72)


def named(words: str, expect: Expect) -> set[int]:
    """The items that words answer by number."""
    return {no for mark in parse(words, expect, VOCABULARY).bulk for no in mark.nos}


@examples(300)
@given(
    NUMBERS, st.integers(1, 72), st.sampled_from(COUNTERS), st.sampled_from(AROUND), st.sampled_from(Expect)
)
def test_a_number_before_a_counter_names_no_item(
    n: int, m: int, counter: str, form: str, expect: Expect
) -> None:
    gap = " " if counter.isascii() else ""
    assert named(form.format(n=n, m=m, c=gap + counter), expect) == set()


@pytest.mark.parametrize("expect", Expect)
@pytest.mark.parametrize("words", INSIDE)
def test_a_numeral_inside_a_name_is_no_item_and_no_choice(words: str, expect: Expect) -> None:
    for said in (words, f"{words}没来过", f"找过{words}"):
        reading = parse(said, expect, VOCABULARY)
        assert not reading.bulk
        assert reading.number is None


@pytest.fixture(scope="module")
def states() -> dict[str, InMemoryBot]:
    stands = {}
    for name, words in STATES.items():
        stands[name] = InMemoryBot()
        stands[name].says(*words)
    return stands


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "words", ["22户", "60多岁", "第2批", "3号路", "12个人", "40多户在住", "7月", "5条路"]
)
def test_it_changes_no_item_in_any_state(states: dict[str, InMemoryBot], state: str, words: str) -> None:
    of = states[state]
    stand = InMemoryBot(copy_of(of.connection), of.now, events=of.events)
    before = [row[:3] for row in dump(stand.tx, "checks")["checks"]]
    stand.say(words)
    assert [row[:3] for row in dump(stand.tx, "checks")["checks"]] == before


def test_a_minus_sign_before_a_digit_stays(states: dict[str, InMemoryBot]) -> None:
    of = states["a description"]
    stand = InMemoryBot(copy_of(of.connection), of.now, events=of.events)
    stand.say("-5度时水管冻裂")
    assert stand.finding(101)["description"] == "-5度时水管冻裂"
