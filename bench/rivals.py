"""The echo bots of other libraries that ours is compared with: what each needs, and how it is started.

Rule: every one is a bot in the usual way of its library, a process of its own, and stores nothing of what is said.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.process import ROOT

PYTHON = ROOT / ".venv" / "bench" / "bin" / "python"
RIVALS = {
    "nio": "matrix-nio 0.26, bare echo",
    "mautrix": "mautrix-python, echo",
    "simple": "simplematrixbotlib, echo",
}
NOT_INSTALLED = "not installed: make bench"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A device of a bot on a homeserver."""

    url: str
    user_id: str
    device_id: str
    token: str


def can_run(name: str) -> bool:
    """Whether what it needs is installed."""
    return name == "nio" or PYTHON.exists()


def command(name: str, folder: Path, device: SignedIn, *, encrypted: bool) -> tuple[str, ...]:
    """Write its job into `folder`, which becomes its own; return what starts it."""
    folder.mkdir(parents=True, exist_ok=True)
    job = {
        "url": device.url,
        "user_id": device.user_id,
        "device_id": device.device_id,
        "token": device.token,
        "folder": str(folder),
        "encrypted": "yes" if encrypted else "",
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job), "utf-8")
    python = sys.executable if name == "nio" else str(PYTHON)
    return (python, str(ROOT / "bench" / f"echo_{name}.py"), str(path))


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rivals", default=",".join(RIVALS), type=_names, help="empty for none")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if unknown := set(names) - set(RIVALS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is not one of {', '.join(RIVALS)}")
    return names
