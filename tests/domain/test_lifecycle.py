"""The table of the lifecycle, tested whole: what is reached, what leads on, who may, what is needed, what goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations

import pytest

from bot.dialogue.effects import line
from bot.domain import lifecycle
from bot.domain.lifecycle import (
    AMENDABLE,
    CLOSED,
    DATES,
    DRAFT,
    ENDED,
    FORM,
    FORM_OPEN,
    LIVE,
    MAY_BE_OVERDUE,
    OPEN,
    OPENING,
    RECTIFYING,
    REOPENED,
    RETURNED,
    SETTLED,
    STATES,
    SUBMITTED,
    TABLE,
    TO_FIX,
    VERBS,
    VERIFIED,
    VOID,
    Facts,
    Move,
    Need,
    Tell,
    Who,
    lacking,
    move,
    printed,
    withdrawal,
)
from bot.texts import load_texts
from storage import findings

ROWS = tuple(TABLE.values())
EVERY = (OPENING, *ROWS)
NAMED = [f"{row.verb} from {row.source or 'nothing'}" for row in EVERY]
FIELDS = tuple(need for need in Need if need not in (Need.REASON, Need.EMPTY, Need.NO_HAND, Need.MECHANISM))
FULL = {str(need): "x" for need in (*FIELDS, Need.MECHANISM)}

each_row = pytest.mark.parametrize("row", EVERY, ids=NAMED)


def reached(start: str) -> set[str]:
    """The states that a chain of moves leads to."""
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        more = {row.to for row in ROWS if row.source == state} - seen
        seen |= more
        todo += more
    return seen


def subsets(needs: tuple[Need, ...]) -> Iterator[tuple[Need, ...]]:
    return chain.from_iterable(combinations(needs, n) for n in range(len(needs) + 1))


def facts(row: Move, unmet: tuple[Need, ...] = (), roles: frozenset[Who] | None = None) -> Facts:
    """What meets all needs of a move but these; of all other needs none is met."""
    met = set(row.needs) - set(unmet)
    fields = {str(need): "x" for need in met if need in FULL.keys() | {str(Need.MECHANISM)}}
    empty_wanted = Need.EMPTY in row.needs
    return Facts(
        fields=fields,
        endless=Need.MECHANISM in row.needs,
        roles=frozenset({row.who}) if roles is None else roles,
        hand=Need.NO_HAND not in met,
        evidence=empty_wanted and Need.EMPTY in unmet,
        reason="x" if Need.REASON in met else "",
    )


def test_every_state_is_reached_from_the_opening() -> None:
    assert reached(OPENING.to) == set(STATES)


@pytest.mark.parametrize("state", [state for state in STATES if state != VOID])
def test_no_state_is_a_dead_end(state: str) -> None:
    """Something leads out of each; what is struck off can come back, and from anything open it can be struck off."""
    assert any(row.source == state and row.to != state for row in ROWS)
    assert CLOSED in reached(state)


@pytest.mark.parametrize("state", [state for state in STATES if state != VOID])
@pytest.mark.parametrize("hand", [False, True])
def test_somebody_may_always_lead_out(state: str, hand: bool) -> None:
    """Also when everybody of the unit wrote in this round: the county did not."""
    by_county = frozenset({Who.VERIFIER, Who.COUNTY})
    for roles, theirs in ((frozenset({Who.OWNER}), hand), (by_county, False)):
        full = Facts(FULL, True, roles, theirs, False, "x")
        ways = [row for row in ROWS if row.source == state and row.to != state]
        if any(lacking(row, full) is None for row in ways):
            return
    pytest.fail(f"nobody leads a finding out of {state}")


def test_void_is_the_end() -> None:
    assert reached(VOID) == {VOID}
    assert move(VOID, "amend") is None


def test_the_table_is_keyed_by_its_own_rows() -> None:
    assert all(TABLE[row.source, row.verb] is row for row in ROWS)
    assert all(row.source in STATES and row.to in STATES for row in ROWS)
    assert set(VERBS) == {row.verb for row in EVERY}
    assert len(VERBS) == len(set(VERBS))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", [*VERBS, "unknown"])
def test_what_is_not_in_the_table_does_not_happen(state: str, verb: str) -> None:
    found = move(state, verb)
    listed = [row for row in ROWS if (row.source, row.verb) == (state, verb)]
    assert listed == ([] if found is None else [found])


@each_row
def test_a_move_is_made_with_all_it_needs(row: Move) -> None:
    assert lacking(row, facts(row)) is None


@each_row
def test_a_move_is_refused_for_each_set_of_needs_that_is_not_met(row: Move) -> None:
    for unmet in subsets(row.needs):
        expected = next((need for need in row.needs if need in unmet), None)
        assert lacking(row, facts(row, unmet)) == expected, unmet


@each_row
def test_a_move_is_made_by_who_it_says_and_nobody_else(row: Move) -> None:
    for n in range(len(Who) + 1):
        for roles in combinations(Who, n):
            expected = None if row.who in roles else row.who
            assert lacking(row, facts(row, roles=frozenset(roles))) == expected


@each_row
def test_who_may_not_is_told_so_before_what_is_missing(row: Move) -> None:
    assert lacking(row, facts(row, row.needs, frozenset())) == row.who


@pytest.mark.parametrize("value", [None, "", 0])
@pytest.mark.parametrize("need", FIELDS)
def test_a_field_that_is_needed_has_a_value(need: Need, value: object) -> None:
    row = Move(DRAFT, "try", DRAFT, Who.OWNER, (need,))
    given = replace(facts(row), fields={str(need): value})
    assert lacking(row, given) == need
    assert lacking(row, replace(given, fields={})) == need


@pytest.mark.parametrize(
    ("endless", "mechanism", "lacks"), [(True, "", True), (True, "x", False), (False, "", False)]
)
def test_only_what_has_no_end_needs_a_mechanism(endless: bool, mechanism: str, lacks: bool) -> None:
    row = Move(DRAFT, "try", DRAFT, Who.OWNER, (Need.MECHANISM,))
    given = replace(facts(row), endless=endless, fields={"mechanism": mechanism})
    assert lacking(row, given) == (Need.MECHANISM if lacks else None)


@pytest.mark.parametrize(
    ("description", "evidence", "empty"),
    [("", False, True), ("x", False, False), ("", True, False), ("x", True, False)],
)
def test_empty_is_without_words_and_without_evidence(description: str, evidence: bool, empty: bool) -> None:
    row = TABLE[DRAFT, "drop"]
    given = replace(facts(row), fields={"description": description}, evidence=evidence)
    assert lacking(row, given) == (None if empty else Need.EMPTY)


def test_what_is_judged_needs_a_result_and_another_hand() -> None:
    judging = [row for row in ROWS if row.source in SETTLED and row.to not in (REOPENED,)]
    assert judging
    assert all(Need.NO_HAND in row.needs and row.who is not Who.OWNER for row in judging)
    assert all(Need.RESULT in row.needs for row in ROWS if row.to in (SUBMITTED, VERIFIED, CLOSED))
    assert all(Need.REASON in row.needs for row in ROWS if row.to == RETURNED and row.source != RETURNED)
    assert all(set(FORM) <= set(row.needs) for row in ROWS if (row.source, row.to) == (DRAFT, RECTIFYING))
    assert {row.to for row in ROWS if row.source == DRAFT} <= {DRAFT, RECTIFYING, VOID}


def test_what_somebody_else_did_is_told_to_the_other_side() -> None:
    for row in ROWS:
        if row.who is not Who.OWNER:
            assert Tell.OWNER in row.tells, row
        if row.to == SUBMITTED:
            assert Tell.VERIFIER in row.tells, row


@pytest.mark.parametrize("row", [row for row in EVERY if row.reverse], ids=lambda row: row.verb)
def test_a_reverse_leads_back_by_the_same_hands_and_needs_nothing(row: Move) -> None:
    back = row.back()
    assert (back.source, back.verb, back.to) == (row.to, row.reverse, row.source)
    assert (back.who, back.needs, back.tells, back.reverse) == (row.who, (), row.tells, "")
    assert row.reverse not in VERBS


@pytest.mark.parametrize("row", [row for row in EVERY if not row.reverse], ids=lambda row: row.verb)
def test_without_a_reverse_nothing_leads_back(row: Move) -> None:
    with pytest.raises(AssertionError, match="cannot be taken back"):
        row.back()


def test_a_verb_is_taken_back_by_one_other() -> None:
    ways: dict[str, set[str]] = {}
    for row in ROWS:
        if row.reverse:
            ways.setdefault(row.verb, set()).add(row.reverse)
    assert all(len(reverses) == 1 for reverses in ways.values())


@pytest.mark.parametrize("state", [state for state in STATES if state != VOID])
def test_an_opening_is_withdrawn_from_whatever_became_of_it(state: str) -> None:
    row = withdrawal(state)
    assert (row.source, row.verb, row.to) == (state, "withdraw", VOID)


def test_the_sets_that_others_use_follow_from_the_table() -> None:
    assert set(STATES) - {VOID} == LIVE
    assert {row.source for row in ROWS if row.verb == "amend"} == AMENDABLE
    assert LIVE - AMENDABLE == SETTLED == {SUBMITTED, VERIFIED, CLOSED}
    assert {DRAFT, RECTIFYING} == FORM_OPEN
    assert {RECTIFYING, RETURNED, REOPENED} == TO_FIX
    assert OPEN == MAY_BE_OVERDUE == {RECTIFYING, SUBMITTED, VERIFIED, RETURNED, REOPENED}
    assert {CLOSED, VOID} == ENDED
    assert not TO_FIX & (SETTLED | ENDED | {DRAFT})
    assert {CLOSED, VOID, DRAFT} | OPEN == set(STATES)


def test_once_looked_at_a_date_moves_only_by_an_extension() -> None:
    assert {row.source for row in ROWS if row.locked} == {RETURNED, REOPENED}
    assert all(row.locked in (frozenset(), DATES) for row in ROWS)
    assert DATES <= findings.CHANGEABLE
    assert all((state, "extend") in TABLE for state in TO_FIX)
    assert all(TABLE[state, "extend"].who is Who.VERIFIER for state in TO_FIX)


def test_fields_that_are_needed_are_columns() -> None:
    assert {str(need) for need in (*FIELDS, Need.MECHANISM)} <= findings.CHANGEABLE


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_state_has_a_word(language: str) -> None:
    words = [load_texts().render(line(f"state_{state}"), language) for state in STATES]
    assert len(set(words)) == len(STATES)


def test_the_printed_table_is_markdown_that_names_every_row() -> None:
    lines = list(printed())
    assert lines == list(printed())
    table = lines[: lines.index("")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert {len(row) for row in cells} == {7}
    assert all(line.startswith("|") and line.endswith("|") for line in table)
    assert set(table[1]) <= set("|-")
    shown = {(source, verb): row for source, verb, *row in cells[2:]}
    assert shown.keys() == {(row.source or "-", row.verb) for row in EVERY}
    for row in EVERY:
        to, who, needs, told, back = shown[row.source or "-", row.verb]
        assert to == (row.to if row.to != row.source else "(stays)")
        assert who == row.who
        assert all(need in needs for need in row.needs)
        assert all(name in needs for name in row.locked)
        assert all(name in told for name in row.tells)
        assert back == (row.reverse or "nobody")


def test_the_printed_sets_are_the_sets() -> None:
    lines = list(printed())
    said = dict(line.split(": ", 1) for line in lines[lines.index("") + 1 :])
    wanted = {
        "live": LIVE,
        "amendable": AMENDABLE,
        "settled": SETTLED,
        "to fix": TO_FIX,
        "open, may be overdue": OPEN,
    }
    assert {name: set(states.split(", ")) for name, states in said.items()} == wanted
    assert lifecycle.MAY_BE_OVERDUE == OPEN
