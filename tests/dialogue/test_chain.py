"""What is a pasted list, where its lines begin and end, which place each names, and what is said there."""

from __future__ import annotations

import pytest

from bot.dialogue.chain import Language, Unread, read_words
from bot.dialogue.parsing.chain import Entry, could_be_list, read_list
from bot.dialogue.parsing.normalise import normalise
from bot.dialogue.parsing.place_names import Named, PlaceNames
from bot.domain.answers import Answer, BulkAnswer, Spread
from tests.support.bot_in_memory import context

PLACES = (
    Named("zhang", "张庄", "颍桥镇", True, True, ("王五",)),
    Named("li", "李庄村", "颍桥镇", True, True),
    Named("wang", "王村", "颍桥镇", True, True),
    Named("east", "东大王庄", "颍桥镇", True, True),
    Named("west", "西大王庄", "颍桥镇", True, True),
    Named("town", "颍桥镇", "", False, True),
    Named("far", "孙庄", "麦岭镇", True, False),
    Named("far-zhang", "张庄", "麦岭镇", True, False),
    Named("water", "县水利局", "", False, False),
    Named("en-zhang", "Zhangzhuang", "", True, True),
    Named("en-li", "Lizhuang", "", True, True),
)
WORDS = context().vocabulary
NAMES = PlaceNames(PLACES, WORDS)
LANGUAGE = Language(WORDS, context().index, context().campaign)


def entries(words: str) -> tuple[Entry, ...]:
    said = normalise(words)
    return read_list(said, NAMES) if could_be_list(said, WORDS) else ()


def told(words: str) -> list[tuple[str, str]]:
    """Each line as (what it names, what is said there)."""
    return [("/".join(entry.places), entry.words) for entry in entries(words)]


LISTS = {
    "#接龙\n1. 张庄 无\n2. 李庄 22水管漏\n3、王村：4-10无，入户12户": [
        ("zhang", "无"), ("li", "22水管漏"), ("wang", "4-10无，入户12户")],
    "张庄 无\n李庄村 无": [("zhang", "无"), ("li", "无")],
    "张庄：无\n李庄村委会：22有": [("zhang", "无"), ("li", "22有")],
    "1️⃣张庄无\n②李庄 正常\n(3)王村 无": [("zhang", "无"), ("li", "正常"), ("wang", "无")],
    "🌟张庄 无\n- 李庄 无": [("zhang", "无"), ("li", "无")],
    "张庄（赵六）：无\n李庄（赵六13812345678） 无": [("zhang", "无"), ("li", "无")],
    "张庄 王五 无\n李庄 无": [("zhang", "无"), ("li", "无")],  # 王五 answers for 张庄
    "张庄 无（王五）\n李庄 无": [("zhang", "无"), ("li", "无")],
    "张庄（无）\n李庄（22水管漏）": [("zhang", "无"), ("li", "22水管漏")],
    "张庄（李书记）无\n李庄（刘婶） 无": [("zhang", "无"), ("li", "无")],
    "张庄@赵六 无\n李庄 @liusi：无": [("zhang", "无"), ("li", "无")],
    "张庄（部分户） 无\n李庄（三组） 无": [("zhang", "（部分户） 无"), ("li", "（三组） 无")],
    "Zhangzhuang (Wang Wu): clear\nLizhuang (partly): clear": [
        ("en-zhang", "clear"),
        ("en-li", "(partly): clear"),
    ],
    "张庄 总体情况正常\n李庄 无": [("zhang", "总体情况正常"), ("li", "无")],
    "张庄村水管漏\n李庄村部水管漏\n王村 无": [("zhang", "水管漏"), ("", ""), ("wang", "无")],
    "张庄第一村 无\n张庄 无\n李庄 无": [("", ""), ("zhang", "无"), ("li", "无")],
    "颍桥镇8月5日排查接龙\n大家辛苦了\n张庄 无\n李庄 无": [("zhang", "无"), ("li", "无")],
    "1. 张庄 无 2. 李庄 22水管漏": [("zhang", "无"), ("li", "22水管漏")],
    "1、张庄 4、5无 2、李庄 无": [("zhang", "4、5无"), ("li", "无")],
    "1张庄无 2李庄无": [("zhang", "无"), ("li", "无")],
    "接龙 张庄 无；李庄 22水管漏": [("zhang", "无"), ("li", "22水管漏")],
    "代报 张庄 4-10无，入户12户": [("zhang", "4-10无，入户12户")],
    "代报张庄 4-10无": [("zhang", "4-10无")],
    "张庄：\n4-10无，入户12户\n22水管漏\n李庄：无": [("zhang", "4-10无，入户12户\n22水管漏"), ("li", "无")],
    "颍桥镇张庄 无\n麦岭镇张庄 无": [("zhang", "无"), ("far-zhang", "无")],
    "大王庄 无\n张庄 无": [("east/west", "无"), ("zhang", "无")],
    "张庄 无\n孙庄 无": [("zhang", "无"), ("far", "无")],
    "王家村 无\n张庄 无\n李庄 无": [("", ""), ("zhang", "无"), ("li", "无")],
    "张庄 无\n李庄子 无": [("zhang", "无"), ("", "")],  # another village than 李庄
    "张庄 4-10无\n张庄1村 4-10无": [("zhang", "4-10无"), ("", "")],
    "张庄水管漏\n李庄路灯坏了": [("zhang", "水管漏"), ("li", "路灯坏了")],
    "Zhangzhuang: 4-10 clear\nlizhuang village: 22 pipe leaks": [
        ("en-zhang", "4-10 clear"), ("en-li", "22 pipe leaks")],
    "#chain 1. Zhangzhuang none 2. Lizhuang pipe leaks": [("en-zhang", "none"), ("en-li", "pipe leaks")],
    "report for Zhangzhuang: 4-10 clear": [("en-zhang", "4-10 clear")],
}  # fmt: skip


@pytest.mark.parametrize("words", LISTS)
def test_a_list_is_cut_into_its_lines(words: str) -> None:
    assert told(words) == LISTS[words]


@pytest.mark.parametrize(
    "words",
    [
        "张庄和李庄的水管都漏了",
        "张庄 无 李庄 22水管漏",
        "张庄水管漏了，李庄也漏\n正在修",
        "张庄的水管漏了\n李庄的路灯也坏了",
        "张庄 三组王五家水管漏\n已经漏了一个月",
        "张庄\n4-10无，入户12户",
        "张庄 4-10无\n22水管漏",
        "张庄 4-10无\n其余 无",
        "张庄\n教育帮扶 无",
        "描述：张庄 水管漏\n李庄 水管漏\n王村 水管漏",
        "4-10无\n22水管漏",
        "1 无\n2 无\n3 有",
        "接龙",
        "接龙怎么用",
        "chain on the well is broken",
        "",
    ],
)
def test_what_is_no_list(words: str) -> None:
    assert entries(words) == ()


def test_a_line_that_names_another_village_is_seen() -> None:
    assert NAMES.others_in("22有，李庄的水管漏", "zhang")
    assert not NAMES.others_in("22有，张庄三组水管漏，县水利局没来修", "zhang")


EVERYTHING = BulkAnswer(Answer.CLEAR, spread=Spread.ALL)


@pytest.mark.parametrize("words", ["无", "没有问题", "一切正常👌", "全村无", "none", "clear"])
def test_a_bare_clear_is_one_of_everything_still_open(words: str) -> None:
    assert read_words(words, LANGUAGE) == (EVERYTHING,)


@pytest.mark.parametrize(
    ("words", "nos"),
    [("水管漏", (22,)), ("有，水管漏", (22,)), ("慢病卡没办，厕所坏了", (12, 67)), ("22水管漏", (22,))],
)
def test_a_problem_finds_its_item(words: str, nos: tuple[int, ...]) -> None:
    marks = read_words(words, LANGUAGE)
    assert isinstance(marks, tuple)
    assert tuple(no for mark in marks for no in mark.nos) == nos
    assert all(mark.answer is Answer.FOUND and mark.detail for mark in marks)


def test_the_words_of_a_problem_keep_their_household() -> None:
    marks = read_words("三组王五家水管漏", LANGUAGE)
    assert isinstance(marks, tuple)
    assert [mark.detail for mark in marks] == ["三组王五家水管漏"]


UNREAD = {
    Unread.NO_ANSWER: (
        "", "什么时候交？", "4-10无吗？", "不对，22记错了", "收到", "22有，烦死了", "稍后", "1", "22", "入户12户", "✅", "撤回",
    ),
    Unread.HALF: (
        "无，明天再看", "无（赵六）", "应该没有吧", "基本没有", "无 2户没水", "4-10无，其余等王五说", "无，就12有，慢病卡没办",
    ),
    Unread.WHICH_ITEM: ("有", "不涉及", "3户没水", "水管", "已报", "四组 无", "王五 无"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "reason"), [(w, reason) for reason, ws in UNREAD.items() for w in ws])
def test_what_is_not_wholly_an_answer_is_none(words: str, reason: Unread) -> None:
    assert read_words(words, LANGUAGE) is reason


def test_each_clear_keeps_its_own_basis() -> None:
    marks = read_words("4-10无，入户12户；11-14无，查台账；15不涉及", LANGUAGE)
    assert isinstance(marks, tuple)
    assert [mark.basis for mark in marks] == ["入户12户", "查台账", ""]


@pytest.mark.parametrize(
    ("words", "nos"),
    [
        ("4-6无\n22水管漏", (4, 5, 6, 22)),
        ("12有，慢病卡没办\n水管漏", (12, 22)),
        ("4无，现场\n4无，现场", (4,)),
    ],
)
def test_several_lines_about_a_village_are_read_one_by_one(words: str, nos: tuple[int, ...]) -> None:
    marks = read_words(words, LANGUAGE)
    assert isinstance(marks, tuple)
    assert tuple(no for mark in marks for no in mark.nos) == nos
    assert all("\n" not in mark.detail for mark in marks)


@pytest.mark.parametrize("words", ["无\n22水管漏", "4-6无\n5有", "22有\n全部无"])
def test_lines_that_contradict_each_other_are_none(words: str) -> None:
    assert read_words(words, LANGUAGE) is Unread.HALF


def test_one_line_that_is_none_leaves_the_village_out() -> None:
    assert read_words("4-6无\n什么时候交", LANGUAGE) is Unread.NO_ANSWER
