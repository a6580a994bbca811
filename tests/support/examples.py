"""How many examples a property is tried with: few, and the same each time, at the desk; many fresh ones in `make proof`.

PAICHA_EXAMPLES=2000 tries every property with so many; `usual` counts where it is not set.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

WISHED = int(os.environ.get("PAICHA_EXAMPLES", "0"))


def wished(usual: int) -> int:
    """How often to try what is drawn without hypothesis."""
    return WISHED or usual


def examples(usual: int) -> settings:
    return settings(
        max_examples=wished(usual),
        derandomize=not WISHED,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
