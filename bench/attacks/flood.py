"""What a person's own client can send on purpose, to a running bot on a real homeserver: spoiled events, too many words,
too many problems. Held: an honest message of somebody else, sent behind it, is answered.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.attacks import Attack, Field, Tally
from bench.attacks.life import PATIENCE, living
from bench.county_on_synapse import found_county
from bench.hostile import EVENTS, W22, spoiled, words
from bot.chat import TryLaterError, UndeliverableError
from bot.demo.matrix_client.phone import Phone
from bot.demo.matrix_client.phone_client import PhoneError

HONEST = "帮助"
AT_ONCE = 20  # hostile messages between two honest ones


@dataclass(frozen=True, slots=True)
class Stage:
    """A running bot, who attacks it, and who only wants an answer."""

    attacker: Phone
    attackers_room: str
    honest: Phone
    honest_room: str

    async def answered(self) -> bool:
        """Whether somebody else still gets an answer."""
        await self.honest.say(self.honest_room, HONEST)
        try:
            await self.honest.hear(lambda event: event.is_message, PATIENCE)
        except (TimeoutError, PhoneError):
            return False
        return True


@asynccontextmanager
async def _stage(field: Field) -> AsyncIterator[Stage]:
    hs = field.homeserver
    county = await found_county(hs, field.folder / "county", 2)
    attacks, asks = county.people
    async with (
        living(county),
        Phone(hs.url, attacks.user_id, attacks.password, field.folder / "attacker") as attacker,
        Phone(hs.url, asks.user_id, asks.password, field.folder / "honest") as honest,
    ):
        rooms = [await phone.open_direct(county.bot.user_id) for phone in (attacker, honest)]
        yield Stage(attacker, rooms[0], honest, rooms[1])


async def _send(stage: Stage, kind: str, content: dict[str, Any]) -> None:
    """Whatever the homeserver or the client refuses never comes to the bot."""
    try:
        await stage.attacker.send(stage.attackers_room, kind, content)
    except (PhoneError, TryLaterError, UndeliverableError, ValueError, TypeError, AttributeError):
        return


async def spoil(field: Field) -> Tally:
    """Events of every kind with one part as nobody expects it."""
    every = [
        event for event in EVENTS.values() for _, event in spoiled(event) if isinstance(event["type"], str)
    ]
    chosen = random.Random(field.seed).choices(
        [e for e in every if isinstance(e["content"], dict) and e["type"].startswith(("m.", "org."))],
        k=field.tries,
    )
    messages = [partial(_send, kind=event["type"], content=event["content"]) for event in chosen]
    return await _played(field, messages)


async def flood(field: Field) -> Tally:
    """Very many words, problems and lists in one message."""
    dear = words(field.seed, field.tries)
    fixed = ["22有水管漏王五家，" * 400, "没问题" * 500, "3-72有", W22 * 3000, "漏" * 20_000, "1\n" * 2000]
    texts = [fixed[n] if n < len(fixed) else next(dear) for n in range(field.tries)]
    content = ({"msgtype": "m.text", "body": text} for text in texts)
    return await _played(field, [partial(_send, kind="m.room.message", content=each) for each in content])


async def _played(field: Field, messages: list[partial[Any]]) -> Tally:
    held, wrong = 0, list[str]()
    async with _stage(field) as stage:
        for first in range(0, len(messages), AT_ONCE):
            some = messages[first : first + AT_ONCE]
            for message in some:
                await message(stage)
            if await stage.answered():
                held += len(some)
            else:
                wrong.append(f"no answer behind messages {first} to {first + len(some)} of seed {field.seed}")
                break
    return Tally(len(messages), held, tuple(wrong))


ATTACKS = (
    Attack("spoiled events", spoil, few=12, many=600),
    Attack("floods in one message", flood, few=6, many=100),
)
