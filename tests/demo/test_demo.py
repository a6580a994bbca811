"""`paicha demo`: the main job on a real homeserver, as a newcomer meets it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from bot.cli.main import main
from bot.demo.folder import mark

PAICHA = [sys.executable, "-m", "bot"]
CHAT = """排查
1
2
三组王五家孩子读六年级，寄宿生补助没有发，因为漏报
返回
4-10 无 入户12户
三组王五家六年级孩子的寄宿生补助漏发一学期
进度
台账
"""


def play(folder: Path, lines: str, *more: str) -> str:
    script = folder.with_suffix(".txt")
    script.write_text(lines, "utf-8")
    command = [*PAICHA, "demo", "--data", str(folder), "--script", str(script), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.synapse
def test_a_newcomer_walks_and_gets_the_ledger_and_the_second_start_goes_on(tmp_path: Path) -> None:
    first = play(tmp_path / "town", CHAT)
    for said in ("颍桥示范一村 1/70", "问题101", "第4-10项未发现问题，共7项", "已答 8/70"):
        assert said in first
    file = re.search(r"（文件：(.+\.xlsx)）", first)
    assert file is not None, first
    form = openpyxl.load_workbook(file[1])["台账"]
    texts = {str(cell) for row in form.iter_rows(values_only=True) for cell in row if cell}
    assert any("漏发一学期" in text for text in texts)
    assert any("入户12户" in text for text in texts)
    again = play(tmp_path / "town", "进度\n")
    assert "已答 8/70" in again
    assert "您好！" not in again.partition("> 进度")[2]
    fresh = play(tmp_path / "town", "进度\n", "--fresh")
    assert "已答 0/70" in fresh


@pytest.mark.synapse
def test_ctrl_c_stops_everything_it_started(tmp_path: Path) -> None:
    command = [*PAICHA, "demo", "--data", str(tmp_path / "town")]
    demo = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert demo.stdout is not None
    port = 0
    for said in demo.stdout:
        if found := re.search(r"homeserver\s+http://127\.0\.0\.1:(\d+)", said):
            port = int(found[1])
            break
    assert port
    os.kill(demo.pid, signal.SIGINT)
    assert demo.stdin is not None
    rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, rest
    deadline = time.monotonic() + 10
    while _listens(port):
        assert time.monotonic() < deadline, "the homeserver outlived the demo"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [*PAICHA, "demo", "--data", str(folder), *more]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def until(found: Callable[[], bool], demo: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not found():
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.synapse
@pytest.mark.parametrize("moment", ["", "lock", "homeserver/output", "password", "bot/paicha.db", "phones"])
def test_ctrl_c_at_any_moment_is_no_fault_and_leaves_nobody_behind(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "town"
    demo = started(folder)
    until(lambda: not moment or (folder / moment).exists(), demo)
    if not moment:
        time.sleep(0.4)  # somewhere in the loading, or before: each run another place
    os.kill(demo.pid, signal.SIGINT)
    os.kill(demo.pid, signal.SIGINT)  # impatient
    said, _ = demo.communicate(timeout=60)
    assert "Traceback" not in said
    assert "raised here" not in said
    assert demo.returncode in (0, 130), said
    holder = folder / "homeserver" / "homeserver.lock"
    if holder.exists() and (pid := holder.read_text("ascii").strip()):
        assert not Path(f"/proc/{pid}").exists()  # it was waited for


def test_ctrl_c_while_a_command_is_loaded_is_no_fault() -> None:
    code = "import os, signal; from bot.cli.interrupt import leave_at_once, interruptible; leave_at_once();"
    for more, status in (("", 130), ("interruptible();", 1)):
        killing = "os.kill(os.getpid(), signal.SIGINT)"
        done = subprocess.run(
            [sys.executable, "-c", code + more + killing], capture_output=True, text=True, check=False
        )
        assert (done.returncode == status) == (not more)
        assert ("KeyboardInterrupt" in done.stderr) == bool(more)


@pytest.mark.synapse
def test_fresh_deletes_only_what_a_demo_made_and_never_under_another_demo(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    demo = started(folder, "--port", str(free_port()))
    assert demo.stdout is not None
    next(line for line in demo.stdout if "password" in line)
    fresh = subprocess.run(
        [*PAICHA, "demo", "--data", str(folder), "--fresh"], capture_output=True, text=True, check=False
    )
    assert fresh.returncode == 2
    assert f"in use by another Paicha (process {demo.pid})" in fresh.stdout + fresh.stderr
    assert (folder / "homeserver" / "homeserver.db").exists()
    os.kill(demo.pid, signal.SIGINT)
    demo.communicate(timeout=60)
    assert demo.returncode == 0
    (folder / "notes.txt").write_text("mine", "utf-8")
    (folder / "notes.txt").chmod(0o600)
    play(folder, "", "--fresh")
    assert (folder / "notes.txt").read_text("utf-8") == "mine"


def test_fresh_leaves_a_folder_that_no_demo_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "bot" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("years of work", "utf-8")
    assert main(["demo", "--data", str(tmp_path), "--fresh"]) == 2
    assert "was not made by paicha demo" in capsys.readouterr().out
    assert mine.read_text("utf-8") == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bot"]
    mark(tmp_path)
    assert main(["demo", "--data", str(tmp_path), "--fresh"]) == 2


@pytest.mark.parametrize("who", ["nobody", "张三丰", ""])
def test_who_is_not_there_is_told_whom_one_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    folder = tmp_path / "town"
    assert main(["demo", "--data", str(folder), "--as", who]) == 2
    said = capsys.readouterr().out
    assert "zhangsan=张三" in said
    assert "ducha=督导" in said
    assert not folder.exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "١"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["demo", f"--port={port}"])
    assert end.value.code == 1


@pytest.mark.synapse
def test_the_port_is_the_one_named_and_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    port = free_port()
    assert f"http://127.0.0.1:{port} " in play(tmp_path / "town", "", "--port", str(port))
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)); import sys; sys.argv[0] = 'paicha'; from bot.__main__ import start; sys.exit(start())"
    done = subprocess.run(
        [sys.executable, "-c", small, "demo", "--data", str(tmp_path / "small")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "the disk is full" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
