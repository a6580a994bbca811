"""Golden chats: what people say and what they get back, played through the very path of `paicha rehearse`.

`pytest tests/test_transcripts.py --update` writes the answers anew; read the difference as the person in it would.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from bot.context import build_context
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import NAMES
from bot.handlers import COMMANDS
from bot.texts import LANGUAGES, load_texts
from tests.support import transcripts

TRANSCRIPTS = transcripts.transcripts()
NAMES_OF = {path: path.name.removesuffix(".txt") for path in TRANSCRIPTS}

# Said only by the running service, or only when something breaks: (the test that says it, its words there).
SERVICE = "tests/engine/test_said_in_service.py"
ELSEWHERE = {
    "digest_all_begun": (SERVICE, "digest_all_begun"),
    "digest_quiet": (SERVICE, "digest_quiet"),
    "gone_damaged": ("tests/delivery/test_media.py", "损坏"),
    "gone_missing": ("tests/delivery/test_media.py", "没有了"),
    "ledger_failed": (SERVICE, "台账没有做成"),
    "sorry": (SERVICE, "对不起，刚才那条没处理成"),
    "stranger": (
        "tests/engine/test_membership.py",
        "不在名单上",
    ),  # whose language nobody knows: always Chinese
    "unreadable": (SERVICE, "发的一条消息我解不开"),
}
# Printed in a workbook, which no chat shows: tests/ledger reads them there.
PRINTED = frozenset(
    tomllib.loads(resources.files("bot.texts").joinpath("zh-CN.ledger.toml").read_text("utf-8"))
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, transcripts.Performance]:
    """Every transcript once, from beginning to end."""
    return {
        path: transcripts.perform(path, tmp_path_factory.mktemp("stage"), reopen=False)
        for path in TRANSCRIPTS
    }


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=NAMES_OF.__getitem__)
def test_the_chat_goes_as_written(
    path: Path, played: dict[Path, transcripts.Performance], pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--update"):
        path.write_text(played[path].text, "utf-8")
    assert played[path].text == path.read_text("utf-8")
    assert played[path].doubled == ()


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=NAMES_OF.__getitem__)
def test_reopening_everything_from_disk_before_every_line_changes_nothing(path: Path, tmp_path: Path) -> None:
    assert transcripts.perform(path, tmp_path, reopen=True).text == path.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_said_in_some_chat(language: str, played: dict[Path, transcripts.Performance]) -> None:
    said = set().union(*(played[path].said for path in TRANSCRIPTS if transcripts.language(path) == language))
    assert sorted(set(load_texts().catalogue[language]) - said - set(ELSEWHERE) - PRINTED) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_question_is_asked_in_some_chat(
    language: str, played: dict[Path, transcripts.Performance]
) -> None:
    asked = set().union(
        *(played[path].asked for path in TRANSCRIPTS if transcripts.language(path) == language)
    )
    assert sorted(set(NAMES.values()) - asked) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_is_given_in_some_chat(language: str) -> None:
    vocabulary = build_context(transcripts.plan_in(language).campaign, "").vocabulary
    lines = [
        line
        for path in TRANSCRIPTS
        if transcripts.language(path) == language
        for line in transcripts.spoken(path.read_text("utf-8"))
    ]
    given = {command.name for line in lines if (command := parse(line, Expect.NOTHING, vocabulary).command)}
    assert sorted(set(COMMANDS) - given) == []


def test_every_chat_is_told_in_both_languages() -> None:
    told = {
        language: {path.name.split(".")[0] for path in TRANSCRIPTS if transcripts.language(path) == language}
        for language in LANGUAGES
    }
    assert told["zh-CN"] == told["en"]


def test_what_is_said_elsewhere_is_said_there() -> None:
    root, chinese = transcripts.FOLDER.parent.parent, load_texts().catalogue["zh-CN"]
    assert {
        key: (file, words)
        for key, (file, words) in ELSEWHERE.items()
        if words not in (root / file).read_text("utf-8") or words not in f"{key} {chinese[key]}"
    } == {}
