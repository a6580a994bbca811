"""docs/data.md says what is so: its columns are those of the views, its queries and its program run."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain import lifecycle
from bot.texts import load_texts
from storage import history
from storage.history import Action, erase
from tests.support.bot_in_memory import FIRST, START, InMemoryBot

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text("utf-8")
SCHEMA = (ROOT / "storage" / "migrations" / "0001_initial.sql").read_text("utf-8")
WORDS = "三组王五家水管老化漏水"


def told() -> InMemoryBot:
    stand = InMemoryBot()
    stand.says("排查", "1", "1", f"2 {WORDS}", "村委会换好水管", "1", "6-8 无，查台账")
    stand.photo()
    return stand


def documented() -> dict[str, list[str]]:
    """View -> its columns, as the page lists them."""
    parts = re.split(r"^### (v_\w+)$", PAGE.partition("\n## Examples")[0], flags=re.MULTILINE)
    return {
        name: re.findall(r"^\| (\w+) \| (?!type)", text, re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_lists_every_view_with_its_columns() -> None:
    tx = told().tx
    views = [row[0] for row in tx.all("SELECT name FROM sqlite_master WHERE type = 'view'")]
    assert documented() == {
        view: [row[0] for row in tx.all("SELECT name FROM pragma_table_info(?)", (view,))] for view in views
    }


@pytest.mark.parametrize("query", blocks("sql"))
def test_the_example_queries_find_something(query: str) -> None:
    assert told().tx.all(query)


def test_the_program_on_the_page_verifies_a_chain_with_nothing_of_ours(tmp_path: Path) -> None:
    stand = told()
    where = stand.tx.all("SELECT action, n FROM changes WHERE field = 'description'")
    erase(stand.tx, [(row[0], row[1]) for row in where], Action("erase", 1, START, "v", source="cli"), START)
    (tmp_path / "verify.py").write_text(blocks("python")[0], "utf-8")
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path / "paicha.db")]
    with closing(sqlite3.connect(tmp_path / "paicha.db")) as file:
        stand.connection.backup(file)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == history.head(stand.tx)
        file.executescript(
            "DROP TRIGGER changes_stay; UPDATE changes SET after = 'found' WHERE after = 'clear'"
        )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "a change of action" in done.stderr


def test_views_name_things_as_people_do() -> None:
    tx = told().tx
    check = tx.one(
        "SELECT place, item, answer, basis, person, on_behalf_of FROM v_checks ORDER BY item LIMIT 1"
    )
    assert check is not None
    assert tuple(check) == (FIRST, 3, "clear", "", "张三", None)
    assert {row[0] for row in tx.all("SELECT basis FROM v_checks WHERE item BETWEEN 6 AND 8")} == {"查台账"}
    finding = tx.one(
        "SELECT place, description, date(due) = due, state, reporter, result, closed_at FROM v_findings"
    )
    assert finding is not None
    assert tuple(finding) == (FIRST, WORDS, 1, "rectifying", "张三", "", None)


def test_erased_words_are_null() -> None:
    stand = told()
    where = stand.tx.all("SELECT action, n FROM changes WHERE field = 'description'")
    erase(stand.tx, [(row[0], row[1]) for row in where], Action("erase", 1, START, "v", source="cli"), START)
    rows = stand.tx.all("SELECT before, after FROM v_changes WHERE field = 'description'")
    assert {tuple(row) for row in rows} == {(None, None)}


def test_every_table_has_a_comment_of_its_own() -> None:
    comments = dict(re.findall(r"^CREATE TABLE (\w+) \(\s+-- (\S.*)$", SCHEMA, re.MULTILINE))
    tables = [row[0] for row in told().tx.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert {name for name in tables if not name.startswith("sqlite_")} == comments.keys()


def test_states_of_findings_are_those_of_the_lifecycle_with_a_name_in_each_language() -> None:
    (listed,) = re.findall(
        r"^CREATE TABLE findings \(.*?CHECK \(state IN \((.*?)\)\)", SCHEMA, re.DOTALL | re.MULTILINE
    )
    assert tuple(re.findall(r"'(\w+)'", listed)) == lifecycle.STATES
    for language, texts in load_texts().catalogue.items():
        assert {f"state_{state}" for state in lifecycle.STATES} <= texts.keys(), language
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| state | code | `draft`")]
    assert tuple(re.findall(r"`(\w+)`", row)) == lifecycle.STATES
