"""Who and what a rehearsal without a homeserver is called; apart, because it is known before anything is loaded."""

from __future__ import annotations

SERVER = "paicha.local"
BOT = f"@paicha:{SERVER}"
COUNTY = f"!county:{SERVER}"
