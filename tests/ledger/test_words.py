"""Every word of a ledger stands in bot/texts, in both languages, and fits where it is printed."""

from __future__ import annotations

import ast
import re
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path

import pytest

from bot.delivery.thumbnail import NoThumbnail
from bot.domain.scope import USUAL_WORDS, scope_words
from bot.ledger import detail_sheet, form_sheet, photo_sheet
from bot.ledger.rows import EvidenceRow
from bot.ledger.text_metrics import halves
from bot.ledger.words import DONE, STATES, LedgerWords
from bot.ledger.workbook import build_workbook
from tests.support.ledger_rows import CHINESE, ENGLISH, HEAD, TEXTS, cover_row, finding, form_row, read

LEDGER = Path(__file__).resolve().parents[2] / "bot" / "ledger"
HAN = re.compile("[\u4e00-\u9fff]")
FONTS = {"方正小标宋简体", "黑体", "仿宋_GB2312", "宋体", "宋体,Regular"}
both = pytest.mark.parametrize("words", [CHINESE, ENGLISH], ids=["zh-CN", "en"])


def constants(path: Path) -> set[str]:
    """The strings of a module that are no docstrings."""
    module = ast.parse(path.read_text("utf-8"))
    said = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    }


def test_no_module_of_the_ledger_holds_a_word_of_its_own() -> None:
    found = {text for path in LEDGER.glob("*.py") for text in constants(path) if HAN.search(text)}
    assert found == FONTS


@both
def test_every_state_has_a_word_that_fits_into_the_list_to_choose_from(words: LedgerWords) -> None:
    said = [words.state(state) for state in STATES]
    assert len(set(said)) == len(STATES)
    assert not any("," in word or '"' in word for word in said)
    assert len(",".join(said)) + 2 <= 255
    assert set(DONE) <= set(STATES)


def test_verified_stands_between_submitted_and_closed_and_no_horizon_is_a_state() -> None:
    said = [CHINESE.state(state) for state in STATES]
    assert said == ["草稿", "整改中", "待核实", "已核实", "已退回", "已销号", "重新打开", "已作废"]


@both
def test_every_reason_for_no_picture_has_its_words(words: LedgerWords) -> None:
    assert all(words.say(f"ledger_no_picture_{reason.value}") for reason in NoThumbnail)


@both
def test_headings_differ_and_their_longest_word_fits_the_column(words: LedgerWords) -> None:
    flat = {words.say(f"ledger_col_{c.field}"): c.width for c in detail_sheet.COLUMNS}
    photos = {words.say(f"ledger_evidence_{c.name}", n=12): c.width for c in photo_sheet.COLUMNS}
    form = {words.say(f"ledger_form_{column}") for column in form_sheet.COLUMNS if column}
    assert (len(flat), len(photos), len(form)) == (23, 9, 8)
    for heading, width in (*flat.items(), *photos.items()):
        for word in heading.split() if heading.isascii() else ():
            assert len(word) <= halves(width, 10.0) + 1, heading


@both
def test_days_are_said_as_people_say_them(words: LedgerWords) -> None:
    day = date(2023, 8, 2)
    said = {"zh-CN": ("2023年8月2日", "8月2日"), "en": ("2 Aug 2023", "2 Aug")}
    language = "zh-CN" if words is CHINESE else "en"
    assert (words.day(day), words.short_day(day)) == said[language]


def test_areas_are_counted_as_far_as_there_are_words() -> None:
    assert [CHINESE.numeral(n) for n in (0, 1, 10, 11)] == ["0", "一", "十", "11"]
    assert ENGLISH.numeral(3) == "III"


def test_the_usual_name_of_a_scope_is_the_chinese_one() -> None:
    assert scope_words(TEXTS.catalogue["zh-CN"]) == USUAL_WORDS


def test_an_english_ledger_has_no_chinese_but_what_people_and_the_notice_said() -> None:
    head = replace(
        HEAD, words=ENGLISH, title="Ledger", scope="Yingqiao", document="No. 1", filled_by="Zhang", note="x"
    )
    row = replace(form_row(1), area="Policy", section="Schools", text="Is all well?", units_text="County")
    row, found = replace(row, finding_text=""), finding()
    piece = EvidenceRow(1, "x", 2, "a.jpg", "photo", head.cut_off, "Zhang", "ab" * 32, "—", photo=True)
    cover = replace(cover_row("Yingqiao"), cells=(replace(cover_row("x").cells[0], section="Schools"),))
    book = read(build_workbook(head, [row], [found], [cover], [piece]))
    assert book.sheetnames == ["Ledger", "Details", "Summary", "Evidence"]
    texts = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line if cell.value]
    texts += [
        str(choice.formula1) + str(choice.error) for choice in book["Details"].data_validations.dataValidation
    ]
    said = {value for value in astuple(found) if isinstance(value, str)}
    assert [text for text in texts if HAN.search(text) and text not in said] == []
    assert [cell.value for cell in book["Ledger"][4] if cell.value] == [
        "Area", "Section", "No.", "Item inspected", "Problems found", "Measures", "Progress", "Responsible",
    ]  # fmt: skip
    assert book["Ledger"]["G5"].value == "Not reported"
    assert book["Ledger"]["H3"].value == "Date: 12 Aug 2023"
