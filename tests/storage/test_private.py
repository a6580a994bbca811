"""What people said, keys and tokens can be opened by the owner of the data folder and by nobody else on the machine."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import private
from storage.db import StorageError
from storage.lock import hold


def open_to_others(folder: Path) -> list[str]:
    return [
        str(p.relative_to(folder.parent)) for p in (folder, *folder.rglob("*")) if p.stat().st_mode & 0o077
    ]


@pytest.fixture
def as_anybody() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("as_anybody")
def test_nothing_a_command_makes_can_be_opened_by_others(tmp_path: Path) -> None:
    data, ledger = tmp_path / "town" / "data", tmp_path / "ledger.xlsx"
    paicha = [sys.executable, "-m", "bot"]
    subprocess.run([*paicha, "rehearse", "--data", str(data)], input="排查\n1\n", text=True, check=True)
    subprocess.run([*paicha, "export", "--data", str(data), "-o", str(ledger)], check=True)
    assert open_to_others(tmp_path / "town") == []
    assert not ledger.stat().st_mode & 0o077


def test_what_was_open_is_shut_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    (data / "media" / "ab").mkdir(parents=True, mode=0o755)
    for name in ("paicha.db", "crypto.db-wal", "matrix.json", "media/ab/photo", "crypto.db.2023-08-05"):
        (data / name).touch()
        (data / name).chmod(0o664)
    for folder in (data, data / "media", data / "media" / "ab"):
        folder.chmod(0o775)
    with caplog.at_level(logging.WARNING), hold(data):
        assert open_to_others(data) == []
    assert "others on this machine could open" in caplog.text
    caplog.clear()
    with hold(data):
        pass
    assert caplog.text == ""


def test_what_is_not_ours_keeps_its_bits_behind_a_shut_folder(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv").chmod(0o755)
    tool = tmp_path / "tool"
    tool.touch()
    tool.chmod(0o755)
    private.keep_private(tmp_path)
    assert tool.stat().st_mode & 0o777 == 0o700  # still to be run, by its owner
    assert (tmp_path / "venv").stat().st_mode & 0o777 == 0o755
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_link_is_as_good_as_what_it_leads_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "big disk"
    elsewhere.mkdir()
    (elsewhere / "photo").touch(0o644)
    data = tmp_path / "data"
    data.mkdir()
    (data / "media").symlink_to(elsewhere)
    (data / "gone").symlink_to(tmp_path / "nowhere")
    private.keep_private(data)
    assert open_to_others(elsewhere) == []


def test_what_cannot_be_shut_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)

    def not_yours(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as other_owner:
        other_owner.setattr(Path, "chmod", not_yours)
        with pytest.raises(StorageError, match=r"chown -R \d+ "), hold(tmp_path):
            pass
    monkeypatch.setattr(Path, "chmod", lambda path, mode: None)
    with pytest.raises(StorageError, match="this kind of disk"), hold(tmp_path):
        pass
