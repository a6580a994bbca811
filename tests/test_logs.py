"""The log says what failed and where; what people wrote stands in the database and nowhere else."""

from __future__ import annotations

import ast
import asyncio
import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bot.chat import TryLaterError
from bot.logs import QUIET, kind_and_place, log_to, watch
from bot.matrix.http import RefusedError, failure
from tests.house.test_architecture import tree, under

SECRET = "王五家的低保"
OUTER = "张三说"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a service that has begun to log writes."""
    root, written = logging.getLogger(), io.StringIO()
    before = (root.level, {name: logging.getLogger(name).level for name in QUIET})
    handler = logging.StreamHandler(written)
    log_to(handler)
    yield written
    root.removeHandler(handler)
    logging.raiseExceptions = True
    root.setLevel(before[0])
    for name, level in before[1].items():
        logging.getLogger(name).setLevel(level)


def broken() -> Exception:
    """An error that repeats what somebody wrote, and so does the one that led to it."""
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as first:
            raise ValueError(f"{OUTER} {SECRET}") from first
    except ValueError as error:
        error.add_note(SECRET)
        return error


@pytest.mark.parametrize("name", ["bot.app", "apscheduler.executors.default", "asyncio", "nio.crypto", "x.y"])
def test_no_entry_repeats_an_exceptions_words(name: str, log: io.StringIO) -> None:
    writer, error = logging.getLogger(name), broken()
    try:
        raise error
    except ValueError:
        writer.exception("a job failed")
    writer.error("%s and %r", error, error)
    writer.error("%(what)s", {"what": error})
    writer.critical(error)
    writer.error("several", exc_info=ExceptionGroup(SECRET, [error]))
    written = log.getvalue()
    assert SECRET not in written
    assert OUTER not in written
    if name != "nio.crypto":
        assert "ValueError" in written
        assert "in broken" in written  # the place
        assert "KeyError" in written


def test_libraries_that_know_peoples_words_stay_quiet(log: io.StringIO) -> None:
    for name in QUIET:
        logging.getLogger(f"{name}.deep.inside").info(SECRET)
        logging.getLogger(f"{name}.deep.inside").debug(SECRET)
    logging.getLogger("nio.deep").error(SECRET)
    assert log.getvalue() == ""


def test_what_we_say_ourselves_for_the_operator_stays(log: io.StringIO) -> None:
    logging.getLogger("bot.matrix.backoff").warning("no answer (%s)", TryLaterError("503 M_UNKNOWN"))
    assert "no answer (503 M_UNKNOWN)" in log.getvalue()


def test_a_task_that_nobody_waits_for_is_logged_without_words(log: io.StringIO) -> None:
    async def fails() -> None:
        raise broken()

    async def nobody_waits() -> None:
        watch(asyncio.get_running_loop())
        task = asyncio.create_task(fails())
        await asyncio.wait([task])
        del task

    asyncio.run(nobody_waits())
    assert "in the background: ValueError" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_a_fault_that_nobody_catches_ends_with_its_place_and_no_words() -> None:
    code = f"""
import threading
from bot.logs import without_words
without_words()
class Gone:
    def __del__(self): raise ValueError("{SECRET}")
def fails(): raise ValueError("{SECRET}")
Gone()
thread = threading.Thread(target=fails); thread.start(); thread.join()
fails()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("ValueError, raised here") == 3
    assert done.stderr.count('File "<string>"') >= 3
    assert SECRET.encode() not in done.stderr.encode()


def test_a_servers_text_about_what_we_sent_is_not_repeated() -> None:
    for errcode in (
        "M_FORBIDDEN",
        "M_UNKNOWN_TOKEN",
        "M_LIMIT_EXCEEDED",
        "M_RESOURCE_LIMIT_EXCEEDED",
        SECRET,
    ):
        for status in (400, 401, 403, 413, 429, 500):
            refusal = failure(status, {"errcode": errcode, "error": f"cannot take {SECRET}"}, {})
            assert SECRET not in str(refusal)
    assert "cannot take" in RefusedError(403, {"errcode": "M_FORBIDDEN", "error": "cannot take it"}).explained


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(SECRET), KeyError(SECRET)
    first.__cause__, second.__cause__ = second, first
    assert kind_and_place(first).count("raised here") == 2


def test_nobody_logs_an_exception_whole() -> None:
    wrong = []
    for name in under("bot/", "storage/"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                logs = ast.unparse(node.func.value) in ("log", "logging", "logger")
                whole = node.func.attr == "exception" or any(k.arg == "exc_info" for k in node.keywords)
                if logs and whole:
                    wrong.append(f"{name}:{node.lineno}: use kind_and_place")
                if ast.unparse(node.func) in (
                    "traceback.format_exc",
                    "traceback.print_exc",
                    "logging.basicConfig",
                ):
                    wrong.append(f"{name}:{node.lineno}: {ast.unparse(node.func)}")
    assert wrong == []
