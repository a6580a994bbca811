"""Golden chats: what people say and what they get back, played through the very path of `paicha rehearse`.

`pytest tests/engine/test_transcripts.py --update` writes the answers anew; read the difference as the person in it would.
"""

from __future__ import annotations

import functools
import os
import pickle
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from bot.context import build_context
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from bot.dialogue.questions import NAMES
from bot.handlers import COMMANDS
from bot.texts import LANGUAGES, load_texts
from tests.support import transcripts

TRANSCRIPTS = transcripts.transcripts()
REOPENED = ("first_day.zh-CN.txt", "search.en.txt")  # the others with --reopen: it costs a start a line

# Said only by the running service, or only when something breaks: (the test that says it, its words there).
SERVICE = "tests/engine/test_said_in_service.py"
TOO_MUCH = "tests/engine/test_too_much.py"
ELSEWHERE = {
    "digest_all_begun": (SERVICE, "digest_all_begun"),
    "digest_anchor": ("tests/scheduling/test_digest.py", "台账记录链"),
    "digest_quiet": (SERVICE, "digest_quiet"),
    "former": ("tests/engine/test_former.py", "不能再改"),  # no transcript changes the roster
    "no_longer_yours": ("tests/engine/test_former.py", "不由您负责"),
    "unedited": ("tests/engine/test_unedited.py", "您删掉了修改"),
    "unedited_same": ("tests/engine/test_unedited.py", "没有在用"),
    "gone_damaged": ("tests/delivery/test_media.py", "损坏"),
    "gone_late": ("tests/delivery/test_media_fair.py", "好几天都没能"),
    "media_quota": ("tests/delivery/test_media_fair.py", "一天的上限"),
    "gone_missing": ("tests/delivery/test_media.py", "没有了"),
    "edit_too_long": (TOO_MUCH, "改成的话太长（超过4000字），没有读"),
    "ledger_refused": (TOO_MUCH, "台账文件发不出去"),
    "list_more": (TOO_MUCH, "…共"),
    "media_too_long": (TOO_MUCH, "附的话太长（超过4000字），没有读"),
    "reply_cut": (TOO_MUCH, "项，太长，只列前面这些。"),
    "reply_refused": (TOO_MUCH, "刚才那条回复发不出去"),
    "set_aside": (SERVICE, "已经放到一边，什么都没有记"),
    "too_long": (TOO_MUCH, "这条太长（超过4000字），没有读"),
    "ledger_failed": (SERVICE, "台账没有做成"),
    "state_verified": ("tests/ledger/test_gather.py", "verified"),  # no command leads there yet
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


Play = Callable[[Path], transcripts.Performance]


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Plays a transcript from beginning to end, in whichever process of pytest-xdist first needs it, and only once."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    @functools.cache
    def once(path: Path) -> transcripts.Performance:
        kept = shared / f"{path.name}.played"
        if kept.exists():
            there: transcripts.Performance = pickle.loads(kept.read_bytes())
            return there
        played = transcripts.perform(path, tmp_path_factory.mktemp("stage"), reopen=False)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(played))
        part.replace(kept)
        return played

    return once


def chat(path: Path) -> ParameterSet:
    return pytest.param(path, id=path.name.removesuffix(".txt"))


def reopened(path: Path) -> ParameterSet:
    marks = [] if path.name in REOPENED else [pytest.mark.reopen]
    return pytest.param(path, id=path.name.removesuffix(".txt"), marks=marks)


@pytest.mark.parametrize("path", [chat(path) for path in TRANSCRIPTS])
def test_the_chat_goes_as_written(path: Path, play: Play, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--update"):
        path.write_text(play(path).text, "utf-8")
    assert play(path).text == path.read_text("utf-8")
    assert play(path).doubled == ()


@pytest.mark.parametrize("path", [reopened(path) for path in TRANSCRIPTS])
def test_reopening_everything_from_disk_before_every_line_changes_nothing(path: Path, tmp_path: Path) -> None:
    assert transcripts.perform(path, tmp_path, reopen=True).text == path.read_text("utf-8")


def test_the_chats_that_are_always_reopened_are_there() -> None:
    assert {path.name for path in TRANSCRIPTS} >= set(REOPENED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_said_in_some_chat(language: str, play: Play) -> None:
    said = set().union(*(play(path).said for path in TRANSCRIPTS if transcripts.language(path) == language))
    assert sorted(set(load_texts().catalogue[language]) - said - set(ELSEWHERE) - PRINTED) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_question_is_asked_in_some_chat(language: str, play: Play) -> None:
    asked = set().union(*(play(path).asked for path in TRANSCRIPTS if transcripts.language(path) == language))
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
