"""Files that outlive a power cut, and those that only their owner can read: secrets, tokens and keys.

Rule: a private file is there whole or not at all, and nobody else can open it, not even for a moment.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write (or replace) `path` with mode 0600."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    keep_name(path)


def plain_os_error(problem: OSError) -> str:
    """What the system refused, where, and what can be done about it."""
    where = problem.filename or "paicha"
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"{where}: the disk is full. Nothing already confirmed is lost; free some space and start again."
        )
    return f"{where}: {problem.strerror or type(problem).__name__}"


def keep_name(path: Path) -> None:
    """Write down that a file stands under this name: else the name may be gone after a power cut, though the content is not."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
