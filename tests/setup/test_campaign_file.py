"""Every mistake in a campaign's file is told with its place and remedy, all at once, whatever stands in the file."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.setup.campaign_file import load_campaign, parse_campaign
from bot.setup.errors import FileErrors
from tests.support.examples import examples

TEXT = (Path(__file__).parents[2] / "checklist.json").read_text("utf-8")
VALID: dict[str, Any] = json.loads(TEXT)

Change = Callable[[dict[str, Any]], object]


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(FileErrors) as caught:
        parse_campaign(text)
    return caught.value.lines


def at(*path: str | int) -> Callable[[object], Change]:
    """`at("items", 3, "no")(7)`: a change that puts a value there."""

    def put(value: object) -> Change:
        def change(data: dict[str, Any]) -> None:
            inner: Any = data
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = value

        return change

    return put


MISTAKES: list[tuple[Change, str, str]] = [
    (lambda d: d.pop("phone"), "phone", "is missing"),
    (lambda d: d.pop("items"), "items", "is missing"),
    (at("items")([]), "items", "at least one"),
    (at("items")({}), "items", "write a list"),
    (at("items", 3)("wrong"), "items[3]", "table of keys"),
    (at("colour")("red"), "colour", "not known here"),
    (at("half \ud800")("red"), "half \\ud800", "not known here"),
    (at("items", 3, "colour")("red"), "items[3].colour", "not known here"),
    (at("items", 3, "text")(""), "items[3].text", "is empty"),
    (at("items", 3, "text")(" x"), "items[3].text", "space"),
    (at("items", 3, "text")(7), "items[3].text", "text in quotes"),
    (at("items", 3, "text")("第一行\n第二行"), "items[3].text", "U+000A"),
    (at("items", 3, "text")("半个\ud800字"), "items[3].text", "U+D800"),
    (at("items", 3, "id")("edu-05"), "items[4].id", "already that of items[3]"),
    (at("items", 3, "id")("教育"), "items[3].id", "small Latin letters"),
    (at("items", 3, "no")(5), "items[4].no", "already that of items[3]"),
    (at("items", 3, "no")("4"), "items[3].no", "whole number"),
    (at("items", 3, "no")(True), "items[3].no", "whole number"),
    (at("items", 3, "no")(0), "items[3].no", "whole number"),
    (at("items", 71, "no")(75), "items", "number 72–74"),
    (lambda d: d["items"].insert(4, d["items"].pop(3)), "items", "not in the order"),
    (at("items", 3, "section")("moon"), "items[3].section", "not known"),
    (at("items", 3, "section")("health"), "items[4].section", "keep each section together"),
    (at("items", 3, "units")([]), "items[3].units", "at least one"),
    (at("items", 3, "units")(["县教体局", "县教体局"]), "items[3].units[1]", "twice"),
    (at("items", 3, "lead")("县水利局"), "items[3].lead", "not among"),
    (at("items", 3, "asked_of")(["hamlet"]), "items[3].asked_of[0]", "village, township, department"),
    (at("items", 3, "asked_of")([]), "items[3].asked_of", "at least one"),
    (at("items", 0, "asked_of")(["department"]), "items[0].asked_of", "name none"),
    (at("items", 3, "hints")("另查"), "items[3].hints", "write a list"),
    (at("items", 3, "figures")([5]), "items[3].figures[0]", "text in quotes"),
    (at("items", 3, "text")(VALID["items"][4]["text"]), "items[4].text", "already that of items[3]"),
    (at("sections", 3, "area")("moon"), "sections[3].area", "not known"),
    (at("sections", 3, "no")(9), "sections", "number 4"),
    (at("sections", 3, "aliases")(["饮水"]), "sections[6].aliases", "already names sections[3]"),
    (at("areas", 1, "name")("责任落实"), "areas[1].name", "already that of areas[0]"),
    (at("starts")("2023-02-30"), "starts", "not in the calendar"),
    (at("starts")("20230720"), "starts", "2023-08-30"),
    (at("starts")(None), "starts", "2023-08-30"),
    (at("ends")("2023-07-01"), "ends", "before the start"),
    (at("timezone")("Asia/Xiangcheng"), "timezone", "not known"),
    (at("timezone")("../etc/passwd"), "timezone", "not known"),
    (at("timezone")("Asia"), "timezone", "not known"),
    (at("phases", 1, "starts")("2023-07-30"), "phases[1].starts", "one day at most"),
    (at("phases", 1, "starts")(None), "phases[1].starts", "only the first"),
    (at("phases", 1, "starts")("2023-08-11"), "phases[1].ends", "before the phase's start"),
    (at("phases", 3, "ends")("2032-08-30"), "phases[3].ends", "after the campaign's end"),
    (at("phases", 3, "id")("inspect"), "phases[3].id", "already that of phases[1]"),
    (lambda d: d["phases"].reverse(), "phases[1].starts", "phases stand in order"),
    (at("horizons", 0, "due")("2023-06-30"), "horizons[0].due", "before the campaign's start"),
    (at("horizons", 0, "due")(31), "horizons[0].due", "or null"),
    (at("horizons", 2, "name")("立行立改"), "horizons[2].name", "already that of horizons[0]"),
    (at("member_group")(VALID["township_group"]), "member_group", "the same"),
    (at("sources")([]), "sources", "at least one"),
]


@pytest.mark.parametrize(("change", "place", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(change: Change, place: str, said: str) -> None:
    data = copy.deepcopy(VALID)
    change(data)
    lines = problems(json.dumps(data))
    assert any(line.startswith(f"checklist.json: {place}: ") and said in line for line in lines), lines


def test_all_mistakes_are_told_at_once() -> None:
    data = copy.deepcopy(VALID)
    del data["phone"]
    data["items"][3]["asked_of"] = ["hamlet"]
    data["items"][9]["lead"] = "县水利局"
    data["horizons"][0]["due"] = "soon"
    assert len(problems(json.dumps(data))) == 4


def test_broken_json_is_told_with_line_and_column() -> None:
    assert problems('{\n "title" "x"\n}') == ("checklist.json: line 2, column 10: Expecting ':' delimiter",)


@pytest.mark.parametrize("text", ["", "nothing", "[" * 100_000, "1" * 5000, "\ufeff", '{"a": 1} x', "\x00"])
def test_what_is_no_json_is_one_plain_line(text: str) -> None:
    assert len(problems(text)) == 1


@pytest.mark.parametrize("text", ["null", "[]", "7", '"title"', "NaN"])
def test_json_of_another_shape_is_one_plain_line(text: str) -> None:
    assert ["a table of keys and values" in line for line in problems(text)] == [True]


def test_a_key_written_twice_is_a_mistake() -> None:
    lines = problems(TEXT.replace('"county": "襄城县",', '"county": "襄城县", "county": "禹州市",'))
    assert lines == ("checklist.json: county: is written twice; keep one",)


def test_a_key_written_twice_is_found_wherever_it_stands() -> None:
    deep = '{"a": ' * 200 + '{"b": 1, "b": 2}' + "}" * 200
    lines = problems(TEXT.replace('"no": 4,', f'"no": 4, "no": 4, "x": {deep},', 1))
    assert "checklist.json: sections[3].no: is written twice; keep one" in lines
    assert any(line.endswith(".a.b: is written twice; keep one") for line in lines)


def test_one_bad_value_hides_no_other_in_its_list_its_row_or_beside_it() -> None:
    data = copy.deepcopy(VALID)
    data["items"][3] |= {"id": 7, "units": [7, "县教体局", "县教体局", "县教体局"], "lead": "县水利局"}
    data["items"].append("no table")
    data["phases"][1]["starts"] = "soon"
    data["phases"][2]["ends"] = "2023-09-28"
    assert [line.split(": ")[1] for line in problems(json.dumps(data))] == [
        "phases[1].starts",
        "items[3].id",
        "items[3].units[0]",
        f"items[{len(VALID['items'])}]",
        "items[3].units[2]",
        "items[3].units[3]",
        "phases[2].ends",
        "phases[3].starts",
        "items[3].lead",
    ]


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert parse_campaign("\ufeff" + TEXT).items == parse_campaign(TEXT).items


def test_a_file_that_cannot_be_read_is_told_plainly(tmp_path: Path) -> None:
    for make in (lambda p: None, Path.mkdir, lambda p: p.write_bytes("排查".encode("gbk"))):
        path = tmp_path / f"{id(make)}.json"
        make(path)
        with pytest.raises(FileErrors) as caught:
            load_campaign(path)
        assert len(caught.value.lines) == 1
        assert caught.value.lines[0].startswith(path.name)


def paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, below in inner for path in paths(below, (*above, key)))]


PATHS = paths(VALID)[1:]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["edu", "2023-08-01", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@examples(100)
@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(["put", "drop", "add"]), ANY_JSON),
        min_size=1,
        max_size=4,
    )
)
def test_any_mutated_file_is_a_campaign_or_a_list_of_problems(
    edits: list[tuple[tuple[str | int, ...], str, Any]],
) -> None:
    data: Any = copy.deepcopy(VALID)
    for path, action, value in edits:
        inner = data
        try:
            for step in path[:-1]:
                inner = inner[step]
            if action == "put":
                inner[path[-1]] = value
            elif action == "drop":
                del inner[path[-1]]
            elif isinstance(inner, list):
                inner.append(value)
            else:
                inner[str(value)] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier edit took this place away
    answers_plainly(json.dumps(data))


@examples(50)
@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=5))
def test_any_cut_or_torn_text_is_a_campaign_or_a_list_of_problems(start: int, length: int, put: str) -> None:
    answers_plainly(TEXT[:start] + put + TEXT[start + length :])


@given(ANY_JSON)
@examples(50)
def test_any_json_is_a_list_of_problems(value: object) -> None:
    assert problems(json.dumps(value))


def answers_plainly(text: str) -> None:
    try:
        found = parse_campaign(text)
    except FileErrors as error:
        lines = error.lines
    else:
        assert [item.no for item in found.items] == list(range(1, len(found.items) + 1))
        return
    assert lines
    for line in lines:
        assert line.startswith("checklist.json: ")
        assert line.isprintable()
        assert not any(word in line for word in ("pydantic", "Input should", "https://")), line
