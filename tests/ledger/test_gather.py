"""The ledger says of each place and item what was answered there, for exactly the part of the county that was asked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.chat import Said
from bot.delivery.document import Document
from bot.dialogue.parsing.scope import parse_scope
from bot.domain.scope import Scope
from bot.ledger.deliver import LedgerSource, ledger_for
from bot.ledger.gather import Asked, Gathered, gather
from bot.ledger.words import STATES, LedgerWords
from storage import history, places
from storage.db import Database
from tests.support.bot_in_memory import COORDINATOR, FIRST, LI, OFFICE, START, ZHANG, InMemoryBot, plan
from tests.support.ledger_rows import CHINESE, ENGLISH, TEXTS

CAMPAIGN = plan().campaign
LEAK = "三组王五家水管老化漏水"
THIRD = "麦岭示范一村"


@pytest.fixture
def stand() -> InMemoryBot:
    """Zhang's first village is done but for item 40, with a finding and a draft; Li's has two answers."""
    fresh = InMemoryBot()
    fresh.says("排查", "1", "3-10 无，入户12户", "11 不涉及", f"22 有，{LEAK}", "村委会换好水管", "1")
    fresh.says("12 有，王五慢病卡没有办下来", "稍后", "其余无，查台账", "改 40 稍后")
    fresh.says("排查", "3-4 无，查台账", who=LI)
    return fresh


def made(
    stand: InMemoryBot,
    scope: Scope | None = None,
    later: timedelta = timedelta(),
    words: LedgerWords = CHINESE,
) -> Gathered:
    return gather(stand.tx, CAMPAIGN, Asked(scope or of(FIRST), "张三", words), stand.now + later)


def of(name: str) -> Scope:
    return Scope(places=tuple(p.id for p in places.every(InMemoryBot().tx) if p.name == name))


def text(gathered: Gathered, no: int) -> str:
    return next(row.finding_text for row in gathered.form if row.no == no)


def test_every_item_has_a_row_that_says_what_was_answered(stand: InMemoryBot) -> None:
    rows = made(stand)
    assert [row.no for row in rows.form] == list(range(1, 73))
    assert text(rows, 5) == "未发现问题（入户12户）"
    assert text(rows, 11) == "不涉及"
    assert text(rows, 50) == "未发现问题（查台账）"
    assert text(rows, 40) == "未报"
    assert text(rows, 1) == "不涉及"  # not asked of villages
    assert text(rows, 22) == f"{LEAK}（问题101）"
    assert all(
        row.finding_text and row.measure_text and row.result_text and row.units_text for row in rows.form
    )


def test_a_finding_has_its_measure_state_and_date_in_the_row(stand: InMemoryBot) -> None:
    row = next(row for row in made(stand).form if row.no == 22)
    assert row.measure_text == "村委会换好水管"
    assert row.result_text == "整改中（立行立改，2023年8月31日前）"
    assert row.units_text == "县水利局"
    draft = next(row for row in made(stand).form if row.no == 12)
    assert (draft.measure_text, draft.result_text) == ("未填", "草稿（时限未定）")


def test_what_was_found_but_not_yet_described_is_never_blank_nor_unreported(stand: InMemoryBot) -> None:
    stand.tx.run("UPDATE findings SET description = ' ' WHERE no = 102")
    rows = made(stand)
    assert text(rows, 12) == "发现（待补充）（问题102）"
    (draft,) = [row for row in rows.findings if row.number == 102]
    assert (draft.description, draft.state) == ("发现（待补充）", "草稿")
    assert text(made(stand, Scope()), 12).startswith(f"{FIRST}：发现（待补充）（问题102）")
    english = made(stand, words=ENGLISH)
    assert text(english, 12) == "found (details to follow) (problem 102)"
    assert [row.description for row in english.findings][1] == "found (details to follow)"


def test_an_answer_that_something_was_found_is_enough_to_be_printed(stand: InMemoryBot) -> None:
    stand.tx.run("UPDATE findings SET state = 'void' WHERE no = 102")
    stand.tx.run("UPDATE checks SET answer = 'found' WHERE item_id = ?", (CAMPAIGN.by_no[12].id,))
    rows = made(stand)
    row = next(row for row in rows.form if row.no == 12)
    assert (row.finding_text, row.measure_text, row.result_text) == ("发现（待补充）", "未填", "未填")
    assert row.units_text
    assert [row.number for row in rows.findings] == [101]
    assert text(made(stand, Scope()), 12).startswith(f"{FIRST}：发现（待补充）\n")
    assert text(made(stand, words=ENGLISH), 12) == "found (details to follow)"
    assert text(made(stand, replace(of(FIRST), state="overdue")), 12) == "发现（不在本表范围）"


def test_what_the_scope_leaves_out_is_not_said_to_be_undescribed_or_not_applicable(
    stand: InMemoryBot,
) -> None:
    stand.act(101, "submit", ZHANG, result="8月8日换好水管，已通水")
    stand.act(101, "close", COORDINATOR)
    assert text(made(stand, replace(of(FIRST), state="open")), 22) == "发现（不在本表范围）"
    assert text(made(stand), 22) == f"{LEAK}（问题101）"


def test_every_state_of_a_finding_is_worded_and_verified_ones_are_still_open(stand: InMemoryBot) -> None:
    def submit() -> None:
        stand.act(101, "submit", ZHANG, result="8月8日换好水管，已通水")

    steps: tuple[Callable[[], None], ...] = (
        lambda: None,
        submit,
        lambda: stand.act(101, "return", COORDINATOR, "没有照片"),
        submit,
        lambda: stand.act(101, "verify", COORDINATOR),
        lambda: stand.act(101, "close", OFFICE),
        lambda: stand.act(101, "reopen", OFFICE, "回头看不属实"),
    )
    seen = {"draft"}  # 102
    for step in steps:
        step()
        row = next(row for row in made(stand).findings if row.number == 101)
        state = str(stand.finding(101)["state"])
        seen.add(state)
        assert row.state == CHINESE.state(state)
        if state == "verified":
            assert [row.number for row in made(stand, Scope(state="open")).findings] == [101, 102]
            assert next(r for r in made(stand).form if r.no == 22).result_text.count("已核实（")
    assert seen == set(STATES[:-1])  # void ones are in no ledger


def test_the_anchor_goes_into_the_head_of_the_ledger(stand: InMemoryBot) -> None:
    asked = Asked(of(FIRST), "张三", CHINESE)
    assert gather(stand.tx, CAMPAIGN, asked, stand.now).head.anchor == history.head(stand.tx)


def test_over_several_places_findings_are_numbered_and_missing_places_named(stand: InMemoryBot) -> None:
    rows = made(stand, Scope())
    assert text(rows, 22).startswith(f"{FIRST}：{LEAK}（问题101）")
    assert "个排查点未报" in text(rows, 22)
    assert text(rows, 3).startswith(f"未发现问题（{FIRST}入户12户；{THIRD}查台账）")
    both = Scope(places=(*of(FIRST).places, *of(THIRD).places))
    assert text(made(stand, both), 5) == f"未发现问题（{FIRST}入户12户）；未报：{THIRD}"


def test_the_flat_sheet_has_every_live_finding_and_only_those(stand: InMemoryBot) -> None:
    rows = made(stand, Scope()).findings
    assert [row.number for row in rows] == [101, 102]
    assert (rows[0].village, rows[0].township, rows[0].item_no) == (FIRST, "颍桥回族镇", 22)
    assert (rows[0].due, rows[0].state, rows[0].reporter) == (date(2023, 8, 31), "整改中", "张三")
    stand.tx.run("UPDATE findings SET state = 'void' WHERE no = 101")
    assert [row.number for row in made(stand, Scope()).findings] == [102]
    assert text(made(stand), 22) == "未发现问题" or "101" not in text(made(stand), 22)


def test_the_cover_counts_answered_asked_and_findings(stand: InMemoryBot) -> None:
    (unit,) = made(stand).cover
    assert unit.unit == "颍桥回族镇"
    sums = [
        sum(values)
        for values in zip(*((c.answered, c.expected, c.findings) for c in unit.cells), strict=True)
    ]
    assert sums == [69, 70, 2]
    assert len(made(stand, Scope()).cover) == 28


def test_a_section_narrows_the_rows_and_the_findings(stand: InMemoryBot) -> None:
    scope = parse_scope("饮水安全", of(FIRST), CAMPAIGN, places.every(stand.tx))
    assert scope is not None
    rows = made(stand, scope)
    assert {row.section for row in rows.form} == {"饮水安全"}
    assert [row.number for row in rows.findings] == [101]
    assert scope.label(CAMPAIGN, places.every(stand.tx)) == f"{FIRST}饮水安全"


def test_overdue_and_open_findings_are_told_apart(stand: InMemoryBot) -> None:
    assert [f.number for f in made(stand, Scope(state="open")).findings] == [101, 102]
    assert [f.number for f in made(stand, Scope(state="overdue")).findings] == []
    late = timedelta(days=60)
    assert [f.number for f in made(stand, Scope(state="overdue"), late).findings] == [101]
    stand.tx.run("UPDATE findings SET state = 'closed' WHERE no = 101")
    assert [f.number for f in made(stand, Scope(state="open"), late).findings] == [102]


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "台账"), ("en", "Ledger")])
def test_the_outbox_row_of_a_reporters_command_becomes_their_own_workbook_in_their_language(
    tmp_path: Path, language: str, name: str
) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", f"22 有，{LEAK}", f"语言 {language}")
    (row,) = [row for row in stand.take(stand.event(Said("台账"))) if row.act == "ledger"]
    path = tmp_path / "paicha.db"
    stand.connection.execute("VACUUM INTO ?", (str(path),))

    async def run() -> Document | str:
        database = await Database.open(path)
        try:
            source = LedgerSource(database, CAMPAIGN, TEXTS, tmp_path / "media")
            return await ledger_for(source, row, START)
        finally:
            await database.close()

    made = asyncio.run(run())
    assert isinstance(made, Document)
    assert made.upload.name.endswith(f"_{name.lower()}.xlsx")
    assert (made.action.person_id, made.action.ref) == (row.person_id, stand.last)
    sheets = load_workbook(io.BytesIO(made.upload.data))
    assert sheets.properties.identifier == f"sha256:{made.export.content_hash}"
    assert sheets.sheetnames[0] == name
    values = {
        str(cell) for sheet in sheets for cells in sheet.iter_rows(values_only=True) for cell in cells if cell
    }
    assert any(LEAK in value for value in values)
    assert THIRD not in "".join(values)
