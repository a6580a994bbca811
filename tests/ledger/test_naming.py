"""File names that say at first sight which ledger it is, and that every system takes."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.naming import ledger_name
from tests.support.ledger_rows import CHINESE, ENGLISH, ZONE

NOW = datetime(2023, 8, 12, 18, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("库庄镇", "库庄镇_0812_台账.xlsx"),
        ("颍桥回族镇 颍桥示范一村", "颍桥回族镇颍桥示范一村_0812_台账.xlsx"),
        ("../../etc/passwd", "etcpasswd_0812_台账.xlsx"),
        ('a<b>:"c|d?*', "abcd_0812_台账.xlsx"),
        ("超期\u202e\x00\n", "超期_0812_台账.xlsx"),
        ("", "全部_0812_台账.xlsx"),
        ("...", "全部_0812_台账.xlsx"),
    ],
)
def test_the_scope_comes_first_and_unsafe_characters_go(scope: str, name: str) -> None:
    assert ledger_name(scope, NOW, CHINESE) == name


def test_an_english_ledger_has_an_english_name() -> None:
    assert ledger_name("库庄镇", NOW, ENGLISH) == "库庄镇_0812_ledger.xlsx"
    assert ledger_name("甲村 and others (2 places) overdue", NOW, ENGLISH) == (
        "甲村and-others-(2-places)-overdue_0812_ledger.xlsx"
    )
    assert ledger_name("", NOW, ENGLISH) == "all_0812_ledger.xlsx"


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_every_scope_makes_a_name_a_phone_can_save(scope: str) -> None:
    name = ledger_name(scope, NOW, CHINESE)
    assert len(name) <= 60
    assert len(name.encode()) <= 255
    assert name.endswith("_0812_台账.xlsx")
    assert not name.startswith((".", "_", "-", "~"))
    assert not set(name) & set('\\/:*?"<>|\n\r\t\x00')
