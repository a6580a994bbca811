"""python -m bot, and the `paicha` command: the first thing that runs, before anything is loaded."""

import os
import sys

from bot.cli.interrupt import ended, leave_at_once


def start() -> int:
    """Run the command line. What it makes is its owner's only, from the first line; Ctrl-C is no fault at any moment."""
    os.umask(0o077)
    leave_at_once()
    from bot.cli.main import main  # slow to load

    try:
        return main()
    finally:
        ended()


if __name__ == "__main__":
    sys.exit(start())
