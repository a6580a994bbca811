"""Days and persons are read out of sentences as people type them, and never guessed."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain.mentions import due_in, limit_in, person_in, said_beside

TODAY = date(2023, 8, 5)  # a Saturday


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("8月20日前，由李建国负责", "2023-08-20"),
        ("国庆前弄好", "2023-09-30"),
        ("中秋节前", "2023-09-28"),
        ("开学前弄完", "2023-08-31"),
        ("月底前把三组的管子全部换掉", "2023-08-31"),
        ("最晚25号", "2023-08-25"),
        ("俩礼拜", "2023-08-19"),
        ("后天就弄", "2023-08-07"),
        ("限期，到9月底", "2023-09-30"),
        ("我负责，下周三", "2023-08-09"),
        ("7月3日已报修，8月20日前修好", "2023-08-20"),
        ("by Aug 25, Li Jianguo", "2023-08-25"),
        ("20 August, Zhao Jianguo is in charge", "2023-08-20"),
        ("before October, and Liu is in charge", "2023-09-30"),
        ("by the end of the month", "2023-08-31"),
        ("in two weeks", "2023-08-19"),
    ],
)
def test_a_day_inside_a_reply_to_by_when_is_its_due(words: str, day: str) -> None:
    assert due_in(words, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "words",
    [
        "8月20日前弄不完", "8月20日或者25日", "等8月水厂来人", "3天两头漏", "农历七月十五前", "下周五，不，下下周五", "过几天", "尽快",
        "换2.5公里管子", "没定日子", "cannot do it before Aug 25", "soon",
    ],
)  # fmt: skip
def test_a_day_that_is_denied_doubled_or_vague_is_none(words: str) -> None:
    assert due_in(words, TODAY) is None


@pytest.mark.parametrize(
    "words",
    ["8月20日更换水管", "先停水两天", "坏了三天内修", "发现后一周内处理", "每月10号检查", "7月20日前已换"],
)
def test_a_measure_without_a_last_day_sets_none(words: str) -> None:
    assert limit_in(words, TODAY) is None


@pytest.mark.parametrize(
    ("words", "person"),
    [
        ("由李建国负责", "李建国"),
        ("镇水管站换管，王建国负责", "王建国"),
        ("责任人是张伟，月底完成", "张伟"),
        ("这事让妇女主任孙巧云负责", "孙巧云"),
        ("过两天让李四去修", "李四"),
        ("王书记负责", "王书记"),
        ("8月20，赵建国盯着", "赵建国"),
        ("Wang Jianguo is responsible", "Wang Jianguo"),
    ],
)
def test_who_is_put_in_charge_is_named(words: str, person: str) -> None:
    assert person_in(words) == person


@pytest.mark.parametrize(
    "words",
    [
        "由水利局负责",
        "施工队负责",
        "专人负责",
        "全村负责",
        "支书负责",
        "张三负责，李四负责",
        "村干部负责",
        "我负责",
        "who is responsible",
    ],
)
def test_a_body_of_people_or_two_persons_are_no_person(words: str) -> None:
    assert person_in(words) == ""


@pytest.mark.parametrize(
    "words", ["8月20日前，由李建国负责", "by Aug 25, Li Jianguo", "改成李建国负责", "最晚月底完成"]
)
def test_a_sentence_of_day_and_person_says_nothing_beside(words: str) -> None:
    assert said_beside(words, TODAY) == ""
