"""Ctrl-C while a command is still being loaded, and after it has ended: it leaves at once, without a traceback.

Rule: nothing was begun then that would have to be ended. In between each command answers to Ctrl-C itself.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def leave_at_once() -> None:
    """Whoever started us may have it ignored, or have a way of their own: then it stays."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def interruptible() -> None:
    """Now something may be going on: Ctrl-C is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ended() -> None:
    """All is done; what is left is Python's own end, which a Ctrl-C would make noisy."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
