"""Plays a transcript of tests/transcripts through the rehearsal and writes down what was said, as a reader sees it.

Rule: the stage knows nothing of the play. Lines that begin with > are a person's, # are a reader's headings, @ says
when and as whom it begins; everything else is what the bot said and is written anew by every performance.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.cli.main import DEMO_ROSTER, plan_from
from bot.dialogue.effects import MoveFinding
from bot.domain.roster import Person, Role
from bot.engine import effects
from bot.engine.origin import Origin
from bot.rehearsal.chat import SERVER, Rehearsal, Shown, doors, open_rehearsal
from bot.rehearsal.player import Player, as_text, parse_time
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from bot.texts import Texts
from storage import people
from storage.db import Transaction
from storage.rooms import Room

DATA = Path(__file__).parents[1] / "data"
FOLDER = Path(__file__).parents[1] / "transcripts"
BEGIN = "@ 2023-08-05 09:00 zhangsan"
ANCHOR = re.compile(r"\b\d+:[0-9a-f]{16}\b")  # matches "1234:9f3c0a1b2c3d4e5f"
BREAK = " ⏎ "  # a line break inside a message


class Overheard(dict[str, str]):
    """One language's texts, remembering which of them were asked for."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__(texts)
        self.said: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.said.add(key)
        return super().__getitem__(key)


@dataclass(frozen=True, slots=True)
class Performance:
    """What came of playing one transcript."""

    text: str
    said: frozenset[str]  # keys of the texts of the transcript's language
    asked: frozenset[str]  # names of the questions that were open at some time
    doubled: tuple[str, ...]  # messages of a person that were answered more than once in their own room


def transcripts() -> list[Path]:
    return sorted(FOLDER.glob("*.txt"))


def language(path: Path) -> str:
    """zh-CN of walk.zh-CN.txt."""
    return path.name.split(".")[-2]


def script(text: str) -> list[str]:
    """The lines of a transcript that are not the bot's."""
    lines = [line.rstrip() for line in text.splitlines() if line.startswith((">", "#", "@"))]
    return lines if lines[0].startswith("@") else [BEGIN, *lines]


def spoken(text: str) -> list[str]:
    """What people say in a transcript, without the directives' own words."""
    said = [line[2:] for line in script(text) if line.startswith("> ")]
    words = [line.split(" ", 2)[2] for line in said if line.startswith(("/reply ", "/edit "))]
    return [*(line for line in said if not line.startswith("/")), *words]


@functools.cache
def plan_in(language: str) -> Setup:
    plan = plan_from(DATA / "checklist.json", DEMO_ROSTER, SERVER, language)
    roster = plan.roster
    villages = tuple(place.id for place in roster.places if place.kind == "village")
    more = (
        Person(f"@wangwu:{SERVER}", "王五", Role.REPORTER, None, (), language),  # nothing to report on yet
        Person(f"@buwei:{SERVER}", "县委办", Role.COORDINATOR, None, (), language),  # a unit without places
        Person(f"@zhaoliu:{SERVER}", "赵六", Role.REPORTER, None, villages[-14:], language),
    )
    people = tuple(replace(person, language=language) for person in (*roster.people, *more))
    return replace(plan, roster=replace(roster, people=people))


def perform(path: Path, folder: Path, *, reopen: bool) -> Performance:
    """Play it in an empty folder; `reopen` closes everything and reads it from disk again before every line."""
    with _standing_in(folder):
        return asyncio.run(_perform(path, folder / "data", reopen))


async def _perform(path: Path, folder: Path, reopen: bool) -> Performance:
    lines = script(path.read_text("utf-8"))
    rehearsal = await open_rehearsal(
        plan_in(language(path)), folder, datetime(2023, 7, 20, tzinfo=UTC), Hours()
    )
    try:
        heard = _overhear(rehearsal, language(path))
        player = Player(rehearsal, lambda shown: None)
        written: list[str] = []
        doubled: list[str] = []
        for line in lines:
            if not line.startswith("> "):
                await _stage(player, line)
                written += ["", line] if line.startswith("#") and written else [line]
                continue
            if reopen:
                await rehearsal.restart()
            shown: list[Shown] = []
            player.show = shown.append
            await player.play(line[2:].replace(BREAK, "\n"))
            written += ["", line, *_said(shown, player.room_id)]
            told_later = line.startswith(("> /photo", "> /file"))  # a file that could not be fetched, apart
            if not line.startswith("> /now") and _replies(shown, player.room_id) > 1 + told_later:
                doubled.append(line)
        asked = frozenset(await rehearsal.database.read(lambda tx: _asked([r[0] for r in tx.all(ABOUT)])))
    finally:
        await rehearsal.close()
    return Performance("\n".join(written) + "\n", frozenset(heard.said), asked, tuple(doubled))


ABOUT = "SELECT about FROM outbox WHERE about IS NOT NULL"


def _asked(rows: list[str]) -> set[str]:
    return {str(ask) for row in rows if (ask := json.loads(row).get("ask"))}


def _overhear(rehearsal: Rehearsal, language: str) -> Overheard:
    context = rehearsal.context
    heard = Overheard(dict(context.texts.catalogue[language]))
    rehearsal.context = replace(context, texts=Texts({**context.texts.catalogue, language: heard}))
    rehearsal.sender, rehearsal.fetcher = doors(
        rehearsal.database, rehearsal.stage, rehearsal.context, rehearsal.folder, rehearsal.clock.now
    )
    return heard


async def _stage(player: Player, line: str) -> None:
    """What happens without a word: @ DAY TIME PERSON, with no tick on the way · @ act NUMBER VERB PERSON [REASON]."""
    if line.startswith("@ act"):
        await _act(player, *line.split(" ", 5)[2:])
    elif line.startswith("@"):
        day, at, who = line[1:].split()
        player.rehearsal.clock.at = parse_time(f"{day} {at}", player.rehearsal)
        await player.become(who)


async def _act(player: Player, number: str, verb: str, who: str, reason: str = "") -> None:
    """A move of the lifecycle that chat has no words for yet, through the same guards as everywhere."""
    rehearsal, now = player.rehearsal, player.rehearsal.clock.now()
    fields = {"result": "水管已换，8月6日通水"} if verb == "submit" else {}

    def work(tx: Transaction) -> None:
        actor = people.actor(tx, f"@{who}:{SERVER}", now.date().isoformat())
        assert actor is not None
        room = Room(f"!{who}", "direct", actor.person.id, False, "joined")
        origin = Origin(rehearsal.context, actor, room, f"$act-{number}-{verb}", now)
        move = MoveFinding(int(number), verb, fields, reason)
        effects.apply(tx, origin, (move,), now)

    await rehearsal.database.transaction(work)


def _said(shown: list[Shown], here: str) -> list[str]:
    """Each message's lines behind <, an empty line between messages."""
    lines: list[str] = []
    for one in shown:
        file = f"[{one.content.get('body')}]" if one.file else ""
        text = as_text(replace(one, file="", content={**one.content, "body": file}) if file else one, here)
        text = ANCHOR.sub("seq:head", text)  # another one each time
        lines += [""] if lines else []
        lines += [f"< {line}".rstrip() for line in text.split("\n")]
    return lines


def _replies(shown: list[Shown], here: str) -> int:
    """Messages to the room they were said in; a file, the buttons of a question and the
    correction of an earlier message come apart from the reply."""
    return sum(1 for one in shown if one.room == here and not one.file and not _button(one))


def _button(shown: Shown) -> bool:
    relation = shown.content.get("m.relates_to")
    if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
        return True
    return shown.type != "m.room.message" and not (
        shown.type == "m.reaction" and isinstance(relation, dict) and str(relation.get("key"))[:1] in "📎👌"
    )


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    """Photos and files of the transcripts lie in the folder that a performance stands in."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, colour in (("before.jpg", "brown"), ("after.jpg", "green"), ("meter.jpg", "blue")):
        Image.new("RGB", (8, 8), colour).save(folder / name)
    (folder / "list.txt").write_text("三组 王五\n", "utf-8")
    with (folder / "big.mov").open("wb") as film:
        film.truncate(60_000_000)
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
