"""The shape of `roster.toml`: which keys it has and what stands in each. What must fit together is in `roster_file.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.domain.roster import Role
from bot.setup.kinds import ONCE_EACH, UNIQUE, Day, Language, Text, fault_in_text
from bot.setup.shape import Table, neutral, wrong


class VillageRow(Table):
    """A village whose name stands in another township too, so that it needs an id."""

    id: Text = Field("", description="An id of its own. The name serves when there is none.")
    name: Text = Field(description="The village's name.")


def _by_its_name(value: object) -> object:
    if not isinstance(value, str):
        return value
    if fault := fault_in_text(value):
        raise wrong(fault)
    return {"name": value}


class UnitRow(Table):
    """A township or a department of the county. It is itself a place."""

    id: Text = Field("", description="An id of its own. The name serves when there is none.")
    name: Text = Field(description="The name; of a department as the checklist prints it.")
    kind: Annotated[Literal["township", "department"], neutral("")] = Field(description="What it is.")
    villages: Annotated[
        tuple[
            Annotated[VillageRow, BeforeValidator(_by_its_name, json_schema_input_type=Text | VillageRow)],
            ...,
        ],
        neutral(()),
    ] = Field((), description="The villages of a township: names, or tables with id and name.")


class PersonRow(Table):
    """Somebody who takes part."""

    user: Text = Field(
        "",
        description="The Matrix id in full, or its first part where the homeserver is the bot's own. Leave it out for "
        "somebody without a phone, or who will be invited.",
    )
    name: Text = Field(description="The name, as printed on the ledger.")
    role: Annotated[Role, neutral(None)] = Field(
        description="reporter: reports for places; coordinator: answers for a unit; county: directs the campaign; "
        "observer: reads."
    )
    unit: Text = Field("", description="The unit's name or id. A coordinator needs one.")
    places: Annotated[tuple[Text, ...], UNIQUE, ONCE_EACH, neutral(("",))] = (
        Field(  # neutral: not empty, nor a place
            (), description="Names or ids of the places a reporter answers for."
        )
    )
    phone: Text = Field("", description="A telephone number by which others reach this person.")
    last_day: Day | None = Field(None, description="The last day on which the entry holds; it ends after it.")
    language: Language = Field("zh-CN", description="The language the bot speaks with this person.")

    def has(self, key: str) -> bool:
        """Whether it is written in the file."""
        return key in self.model_fields_set


class RosterFile(Table):
    """Who takes part: units with their villages, and people."""

    unit: Annotated[tuple[UnitRow, ...], Field(min_length=1), neutral(())] = Field(
        description="Every township and department that takes part."
    )
    person: Annotated[tuple[PersonRow, ...], neutral(())] = Field((), description="Everybody who takes part.")
