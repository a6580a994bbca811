"""`paicha demo`: the main job on a real homeserver, as a newcomer meets it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

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
