"""Whatever roster files come one after another: each is true after it was made so, and the history is sound."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.roster import Role
from bot.setup.errors import FileErrors
from bot.setup.roster_file import parse_roster
from bot.setup.roster_import import compare
from storage import people, places
from tests.support.office import CAMPAIGN, SERVER, Office


@dataclass(frozen=True)
class Village:
    name: str
    id: str

    @property
    def key(self) -> str:
        return self.id or self.name


@dataclass(frozen=True)
class Town:
    name: str
    id: str
    villages: tuple[Village, ...]

    @property
    def key(self) -> str:
        return self.id or self.name

    def text(self) -> str:
        own = f'id = "{self.id}"\n' if self.id else ""
        rows = ", ".join(f'{{ id = "{village.key}", name = "{village.name}" }}' for village in self.villages)
        return f'[[unit]]\n{own}name = "{self.name}"\nkind = "township"\nvillages = [{rows}]\n'


@dataclass(frozen=True)
class Somebody:
    user: str
    name: str
    role: Role
    n: int  # chooses the place or unit
    more: str

    def text(self, towns: tuple[Town, ...]) -> str:
        units = [town.key for town in towns]
        ids = [*units, *(village.key for town in towns for village in town.villages)]
        lines = ["[[person]]", f'name = "{self.name}"', f'role = "{self.role}"', self.more]
        lines += [f'user = "{self.user}"'] if self.user else []
        lines += [f'unit = "{units[self.n % len(units)]}"']
        lines += [f'places = ["{ids[self.n % len(ids)]}"]'] if self.role is Role.REPORTER else []
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class File:
    """A roster; it may well have mistakes."""

    towns: tuple[Town, ...]
    people: tuple[Somebody, ...]

    def text(self) -> str:
        return "\n".join([town.text() for town in self.towns] + [one.text(self.towns) for one in self.people])


MORE = ("", 'phone = "1"', 'last_day = "2023-08-09"', 'last_day = "2023-08-01"')
NAMES = st.sampled_from("甲乙丙丁")
VILLAGES = st.builds(Village, NAMES.map(lambda name: f"{name}村"), st.sampled_from(["", "v1", "v2", "v3"]))
TOWNS = st.builds(
    Town,
    NAMES.map(lambda name: f"{name}镇"),
    st.sampled_from(["", "", "t1", "t2"]),
    st.lists(VILLAGES, max_size=3, unique_by=(lambda village: village.key, lambda village: village.name)).map(
        tuple
    ),
)
PEOPLE = st.builds(
    Somebody,
    st.sampled_from(["", "a", "b", "c"]),
    NAMES,
    st.sampled_from(Role),
    st.integers(0, 9),
    st.sampled_from(MORE),
)
FILES = st.builds(
    File,
    st.lists(TOWNS, min_size=1, max_size=3, unique_by=(lambda town: town.key, lambda town: town.name)).map(
        tuple
    ),
    st.lists(PEOPLE, max_size=4, unique_by=lambda one: one.user or one.name).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(FILES, min_size=2, max_size=4))
def test_any_file_after_any_other_is_true_after_it_was_made_so(files: list[File]) -> None:
    office: Office | None = None
    for day, file in enumerate(files):
        today = f"2023-08-{5 + day:02}"
        try:
            roster = parse_roster(file.text(), CAMPAIGN, SERVER)
        except FileErrors:
            continue
        if office is None:
            office = Office(file.text())
            continue
        if compare(office.tx, roster, today).unclear:
            continue
        office.imports(file.text(), today)
        valid = [(place.name, place.unit) for place in places.every(office.tx)]
        assert valid == [(place.name, roster.unit[place.unit_id].name) for place in roster.places]
        for person in roster.people:
            actor = people.actor(office.tx, person.user_id, today) if person.user_id else None
            if person.user_id:
                assert (actor is None) == (person.until is not None and person.until <= today)
            if actor is not None:
                assert actor.scope.roles == {person.role}
