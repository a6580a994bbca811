"""Every attack of `bench.attack`, with few tries, holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.attacks import Attack, Field, every
from bot.demo.homeserver import Running


@pytest.mark.parametrize("attack", every(), ids=lambda attack: attack.name)
def test_the_attack_is_held_off(attack: Attack, homeserver: Running, tmp_path: Path) -> None:
    tally = asyncio.run(attack.play(Field(tmp_path, attack.few, 1, homeserver)))

    assert tally.wrong == ()
    assert tally.tries == tally.held > 0
