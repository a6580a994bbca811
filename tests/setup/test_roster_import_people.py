"""How a roster file names people: with and without a Matrix id, with a number, with a last day, by a name of two."""

from __future__ import annotations

import pytest

from bot.setup.errors import FileErrors
from bot.setup.roster_file import parse_roster
from bot.setup.roster_import import compare
from storage import grants, people
from storage.grants import Grant
from storage.history import Action, record
from tests.support.office import (
    CAMPAIGN,
    FIRST,
    LIU,
    NOW,
    SERVER,
    TODAY,
    UNITS,
    WANG,
    ZHANG,
    Office,
    swapped,
)


def test_name_and_telephone_change_and_a_number_not_written_stays() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, 'name = "张三"', 'name = "张三丰"\nphone = "13800000000"')
    assert office.imports(text) == [
        f"~ person 张三 -> 张三丰 @zhangsan:{SERVER}", "~ person 张三丰: another telephone number",
    ]  # fmt: skip
    assert office.lines(swapped(text, '\nphone = "13800000000"', "")) == []
    assert people.listed(office.tx)[0].phone == "13800000000"


def test_a_language_chosen_in_chat_is_not_taken_back_by_a_file() -> None:
    office = Office(FIRST)
    actor = people.actor(office.tx, f"@zhangsan:{SERVER}", TODAY)
    assert actor is not None
    with record(office.tx, Action("prefer", 1, NOW, CAMPAIGN.version), NOW) as writing:
        people.set_preference(writing, actor.person, "language", "en")
    assert office.imports(swapped(FIRST, 'name = "张三"', 'name = "张三"\nlanguage = "zh-CN"')) == []


def test_a_last_day_is_the_last_on_which_it_holds() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, 'name = "张三"', 'name = "张三"\nlast_day = "2023-08-15"')
    told = office.imports(text)
    assert told == [
        f"~ grant 张三 reporter 颍桥镇 {place}, last day 2023-08-15" for place in ("颍桥镇", "李庄")
    ]
    assert office.own("zhangsan", "2023-08-15") == ["yq", "李庄"]
    assert office.own("zhangsan", "2023-08-16") is None
    assert office.lines(text, "2023-08-16") == []
    assert office.imports(FIRST)[0] == "~ grant 张三 reporter 颍桥镇 颍桥镇, no last day any more"
    assert office.own("zhangsan", "2023-09-16") == ["yq", "李庄"]


def test_whose_last_day_is_over_gets_nothing_and_is_not_added() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, 'name = "张三"', 'name = "张三"\nlast_day = "2023-08-04"')
    text += ZHANG.replace("zhangsan", "sunqi").replace("张三", '孙七"\nlast_day = "2023-08-01')
    assert office.imports(text) == [f"- person 张三 @zhangsan:{SERVER}"]
    assert len(people.listed(office.tx)) == 2


def test_grants_for_a_time_and_grants_to_come_end_when_the_file_does_not_name_them() -> None:
    office = Office(FIRST)
    wang = office.person("wangwu")
    with record(office.tx, Action("stand in", 2, NOW, CAMPAIGN.version), NOW) as writing:
        grants.give(writing, Grant(wang, "reporter", "yq", "李庄"), 0, TODAY, "2023-08-10")
        grants.give(writing, Grant(wang, "reporter", "yq", "张庄"), 0, "2023-08-07", "2023-08-10")
    assert office.imports(FIRST) == ["- grant 王五 reporter 颍桥镇 李庄", "- grant 王五 reporter 颍桥镇 张庄"]
    for day in (TODAY, "2023-08-08"):
        assert office.own("wangwu", day) == ["麦岭镇", "ml-zhang", "赵庄"]


def test_somebody_without_a_matrix_id_is_known_by_name_and_gets_one_later() -> None:
    office = Office(FIRST)
    assert office.imports(FIRST + LIU) == [
        "+ person 刘婶 (no Matrix id)",
        "+ grant 刘婶 reporter 麦岭镇 赵庄",
    ]
    assert [person.name for person in people.everybody(office.tx, TODAY)] == ["张三", "王五", "刘婶"]
    text = FIRST + swapped(LIU, 'name = "刘婶"', 'user = "liushen"\nname = "刘婶"')
    assert office.imports(text) == [f"~ person 刘婶: has the Matrix id @liushen:{SERVER}"]
    assert office.own("liushen") == ["赵庄"]
    assert office.lines(FIRST + LIU) == []  # a file without the id says nothing about it
    assert len(people.listed(office.tx)) == 3
    assert office.imports(FIRST) == [f"- person 刘婶 @liushen:{SERVER}"]
    office.imports(FIRST + LIU)
    assert office.own("liushen") == ["赵庄"]


def test_a_name_that_could_be_two_people_is_asked_about() -> None:
    twice = FIRST + ZHANG.replace("zhangsan", "zhang2").replace('"yq", "李庄"', '"赵庄"')
    office = Office(twice)
    unnamed = swapped(UNITS + ZHANG + WANG, 'user = "zhangsan"\n', "")
    diff = compare(office.tx, parse_roster(unnamed, CAMPAIGN, SERVER), TODAY)
    assert diff
    assert diff.unclear == [
        f"张三 is the name of several people (@zhangsan:{SERVER}, @zhang2:{SERVER}); write whose in user"
    ]
    office.imports(swapped(twice, "zhang2", "zhang2", 'name = "张三"\nrole = "reporter"\nplaces = ["赵庄"]',
                           'name = "张三"\nphone = "139"\nrole = "reporter"\nplaces = ["赵庄"]'))  # fmt: skip
    by_phone = swapped(unnamed, 'name = "张三"', 'name = "张三"\nphone = "139"', '["yq", "李庄"]', '["赵庄"]')
    assert office.imports(by_phone) == [f"- person 张三 @zhangsan:{SERVER}"]


def test_a_file_that_names_somebody_twice_without_an_id_is_refused() -> None:
    with pytest.raises(FileErrors, match=r"person\[3\]\.name: '刘婶' is there twice"):
        parse_roster(FIRST + LIU + LIU, CAMPAIGN, SERVER)


def test_of_two_newcomers_of_one_name_neither_is_taken_for_somebody_known() -> None:
    office = Office(FIRST + LIU)
    both = "".join(swapped(LIU, 'name = "刘婶"', f'user = "liu{n}"\nname = "刘婶"') for n in (1, 2))
    assert office.imports(FIRST + both)[0] == f"+ person 刘婶 @liu1:{SERVER}"
    assert [person.user_id for person in people.listed(office.tx)][2] == ""
