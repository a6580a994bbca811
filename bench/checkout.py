"""A checkout of Paicha that is measured: this one, or an older one beside it in the same run.

Rule: what depends on the layout of a checkout (its settings, the tables of its file) is asked of that checkout's own
benches, in a process of its own; so an old one stays measurable after everything here was renamed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.process import ROOT, environment_of

SETTINGS = (
    "import sys; from pathlib import Path; from bench.county import Account, write_settings;"
    "folder, url, user, password, walkers = sys.argv[1:];"
    "print(write_settings(Path(folder), url, Account(user, password), int(walkers)))"
)
PREFILL = (
    "import sys; from pathlib import Path; from bench.prefill import prefill;"
    "prefill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))"
)
COUNT = "import sys; from pathlib import Path; from bench.stub import answers_in; print(answers_in(Path(sys.argv[1])))"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with the code, the interpreter that runs it, and what to call it in a table."""

    folder: Path
    python: str
    title: str

    @property
    def run_command(self) -> tuple[str, ...]:
        """Starts its bot as an operator does; the path of the settings comes last."""
        return (self.python, "-m", "bot", "run", "--config")

    def settings(self, folder: Path, url: str, user_id: str, walkers: int) -> Path:
        """Write the settings of a bot on the stub homeserver, where every password is right."""
        return Path(self.output("-c", SETTINGS, str(folder), url, user_id, "stub", str(walkers)).strip())

    def prefill(self, database: Path, walkers: int, wanted: int) -> None:
        """Bring a file that its bot made to so many stored answers."""
        self.output("-c", PREFILL, str(database), str(walkers), str(wanted))

    def answers_in(self, database: Path) -> int:
        """How many answers the file holds."""
        return int(self.output("-c", COUNT, str(database)))

    def output(self, *arguments: str) -> str:
        """What its Python prints; SystemExit when it fails."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=environment_of(self.folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{self.folder}: {done.stderr.strip()}")
        return done.stdout


THIS = Checkout(ROOT, sys.executable, "Paicha")


def older(folder: Path) -> Checkout:
    """Another checkout: run by its own environment where it has one, else by ours. SystemExit when it is none."""
    folder = folder.resolve()
    if not (folder / "bot" / "__main__.py").is_file():
        raise SystemExit(f"--against {folder}: there is no bot in it")
    own = folder / ".venv" / "bin" / "python"
    found = Checkout(folder, str(own) if own.is_file() else sys.executable, f"Paicha at {_commit(folder)}")
    came_from = Path(found.output("-c", "import bot; print(bot.__file__)").strip())
    if not came_from.is_relative_to(folder):
        raise SystemExit(f"--against {folder}: its Python runs {came_from}")
    return found


def _commit(folder: Path) -> str:
    command: Sequence[str] = ("git", "-C", str(folder), "rev-parse", "--short", "HEAD")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or folder.name
