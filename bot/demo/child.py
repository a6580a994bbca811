"""What runs inside the homeserver's own process: Synapse, and a watch on whoever started it.

Rule: it never outlives its parent. Standard input is a pipe that only the parent holds open, so the kernel closes
it however the parent ends, SIGKILL included. Works wherever pipes do, unlike a death signal.
"""

from __future__ import annotations

import os
import signal
import threading

SECONDS_TO_LEAVE = 5


def end_with_parent() -> None:
    """Block until standard input ends, then ask this process to stop, then make it stop."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(SECONDS_TO_LEAVE)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run Synapse with the arguments of the command line (`-c FILE`)."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    from synapse.app import homeserver  # slow to import: the watch must already stand

    homeserver.main()


if __name__ == "__main__":
    main()
