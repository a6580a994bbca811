"""The tables of rights and of the lifecycle as the operator gets them printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.main import main
from bot.domain import disclosure, lifecycle, permissions


def test_check_prints_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    rights, moves = list(permissions.printed()), list(lifecycle.printed())
    assert main(["check", "--rights"]) == 0
    assert capsys.readouterr().out.splitlines() == rights
    assert main(["check", "--lifecycle"]) == 0
    assert capsys.readouterr().out.splitlines() == moves
    assert main(["check", "--disclosure"]) == 0
    assert capsys.readouterr().out.splitlines() == list(disclosure.printed())
    assert main(["check", "--rights", "--lifecycle"]) == 0
    assert capsys.readouterr().out.splitlines() == [*rights, "", *moves]


def test_the_page_on_how_the_house_is_built_quotes_the_table_of_rooms() -> None:
    page = (Path(__file__).resolve().parents[2] / "ARCHITECTURE.md").read_text("utf-8")
    assert "\n".join(disclosure.printed()) in page
