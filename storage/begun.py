"""Which message is being taken in just now: one line in a file beside the database, so that a message that ends the
process is known by name when the process starts again.

Rule: no message can block for ever. One that was begun in two lives and ended in neither is set aside in the third. One
death says nothing: whoever pulls a plug pulls it during some message. The line is handed to the kernel and not to the
disk: it outlives the process, which is all it must; a power cut forgets it, and then nobody is to blame.
"""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "begun"
TRIES = 2  # lives in which a message may end the process


class Begun:
    """The line. Without a file (in a rehearsal, in tests) it remembers nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if path else None
        self._tries, self._event_id = self._read()

    def _read(self) -> tuple[int, str]:
        """How often the message that was begun last was begun, and which it is; 0 when all that was begun ended."""
        line = os.pread(self._handle, 4096, 0).split(b"\n", 1)[0] if self._handle is not None else b""
        tries, _, event_id = line.decode("utf-8", "replace").partition(" ")
        return (int(tries), event_id) if tries.isdecimal() and event_id else (0, "")

    def is_hopeless(self, event_id: str) -> bool:
        """Whether the process has ended during this message as often as is allowed."""
        return event_id == self._event_id and self._tries >= TRIES

    def begin(self, event_id: str) -> None:
        """From here on it is this message's doing when the process ends."""
        if self._handle is not None:
            before = self._tries if event_id == self._event_id else 0
            self._write(f"{before + 1} {event_id}\n".encode("utf-8", "replace"))

    def end(self) -> None:
        """It did not end the process."""
        if self._handle is not None:
            self._write(b"\n")

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, line: bytes) -> None:
        assert self._handle is not None
        os.pwrite(self._handle, line, 0)


NOT_KEPT = Begun()
