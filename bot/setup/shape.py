"""Reads a file into the pydantic model that is its shape, and tells what pydantic finds wrong in our own words.

Rule: a bad value is complained of and then stands as a neutral one ("" 0 () None), so that one mistake never hides
another. Whoever compares values afterwards passes over neutral ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, WrapValidator, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_core.core_schema import WithDefaultSchema

from bot.setup.errors import ErrorList
from bot.setup.fields import place_in, repeated_keys

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHOWN = 40  # characters of a wrong value repeated in a complaint
_PASSES = 9  # more than tables, lists and values are nested in each other
_WRONG: Final = object()  # stands in the place of a value that was complained of
# pydantic's type of error -> what we say. Any other type means: this is not what belongs here.
_OUR_WORDS = {
    "missing": "is missing; write {wants}",
    "extra_forbidden": "is not known here; remove it or use one of: {known}",
    "model_type": "is {said}; a table of keys and values is needed here",
    "tuple_type": "is {said}; write a list in [ ]",
    "too_short": "is empty; at least one is needed",
    "enum": "{said} is not known; write {wants}",
    "literal_error": "{said} is not known; write {wants}",
}
_NOT_THIS = "is {said}; write {wants}"


@dataclass(frozen=True, slots=True)
class Wants:
    """What to write where a value is missing or does not fit."""

    what: str


def neutral(value: object) -> WrapValidator:
    """What stands where a bad value stood. Belongs behind all that checks the value."""
    return WrapValidator(lambda said, check: value if said is _WRONG else check(said))


def wrong(what: str) -> PydanticCustomError:
    """A mistake in our own words, to raise in a validator."""
    return PydanticCustomError("ours", "{what}", {"what": what})


class Table(BaseModel):
    """A table of a file: these keys and no others."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        model_title_generator=lambda model: model.__name__.removesuffix("Row").removesuffix("File"),
    )

    @model_validator(mode="before")
    @classmethod
    def _of_neutral_values(cls, raw: object) -> object:
        needed = (name for name, field in cls.model_fields.items() if field.is_required())
        return dict.fromkeys(needed, _WRONG) if raw is _WRONG else raw


AnyTable = TypeVar("AnyTable", bound=Table)


def read_table(shape: type[AnyTable], raw: object, complaints: ErrorList) -> AnyTable:
    """The file as its shape, neutral where it was complained of."""
    for where in repeated_keys(raw):
        complaints.add(where, "is written twice; keep one")
    held: Any = [raw]
    for _ in range(_PASSES):  # checks of a list run once all that is in it is right, or neutral
        try:
            return shape.model_validate(held[0])
        except ValidationError as error:
            mistakes = error.errors(include_url=False)
        for mistake in mistakes:
            if mistake["type"] == "too_short" and mistake["input"]:
                continue  # pydantic counts only what is right in the list; the rest is complained of by itself
            complaints.add(place_in("", *mistake["loc"]), _in_our_words(mistake, shape))
            _set_aside(held, mistake)
    complaints.close()
    raise AssertionError("a mistake was not complained of")


def json_schema(shape: type[Table]) -> dict[str, object]:
    """What an editor needs to help with such a file."""
    return {"$schema": _DIALECT, **shape.model_json_schema(schema_generator=_WithoutDefaults)}


class _WithoutDefaults(GenerateJsonSchema):
    """Our defaults say that nothing is written; an editor must not fill them in."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def _set_aside(held: Any, mistake: ErrorDetails) -> None:
    *path, last = (0, *mistake["loc"])
    for step in path:
        held = held[step]
    if mistake["type"] == "extra_forbidden":
        del held[last]
    else:
        held[last] = _WRONG


def _in_our_words(mistake: ErrorDetails, shape: type[Table]) -> str:
    if mistake["type"] == "ours":
        return str(mistake["ctx"]["what"])
    said, wants, known = shown(mistake["input"]), "", ""
    if mistake["type"] == "extra_forbidden":
        fields = _bare(_kind_at(shape, mistake["loc"][:-1])).model_fields
        known = ", ".join(sorted(name for name, field in fields.items() if not field.exclude))
    else:
        wants = _wants(_kind_at(shape, mistake["loc"]))
    return _OUR_WORDS.get(mistake["type"], _NOT_THIS).format(said=said, wants=wants, known=known)


def _kind_at(shape: type[Table], loc: Iterable[str | int]) -> Any:
    kind: Any = shape
    for step in loc:
        if isinstance(step, int):
            kind = get_args(_bare(kind))[0]
        else:
            field = _bare(kind).model_fields[step]
            kind = Annotated[(field.annotation, None, *field.metadata)]
    return kind


def _bare(kind: Any) -> Any:
    """Without what is noted beside it, and of `X | None` the X."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = get_args(kind)[0]
    return kind


def _wants(kind: Any) -> str:
    noted = [note.what for note in getattr(kind, "__metadata__", ()) if isinstance(note, Wants)]
    bare = _bare(kind)
    if noted:
        return noted[-1]
    if get_origin(bare) is Literal:
        return f"one of: {', '.join(get_args(bare))}"
    if isinstance(bare, type) and issubclass(bare, Enum):
        return f"one of: {', '.join(member.value for member in bare)}"
    return "a list" if get_origin(bare) is tuple else "a table"


def shown(value: object) -> str:
    """A wrong value, short enough to stand in a complaint."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
