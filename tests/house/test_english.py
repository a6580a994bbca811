"""English replies are English: Chinese stands in them only where it is official text, a name, or what somebody said."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.main import DEMO_ROSTER
from bot.texts import load_texts
from tests.support import transcripts

# Chinese characters, and the signs that only stand between them: ，。、：；（）“”【】 and full-width forms
CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”]+")
ENGLISH = [path for path in transcripts.transcripts() if transcripts.language(path) == "en"]
STRANGER = load_texts().catalogue["zh-CN"]["stranger"]  # whose language nobody knows
ACTED = "水管已换，8月6日通水"  # the result that `@ act submit` gives
LIMITS = Path(transcripts.__file__).parents[2] / "bot" / "domain" / "limits.toml"


def strings(value: object) -> Iterator[str]:
    """Every string in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def official() -> list[str]:
    """What the notice, the roster and the notice's limits say, word for word."""
    checklist = json.loads((transcripts.DATA / "checklist.json").read_text("utf-8"))
    roster = tomllib.loads(DEMO_ROSTER.read_text("utf-8"))
    plan = transcripts.plan_in("en").roster
    names = [*(place.name for place in plan.places), *(unit.name for unit in plan.units)]
    people = [person.name for person in plan.people]
    limits = tomllib.loads(LIMITS.read_text("utf-8"))
    return [*strings(checklist), *strings(roster), *strings(limits), *names, *people]


def said_in_english(text: str) -> Iterator[str]:
    """The lines of the bot that an English reader gets: not the county room's, nor what comes after `language zh`."""
    chinese = elsewhere = False
    for line in text.splitlines():
        if line.startswith("> "):
            chinese = (chinese or line == "> language zh") and line != "> 语言 en"
        if not line.startswith("<") or line.startswith("< ["):
            elsewhere = line.startswith("< [→ #county]")
        if line.startswith("<") and not chinese and not elsewhere:
            yield line[1:].strip()


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in ENGLISH])
def test_no_reply_speaks_chinese_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    known = [*official(), STRANGER, ACTED, *(line for line in text.splitlines() if line.startswith(">"))]
    wrong = [
        (found, line)
        for line in said_in_english(text)
        for found in CHINESE.findall(line)
        if not any(found in whole for whole in known)
    ]
    assert wrong == []


def test_the_net_catches_signs_that_only_stand_between_chinese_words() -> None:
    for sign in "，。、：；（）“”【】！？":
        assert CHINESE.findall(f"Hello{sign} there")
