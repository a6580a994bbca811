"""The folder of a demo: known by a mark, and emptied for a new beginning only when it bears one.

Rule: only what a demo makes is deleted, only in a folder that a demo made, only while nobody else holds it.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from bot.demo.homeserver import held
from bot.files import plain_os_error, write_private
from storage.db import StorageError

MARK = "made-by-paicha-demo"
MADE = ("homeserver", "bot", "phones", "downloads", "clock.json", "password", "bot.log")


def mark(folder: Path) -> None:
    """Note that a folder is a demo's, when it is new or empty. Anybody else's folder is never marked."""
    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / MARK, "`paicha demo --fresh` deletes what a demo made in this folder.\n")


def check_fresh(folder: Path) -> None:
    """Raises StorageError when a fresh beginning would delete what no demo made."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise StorageError(
            f"{folder}: was not made by paicha demo, so --fresh deletes nothing there. "
            "Delete it yourself, or name another folder with --data."
        )


async def begin_anew(folder: Path) -> None:
    """Delete what earlier demos made there. Whoever calls holds the folder."""
    async with held(folder / "homeserver"):  # that of a demo that crashed may still be leaving
        for name in MADE:
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


ENOUGH = 1_000_000  # bytes; with less a homeserver and two databases fail in many ways, and their words do not help
SIGNS = ("No space left on device", "disk is full", "Disk quota exceeded", "File too large", "disk I/O error")


def full(folder: Path, problem: str) -> str:
    """What to say when it is the disk; "" when it is not."""
    try:
        left = shutil.disk_usage(folder).free
    except OSError:
        left = ENOUGH
    if left >= ENOUGH and not any(words in problem for words in SIGNS):
        return ""
    return plain_os_error(OSError(errno.ENOSPC, "", str(folder)))
