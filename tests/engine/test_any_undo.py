"""Whatever two people and the county say, do, edit and delete around the same findings, in whatever order: nobody takes
back what somebody else wrote, and every change is named. PAICHA_EXAMPLES says how many plays are tried."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.audit import audit
from tests.support.undo_strategies import (
    STEPS,
    Play,
    Step,
    check_findings,
    check_last_writers,
    check_named,
)

WISHED = os.environ.get("PAICHA_EXAMPLES")
bounded = settings(
    max_examples=int(WISHED or "150"),
    derandomize=WISHED is None,  # the usual run tries the same plays each time
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@bounded
@given(st.booleans(), STEPS)
def test_no_undo_touches_what_others_wrote_and_each_is_named(filed: bool, steps: list[Step]) -> None:
    play = Play(filed)
    for step in steps:
        happened = play.play(step)
        check_last_writers(play.tx, happened)
        check_named(play.tx, happened)
        check_findings(play.tx)
    assert audit(play.tx).first_wrong is None
    assert play.tx.number("SELECT count(*) FROM inbox WHERE state = 'failed'") == 0
