"""The table of rights, tested whole: each right x role x how the person stands to what it is done to."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from bot.dialogue.effects import line
from bot.domain.permissions import RIGHTS, Reach, Refusal, Right, Scope, Target, may, printed
from bot.domain.roster import Role
from bot.handlers import COMMANDS
from bot.handlers.flow import not_theirs
from bot.texts import LANGUAGES, load_texts

ME, SOMEBODY = 1, 2
# How the person stands to the target: by what they answer for, and by who reported it.
TARGETS = {
    "own place": Target("village", "town"),
    "own place, own finding": Target("village", "town", ME),
    "own place, finding of another": Target("village", "town", SOMEBODY),
    "own unit": Target("other village", "town"),
    "own unit, own finding": Target("other village", "town", ME),
    "own unit, finding of another": Target("other village", "town", SOMEBODY),
    "other unit": Target("far village", "far town"),
    "other unit, own finding": Target("far village", "far town", ME),
    "other unit, finding of another": Target("far village", "far town", SOMEBODY),
}
HOLDS = {
    Reach.OWN: {where for where in TARGETS if where.startswith("own place")},
    Reach.UNIT: {where for where in TARGETS if not where.startswith("other unit")},
    Reach.ALL: set(TARGETS),
}
OWN, UNIT, ALL = Reach.OWN, Reach.UNIT, Reach.ALL
# Written down a second time on purpose: a change of who may do what is made twice, knowingly.
EXPECTED: dict[Right, tuple[Reach | None, Reach | None, Reach | None, Reach | None]] = {
    #              reporter, coordinator, county, observer
    Right.TALK: (OWN, UNIT, ALL, ALL),
    Right.LOOK: (OWN, UNIT, ALL, ALL),
    Right.REPORT: (OWN, UNIT, None, None),
    Right.PROXY: (None, UNIT, None, None),
    Right.AMEND: (OWN, UNIT, None, None),
    Right.HAND_IN: (OWN, UNIT, None, None),
    Right.RESOLVE: (OWN, UNIT, None, None),
    Right.VERIFY: (None, UNIT, ALL, None),
    Right.OVERSEE: (None, None, ALL, None),
    Right.FIGURES: (None, ALL, ALL, ALL),
}
CASES = list(product(Right, Role, TARGETS))


def reach(right: Right, role: Role) -> Reach | None:
    return dict(zip(Role, EXPECTED[right], strict=True))[role]


def scope(*roles: Role) -> Scope:
    """A person with these roles: reporters answer for `village`, coordinators for all of `town`."""
    units = frozenset({"town"}) if Role.COORDINATOR in roles else frozenset[str]()
    villages = {"village"} if Role.REPORTER in roles else set()
    if Role.COORDINATOR in roles:
        villages |= {"village", "other village"}
    return Scope(ME, frozenset(roles), units, frozenset(villages))


def looks_at_own(right: Right, where: str) -> bool:
    """What somebody reported they may look at for ever."""
    return right is Right.LOOK and where.endswith("own finding")


@pytest.mark.parametrize(("right", "role", "where"), CASES)
def test_a_right_reaches_as_far_as_the_table_says(right: Right, role: Role, where: str) -> None:
    far = reach(right, role)
    allowed = (far is not None and where in HOLDS[far]) or looks_at_own(right, where)
    refusal = may(scope(role), right, TARGETS[where])
    assert (refusal is None) == allowed
    if refusal is not None:
        assert refusal == Refusal(right, tuple(RIGHTS[right]))


@pytest.mark.parametrize(("right", "role"), list(product(Right, Role)))
def test_without_a_target_it_is_asked_whether_it_is_theirs_anywhere(right: Right, role: Role) -> None:
    theirs = reach(right, role) is not None
    assert scope(role).has(right) is theirs
    assert (may(scope(role), right) is None) is theirs
    assert scope(role).sees_all(right) is (reach(right, role) is Reach.ALL)


@pytest.mark.parametrize("roles", list(combinations(Role, 2)), ids=lambda roles: "+".join(roles))
def test_two_roles_may_what_either_may(roles: tuple[Role, Role]) -> None:
    both = scope(*roles)
    for right, where in product(Right, TARGETS):
        alone = [may(scope(role), right, TARGETS[where]) for role in roles]
        assert (may(both, right, TARGETS[where]) is None) == (None in alone), (right, where)


@pytest.mark.parametrize("right", Right)
def test_nobody_without_a_role_may_anything_but_look_at_what_they_reported(right: Right) -> None:
    nobody = Scope(ME, frozenset(), frozenset({"town"}), frozenset({"village"}))
    assert not nobody.has(right)
    assert not nobody.sees_all(right)
    for where, target in (("", None), *TARGETS.items()):
        assert (may(nobody, right, target) is None) == looks_at_own(right, where)


def test_a_place_without_its_role_opens_nothing() -> None:
    looker = Scope(ME, frozenset({Role.OBSERVER}), frozenset({"town"}), frozenset({"village"}))
    for right in (Right.REPORT, Right.AMEND, Right.HAND_IN, Right.RESOLVE, Right.VERIFY, Right.OVERSEE):
        assert may(looker, right, TARGETS["own place, own finding"]) is not None


def test_an_unreported_target_is_nobodys_own() -> None:
    stranger = Scope(0, frozenset({Role.REPORTER}))
    assert may(stranger, Right.AMEND, Target("village", "town")) is not None


def test_every_right_is_somebodys_and_is_written_down() -> None:
    assert set(RIGHTS) == set(Right) == set(EXPECTED)
    assert all(RIGHTS[right] for right in Right)
    table = {right: {role: r for role in Role if (r := reach(right, role))} for right in Right}
    assert table == {right: dict(reaches) for right, reaches in RIGHTS.items()}


def test_who_judges_is_above_who_reports() -> None:
    """An observer changes nothing; the county never reports; whoever amends may look."""
    changing = [right for right in Right if right not in (Right.TALK, Right.LOOK, Right.FIGURES)]
    assert all(Role.OBSERVER not in RIGHTS[right] for right in changing)
    assert Role.COUNTY not in RIGHTS[Right.REPORT]
    for right, role, where in CASES:
        if right is not Right.FIGURES and may(scope(role), right, TARGETS[where]) is None:
            assert may(scope(role), Right.LOOK, TARGETS[where]) is None, (right, role, where)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_needs_a_right_that_somebody_has(name: str) -> None:
    needs = COMMANDS[name].needs
    assert needs in RIGHTS
    assert any(may(scope(role), needs) is None for role in Role)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("right", Right)
def test_a_refusal_names_who_may(right: Right, language: str) -> None:
    texts, refusal = load_texts(), may(Scope(ME, frozenset()), right)
    assert refusal is not None
    said = texts.render(not_theirs(refusal), language)
    for role in Role:
        named = texts.render(line(f"role_{role}"), language) in said
        assert named == (role in RIGHTS[right]), (role, said)


def test_the_printed_table_is_markdown_that_names_every_right_and_role() -> None:
    lines = list(printed())
    assert lines == list(printed())
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["right", *Role]
    assert set("".join(rule)) == {"-"}
    assert [row[0] for row in rows] == list(Right)
    for right, *cells in rows:
        expected = [reach(Right(right), role) for role in Role]
        assert cells == ["-" if far is None else str(far) for far in expected]
