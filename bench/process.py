"""A bot under measurement: a process of its own, what it costs, and its orderly end.

Rule: a process is stopped by its own id, and it dies with the bench.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_LEAVE = 15.0
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: processor time in ms, memory now and at most in MiB."""

    cpu_ms: float
    rss_mib: float
    peak_mib: float


class Died(Exception):  # noqa: N818 -- it names what happened
    """A measured process ended by itself; the text is the end of its output."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and the file its output goes to."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise Died when it is no longer running."""
        if self.process.poll() is not None:
            lines = self.output.read_text("utf-8", "replace").splitlines()[-15:]
            raise Died(f"exit code {self.process.returncode}:\n" + "\n".join(lines))


def environment_of(folder: Path) -> dict[str, str]:
    """Our own environment, in which Python finds the modules of `folder` before any installed ones."""
    return {**os.environ, "PYTHONPATH": str(folder)}


@contextmanager
def child(
    command: Sequence[str],
    output: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Iterator[Child]:
    """Start a command in `folder` (the project's own); end it on leaving."""
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**environment_of(folder), **(environment or {})},
        )
    try:
        yield Child(process, output)
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def usage(pid: int) -> Usage:
    """What the process has used since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Usage((int(fields[11]) + int(fields[12])) * TICK_MS, int(fields[21]) * PAGE / MIB, peak_kib / 1024)


def spent(before: Usage, after: Usage) -> float:
    """CPU milliseconds between two looks: at least one tick, the finest that the kernel tells."""
    return max(after.cpu_ms - before.cpu_ms, TICK_MS)
