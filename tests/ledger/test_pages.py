"""The printed form: nothing is lost between pages, and every page holds what is planned for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.pages import Page, Paper, Part, plan_pages
from bot.ledger.row_split import slabs_of, take
from bot.ledger.rows import FormRow
from bot.ledger.text_metrics import halves, lines_height, wrap
from tests.support.examples import examples
from tests.support.ledger_rows import form_row, form_rows

PAPER = Paper(first=335.0, other=460.0, tail=70.0)
TEXTS = st.one_of(
    st.just("未发现问题（入户12户）"),
    st.text(st.sampled_from("水管漏，。“（a1 \n"), max_size=300),
    st.integers(1, 40).map(
        lambda n: "\n".join(f"{i}. 张**家水管漏水，已半个月没有修好" for i in range(1, n + 1))
    ),
)
ROWS = st.lists(st.builds(form_row, st.integers(1, 72), TEXTS, TEXTS, TEXTS), max_size=25).map(
    lambda rows: sorted(rows, key=lambda row: row.no)
)


def parts_of(pages: tuple[Page, ...]) -> list[Part]:
    return [part for page in pages for part in page.parts]


def flat(texts: list[str]) -> str:
    return "".join(texts).replace("\n", "")


def rebuilt(parts: list[Part]) -> list[tuple[FormRow, str, str, str]]:
    """The rows as a reader puts them together again, without line ends."""
    rows: list[tuple[FormRow, list[Part]]] = []
    for part in parts:
        if part.continued:
            rows[-1][1].append(part)
        else:
            rows.append((part.row, [part]))
    return [(row, *(flat([part.texts[i] for part in own]) for i in range(3))) for row, own in rows]  # type: ignore[misc]


@examples(60)
@given(ROWS)
def test_every_row_is_printed_whole_once_and_in_order(rows: list[FormRow]) -> None:
    expected = [(r, flat([r.finding_text]), flat([r.measure_text]), flat([r.result_text])) for r in rows]
    assert rebuilt(parts_of(plan_pages(rows, PAPER))) == expected


@examples(60)
@given(ROWS)
def test_no_page_is_higher_than_its_paper_and_the_signatures_fit(rows: list[FormRow]) -> None:
    pages = plan_pages(rows, PAPER)
    rooms = [PAPER.first, *[PAPER.other] * (len(pages) - 1)]
    rooms[-1] -= PAPER.tail
    assert all(page.height <= room for page, room in zip(pages, rooms, strict=True))
    assert all(part.height <= 409.5 for part in parts_of(pages))
    assert all(page.parts for page in pages[:-1])


@examples(60)
@given(ROWS)
def test_areas_and_sections_tile_each_page(rows: list[FormRow]) -> None:
    for page in plan_pages(rows, PAPER):
        for letters, depth in (("AB", 1), ("CD", 2)):
            runs = [(first, last) for first, last, of in page.runs() if of == letters]
            assert [i for first, last in runs for i in range(first, last + 1)] == list(range(len(page.parts)))
            for first, last in runs:
                labels = {(p.row.area, p.row.section)[:depth] for p in page.parts[first : last + 1]}
                assert len(labels) == 1


def test_a_clear_village_prints_about_as_many_pages_as_the_official_form() -> None:
    assert 12 <= len(plan_pages(form_rows(), PAPER)) <= 17


def test_a_row_is_as_high_as_the_name_beside_it() -> None:
    short = replace(form_row(1), text="短", units_text="县", section="党委政府责任落实")
    page = plan_pages([short], PAPER)[0]
    assert page.height >= lines_height(4, 10.5)


def test_a_finding_its_measure_and_its_result_stay_on_one_page() -> None:
    rows = [
        form_row(
            22,
            *("\n".join(f"{i}. {what}{i}号" for i in range(1, 61)) for what in ("水管漏水", "更换", "已换")),
        )
    ]
    parts = parts_of(plan_pages(rows, PAPER))
    assert len(parts) > 1
    for part in parts:
        numbers = [[line.split(".")[0] for line in text.split("\n")] for text in part.texts]
        assert numbers[0] == numbers[1] == numbers[2]


def test_five_hundred_findings_in_one_item_are_all_printed() -> None:
    rows = form_rows(n22="\n".join(f"{i}. 水管漏水" for i in range(1, 501)))
    assert rebuilt(parts_of(plan_pages(rows, PAPER)))[21][1].endswith("500. 水管漏水")


def test_a_row_higher_than_the_first_page_begins_on_it() -> None:
    pages = plan_pages([form_row(1, "水" * 270)], PAPER)
    assert pages[0].parts
    assert len(pages) == 2


def test_no_rows_still_make_a_page_to_sign() -> None:
    assert plan_pages([], PAPER) == (Page(()),)


def test_the_signatures_take_the_last_row_with_them() -> None:
    full = [form_row(no) for no in range(1, 4)]
    height = plan_pages(full, PAPER)[0].height
    tight = Paper(first=height + 1, other=460.0, tail=70.0)
    assert [len(page.parts) for page in plan_pages(full, tight)] == [2, 1]


def test_an_item_text_higher_than_a_page_does_not_stop_the_ledger() -> None:
    pages = plan_pages([replace(form_row(1), text="问" * 3000)], PAPER)
    assert len(parts_of(pages)) == 1


@given(st.text(max_size=200), st.integers(2, 40))
def test_wrapped_lines_are_the_text_again(text: str, room: int) -> None:
    assert "".join(wrap(text, room)) == text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("水管漏水严重", ["水管漏水", "严重"]),
        ("水管漏水，严重", ["水管漏", "水，严重"]),
        ("ab cdefgh", ["ab ", "cdefgh"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("一\n二", ["一\n", "二"]),
        ("“好”", ["“好”"]),
        ("", [""]),
    ],
)
def test_lines_break_where_a_reader_expects(text: str, lines: list[str]) -> None:
    assert wrap(text, 8) == lines


def test_a_wider_column_holds_more() -> None:
    assert halves(20.0, 10.5) > halves(10.0, 10.5) > halves(10.0, 16.0) > 0


def test_columns_numbered_differently_are_cut_by_lines() -> None:
    slabs = slabs_of(("1. 甲\n2. 乙\n3. 丙", "1. 甲\n2. 乙", "整改中"), (20, 20, 20))
    assert slabs == [(("1. 甲\n", "2. 乙\n", "3. 丙"), ("1. 甲\n", "2. 乙"), ("整改中",))]
    assert take(slabs, 2, cut=False) == (("", "", ""), slabs)
    assert take(slabs, 2, cut=True) == (("1. 甲\n2. 乙", "1. 甲\n2. 乙", "整改中"), [(("3. 丙",), (), ())])
