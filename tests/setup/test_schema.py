"""The JSON Schemas that are printed for editors fit the files they are for, and explain what is in them."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main
from bot.domain.roster import LANGUAGES, Role

FILES = {
    "checklist": json.loads(CHECKLIST.read_text("utf-8")),
    "roster": tomllib.loads(DEMO_ROSTER.read_text("utf-8")),
}


def printed(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["check", "--schema", name]) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    return schema


def tables(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    yield from (table for table in schema["$defs"].values() if table["type"] == "object")


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_file_fits_its_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed(name, capsys)
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(FILES[name])) == []


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_explained_and_no_other_is_allowed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = printed(name, capsys)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.dumps(schema).count("://") == 1
    for table in tables(schema):
        assert table["title"]
        assert table["description"]
        assert table["additionalProperties"] is False
        keys = table["properties"].items()
        unexplained = [key for key, what in keys if not what.get("description") or "default" in what]
        assert unexplained == [], table["title"]


def put(data: dict[str, Any], *path: Any) -> dict[str, Any]:
    """`put(data, "items", 3, "no", 7)`: a copy with 7 there."""
    inner: Any = (data := copy.deepcopy(data))
    *steps, last, value = path
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return data


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("checklist", ("colour", "red")),
        ("checklist", ("items", [])),
        ("checklist", ("items", 3, "no", "4")),
        ("checklist", ("items", 3, "no", 0)),
        ("checklist", ("items", 3, "id", "教育")),
        ("checklist", ("items", 3, "text", "")),
        ("checklist", ("items", 3, "units", [])),
        ("checklist", ("items", 3, "units", ["县教体局", "县教体局"])),
        ("checklist", ("items", 3, "asked_of", ["hamlet"])),
        ("checklist", ("starts", None)),
        ("roster", ("unit", 0, "kind", "hamlet")),
        ("roster", ("unit", 0, "villages", [7])),
        ("roster", ("unit", 0, "villages", [{"id": "x"}])),
        ("roster", ("person", 0, "role", "boss")),
        ("roster", ("person", 0, "language", "fr")),
        ("roster", ("person", 0, "language", None)),
        ("roster", ("unit", 0, "villages", [""])),
    ],
)
def test_what_the_check_refuses_an_editor_marks(
    name: str, wrong: tuple[Any, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(Draft202012Validator(printed(name, capsys)).iter_errors(put(FILES[name], *wrong)))


def test_a_village_may_be_a_name_or_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    data = put(FILES["roster"], "unit", 0, "villages", ["张庄", {"id": "zhang-2", "name": "张庄"}])
    assert list(Draft202012Validator(printed("roster", capsys)).iter_errors(data)) == []


def test_the_choices_are_those_the_bot_knows(capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed("roster", capsys)
    assert schema["$defs"]["Role"]["enum"] == list(Role)
    assert tuple(schema["$defs"]["PersonRow"]["properties"]["language"]["enum"]) == LANGUAGES
