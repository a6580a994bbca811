"""Every page of a ledger says which ledger it belongs to and by what it can be proven later."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace

from openpyxl import Workbook

from bot.ledger.rows import EvidenceRow
from bot.ledger.words import LedgerWords
from bot.ledger.workbook import build_workbook
from tests.support.ledger_rows import CHINESE, ENGLISH, HEAD, cover_row, finding, form_rows, read

STAMP = "数据截止：2023年8月12日18:00　版本：V3"
ANCHOR = "1234:9f3c0123456789ab"


def anchored(words: LedgerWords = CHINESE, anchor: str = ANCHOR) -> Workbook:
    head = replace(HEAD, anchor=anchor, words=words)
    piece = EvidenceRow(1, "甲", 2, "a.jpg", "照片", HEAD.cut_off, "张三", "ab" * 32, "—", photo=True)
    return read(build_workbook(head, form_rows(), [finding()], [cover_row("颍桥回族镇")], [piece]))


def footers(book: Workbook) -> set[tuple[str | None, str | None]]:
    """(left, right) of every sheet."""
    return {(it.left.text, it.right.text) for sheet in book.worksheets if (it := sheet.oddFooter)}


def test_every_page_says_until_when_which_version_and_by_what_it_can_be_proven() -> None:
    assert footers(anchored()) == {(STAMP, f"存证：{ANCHOR}")}
    english = ("Data as of 12 Aug 2023 18:00　Version: V3", f"Anchor: {ANCHOR}")
    assert footers(anchored(ENGLISH)) == {english}
    assert footers(anchored(anchor="")) == {(STAMP, None)}


def test_a_footer_is_never_longer_than_a_workbook_allows_and_holds_no_command() -> None:
    for text in ("&P&N" * 90, "v" * 80 + "&P" * 20, "&" * 300):
        data = build_workbook(replace(HEAD, version=text, anchor=text), form_rows(), [], [])
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        (footer,) = re.findall("<oddFooter>(.*?)</oddFooter>", sheet)
        footer = html.unescape(footer)
        assert len(footer) <= 255
        commands = ["&L", '&"', "&8", "&C", '&"', "&1", "&P", "&R", '&"', "&8"]
        assert re.findall("&.", footer.replace("&&", "")) == commands


def test_the_anchor_stands_on_the_summary_in_the_form_and_where_a_program_finds_it() -> None:
    book = anchored()
    assert book.custom_doc_props["paicha-anchor"].value == ANCHOR  # type: ignore[attr-defined]
    cover, form = book["汇总"], book["台账"]
    assert cover.cell(cover.max_row, 1).value == f"{STAMP}　　存证：{ANCHOR}"
    assert form.cell(form.max_row, 1).value == f"存证：{ANCHOR}"
    assert form.print_area == f"'台账'!$A$1:$J${form.max_row}"


def test_without_an_anchor_nothing_speaks_of_one() -> None:
    data = build_workbook(HEAD, form_rows(), [finding()], [cover_row("颍桥回族镇")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [name for name in archive.namelist() if "存证" in archive.read(name).decode()] == []
        assert "docProps/custom.xml" not in archive.namelist()


def test_the_anchor_is_no_part_of_what_was_reported() -> None:
    texts = [str(cell.value) for line in anchored()["台账"].iter_rows() for cell in line]
    plain = [str(cell.value) for line in anchored(anchor="")["台账"].iter_rows() for cell in line]
    assert [t for t in texts if "SHA-256" in t] == [t for t in plain if "SHA-256" in t]
