"""The data folder is nobody's but its owner's: what others could open is shut, and told, when the folder is taken.

Rule: what lies deeper in a folder that is not one of ours is left alone; the folder around it is shut anyway.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.migrate import StorageError

OTHERS = 0o077  # what everybody but the owner may do
TREES = ("media",)  # folders in it that are ours as a whole


def keep_private(folder: Path) -> list[Path]:
    """Take from everybody but the owner what they may do in a data folder; return what was open to them.

    Raises StorageError, with the remedy, for what cannot be shut.
    """
    return [path for path in _ours(folder) if _shut(path)]


def _ours(folder: Path) -> Iterator[Path]:
    yield folder
    try:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.is_file():
                yield Path(entry.path)
            elif entry.name in TREES and entry.is_dir():
                for inside, _, names in os.walk(entry.path):
                    yield from (Path(inside), *(Path(inside, name) for name in names))
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be looked through ({error.strerror}). {_remedy(folder)}"
        ) from error


def _shut(path: Path) -> bool:
    """Whether others could do something with it, or its owner too little; now it is as it should be."""
    try:
        mode = path.stat().st_mode
        needed = stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IRUSR | stat.S_IWUSR
        if not mode & OTHERS and mode & needed == needed:
            return False
        path.chmod(mode & stat.S_IRWXU | needed)
        left = path.stat().st_mode & OTHERS
    except FileNotFoundError:  # gone meanwhile: SQLite's own files come and go
        return False
    except OSError as error:
        raise StorageError(
            f"{path}: others on this machine may open it, and that cannot be mended ({error.strerror}). {_remedy(path)}"
        ) from error
    if left:
        raise StorageError(
            f"{path}: others on this machine may open it, and this kind of disk cannot shut it. "
            "Choose a data folder on a disk that knows owners."
        )
    return bool(mode & OTHERS)


def _remedy(path: Path) -> str:
    return f"It must belong to the user who runs Paicha: chown -R {os.geteuid()} {path}"
