"""Whatever a person typed becomes a cell that opens, says what they said and does nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.cell_xml import MAX_UNITS, Value, cell, clean, row, unescape
from tests.support.ledger_rows import SETTING, ZONE

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


def parsed(value: Value) -> ElementTree.Element:
    return ElementTree.fromstring(cell("B7", value, 3, SETTING))


def shown(value: Value) -> str:
    return "".join(parsed(value).itertext())


@given(ANY_TEXT)
def test_any_text_comes_back_as_said(text: str) -> None:
    assert unescape(shown(text)) == clean(text)


@given(ANY_TEXT)
def test_text_is_never_a_formula_a_number_or_an_error(text: str) -> None:
    element = parsed(text)
    assert {child.tag for child in element} <= {"is"}
    assert element.get("t") == ("inlineStr" if text else None)


@given(ANY_TEXT)
def test_cleaning_leaves_only_what_can_be_written_and_shown(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert all(char == "\n" or char == "\t" or char >= " " for char in cleaned)


@pytest.mark.parametrize("text", ["=1+1", "+86 123", "-1", "@SUM(A1)", "#REF!", "=cmd|' /C calc'!A0", "\t=1"])
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("水管\x00漏\x1b水", "水管漏水"),
        ("甲\r\n乙\r丙\u2028丁\x0b戊", "甲\n乙\n丙\n丁\n戊"),
        ("\ufffe坏\uffff字\ud83d", "坏字"),
        ("编号\u202e821\u202c", "编号821"),
        ("😀👨\u200d👩\u200d👧 好", "😀👨\u200d👩\u200d👧 好"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("  两头有空格  ", "  两头有空格  "),
    ],
)
def test_characters_a_workbook_cannot_hold_are_left_out(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_text_that_looks_like_an_escape_is_escaped() -> None:
    assert shown("a_x000D_b_x0041_") == "a_x005F_x000D_b_x005F_x0041_"
    assert unescape("a_x005F_x000D_b") == "a_x000D_b"


@pytest.mark.parametrize("char", ["水", "😀"])
def test_text_longer_than_a_cell_is_cut_and_says_so(char: str) -> None:
    text = shown(char * 40_000)
    assert len(text.encode("utf-16-le")) // 2 in (MAX_UNITS, MAX_UNITS - 1)
    assert text.endswith(char + SETTING.cut_note)


def test_text_of_exactly_one_cell_is_not_cut() -> None:
    assert shown("&" * MAX_UNITS) == "&" * MAX_UNITS


@pytest.mark.parametrize(
    ("value", "serial"),
    [
        (date(2023, 8, 12), "45150"),
        (datetime(2023, 8, 12, 18, 0, tzinfo=ZONE), "45150.75"),
        (datetime(2023, 8, 12, 17, 0, tzinfo=UTC), "45151.0416666667"),
        (date(1900, 3, 1), "61"),
        (128, "128"),
        (0, "0"),
    ],
)
def test_dates_and_numbers_are_numbers_in_the_countys_time(value: Value, serial: str) -> None:
    element = parsed(value)
    assert element.findtext("v") == serial
    assert element.get("t") is None


@pytest.mark.parametrize("value", [date(1899, 1, 1), 10**20, -(10**15)])
def test_what_a_workbook_cannot_count_is_text(value: Value) -> None:
    assert shown(value) == str(value)


@given(st.datetimes(timezones=st.just(UTC)) | st.datetimes() | st.dates() | st.integers())
def test_every_value_makes_a_cell(value: Value) -> None:
    assert shown(value)


def test_nothing_is_an_empty_cell_with_its_look() -> None:
    assert cell("B7", None, 3, SETTING) == cell("B7", "", 3, SETTING) == '<c r="B7" s="3"/>'


def test_a_row_has_the_height_it_is_given() -> None:
    assert row(5, ["<c/>"], 40.5) == '<row r="5" ht="40.5" customHeight="1"><c/></row>'
    assert row(5, []) == '<row r="5"></row>'
