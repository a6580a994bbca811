"""A roster file against a database that is in use: what it changes is shown, made true once, and stays in the history."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.permissions import Right
from bot.domain.roster import Role
from bot.setup.bootstrap import fill_database, stored_setup
from bot.setup.roster_file import parse_roster
from bot.setup.roster_import import compare
from storage import grants, history, people, places
from storage.grants import Grant
from storage.history import Action, Subject, record
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
    setup_of,
    swapped,
)


def test_the_first_file_fills_the_database_and_says_the_same_afterwards() -> None:
    office = Office(FIRST)
    assert office.lines(FIRST) == []
    assert office.imports(FIRST) == []
    assert office.own("zhangsan") == ["yq", "李庄"]
    assert office.own("wangwu") == ["麦岭镇", "ml-zhang", "赵庄"]


def test_a_person_who_is_not_named_any_more_leaves_and_is_back_when_named_again() -> None:
    office = Office(FIRST)
    zhang = office.person("zhangsan")
    assert office.imports(UNITS + WANG) == [f"- person 张三 @zhangsan:{SERVER}"]
    assert office.own("zhangsan") is None
    assert office.imports(FIRST, "2023-08-09") == [
        "+ grant 张三 reporter 颍桥镇 颍桥镇",
        "+ grant 张三 reporter 颍桥镇 李庄",
    ]
    assert office.person("zhangsan") == zhang
    assert office.own("zhangsan", "2023-08-08") is None
    assert office.own("zhangsan", "2023-08-09") == ["yq", "李庄"]
    assert len(people.listed(office.tx)) == 2


def test_a_person_moves_to_other_places_in_the_order_of_the_file() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, '["yq", "李庄"]', '["张庄", "李庄", "yq"]')
    assert office.imports(text) == ["+ grant 张三 reporter 颍桥镇 张庄", "~ order of the places of 张三"]
    assert office.own("zhangsan") == ["张庄", "李庄", "yq"]
    text = swapped(FIRST, '["yq", "李庄"]', '["赵庄"]')
    told = office.imports(text)
    assert told[0] == "+ grant 张三 reporter 麦岭镇 赵庄"
    assert [line for line in told if line.startswith("- grant 张三")] == told[1:]
    assert office.own("zhangsan") == ["赵庄"]
    assert office.person("zhangsan") == 1


def test_another_role_ends_the_one_before() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, 'role = "coordinator"\nunit = "麦岭镇"', 'role = "county"')
    assert office.imports(text) == ["+ grant 王五 county", "- grant 王五 coordinator 麦岭镇"]
    actor = people.actor(office.tx, f"@wangwu:{SERVER}", TODAY)
    assert actor is not None
    assert actor.scope.roles == {Role.COUNTY}
    assert actor.scope.has(Right.OVERSEE)


def test_a_unit_is_renamed_and_everything_in_it_stays() -> None:
    office = Office(FIRST)
    assert office.imports(swapped(FIRST, "颍桥镇", "颍桥回族镇")) == [
        "~ unit 颍桥镇 (township) -> 颍桥回族镇 (township)"
    ]
    assert places.get(office.tx, "李庄").unit == "颍桥回族镇"
    assert places.get(office.tx, "yq").name == "颍桥回族镇"
    assert office.own("zhangsan") == ["yq", "李庄"]
    (change,) = office.tx.all("SELECT before, after FROM changes WHERE kind = 'unit' AND action > 2")
    assert tuple(change) == ("颍桥镇", "颍桥回族镇")


def test_two_units_take_each_others_names() -> None:
    office = Office(swapped(FIRST, 'name = "麦岭镇"', 'id = "ml"\nname = "麦岭镇"'))
    text = swapped(FIRST, 'name = "麦岭镇"', 'id = "ml"\nname = "X"', "颍桥镇", "麦岭镇", "X", "颍桥镇")
    office.imports(swapped(text, 'unit = "麦岭镇"', 'unit = "ml"'))
    assert {unit.id: unit.name for unit in places.units(office.tx)} == {
        "yq": "麦岭镇",
        "ml": "颍桥镇",
        "县水利局": "县水利局",
    }
    noted = office.tx.all(
        "SELECT before, after FROM changes WHERE kind = 'unit' AND field = 'name' AND before IS NOT NULL"
    )
    assert {tuple(row) for row in noted} == {("颍桥镇", "麦岭镇"), ("麦岭镇", "颍桥镇")}


def test_a_file_without_ids_means_the_units_and_villages_of_these_names() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, 'id = "yq"\n', "", '"yq"', '"颍桥镇"')
    assert office.lines(text) == []
    text = swapped(text, '{ id = "ml-zhang", name = "张庄" }', '"张庄"', '["张庄", "李庄"]', '["李庄"]')
    assert office.imports(text) == ["~ order of places (1 stand elsewhere)", "- place 张庄 (颍桥镇)"]
    assert {place.id for place in places.every(office.tx)} >= {"yq", "ml-zhang"}


def test_a_name_changed_where_it_is_the_id_is_hinted_at() -> None:
    office = Office(FIRST)
    told = office.lines(swapped(FIRST, "麦岭镇", "麦岭街道"))
    assert {"+ unit 麦岭街道 (township)", "- unit 麦岭镇"} <= set(told)
    (hint,) = [line for line in told if line.startswith("! ")]
    assert 'write id = "麦岭镇" and name = "麦岭街道"' in hint
    told = office.lines(swapped(FIRST, "赵庄", "新赵庄"))
    assert told[:2] == ["+ place 新赵庄 (village, 麦岭镇)", "- place 赵庄 (麦岭镇)"]
    assert 'write id = "赵庄" and name = "新赵庄"' in told[2]
    renamed = swapped(FIRST, '"赵庄"', '{ id = "赵庄", name = "新赵庄" }')
    assert office.imports(renamed) == ["~ place 赵庄 (village, 麦岭镇) -> 新赵庄 (village, 麦岭镇)"]
    office.imports(swapped(FIRST, "麦岭镇", "麦岭街道"))
    assert office.own("wangwu") == ["麦岭街道", "ml-zhang", "赵庄"]


def test_a_village_moves_to_another_unit_with_whoever_answers_for_it() -> None:
    office = Office(FIRST)
    text = swapped(
        FIRST,
        '"张庄", "李庄"]',
        '"张庄"]',
        '"赵庄"]',
        '"赵庄", "李庄"]',
        '["yq", "李庄"]',
        '["yq", "李庄"]\nunit = "yq"',
    )
    assert office.imports(text) == ["~ place 李庄 (village, 颍桥镇) -> 李庄 (village, 麦岭镇)"]
    assert office.own("zhangsan") == ["yq", "李庄"]
    assert office.own("wangwu") == ["麦岭镇", "ml-zhang", "赵庄", "李庄"]


def test_a_place_ends_and_is_valid_again() -> None:
    office = Office(FIRST)
    without = swapped(FIRST, '"张庄", "李庄"]', '"李庄"]')
    assert office.imports(without) == ["~ order of places (1 stand elsewhere)", "- place 张庄 (颍桥镇)"]
    assert office.tx.value("SELECT until FROM places WHERE id = '张庄'") == TODAY
    told = office.imports(FIRST)
    assert told == ["+ place 张庄 (village, 颍桥镇)", "~ order of places (1 stand elsewhere)"]
    assert [place.id for place in places.every(office.tx)][:3] == ["yq", "张庄", "李庄"]


def test_only_the_order_changes() -> None:
    office = Office(FIRST)
    text = swapped(FIRST, '["张庄", "李庄"]', '["李庄", "张庄"]')
    assert office.imports(text) == ["~ order of places (2 stand elsewhere)"]
    assert [place.id for place in places.every(office.tx)][:3] == ["yq", "李庄", "张庄"]
    units = UNITS.split("[[unit]]")
    text = "[[unit]]".join([units[0], units[2], units[1], units[3]]) + ZHANG + WANG
    assert office.imports(text)[0] == "~ order of units (2 stand elsewhere)"
    assert [unit.id for unit in places.units(office.tx)] == ["麦岭镇", "yq", "县水利局"]


def test_a_village_more_in_one_township_leaves_the_others_alone() -> None:
    office = Office(FIRST)
    told = office.imports(swapped(FIRST, '"张庄", "李庄"', '"孙庄", "张庄", "李庄"'))
    assert told == ["+ place 孙庄 (village, 颍桥镇)", "~ order of places (2 stand elsewhere)"]
    assert [place.id for place in places.every(office.tx)] == [
        "yq", "孙庄", "张庄", "李庄", "麦岭镇", "ml-zhang", "赵庄", "县水利局",
    ]  # fmt: skip


def test_whoever_came_by_other_means_survives_a_restart() -> None:
    office = Office(FIRST)
    with record(office.tx, Action("invite", 2, NOW, CAMPAIGN.version), NOW) as writing:
        new = people.add(writing, {"name": "赵六", "language": "zh-CN"}, f"@zhaoliu:{SERVER}", TODAY)
        grants.give(writing, Grant(new, "reporter", "麦岭镇", "赵庄"), 0, TODAY)
    before = history.head(office.tx)
    assert not fill_database(office.tx, setup_of(FIRST), NOW)
    assert not fill_database(office.tx, setup_of(UNITS), NOW)
    assert history.head(office.tx) == before
    assert office.own("zhaoliu") == ["赵庄"]
    stored = stored_setup(office.tx)
    assert stored is not None
    assert stored.campaign == CAMPAIGN
    assert not fill_database(office.tx, stored, NOW)
    assert office.imports(FIRST) == [f"- person 赵六 @zhaoliu:{SERVER}"]


def test_one_file_is_one_action_of_nobody() -> None:
    office = Office(FIRST)
    before = history.last_seq(office.tx)
    office.imports(UNITS + ZHANG + LIU)
    rows = office.tx.all("SELECT source, ref, person_id, verb FROM actions WHERE seq > ?", (before,))
    assert [tuple(row) for row in rows] == [("roster", "r.toml", None, "roster")]
    assert Subject("grant", "3") in {change.subject for change in history.of_refs(office.tx, ["r.toml"])}


def test_a_dry_comparison_writes_nothing() -> None:
    office = Office(FIRST)
    before = office.connection.total_changes
    compare(office.tx, replace(parse_roster(FIRST, CAMPAIGN, SERVER), people=()), TODAY)
    assert office.connection.total_changes == before
