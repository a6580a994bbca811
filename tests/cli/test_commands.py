"""The command line as a script meets it: exit codes, help, version, and what is loaded for a command."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main

COMMANDS = ("run", "demo", "rehearse", "check", "export", "doctor", "keys", "login")
SLOW = {"nio", "openpyxl", "apscheduler", "PIL"}


def ended(*arguments: str) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse's own way
        return int(str(end.code))


def test_what_is_sound_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("check") == 0
    told = capsys.readouterr()
    assert "72 items, 16 sections, 4 phases" in told.out
    assert told.err == ""


@pytest.mark.parametrize(
    "arguments",
    [(), ("fly",), ("check", "--colour"), ("export",), ("check", "--schema", "paicha"), ("run", "now")],
)
def test_a_mistake_of_use_is_1_and_says_how_it_is_used(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments) == 1
    assert "usage: paicha" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "keys", "login", "export -o ledger.xlsx", "check"])
def test_what_the_operator_must_mend_is_2_and_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *rest = command.split()
    assert ended(name, "-c", str(tmp_path / "absent.toml"), *rest) == 2
    assert capsys.readouterr().err.startswith("absent.toml: cannot be read")


def test_mistakes_of_both_files_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checklist, roster = tmp_path / "c.json", tmp_path / "r.toml"
    checklist.write_text(CHECKLIST.read_text("utf-8").replace("2023-07-20", "soon"), "utf-8")
    roster.write_text(DEMO_ROSTER.read_text("utf-8").replace('"county"', '"boss"'), "utf-8")
    assert ended("check", "--checklist", str(checklist), "--roster", str(roster)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["c.json", "r.toml"]


def test_a_ledger_without_a_database_is_2_and_an_unknown_scope_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, data = str(tmp_path / "ledger.xlsx"), tmp_path / "data"
    assert ended("export", "-o", output, "--data", str(data)) == 2
    assert "no database yet" in capsys.readouterr().err
    subprocess.run(
        [sys.executable, "-m", "bot", "rehearse", "--data", str(data)], input="", text=True, check=True
    )
    assert ended("export", "-o", output, "--data", str(data), "--scope", "火星") == 1
    assert "火星" in capsys.readouterr().err
    assert ended("export", "-o", output, "--data", str(data)) == 0


def test_years_not_announced_yet_are_a_warning_and_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checklist = tmp_path / "checklist.json"
    text = CHECKLIST.read_text("utf-8")
    checklist.write_text(text.replace('"due": "2023-10-31"', '"due": "2091-10-31"'), "utf-8")
    assert ended("check", "--checklist", str(checklist)) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("warning: the days off of 20") for line in lines)
    named = [int(line.split()[5]) for line in lines]
    assert named[-1] == 2091
    assert 2024 not in named


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--version") == 0
    assert capsys.readouterr().out.startswith("paicha 0.")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_file_and_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(importlib.import_module(f"bot.cli.{command}").run)
    assert ended(command, "--help") == 0
    description = capsys.readouterr().out.split("\n\n")[1]
    assert 2 <= description.count(".") - description.count(".json") <= 5
    assert len(description) > 120


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--help") == 0
    told = capsys.readouterr().out
    assert [command for command in COMMANDS if f"\n    {command} " not in told] == []
    assert "Exit codes: 0 fine" in told


def test_a_check_loads_nothing_slow() -> None:
    code = f"import sys; from bot.cli.main import main; main(['check']); sys.exit(sorted({SLOW} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"
