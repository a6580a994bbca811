"""The real `paicha run`, in a process that kills itself at a chosen point: before or after the Nth request, statement …

Run by bench.chaos: python -m bench.chaos_child CONFIG WISHES, where WISHES is JSON, see `Wishes`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import resource
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase

import bot.app
import storage.db
from bench.county_on_synapse import LISTENING
from bot.chat import Batch, Message, Upload
from bot.cli import main as cli
from bot.clock import ShiftedClock
from bot.demo.child import end_with_parent
from bot.matrix.client_chat import ClientChat
from bot.matrix.http import HomeserverClient
from storage import rooms


@dataclass(frozen=True, slots=True)
class Wishes:
    """`kind` and `count`: die at the count-th point of this kind (see `Reaper`); without a kind, live."""

    kind: str = ""
    count: int = 0
    log: str = ""  # file that gets the place of the kill
    start: str = ""  # what the bot's clock showed …
    made: str = ""  # … at this real time
    baseline: bool = False
    full: str = ""  # database whose disk is full at its count-th write: paicha or crypto

    def as_argument(self) -> str:
        return json.dumps(dataclasses.asdict(self))


@dataclass(slots=True)
class Reaper:
    """Counts the points passed, of each kind, and ends the process at the chosen one.

    Kinds: start (SQL before the first sync), http, crypto (writes of crypto.db), sql, commit (of both files), and the
    gaps between them: taking (keys saved, batch not), taken (batch saved, replies not sent), sent (but not noted).
    """

    wishes: Wishes
    started: bool = False
    passed: dict[str, int] = field(default_factory=dict)
    writes: int = 0

    def fill(self, name: str) -> None:
        """At the chosen write of the named database, once the bot listens, the disk takes nothing any more."""
        if self.started and name == self.wishes.full:
            self.writes += 1
            if self.writes == self.wishes.count:
                # Not a byte, in any file: what a log has behind its beginning, it may write over without growing.
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def at(self, kind: str, place: str) -> None:
        if kind in ("sql", "commit") and not self.started:
            kind = "start"
        self.passed[kind] = self.passed.get(kind, 0) + 1
        if kind == self.wishes.kind and self.passed[kind] >= self.wishes.count:
            with Path(self.wishes.log).open("a", encoding="utf-8") as log:
                log.write(f"{kind}: {place}\n")
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait()  # the signal may reach another thread first: nothing more happens in this one


def main() -> int:
    """Run the bot of a settings file with every point watched."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    wishes = Wishes(**json.loads(sys.argv[2]))
    reaper = Reaper(wishes)
    clock = ShiftedClock(datetime.fromisoformat(wishes.start), datetime.fromisoformat(wishes.made))
    vars(bot.app)["SystemClock"] = lambda: clock
    _watch_requests(reaper)
    _watch_keys(reaper)
    _watch_statements(reaper)
    _watch_gaps(reaper, wishes)
    return cli.main(["run", "-c", sys.argv[1]])


def _watch_requests(reaper: Reaper) -> None:
    plain = {name: getattr(HomeserverClient, name) for name in ("call", "put_file", "get_file")}

    def watched(name: str) -> Callable[..., Any]:
        async def asked(self: HomeserverClient, *words: Any, **more: Any) -> Any:
            place = _request(words[0], words[1]) if name == "call" else name
            if place == "GET sync" and not reaper.started:
                reaper.started = True
                print(LISTENING, file=sys.stderr, flush=True)
            reaper.at("http", f"before {place}")
            answer = await plain[name](self, *words, **more)
            reaper.at("http", f"after {place}")
            return answer

        return asked

    for name in plain:
        setattr(HomeserverClient, name, watched(name))


def _request(method: str, path: str) -> str:
    """A request without ids: PUT rooms/send."""
    parts = [part for part in path.split("/")[4:] if part.isascii() and re.fullmatch(r"[A-Za-z_]+", part)]
    return f"{method} {'/'.join(parts[:2]) or path}"


def _watch_keys(reaper: Reaper) -> None:
    plain_execute, plain_commit = SqliteDatabase.execute_sql, SqliteDatabase.commit

    def execute(self: SqliteDatabase, sql: str, params: Any = None, commit: Any = None) -> Any:
        place = _statement(sql)
        if not place:
            return plain_execute(self, sql, params, commit)
        reaper.fill("crypto")
        reaper.at("crypto", f"before {place}")
        cursor = plain_execute(self, sql, params, commit)
        reaper.at("crypto", f"after {place}")
        return cursor

    def commit(self: SqliteDatabase) -> Any:
        reaper.at("commit", "before COMMIT of crypto.db")
        result = plain_commit(self)
        reaper.at("commit", "after COMMIT of crypto.db")
        return result

    SqliteDatabase.execute_sql, SqliteDatabase.commit = execute, commit


def _statement(sql: str) -> str:
    """A writing statement by verb and table, "" for the others."""
    found = re.match(
        r"\s*(INSERT|REPLACE|UPDATE|DELETE)(?: OR \w+)?(?: INTO| FROM)?\s+\"?(\w+)", sql, re.IGNORECASE
    )
    return f"{found[1].upper()} {found[2]}" if found else ""


def _watch_statements(reaper: Reaper) -> None:
    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            kind = "commit" if sql == "COMMIT" else "sql"
            place = "COMMIT of paicha.db" if sql == "COMMIT" else _statement(sql) or sql.split(maxsplit=1)[0]
            if _statement(sql):
                reaper.fill("paicha")
            reaper.at(kind, f"before {place}")
            cursor = super().execute(sql, *values)
            reaper.at(kind, f"after {place}")
            return cursor

    plain = sqlite3.connect

    def connect(path: Any, **more: Any) -> sqlite3.Connection:
        return plain(path, factory=Watched, **more)

    vars(storage.db)["sqlite3"] = _Module(connect)


class _Module:
    """sqlite3 as `storage.db` sees it: with connections that are watched."""

    def __init__(self, connect: Callable[..., sqlite3.Connection]) -> None:
        self.connect = connect

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)


def _watch_gaps(reaper: Reaper, wishes: Wishes) -> None:
    plain_take_in, plain_send = bot.app.Bot.take_in, ClientChat.send

    async def take_in(self: bot.app.Bot, batch: Batch) -> None:
        if wishes.baseline and batch.events:  # invitations are spared: without rooms there is nothing to lose
            await self.database.transaction(
                lambda tx: rooms.set_position(tx, batch.position, datetime.now(UTC))
            )
        if batch.events:
            reaper.at("taking", "position saved, effects not" if wishes.baseline else "keys saved, batch not")
        await plain_take_in(self, batch)
        if batch.events:
            reaper.at("taken", "batch saved, replies not sent")

    async def send(self: ClientChat, message: Message, upload: Upload | None = None) -> str:
        event_id = await plain_send(self, message, upload)
        reaper.at("sent", "but not noted")
        return event_id

    bot.app.Bot.take_in = take_in  # type: ignore[method-assign]
    ClientChat.send = send  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
