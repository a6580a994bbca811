"""What may stand in which room, and that somebody has decided about every gap of every text."""

from __future__ import annotations

import string

import pytest

from bot.dialogue.disclosed import BRIEFLY, COVER, EXCEPT, IN_FULL_ONLY, OF, OF_FIGURES, covered, fitted
from bot.dialogue.effects import Official, line
from bot.domain.disclosure import TABLE, Matter, Setting, Way, setting, way
from bot.texts import load_texts

CATALOGUE = load_texts().catalogue["zh-CN"]
AMONG_OTHERS = (Setting.UNIT, Setting.GROUP)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_table_decides_about_every_matter_in_every_room() -> None:
    assert set(TABLE) == set(Setting)
    assert all(set(row) == set(Matter) for row in TABLE.values())


def test_nothing_but_figures_stands_among_others() -> None:
    shown = {matter for where in AMONG_OTHERS for matter in Matter if way(where, matter) is Way.SHOWN}
    assert shown == {Matter.FIGURES}


@pytest.mark.parametrize(
    ("kind", "encrypted", "where"),
    [
        ("direct", True, Setting.DIRECT),
        ("direct", False, Setting.DIRECT_IN_CLEAR),
        ("unit", True, Setting.UNIT),
        ("county", False, Setting.UNIT),
        ("group", True, Setting.GROUP),
        ("whatever comes later", True, Setting.GROUP),
    ],
)
def test_what_is_not_known_to_be_direct_is_a_room_of_several(
    kind: str, encrypted: bool, where: Setting
) -> None:
    assert setting(kind, encrypted=encrypted) is where


def test_somebody_has_decided_about_every_gap_of_every_text() -> None:
    """A new gap stands in one of these tables, or its words are taken for words on record."""
    printed = ("ledger_", "anchor_", "cover_", "detail_", "form_", "photo_sheet_", "sheet_", "summary_")
    undecided = {
        (key, gap)
        for key, text in CATALOGUE.items()
        if not key.startswith(printed)
        for gap in gaps(text)
        if gap not in OF_FIGURES and gap not in OF and (key, gap) not in EXCEPT
    }
    assert undecided == set()
    assert not OF_FIGURES & set(OF)


def test_what_the_tables_name_is_there() -> None:
    assert {*BRIEFLY, *BRIEFLY.values(), *IN_FULL_ONLY} <= set(CATALOGUE)
    assert {(key, gap) for key, gap in EXCEPT if gap not in gaps(CATALOGUE[key])} == set()
    assert all(gaps(CATALOGUE[brief]) <= gaps(CATALOGUE[full]) | {"due"} for full, brief in BRIEFLY.items())


CARD = (
    line("card", finding=101, state="@state_draft", place="张庄", no=22, text="王五家水管漏", due="@no_due"),
    line("card_field", field="@field_measure", value="王五换管"),
    line("card_field", field="@field_due", value="2023-08-20"),
    line("card_evidence", n=2),
)


@pytest.mark.parametrize("where", AMONG_OTHERS)
def test_a_card_among_others_has_number_item_place_due_and_state(where: Setting) -> None:
    told = fitted(CARD, where)
    assert [said.key for said in told.here] == ["card_brief"]
    assert set(told.here[0].params) == {"finding", "state", "place", "no", "due"}
    assert told.privately == ()


@pytest.mark.parametrize("where", [Setting.DIRECT, Setting.DIRECT_IN_CLEAR])
def test_in_a_direct_room_all_of_it_is_told(where: Setting) -> None:
    assert fitted(CARD, where).here == CARD
    assert covered(CARD, where) == CARD


def test_what_cannot_be_told_with_less_goes_to_the_asker_whole() -> None:
    lines = (
        line("mine_findings", n=1),
        line("mine_finding", finding=101, no=22, text="王五家", state="", due=""),
    )
    told = fitted(lines, Setting.UNIT)
    assert told.here == (line("sent_privately"),)
    assert told.privately == lines


def test_words_just_said_are_covered() -> None:
    told = fitted((line("miss_example", words="王五家"),), Setting.GROUP)
    assert told.here == (line("miss_example", words=COVER),)
    listed = fitted((line("not_taken", words=("王五家", "李四家")),), Setting.GROUP)
    assert listed.here == (line("not_taken", words=COVER),)


def test_a_question_stays_where_it_can_be_answered_with_its_words_covered() -> None:
    asked = covered((line("ask_merge", finding=101, old="王五家水管漏", new="王五家漏水"),), Setting.UNIT)
    assert asked == (line("ask_merge", finding=101, old=COVER, new=COVER),)
    official = (line("ask_measure", finding=101, name=Official("饮水安全")),)
    assert covered(official, Setting.UNIT) == official


def test_a_gap_that_nobody_has_decided_about_is_not_told_among_others() -> None:
    told = fitted((line("nothing_open", something="王五家"),), Setting.UNIT)
    assert told.privately != ()
