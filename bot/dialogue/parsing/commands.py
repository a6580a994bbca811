"""Commands: a word at the start of a message, with or without `!`, and what was said after it.

Rule: while a text is awaited only what cannot be a text counts: a command alone, or its word, a break, and an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.meaning import Command, Expect
from bot.dialogue.parsing.answers import AnswerWords, any_of, key, tells_of_trouble
from bot.dialogue.parsing.normalise import Line
from bot.dialogue.parsing.numerals import NUMBER, leading_number

_TRIM = " \n,;。.!~…:"
_BREAK = re.compile(r"\s*[\s::]\s*")
_NUMBERED = re.compile(rf"(?:第|#|no\.?\s?)?\s?{NUMBER}(?!\s?[户家人名])")
_POLITE = re.compile("^(?:(?:请|麻烦|帮我|给我|我要|我想|那就|那|先|please )+(?=[\u4e00-\u9fffa-z]{2}))")
_POLITE_END = re.compile("(?<=[\u4e00-\u9fffa-z]{2})(?:吧|呗|啊|呀|哈|一下|嘞| please)+$")
_LONGEST_IN_TEXT = 30  # characters of an argument; more while a text is awaited is the text
_GLUED_SEARCH = re.compile("[查搜找](?![了过出完清看到不无没的些得着啊呢])([\u4e00-\u9fff]{2,6})")
# 走访李老三家，厕所坏了
_GLUED_VISIT = re.compile(
    "(?:今天|昨天|刚才?|上午|下午|我们?)?(?:走访|入户|去)了?(?=[\u4e00-\u9fff]{2,4}[家户](?![的都全])[,。 里]?.{2})"
)
_ITEM = rf"第?\s?(?P<n>{NUMBER})\s?(?:项|条|号|题)?\s?的?"


@dataclass(frozen=True, slots=True)
class CommandWords:
    """The command words of words.toml, ready for looking up."""

    whole: Mapping[str, Command]  # messages that are nothing but a command
    takes: Mapping[str, str]  # command -> nothing | number | words | maybe
    glued: frozenset[str]
    begins: re.Pattern[str]
    named: Mapping[str, Command]  # a beginning -> its command, with an argument it brings along
    forms: tuple[tuple[str, re.Pattern[str]], ...]


def command_words(data: Mapping[str, Any]) -> CommandWords:
    """Compile [commands], [[shortcuts]] and [[prefixes]]. A word may stand for one command only."""
    whole: dict[str, Command] = {}
    named: dict[str, Command] = {}
    takes, glued, forms = {}, set(), []
    for name, entry in data["commands"].items():
        takes[name] = entry.get("takes", "nothing")
        if entry.get("glued"):
            glued.add(name)
        for word in entry["words"]:
            if word in whole:
                raise ValueError(f"commands.{name}: {word} already means {whole[word].name}")
            whole[word] = Command(name)
            if takes[name] != "nothing":
                named[word] = Command(name)
        forms += [(name, _form(form)) for form in entry.get("forms", ())]
    for entry in data["shortcuts"]:
        whole |= {word: Command(entry["command"], entry["argument"]) for word in entry["words"]}
    for entry in data["prefixes"]:
        whole |= {word: Command(entry["command"], entry["argument"]) for word in entry["words"]}
        named |= {word: Command(entry["command"], entry["argument"]) for word in entry["words"]}
    return CommandWords(whole, takes, frozenset(glued), re.compile(any_of(named)), named, tuple(forms))


def _form(form: str) -> re.Pattern[str]:
    return re.compile(
        re.escape(form).replace(r"\{n\}", _ITEM).replace(r"\{x\}", r"(?P<x>.{1,60})").replace(r"\ ", r"\s")
    )


def find_command(line: Line, expect: Expect, words: CommandWords, answers: AnswerWords) -> Command | None:
    """The command that `line` is, if it is one."""
    marked = line.fold.startswith("!")
    body = line.strip(" !") if marked else line
    plain = body.strip(_TRIM)
    if not plain.fold:
        return None
    alone = words.whole.get(key(plain.fold.rstrip("?") or "?")) or words.whole.get(
        key(_POLITE_END.sub("", _POLITE.sub("", plain.fold)))
    )
    if alone and (marked or expect is Expect.NOTHING or words.takes[alone.name] in {"nothing", "maybe"}):
        return alone
    strict = expect is Expect.TEXT and not marked
    found = _with_argument(body, strict, words, answers)
    if found or strict:
        return found
    visited = _GLUED_VISIT.match(plain.fold) if expect is not Expect.TEXT else None
    if visited:
        return Command("visit", plain.words[visited.end() :])
    found = _by_form(plain, words)
    if found or (expect is not Expect.NOTHING and not marked):
        return found
    glued = _GLUED_SEARCH.fullmatch(plain.fold)
    return Command("search", plain.words[glued.start(1) :]) if glued else None


def _with_argument(line: Line, strict: bool, words: CommandWords, answers: AnswerWords) -> Command | None:
    match = words.begins.match(line.fold)
    if match is None:
        return None
    command = words.named[match.group()]
    takes = words.takes[command.name]
    broken = _BREAK.match(line.fold, match.end())
    if broken is None and (strict or command.name not in words.glued):
        return None
    after = line.cut(broken.end() if broken else match.end()).strip(_TRIM)
    if not after.fold or (takes == "number" and not _NUMBERED.match(after.fold)):
        return None
    if (
        strict
        and takes != "number"
        and (len(after.fold) > _LONGEST_IN_TEXT or tells_of_trouble(after.fold, answers))
    ):
        return None
    argument = f"{command.argument} {after.words}".strip()
    return Command(command.name, argument, leading_number(after.fold))


def _by_form(line: Line, words: CommandWords) -> Command | None:
    for name, form in words.forms:
        match = form.fullmatch(line.fold)
        if match:
            spans = [match.span(group) for group in match.groupdict()]
            said = " ".join(line.words[start:end].strip() for start, end in spans)
            return Command(name, said, leading_number(match["n"]))
    return None
