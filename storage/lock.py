"""One process a data folder: two bots on one device would destroy each other's encryption state."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.migrate import StorageError
from storage.private import keep_private

log = logging.getLogger(__name__)


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the folder until the block ends, and shut it to others; the kernel lets go when the process dies, however it dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be used as data folder ({error.strerror}). Choose one this user may write."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = os.pread(handle, 32, 0).decode(errors="replace").strip()
            raise StorageError(
                f"{folder}: in use by another Paicha (process {other or 'unknown'}). Stop that one first."
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        opened = keep_private(folder)
        if opened:
            rest = f" and {len(opened) - 1} more" if len(opened) > 1 else ""
            log.warning(
                "%s%s: others on this machine could open this; now only its owner can", opened[0], rest
            )
        yield
    finally:
        os.close(handle)
