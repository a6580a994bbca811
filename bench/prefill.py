"""Stored answers for the benches: what a bot that has been at work for a long time has in its file.

Rules: every stored answer leaves the rows that a real one leaves (inbox, action and change with their seals, outbox,
check), which a test compares; the places of the walking reporters stay open.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.county import PLACES_EACH, plan, villages, walker_id
from bench.stub_server import room_id
from storage.history import GENESIS, SALT, change_digest, seal

BEGAN = datetime(2025, 1, 1, 8, tzinfo=UTC)
QUESTION = '{"ask": "answer", "place": "第16镇28村", "item": "3"}'
BODY = "✓ 第3项【驻村帮扶责任】未发现问题\n\n" + "是否存在松懈厌战、不在状态、帮扶重“痕”不重绩的情况。" * 4
CONTENT = json.dumps({"msgtype": "m.notice", "body": BODY, "m.mentions": {}}, ensure_ascii=False)
PORTION = 20_000  # answers a transaction
INBOX = (
    "INSERT INTO inbox (event_id, room_id, person_id, at, kind, question, reply, words)"
    " VALUES (:ref, :room, :person, :at, 'said', :question, :seq, '1')"
)
ACTION = (
    "INSERT INTO actions (seq, at, received_at, person_id, source, ref, verb, version, hash)"
    " VALUES (:seq, :at, :at, :person, 'chat', :ref, 'answer', :version, :hash)"
)
CHANGE = (
    "INSERT INTO changes (action, n, kind, subject, part, field, before, after, salt, digest)"
    " VALUES (:seq, 0, 'check', :place, :item, 'answer', :before, :answer, :salt, :digest)"
)
OUTBOX = (
    "INSERT INTO outbox (room_id, person_id, act, content, about, reason, written_at, sent_at, event_id)"
    " VALUES (:room, :person, 'message', :content, :question, 'reply', :at, :at, :told)"
)
CHECK = (
    "INSERT INTO checks (place_id, item_id, answer, person_id, campaign, version, at)"
    " VALUES (:place, :item, :answer, :person, :campaign, :version, :at) ON CONFLICT DO UPDATE SET"
    " answer = excluded.answer, person_id = excluded.person_id, version = excluded.version, at = excluded.at"
)


@dataclass(slots=True)
class _County:
    """Who gives answers and where, what stands there by now, and where the chain ends."""

    people: list[int]
    places: list[str]
    items: list[str]
    campaign: str
    version: str
    standing: dict[tuple[str, str], str]
    seq: int
    last: bytes


def prefill(path: Path, walkers: int, wanted: int) -> None:
    """Bring the file (which a bot has made and none is using) to `wanted` stored answers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")  # only while it is filled
    connection.execute("PRAGMA cache_size=-64000")
    try:
        county = _county(connection, walkers)
        count = "SELECT count(*) FROM actions WHERE verb = 'answer'"
        stored = int(connection.execute(count).fetchone()[0])
        for begin in range(stored, wanted, PORTION):
            answers = list(_answers(county, range(begin, min(wanted, begin + PORTION))))
            connection.execute("BEGIN IMMEDIATE")
            for sql in (INBOX, ACTION, CHANGE, OUTBOX, CHECK):
                connection.executemany(sql, answers)
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _county(connection: sqlite3.Connection, walkers: int) -> _County:
    ids = dict(connection.execute("SELECT user_id, person_id FROM person_ids WHERE until IS NULL"))
    by_name = dict(connection.execute("SELECT name, id FROM places"))
    campaign = plan(0).campaign
    standing = {
        (row[0], row[1]): row[2] for row in connection.execute("SELECT place_id, item_id, answer FROM checks")
    }
    last = connection.execute("SELECT seq, hash FROM actions ORDER BY seq DESC LIMIT 1").fetchone()
    return _County(
        [ids[walker_id(number)] for number in range(walkers)],
        [by_name[name] for name in villages()[PLACES_EACH * walkers :]],
        [item.id for item in campaign.items],
        campaign.id,
        campaign.version,
        standing,
        *(last or (0, GENESIS)),
    )


def _answers(county: _County, numbers: range) -> Iterator[dict[str, object]]:
    """What goes into the tables; people, places and items in turn."""
    for number in numbers:
        walker = number % len(county.people)
        person, at = county.people[walker], (BEGAN + timedelta(seconds=number)).isoformat()
        place = county.places[number // len(county.items) % len(county.places)]
        item = county.items[number % len(county.items)]
        before = county.standing.get((place, item))
        answer = "not_applicable" if before == "clear" else "clear"  # the same again would change nothing
        county.standing[place, item] = answer
        county.seq += 1
        ref, salt = f"$past-{number}", secrets.token_bytes(SALT)
        digest = change_digest(salt, ("check", place, item, "answer", before, answer))
        header = (county.seq, at, at, person, None, "chat", ref, "answer", None, county.version)
        county.last = seal(county.last, header, (digest,))
        yield {
            "seq": county.seq, "at": at, "person": person, "ref": ref, "room": room_id(walker), "place": place,
            "item": item, "before": before, "answer": answer, "salt": salt, "digest": digest, "hash": county.last,
            "campaign": county.campaign, "version": county.version, "question": QUESTION, "content": CONTENT,
            "told": f"$told-{number}",
        }  # fmt: skip
