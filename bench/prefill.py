"""Stored answers for the benches: what a bot that has been at work for a long time has in its file.

Rules: every stored answer leaves the rows that a real one leaves (inbox, history with its seal, outbox, check); the
places of the walking reporters stay open.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.county import PLACES_EACH, plan, villages, walker_id
from bench.stub_server import room_id
from storage.history import seal

BEGAN = datetime(2025, 1, 1, 8, tzinfo=UTC)
QUESTION = '{"ask": "answer", "place": "第16镇28村", "item": "3"}'
BODY = "✓ 第3项【驻村帮扶责任】未发现问题\n\n" + "是否存在松懈厌战、不在状态、帮扶重“痕”不重绩的情况。" * 4
PORTION = 20_000  # answers a transaction


def prefill(path: Path, walkers: int, wanted: int) -> None:
    """Bring the file (which a bot has made and none is using) to `wanted` stored answers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")  # only while it is filled
    try:
        people = dict(connection.execute("SELECT user_id, id FROM people"))
        ids = [people[walker_id(number)] for number in range(walkers)]
        version = str(connection.execute("SELECT version FROM checklists").fetchone()[0])
        stored = int(connection.execute("SELECT count(*) FROM history").fetchone()[0])
        for begin in range(stored, wanted, PORTION):
            _portion(connection, range(begin, min(wanted, begin + PORTION)), ids, version)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _portion(connection: sqlite3.Connection, numbers: range, ids: list[int], version: str) -> None:
    items = [item.id for item in plan(0).campaign.items]
    places = villages()[PLACES_EACH * len(ids) :]
    last = connection.execute("SELECT hash FROM history ORDER BY seq DESC LIMIT 1").fetchone()
    seq = int(connection.execute("SELECT coalesce(max(seq), 0) FROM inbox").fetchone()[0])
    connection.execute("BEGIN")
    answers = list(_answers(numbers, ids, (places, items), str(last[0]) if last else ""))
    connection.executemany(
        "INSERT INTO inbox (event_id, seq, room_id, person_id, at, kind, question) VALUES (?, ?, ?, ?, ?, 'said', ?)",
        (
            (f"$past-{n}", seq + i + 1, room, who, at, QUESTION)
            for i, (n, room, who, at, _) in enumerate(answers)
        ),
    )
    connection.executemany(
        "INSERT INTO history VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (row for *_, row in answers)
    )
    content = json.dumps({"msgtype": "m.text", "body": BODY, "m.mentions": {}}, ensure_ascii=False)
    connection.executemany(
        "INSERT INTO outbox (room_id, person_id, act, content, about, written_at, sent_at, event_id)"
        " VALUES (?, ?, 'message', ?, ?, ?, ?, ?)",
        ((room, who, content, QUESTION, at, at, f"$told-{n}") for n, room, who, at, _ in answers),
    )
    connection.executemany(
        "INSERT INTO checks (place_id, item_id, answer, person_id, version, at) VALUES (?, ?, 'clear', ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET at = excluded.at, person_id = excluded.person_id",
        ((*row[3].split("/")[1:], who, version, at) for _, _, who, at, row in answers),
    )
    connection.execute("COMMIT")


Answer = tuple[int, str, int, str, tuple[str, int, str, str, str, str, str, str]]


def _answers(
    numbers: range, ids: list[int], cells: tuple[list[str], list[str]], last: str
) -> Iterator[Answer]:
    """(number, room, person, time, history row); places and items in turn."""
    places, items = cells
    for number in numbers:
        walker = number % len(ids)
        at = (BEGAN + timedelta(seconds=number)).isoformat()
        subject = f"check/{places[number // len(items) % len(places)]}/{items[number % len(items)]}"
        after = json.dumps({"answer": "clear", "basis": ""}, sort_keys=True)
        row = (at, ids[walker], f"$past-{number}", subject, "answered", "{}", after)
        last = seal(last, row)
        yield number, room_id(walker), ids[walker], at, (*row, last)
