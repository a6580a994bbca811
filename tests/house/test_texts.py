"""The texts agree: the same keys and gaps in both languages, every one the code says is there.

That each is said by somebody, tests/engine/test_transcripts.py holds.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.dialogue.effects import line
from bot.dialogue.questions import NAMES
from bot.handlers import questions
from bot.setup.campaign_file import parse_campaign
from bot.texts import LANGUAGES, Texts, load_texts
from tests.support.transcripts import DATA

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = load_texts().catalogue
KEYS = set(CATALOGUE["zh-CN"])


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _piece(value: ast.expr) -> str:
    return re.escape(str(value.value)) if isinstance(value, ast.Constant) else r"\w+"


def said_in_code() -> Iterator[tuple[str, str]]:
    """(file, pattern of the key) for every line(…) of the code whose key stands there."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "line":
                for key in _keys(node.args[0]):
                    yield path.name, key


def printed_in_code() -> Iterator[tuple[str, str]]:
    """(file, pattern of the key) for every words.say(…) of the ledger whose key stands there."""
    for path in (ROOT / "bot" / "ledger").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
            ):
                for key in _keys(node.args[0]):
                    yield path.name, key


def _keys(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_piece(value) for value in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _keys(node.body)
        yield from _keys(node.orelse)


def test_both_languages_have_the_same_keys() -> None:
    assert set(CATALOGUE["en"]) == KEYS


def test_both_languages_have_the_same_gaps() -> None:
    assert {key for key in KEYS if gaps(CATALOGUE["zh-CN"][key]) != gaps(CATALOGUE["en"][key])} == set()


def test_every_text_the_code_says_is_there() -> None:
    missing = {
        (file, pattern)
        for file, pattern in (*said_in_code(), *printed_in_code())
        if not any(re.fullmatch(pattern, key) for key in KEYS)
    }
    assert missing == set()


def test_every_kind_of_question_has_its_help() -> None:
    assert {f"help_at_{name}" for name in NAMES.values()} <= KEYS


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_fits_on_a_phone(language: str) -> None:
    office = 1  # whom to call stands below it
    lines = {
        key: len(text.split("\n")) for key, text in CATALOGUE[language].items() if key.startswith("help_")
    }
    assert {key: n for key, n in lines.items() if n + office > 10} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_word_to_somebody_new_has_five_lines(language: str) -> None:
    welcomes = {key: text for key, text in CATALOGUE[language].items() if key.startswith("welcome_")}
    assert {key: len(text.split("\n")) for key, text in welcomes.items()} == dict.fromkeys(welcomes, 5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_is_short_where_the_item_is(language: str) -> None:
    """Four hundred bytes around the official words, which nobody may shorten."""
    campaign = parse_campaign((DATA / "checklist.json").read_text("utf-8"), "checklist.json")
    texts = Texts(CATALOGUE)
    longest = max((section.name for section in campaign.sections), key=len)
    head = line("ask_answer", place="颍桥示范一村", index=70, total=70, section=longest, no=72)
    around = texts.together((head, line("choices")), language)
    assert len(around.encode()) <= 200
    short = [item for item in campaign.items if len("".join((item.text, *item.hints)).encode()) <= 200]
    assert len(short) > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_on_one_line_with_others_is_never_parted_from_its_digit(language: str) -> None:
    """A phone of 360 px breaks a line at a plain blank."""
    choices = re.compile(
        r"(?<![\d回])1 [^\d\s].*(?<!\d)2[ \u00a0][^\d\s]"
    )  # matches "1 continue 2\u00a0not now"
    asked = {
        key: text for key, text in CATALOGUE[language].items() if not key.startswith(("help_at", "visit_"))
    }
    assert {key for key, text in asked.items() if choices.search(text)} == {"choices"}  # begins its line
    assert {"again_answer", "ask_submit", "ask_merge"} <= {
        key for key, text in asked.items() if "1\u00a0" in text and "2\u00a0" in text
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sign_is_drawn_as_an_emoji_that_was_not_meant_as_one(language: str) -> None:
    assert {key for key, text in CATALOGUE[language].items() if set("▪▫◾◽■") & set(text)} == set()


def test_no_text_speaks_of_one_county_alone() -> None:
    """Another campaign is another checklist and roster, no text."""
    names = ("襄城", "颍桥", "麦岭", "72项", "72 items")
    assert {
        key for texts in CATALOGUE.values() for key, text in texts.items() if any(n in text for n in names)
    } == set()


def test_a_gap_without_its_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        load_texts().render(line("answered_clear_by", no=1), "en")


def test_a_value_that_names_a_text_is_said_in_the_readers_language() -> None:
    said = load_texts().render(line("card_field", field="@field_due", value="x"), "zh-CN")
    assert said == "整改时限：x"


def test_places_listed_at_once_fit_on_a_screen() -> None:
    assert questions.SHOWN <= 12
