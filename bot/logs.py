"""What goes into the log: where something failed and of what kind it was, never what anybody wrote.

Rule: an exception's own words may repeat a message, a key or a name, so they are left out everywhere: in our own
entries, in those of libraries, and in what Python prints about an error that nobody caught.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

OURS = ("bot.", "storage.")  # these write their exceptions for the operator; what they say is chosen there
FRAMES = 12  # the last ones: of an endless recursion there are a thousand
QUIET = {
    # It logs what it cannot parse, keys and words included.
    "nio": logging.CRITICAL,
    "peewee": logging.WARNING,  # statements with their values
    "aiosqlite": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "apscheduler": logging.WARNING,
    "PIL": logging.WARNING,
}


def kind_and_place(error: BaseException | None) -> str:
    """An exception in the log: its type and where it was raised, with those that led to it, without their words."""
    parts: list[str] = []
    met: set[int] = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        parts.append(f"{type(error).__name__}, raised here:\n" + _frames(error.__traceback__))
        if isinstance(error, BaseExceptionGroup):
            parts += (kind_and_place(inner) for inner in error.exceptions)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nafter ".join(part.rstrip() for part in parts)


def _frames(trace: TracebackType | None) -> str:
    """Lines of our code and of libraries; no values stand in them."""
    return "".join(traceback.format_tb(trace, -FRAMES))


class WordlessFormatter(logging.Formatter):
    """Formats an entry so that no exception's words get into it, whoever logs it and however."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        args = record.args
        if isinstance(args, dict):
            args = {name: _bare(value) for name, value in args.items()}
        elif args:
            args = tuple(_bare(value) for value in args)
        bare = logging.makeLogRecord(
            {**record.__dict__, "args": args, "msg": _bare(record.msg), "exc_text": None}
        )
        return super().format(bare)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- logging's own name
        return kind_and_place(ei[1])


def _bare(value: object) -> object:
    if isinstance(value, BaseException) and not type(value).__module__.startswith(OURS):
        return type(value).__name__
    return value


def log_to(handler: logging.Handler) -> None:
    """Begin to log there. Whoever asks later for more gets no more from libraries that know people's words."""
    logging.raiseExceptions = (
        False  # a handler that fails (a full disk) would print the entry and the exception
    )
    handler.setFormatter(WordlessFormatter())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """What goes wrong in a task that nobody waits for is logged; asyncio's own entry would show its exception."""
    loop.set_exception_handler(_nobody_waited)


def _nobody_waited(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    what = kind_and_place(error) if isinstance(error, BaseException) else ""
    logging.getLogger(__name__).error("in the background: %s", what or context.get("message", "unknown"))


def without_words() -> None:
    """From here on an error that nobody catches ends the program with its type and place only."""
    if sys.excepthook is sys.__excepthook__:  # a debugger or a test runner has its own
        sys.excepthook = lambda kind, error, trace: _to_standard_error(error)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda caught: _to_standard_error(caught.exc_value)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = lambda caught: _to_standard_error(caught.exc_value)


def _to_standard_error(error: BaseException | None) -> None:
    sys.stderr.write(f"paicha: a fault of the program: {kind_and_place(error)}\n")
