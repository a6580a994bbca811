"""python -m bot: the same as the `paicha` command."""

import sys

from bot.cli import main

sys.exit(main())
