"""The roster's file becomes units, places and people, and every mistake in it is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.campaign import Campaign, PlaceKind
from bot.domain.roster import Role, Roster, find_people
from bot.setup.campaign_file import load_campaign
from bot.setup.errors import FileErrors
from bot.setup.roster_file import load_roster, parse_roster
from tests.support.examples import examples

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bot" / "demo" / "roster.toml"
CAMPAIGN = load_campaign(ROOT / "checklist.json")
SERVER = "paicha.test"

SMALL = """
[[unit]]
name = "颍桥回族镇"
kind = "township"
villages = ["张庄", "李庄"]

[[unit]]
id = "mailing"
name = "麦岭镇"
kind = "township"
villages = [{ id = "mailing-zhang", name = "张庄" }]

[[unit]]
name = "县水利局"
kind = "department"

[[person]]
user = "@zhangsan:other.example"
name = "张三"
role = "reporter"
places = ["颍桥回族镇", "李庄"]
language = "en"

[[person]]
user = "wangwu"
name = "王五"
role = "coordinator"
unit = "麦岭镇"
"""


@pytest.fixture(scope="module")
def demo() -> Roster:
    return load_roster(DEMO, CAMPAIGN, SERVER)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(FileErrors) as caught:
        parse_roster(text, CAMPAIGN, SERVER)
    return caught.value.lines


def test_the_demo_county_has_16_townships_12_departments_and_two_villages_each(demo: Roster) -> None:
    kinds = [unit.kind for unit in demo.units]
    assert (kinds.count(PlaceKind.TOWNSHIP), kinds.count(PlaceKind.DEPARTMENT)) == (16, 12)
    for unit in demo.units:
        villages = [
            place for place in demo.places if place.unit_id == unit.id and place.kind is PlaceKind.VILLAGE
        ]
        assert len(villages) == (2 if unit.kind is PlaceKind.TOWNSHIP else 0)
    assert {"颍桥示范一村", "颍桥示范二村", "麦岭示范一村", "城关示范一村", "山头店示范二村"} <= set(
        demo.place
    )


def test_the_demo_departments_are_those_the_items_name(demo: Roster) -> None:
    named = {unit for item in CAMPAIGN.items for unit in item.units}
    named -= {CAMPAIGN.township_group, CAMPAIGN.member_group}
    assert {unit.name for unit in demo.units if unit.kind is PlaceKind.DEPARTMENT} == named


def test_the_demo_people_are_found_by_name_and_by_local_part(demo: Roster) -> None:
    expected = {
        "xianban": ("县办", Role.COUNTY, None),
        "yingqiao": ("颍桥联络员", Role.COORDINATOR, "颍桥回族镇"),
        "mailing": ("麦岭联络员", Role.COORDINATOR, "麦岭镇"),
        "jiaotiju": ("教体局联络员", Role.COORDINATOR, "县教体局"),
        "shuiliju": ("水利局联络员", Role.COORDINATOR, "县水利局"),
        "zhangsan": ("张三", Role.REPORTER, "颍桥回族镇"),
        "lisi": ("李四", Role.REPORTER, "麦岭镇"),
        "ducha": ("督导", Role.OBSERVER, None),
    }
    assert len(demo.people) == len(expected)
    for local, (name, role, unit) in expected.items():
        [person] = find_people(demo, local)
        assert (person.name, person.role, person.unit_id) == (name, role, unit)
        assert person.user_id == f"@{local}:{SERVER}"
        assert (
            find_people(demo, name)
            == find_people(demo, person.user_id)
            == find_people(demo, f"@{local}")
            == (person,)
        )
    assert demo.person["@zhangsan:paicha.test"].places == ("颍桥示范一村", "颍桥示范二村")
    assert demo.person["@lisi:paicha.test"].places == ("麦岭示范一村",)
    assert find_people(demo, "nobody") == ()


def test_a_unit_is_a_place_itself_and_a_coordinator_answers_for_all_of_its_places() -> None:
    roster = parse_roster(SMALL, CAMPAIGN, SERVER)
    assert (roster.place["mailing"].name, roster.place["mailing"].kind) == ("麦岭镇", PlaceKind.TOWNSHIP)
    assert roster.place["县水利局"].kind is PlaceKind.DEPARTMENT
    assert roster.person["@wangwu:paicha.test"].places == ("mailing", "mailing-zhang")


def test_ids_equal_names_where_none_is_given_and_the_same_village_name_may_stand_in_two_townships() -> None:
    roster = parse_roster(SMALL, CAMPAIGN, SERVER)
    assert {place.id: place.unit_id for place in roster.places if place.name == "张庄"} == {
        "张庄": "颍桥回族镇",
        "mailing-zhang": "mailing",
    }


def test_a_full_matrix_id_keeps_its_server_and_languages_fall_back() -> None:
    roster = parse_roster(SMALL, CAMPAIGN, SERVER)
    assert {person.user_id: person.language for person in roster.people} == {
        "@zhangsan:other.example": "en",
        "@wangwu:paicha.test": "zh-CN",
    }
    assert parse_roster(SMALL, CAMPAIGN, SERVER, language="en").person["@wangwu:paicha.test"].language == "en"


def test_two_people_may_share_a_name() -> None:
    roster = parse_roster(SMALL.replace("王五", "张三"), CAMPAIGN, SERVER)
    assert [person.user_id for person in find_people(roster, "张三")] == [
        "@zhangsan:other.example",
        "@wangwu:paicha.test",
    ]


MISTAKES = [
    ('["张庄", "李庄"]', '["张庄", "张庄"]', "unit[0].villages[1]", "in this township twice"),
    (
        '{ id = "mailing-zhang", name = "张庄" }',
        '"张庄"',
        "unit[1].villages[0]",
        "already the id of unit[0].villages[0]",
    ),
    (
        'id = "mailing"\nname = "麦岭镇"',
        'name = "颍桥回族镇"',
        "unit[1].name",
        "already the id of unit[0].name",
    ),
    (
        'id = "mailing"\nname = "麦岭镇"',
        'id = "mailing"\nname = "颍桥回族镇"',
        "unit[1].name",
        "two units differ in name",
    ),
    ('language = "en"', 'last_day = "soon"', "person[0].last_day", "a day like"),
    ('"mailing-zhang"', '"mailing"', "unit[1].villages[0]", "already the id of unit[1].id"),
    ('{ id = "mailing-zhang", name = "张庄" }', "7", "unit[1].villages[0]", "table"),
    ('{ id = "mailing-zhang", name = "张庄" }', '" 张庄"', "unit[1].villages[0]", "space"),
    ('kind = "department"', 'kind = "hamlet"', "unit[2].kind", "township, department"),
    ('kind = "department"', 'kind = "township"', "unit[2].kind", "is a department in the checklist"),
    (
        'kind = "department"',
        'kind = "department"\nvillages = ["赵庄"]',
        "unit[2].villages",
        "only a township",
    ),
    ('name = "县水利局"', 'name = "各乡镇（街道）党委政府"', "unit[2].name", "many units at once"),
    ('name = "县水利局"', 'title = "县水利局"', "unit[2].title", "not known here"),
    ('unit = "麦岭镇"', 'unit = "麦玲镇"', "person[1].unit", "not a unit"),
    ('unit = "麦岭镇"', "", "person[1].unit", "answers for one unit"),
    ('unit = "麦岭镇"', 'unit = "麦岭镇"\nplaces = ["张庄"]', "person[1].places", "only a reporter"),
    ('"颍桥回族镇", "李庄"', '"赵庄"', "person[0].places[0]", "not a place"),
    ('["颍桥回族镇", "李庄"]', "[]", "person[0].places", "at least one"),
    ('places = ["颍桥回族镇", "李庄"]', "", "person[0].places", "at least one"),
    ('"颍桥回族镇", "李庄"', '"李庄", "mailing-zhang"', "person[0].unit", "several units"),
    ('user = "wangwu"', 'user = "王五"', "person[1].user", "no Matrix id"),
    ('user = "wangwu"', 'user = "@wang wu:x"', "person[1].user", "no Matrix id"),
    ('user = "wangwu"', 'user = "@zhangsan:other.example"', "person[1].user", "already 张三"),
    ('role = "coordinator"', 'role = "boss"', "person[1].role", "reporter, coordinator, county, observer"),
    ('language = "en"', 'language = "fr"', "person[0].language", "zh-CN, en"),
    ("[[person]]", "[[people]]", "people", "not known here"),
]


@pytest.mark.parametrize(("right", "wrong", "place", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(right: str, wrong: str, place: str, said: str) -> None:
    assert right in SMALL
    lines = problems(SMALL.replace(right, wrong))
    assert any(line.startswith(f"roster.toml: {place}: ") and said in line for line in lines), lines


def test_an_ambiguous_village_name_asks_for_an_id() -> None:
    text = SMALL.replace('"张庄", "李庄"', '{ id = "yingqiao-zhang", name = "张庄" }, "李庄"')
    lines = problems(text.replace('"颍桥回族镇", "李庄"', '"张庄"'))
    assert lines == (
        "roster.toml: person[0].places[0]: '张庄' is the name of several places; "
        "write one of the ids yingqiao-zhang, mailing-zhang",
    )


def test_all_mistakes_are_told_at_once() -> None:
    text = SMALL
    for right, wrong in [
        ("麦岭镇", "麦玲镇"),
        ('"en"', '"fr"'),
        ('"wangwu"', '"王五"'),
        ('"department"', '"hamlet"'),
    ]:
        text = wrong.join(text.rsplit(right, 1))
    assert len(problems(text)) == 4


def test_a_value_of_the_wrong_kind_is_told_once() -> None:
    lines = problems(SMALL.replace('places = ["颍桥回族镇", "李庄"]', "places = 7"))
    assert lines == ("roster.toml: person[0].places: is 7; write a list in [ ]",)


def test_broken_toml_is_told_with_its_line() -> None:
    [line] = problems('[[unit]]\nname = "颍桥回族镇\n')
    assert line.startswith("roster.toml: not readable as TOML: ")
    assert "line 2" in line


def test_an_empty_roster_says_what_is_missing() -> None:
    assert problems("") == ("roster.toml: unit: is missing; write a list",)


def test_ids_without_a_server_are_refused_when_none_is_known() -> None:
    with pytest.raises(FileErrors, match="no Matrix id"):
        parse_roster(SMALL, CAMPAIGN, "")


@examples(60)
@given(
    st.integers(0, len(SMALL)),
    st.integers(0, 30),
    st.text(max_size=5) | st.sampled_from(["7", "[]", '""', "true"]),
)
def test_any_torn_roster_is_read_or_refused_in_plain_lines(start: int, length: int, put: str) -> None:
    try:
        parse_roster(SMALL[:start] + put + SMALL[start + length :], CAMPAIGN, SERVER)
    except FileErrors as error:
        lines = error.lines
    else:
        return
    assert lines
    assert [line for line in lines if not line.startswith("roster.toml: ") or not line.isprintable()] == []


def test_the_campaign_given_decides_what_is_a_department() -> None:
    other = Campaign(**{**vars(CAMPAIGN), "items": ()})
    text = SMALL.replace('kind = "department"', 'kind = "township"')
    assert parse_roster(text, other, SERVER).unit["县水利局"].kind is PlaceKind.TOWNSHIP
