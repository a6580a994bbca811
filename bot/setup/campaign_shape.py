"""The shape of `checklist.json`: which keys it has and what stands in each. What must fit together is in `campaign_file.py`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.domain.campaign import PlaceKind
from bot.setup.kinds import ONCE_EACH, SOME, Day, DayOrNull, Number, Slug, SomeTexts, Text, Texts, Zone
from bot.setup.shape import Table, neutral

_ID = "A name for the program: small Latin letters, digits and single hyphens. Never change it once answers exist."
_NO = "The printed number. Numbers run 1, 2, 3 and so on in the order of the file."


class PhaseRow(Table):
    """A stage of the campaign. Both days belong to it; two stages share one day at most."""

    id: Slug = Field(description=_ID)
    name: Text = Field(description="As printed.")
    starts: DayOrNull = Field(description="The first day. Only the first stage may have null: since ever.")
    ends: Day = Field(description="The last day, not after the end of the campaign.")


class HorizonRow(Table):
    """How long mending may take."""

    id: Slug = Field(description=_ID)
    name: Text = Field(description="As printed.")
    due: DayOrNull = Field(
        description="The last day. null: no end; whoever reports it names stages of their own."
    )
    aliases: Texts = Field((), description="What people say instead of the name.")


class AreaRow(Table):
    """One of the large parts of the list."""

    id: Slug = Field(description=_ID)
    no: Number = Field(description=_NO)
    name: Text = Field(description="As printed.")


class SectionRow(Table):
    """A part of an area. Sections of one area stand together."""

    id: Slug = Field(description=_ID)
    no: Number = Field(description=_NO)
    name: Text = Field(description="As printed.")
    area: Text = Field(description="The id of its area.")
    aliases: Texts = Field((), description="Short names people say for it. A name says one section only.")


class ItemRow(Table):
    """Something to look into. Items of one section stand together."""

    id: Slug = Field(description=_ID)
    no: Number = Field(description=_NO)
    section: Text = Field(description="The id of its section.")
    text: Text = Field(description="The whole text, as printed.")
    units: SomeTexts = Field(description="The units responsible, as printed.")
    lead: Text = Field(description="The one among the units that leads.")
    asked_of: Annotated[tuple[Annotated[PlaceKind, neutral(None)], ...], SOME, ONCE_EACH, neutral(())] = (
        Field(description="At which kinds of places it is asked.")
    )
    figures: Texts = Field((), description="Amounts, limits and document numbers that belong to it.")
    hints: Texts = Field((), description="What else to look at, from the body of the notice.")
    words: Texts = Field((), description="More words by which a search finds it.")


class ChecklistFile(Table):
    """A campaign: what is looked into, where, by whom and until when."""

    id: Slug = Field(
        "campaign",
        description="What tells this campaign from others, in every version of its file: kept with every answer.",
    )
    title: Text = Field(description="The full name of the campaign.")
    short_title: Text = Field(description="The name of the campaign as said in chat.")
    ledger_title: Text = Field(description="The title printed on the ledger.")
    document: Text = Field(description="The number of the notice that orders the campaign.")
    upper_document: Text = Field(description="The number of the notice above that one.")
    county: Text = Field(description="The county's name.")
    office: Text = Field(description="The office that runs the campaign.")
    phone: Text = Field(description="Its telephone number.")
    email: Text = Field(description="Its e-mail address.")
    timezone: Zone = Field(description="Where clocks are read, like Asia/Shanghai.")
    starts: Day = Field(description="The first day of the campaign.")
    ends: Day = Field(description="The last day of the campaign.")
    township_group: Text = Field(description="The printed name that stands for every township at once.")
    member_group: Text = Field(description="The printed name that stands for every department at once.")
    sources: SomeTexts = Field(
        description="Where a finding can come from. The first holds when nothing is said."
    )
    phases: Annotated[tuple[PhaseRow, ...], Field(min_length=1), neutral(())] = Field(
        description="The stages, in order of time."
    )
    horizons: Annotated[tuple[HorizonRow, ...], Field(min_length=1), neutral(())] = Field(
        description="How long mending may take."
    )
    areas: Annotated[tuple[AreaRow, ...], Field(min_length=1), neutral(())] = Field(
        description="The large parts of the list."
    )
    sections: Annotated[tuple[SectionRow, ...], Field(min_length=1), neutral(())] = Field(
        description="The parts of the areas."
    )
    items: Annotated[tuple[ItemRow, ...], Field(min_length=1), neutral(())] = Field(
        description="What is looked into."
    )
