"""A bot without doors: the real `take_in`, tick and schema on SQLite in memory. Tests speak to it and read its outbox.

What would be sent counts as delivered at once, under the event id `$bot-ROW`, unless a test holds it back.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.chat import Batch, Content, Edited, Incoming, Media, Reacted, Redacted, RoomSeen, Said
from bot.cli.main import CHECKLIST, DEMO_ROSTER, plan_from
from bot.context import Context, build_context
from bot.dialogue import session as sessions
from bot.dialogue.effects import MoveFinding
from bot.dialogue.session import Session
from bot.engine import effects
from bot.engine.inbox import take_in
from bot.engine.origin import Origin
from bot.rehearsal.chat import BOT, COUNTY, SERVER, direct_room
from bot.scheduling.hours import Hours
from bot.scheduling.tick import tick
from bot.setup.bootstrap import Setup, fill_database
from storage import checks, outbox, people, rooms
from storage.db import Reader, Transaction
from storage.migrate import migrate
from storage.outbox import OutboxRow

START = datetime(2023, 8, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
GROUP = f"!group:{SERVER}"
ZHANG, LI = f"@zhangsan:{SERVER}", f"@lisi:{SERVER}"
COORDINATOR, OFFICE, OBSERVER = f"@yingqiao:{SERVER}", f"@xianban:{SERVER}", f"@ducha:{SERVER}"
RANDOM = ("salt", "digest", "hash")  # of the history: another one each time
STRANGER = "@wang:elsewhere.example"
PEOPLE = (ZHANG, LI, COORDINATOR, OFFICE, OBSERVER)
FIRST, SECOND = "颍桥示范一村", "颍桥示范二村"  # both are Zhang's


@functools.cache
def plan() -> Setup:
    return plan_from(CHECKLIST, DEMO_ROSTER, SERVER)


@functools.cache
def context() -> Context:
    return build_context(plan().campaign, BOT)


class InMemory(sqlite3.Connection):
    """A file in memory, closed when nobody holds it any longer: a test drops its bot, and a bot's `tx` may outlive it."""

    def __del__(self) -> None:
        self.close()


def _open() -> sqlite3.Connection:
    # Whatever thread the garbage collector runs in may close it.
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, factory=InMemory, check_same_thread=False, cached_statements=512
    )
    connection.row_factory = sqlite3.Row
    return connection


@functools.cache
def _template() -> sqlite3.Connection:
    """A file with the demo county and a direct room for everybody, to be copied for each test."""
    connection = _open()
    migrate(connection, Path(":memory:"))
    tx = Transaction(connection)
    fill_database(tx, plan(), START)
    rooms.set_county(tx, COUNTY, START)
    for person in people.with_ids(tx):
        rooms.keep(tx, rooms.Room(direct_room(person.user_id), "direct", person.id, False, "joined"), START)
        people.mark_greeted(tx, person)
    rooms.keep(tx, rooms.Room(GROUP, "group", None, False, "joined"), START)
    return connection


@dataclass
class InMemoryBot:
    """One bot. `now` is its clock; `deliver` False leaves the outbox unsent."""

    connection: sqlite3.Connection = field(default_factory=lambda: copy_of(_template()))
    now: datetime = START
    deliver: bool = True
    events: int = 0
    wrap: Callable[[sqlite3.Connection], Transaction] = Transaction

    @property
    def tx(self) -> Transaction:
        return Transaction(self.connection)

    def take(self, *events: Incoming, seen: Sequence[RoomSeen] = (), position: str = "") -> list[OutboxRow]:
        """One batch in one transaction; what it put into the outbox."""
        return self.write(lambda tx: take_in(tx, context(), Batch(position, events, tuple(seen)), self.now))

    def tick(self, hours: Hours | None = None) -> list[OutboxRow]:
        return self.write(lambda tx: tick(tx, context(), hours or Hours(), self.now))

    def write(self, work: Callable[[Transaction], None]) -> list[OutboxRow]:
        last = self.tx.number("SELECT max(id) FROM outbox")
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            work(self.wrap(self.connection))
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        new = [row for row in outbox.unsent(self.tx, self.now, limit=10_000) if row.id > last]
        if self.deliver:
            for row in new:
                outbox.sent(self.tx, row.id, f"$bot-{row.id}", self.now)
        return new

    def event(self, content: Content, who: str = ZHANG, room: str = "", event_id: str = "") -> Incoming:
        self.events += 1
        event_id = event_id or f"$event-{self.events}"
        return Incoming(event_id, room or direct_room(who), who, self.now, content)

    def say(self, words: str, who: str = ZHANG, room: str = "", reply_to: str = "") -> str:
        """Say something; the bot's reply in words (a reaction as `(key)`), empty when there is none."""
        return said(self.take(self.event(Said(words, reply_to=reply_to), who, room)))

    def says(self, *words: str, who: str = ZHANG) -> str:
        """Say one thing after another; the last reply."""
        return [self.say(each, who) for each in words][-1]

    def send(self, content: Content, who: str = ZHANG, room: str = "") -> str:
        """Like `say`, for anything that can come in."""
        return said(self.take(self.event(content, who, room)))

    def edit(self, target: str, words: str, who: str = ZHANG, room: str = "") -> str:
        return self.send(Edited(target, words), who, room)

    def redact(self, target: str, who: str = ZHANG, room: str = "") -> str:
        return self.send(Redacted(target), who, room)

    def react(self, target: str, key: str, who: str = ZHANG, room: str = "") -> str:
        return self.send(Reacted(target, key), who, room)

    def photo(self, caption: str = "", name: str = "a.jpg", who: str = ZHANG) -> str:
        return self.send(Said(caption, Media("image", name, f"mxc://{SERVER}/{name}", "image/jpeg", 10)), who)

    @property
    def last(self) -> str:
        """The id of the last event made here."""
        return f"$event-{self.events}"

    @property
    def last_sent(self) -> str:
        """The event id of the bot's last message."""
        return f"$bot-{self.tx.number('SELECT max(id) FROM outbox')}"

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def standing(self, who: str = ZHANG, room: str = "") -> Session:
        text = self.tx.value(
            "SELECT state FROM sessions s JOIN person_ids i ON i.person_id = s.person_id WHERE user_id = ? AND room_id = ?",
            (who, room or direct_room(who)),
        )
        return sessions.load(str(text)) if text else Session()

    def answers(self, place: str = FIRST) -> dict[int, str]:
        """Printed item number -> answer."""
        items = plan().campaign.item
        where = str(self.tx.value("SELECT id FROM places WHERE name = ?", (place,)))
        return {items[i].no: check.answer for i, check in sorted(checks.of_place(self.tx, where).items())}

    def act(self, no: int, verb: str, who: str, reason: str = "", **fields: str) -> None:
        """A move of the lifecycle by somebody, through the same guards as everywhere: what chat has no words for yet."""
        self.events += 1
        event_id = f"$event-{self.events}"

        def work(tx: Transaction) -> None:
            actor = people.actor(tx, who, self.now.date().isoformat())
            room = rooms.get(tx, direct_room(who))
            assert actor is not None
            assert room is not None
            origin = Origin(context(), actor, room, event_id, self.now)
            effects.apply(tx, origin, (MoveFinding(no, verb, fields, reason),), self.now)

        self.write(work)

    def basis(self, no: int, place: str = FIRST) -> str:
        sql = "SELECT basis FROM checks JOIN places ON places.id = place_id WHERE name = ? AND item_id = ?"
        return str(self.tx.value(sql, (place, plan().campaign.by_no[no].id)))

    def finding(self, no: int) -> Mapping[str, object]:
        row = self.tx.one("SELECT * FROM findings WHERE no = ?", (no,))
        assert row is not None
        return dict(row)


def copy_of(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = _open()
    connection.backup(copy)
    copy.execute("PRAGMA foreign_keys=ON")
    return copy


def said(rows: Sequence[OutboxRow]) -> str:
    """What these rows say, files and rows to other people left out."""
    told = (shown(row) for row in rows if row.act == "message" and row.room_id is not None)
    return "\n".join(words for words in told if words)


def shown(row: OutboxRow) -> str:
    relation = row.content.get("m.relates_to")
    if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
        return ""
    key = relation.get("key") if isinstance(relation, dict) else None
    return f"({key})" if key else str(row.content.get("body", ""))


def dump(tx: Reader, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of these tables, without what is random in it; of every table when none is named."""
    every = (row[0] for row in tx.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))
    return {table: sorted(_rows(tx, table), key=repr) for table in tables or every}


def _rows(tx: Reader, table: str) -> list[tuple[object, ...]]:
    names = [row[1] for row in tx.all(f"PRAGMA table_info({table})") if row[1] not in RANDOM]
    return [tuple(row) for row in tx.all(f"SELECT {', '.join(names)} FROM {table}")]
