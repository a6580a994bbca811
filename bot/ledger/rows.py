"""What a ledger is made of, as plain values: somebody else reads them from the database and words them.

Rule: everything here is already the words and figures that will be printed; the ledger adds none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from bot.ledger.cell_xml import Setting
from bot.ledger.words import LedgerWords


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """What stands above and below the table.

    `cut_off` is aware: what was reported until then is in. `zone` is the county's. `note` is printed at the end
    (why a final version went out although it has gaps).
    """

    title: str  # broken by "\n" where the county wants it broken, else where it reads best
    scope: str  # 填报单位: the unit, the village or the county
    campaign: str
    document: str
    cut_off: datetime
    zone: tzinfo
    version: str
    words: LedgerWords  # of the language the whole workbook is in
    filled_by: str = ""
    note: str = ""
    anchor: str = (
        ""  # seq:head of the history at the cut-off, to prove by it later what was known; "" when unknown
    )
    digest: str = ""  # `content_hash` of what follows; "" where nobody has computed it yet

    @property
    def setting(self) -> Setting:
        return Setting(self.zone, self.words.say("ledger_cut"))

    @property
    def stamp(self) -> str:
        """In short, for every page: until when and which version."""
        local, words = self.cut_off.astimezone(self.zone), self.words
        when = {"day": words.day(local), "time": f"{local:%H:%M}"}
        return words.say("ledger_stamp", **when, version=self.version)

    @property
    def anchor_text(self) -> str:
        """The anchor with its name; "" where there is none."""
        return self.words.say("ledger_anchor", anchor=self.anchor) if self.anchor else ""


@dataclass(frozen=True, slots=True)
class FormRow:
    """One line of the printed form. Several findings in one text are numbered lines: "1. …\\n2. …"."""

    area_no: int
    area: str
    section_no: int
    section: str
    no: int
    text: str
    finding_text: str  # never empty: 未发现问题（入户12户） · 不涉及 · 未报 · the findings
    measure_text: str
    result_text: str
    units_text: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding in the flat sheet. Dates may be aware datetimes: they are shown in the county's zone."""

    number: int
    township: str
    village: str
    item_no: int
    section: str
    object: str
    description: str
    cause: str
    measure: str
    horizon: str
    due: date | None
    unit: str
    person: str
    result: str
    state: str
    reporter: str
    verifier: str
    found_on: date | None
    closed_on: date | None
    evidence_count: int
    recurrences: int
    extensions: int
    source: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One thing that was sent along with a finding. `at` is aware: it is shown in the county's zone."""

    number: int  # of the finding
    place: str
    item_no: int  # 0: the item is no longer on the list
    name: str  # of the file
    kind: str
    at: datetime
    sender: str
    sha256: str  # hex digits; empty: there is no file, or it was not fetched
    note: str  # stands where the picture would
    photo: bool  # a picture can be made of it
    picture: bytes = field(default=b"", repr=False)  # a thumbnail: JPEG, at most 160 pixels a side


@dataclass(frozen=True, slots=True)
class CoverCell:
    """How far one unit is in one section: answers given of answers expected, and findings."""

    section: str
    answered: int
    expected: int  # 0: the section is not asked of this unit
    findings: int


@dataclass(frozen=True, slots=True)
class CoverRow:
    """One unit of the summary. A section that has no cell is not asked of this unit."""

    unit: str
    cells: tuple[CoverCell, ...]
