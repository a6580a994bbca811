"""The campaign's data says what the notice says, word for word."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.domain.campaign import Campaign, PlaceKind
from bot.setup.campaign_file import load_campaign, parse_campaign

ROOT = Path(__file__).parents[2]
CHECKLIST = ROOT / "checklist.json"
COPIES = ROOT / "tests" / "data"
NOTICE = ROOT.parent / "shared" / "notice"
FOLDERS = [COPIES, *([NOTICE] if NOTICE.exists() else [])]


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign(CHECKLIST)


def stored(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def notice() -> str:
    """The notice without its line breaks; empty where it is not at hand."""
    file = NOTICE / "notice.md"
    return re.sub(r"\s", "", file.read_text("utf-8")) if file.exists() else ""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_all_72_items_stand_word_for_word_with_their_sections_and_units(
    campaign: Campaign, folder: Path
) -> None:
    expected = stored(folder, "items.json")
    assert len(expected) == len(campaign.items) == 72
    for row in expected:
        item = campaign.by_no[row["no"]]
        section = campaign.section[item.section_id]
        area = campaign.area[section.area_id]
        assert item.text == row["text"]
        assert list(item.units) == row["units"]
        assert (section.no, section.name) == (row["section_no"], row["section"])
        assert (area.no, area.name) == (row["area_no"], row["area"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_leads_amounts_and_check_points_of_the_body_are_not_lost(campaign: Campaign, folder: Path) -> None:
    for row in stored(folder, "items_hints.json"):
        item = campaign.by_no[row["no"]]
        assert item.lead == row["lead_unit"]
        wanted = set(re.findall(r"[0-9]{2,}", " ".join(row["facts"])))
        assert wanted <= set(re.findall(r"[0-9]{2,}", " ".join(item.figures))), item.no
        assert bool(row["facts"]) == bool(item.figures), item.no
        if any(line.startswith("正文") for line in row["from_body"]):
            assert item.hints, item.no


def test_the_phases_are_those_of_the_notice_and_28_august_belongs_to_two(campaign: Campaign) -> None:
    expected = stored(COPIES, "phases.json")
    found = [
        {"name": p.name, "starts": p.starts and p.starts.isoformat(), "ends": p.ends.isoformat()}
        for p in campaign.phases
    ]
    assert found == [{key: row[key] for key in ("name", "starts", "ends")} for row in expected]
    assert [p.id for p in campaign.phases_on(date(2023, 8, 28))] == ["rectify", "refine"]
    if text := notice():
        assert [row["heading"] for row in expected if row["heading"] in text] == [
            row["heading"] for row in expected
        ]


def test_title_numbers_and_contact_are_quoted_exactly(campaign: Campaign) -> None:
    for key, expected in stored(COPIES, "facts.json").items():
        assert getattr(campaign, key) == expected
        assert not notice() or expected in notice(), key


def test_every_text_of_an_item_stands_in_the_annex(campaign: Campaign) -> None:
    text = notice() or re.sub(r"\s", "", (COPIES / "items.json").read_text("utf-8"))
    assert [item.no for item in campaign.items if re.sub(r"\s", "", item.text) not in text] == []


def test_horizons_sources_zone_and_window(campaign: Campaign) -> None:
    assert [(h.id, h.due) for h in campaign.horizons] == [
        ("now", date(2023, 8, 31)),
        ("limited", date(2023, 10, 31)),
        ("longterm", None),
    ]
    assert campaign.sources == ("自查", "国家后评估", "省后评估", "市调研", "群众反映", "督导")
    assert campaign.timezone.key == "Asia/Shanghai"
    assert campaign.ends == date(2023, 8, 30)


def test_villages_are_asked_70_items_townships_two_and_departments_theirs(campaign: Campaign) -> None:
    asked = {kind: [i.no for i in campaign.items_of(kind, "县水利局")] for kind in PlaceKind}
    assert asked[PlaceKind.VILLAGE] == list(range(3, 73))
    assert asked[PlaceKind.TOWNSHIP] == [1, 3]
    assert asked[PlaceKind.DEPARTMENT] == [2, 3, 21, 22, 23]
    assert [i.no for i in campaign.items if PlaceKind.DEPARTMENT not in i.asked_of] == [1]


def test_item_5_names_no_400_that_would_hold_here(campaign: Campaign) -> None:
    figures = campaign.by_no[5].figures
    assert [line for line in figures if "400" in line and "不适用" not in line] == []
    assert [line for line in figures if "600元/年" in line] == ["生活补助费600元/年", "保教费600元/年"]


def test_ids_say_section_and_first_number(campaign: Campaign) -> None:
    assert [item.id for item in campaign.items] == [
        f"{item.section_id}-{item.no:02}" for item in campaign.items
    ]


def test_the_version_changes_with_any_byte(campaign: Campaign) -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", campaign.version)
    text = CHECKLIST.read_text("utf-8")
    assert parse_campaign(text).version == campaign.version
    assert parse_campaign(text + "\n").version != campaign.version
