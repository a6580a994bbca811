"""Words that are dear to read: a seeded search over hostile and honest texts, in every state a person can be in.

Rule: a try is held when the message is taken in, nothing failed, and it took less CPU than would be noticed (2 s: a guard
against what never ends). What it prints is the measure: the dearest message in ms, and how many took more than 50.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from bench.attacks import Attack, Field, Tally
from bench.county import plan, walker_id
from bench.hostile import STATES, words
from bench.stub_server import BOT, room_id
from bot.chat import Batch, Incoming, RoomSeen, Said
from bot.context import Context, build_context
from bot.dialogue.parsing.normalise import is_too_long
from bot.engine.inbox import take_in
from bot.setup.bootstrap import fill_database
from storage import inbox
from storage.db import Database, Transaction

NOW = datetime(2023, 8, 5, 2, tzinfo=UTC)
HANG = 2.0  # seconds of CPU
DEAR = 0.05  # seconds of CPU from which on a message is looked at again: the machine may have been busy
AGAIN = 3  # times; the least counts
LONG = 10  # every so many texts one of 64 KB


class _EnoughError(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass
class Search:
    """What it came to: seconds of CPU, state and words of each try."""

    context: Context
    found: list[tuple[float, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    events: int = 0

    def say(self, tx: Transaction, said: str) -> float:
        """One message, taken in; what it cost."""
        self.events += 1
        event = Incoming(f"$said-{self.events}", room_id(0), walker_id(0), NOW, Said(said))
        batch = Batch("", (event,))
        begun = time.thread_time()
        take_in(tx, self.context, batch, NOW + timedelta(seconds=self.events))
        spent = time.thread_time() - begun
        seen = inbox.get(tx, event.event_id)
        if seen is None or (seen.state == "failed" and not is_too_long(said)):
            self.wrong.append(f"not taken in: {said[:40]!r}")
        return spent

    def try_out(self, tx: Transaction, state: str, texts: tuple[str, ...]) -> None:
        """Each of these texts in this state; nothing of it stays."""
        for before in STATES[state]:
            self.say(tx, before)
        for text in texts:
            spent = self._apart(tx, text)
            for _ in range(AGAIN - 1 if spent > DEAR else 0):
                spent = min(spent, self._apart(tx, text))
            self.found.append((spent, state, text))
            if spent > HANG:
                self.wrong.append(f"{spent:.1f} s ({state}): {text[:40]!r}")
        raise _EnoughError

    def _apart(self, tx: Transaction, text: str) -> float:
        spent = 0.0
        try:
            with tx.savepoint():
                spent = self.say(tx, text)
                raise _EnoughError
        except _EnoughError:
            return spent


async def search(field: Field) -> Search:
    """So many texts, by turns in every state."""
    campaign_plan = plan(1)
    search = Search(build_context(campaign_plan.campaign, BOT))
    texts = list(words(field.seed, field.tries))
    texts = [text * 16 if n % LONG == LONG - 1 else text for n, text in enumerate(texts)]
    database = await Database.open(field.folder / "paicha.db")
    try:
        await database.transaction(lambda tx: fill_database(tx, campaign_plan, NOW))
        seen = RoomSeen(room_id(0), "joined", False, (walker_id(0),))
        await database.transaction(lambda tx: take_in(tx, search.context, Batch("0", (), (seen,)), NOW))
        for n, state in enumerate(STATES):
            some = tuple(texts[n :: len(STATES)])
            try:
                await database.transaction(partial(search.try_out, state=state, texts=some))
            except _EnoughError:
                continue
    finally:
        await database.close()
    return search


async def play(field: Field) -> Tally:
    searched = await search(field)
    dearest = sorted(searched.found, reverse=True)
    spent, state, text = dearest[0]
    over = sum(found[0] > DEAR for found in dearest)
    print(f"words: the dearest of {len(dearest)} took {1000 * spent:.0f} ms of CPU ({state}): {text[:40]!r}")
    print(f"words: {over} took more than {1000 * DEAR:.0f} ms; seed {field.seed}")
    bad = set(searched.wrong)
    return Tally(field.tries, field.tries - len(bad), tuple(sorted(bad))[:5])


ATTACKS = (Attack("words that are dear to read", play, few=30, many=3000),)
