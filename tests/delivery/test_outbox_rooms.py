"""Files, reactions to our own messages, and the rooms that people are written to in."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.chat import TryLaterError, reaction_to_row, redaction_of_row
from storage import outbox, rooms
from storage.audit import audit
from storage.db import Transaction
from storage.outbox import Outgoing
from tests.support.outbox_harness import NOW, OutboxHarness, with_outbox


def test_a_ledger_goes_out_as_a_file_and_one_that_could_not_be_made_as_words(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        await office.write("!a", "", act="ledger")
        await office.sender().drain()
        office.ledger = "台账没有做成（编号 #abc）"
        await office.write("!a", "", act="ledger")
        await office.sender().drain()
        sent = [content for _, content in office.server.rooms["!a"]]
        assert (sent[0]["msgtype"], sent[0]["file"], sent[0]["filename"]) == ("m.file", b"xlsx", "台账.xlsx")
        assert (sent[1]["msgtype"], sent[1]["body"]) == ("m.notice", "台账没有做成（编号 #abc）")

    with_outbox(tmp_path, work)


def test_a_file_is_noted_and_sealed_before_it_leaves_and_made_once_however_often_it_is_tried(
    tmp_path: Path,
) -> None:
    async def work(office: OutboxHarness) -> None:
        noted: list[int] = []

        def busy_twice(what: str, of: str) -> None:
            with closing(sqlite3.connect(office.database.path)) as file:
                noted.append(file.execute("SELECT count(*) FROM exports").fetchone()[0])
            if len(noted) < 3:
                raise TryLaterError("busy", 1.0)

        office.server.trouble = busy_twice
        await office.write("!a", "", act="ledger")
        await office.sender().drain()
        assert (noted, office.built, len(office.server.rooms["!a"])) == ([1, 1, 1], 1, 1)
        row = await office.database.read(lambda tx: tx.one("SELECT * FROM v_exports"))
        assert row is not None
        assert tuple(row) == (
            1,
            "ledger",
            '{"unit": "yq"}',
            "李四",
            NOW.isoformat(),
            2,
            "0123456789abcdef",
            "5ha",
            "c0",
        )
        assert (await office.database.read(audit)).sound

    with_outbox(tmp_path, work)


def test_a_reaction_to_an_own_message_names_that_messages_event(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        def question(tx: Transaction) -> None:
            for n in range(20):
                row = outbox.add(tx, Outgoing("!a", 1, {"body": str(n)}), NOW)
                tap = reaction_to_row(row, "1️⃣")
                outbox.add(tx, Outgoing("!a", 1, tap, type="m.reaction"), NOW)

        await office.database.transaction(question)
        async with office.running():
            await office.until_empty()
        relations = [c["m.relates_to"] for _, c in office.server.rooms["!a"] if "m.relates_to" in c]
        expected = [{"rel_type": "m.annotation", "event_id": f"$a-{n}", "key": "1️⃣"} for n in range(1, 40, 2)]
        assert relations == expected

    with_outbox(tmp_path, work)


def test_a_button_is_withdrawn_by_the_event_id_it_was_given(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        def answered(tx: Transaction) -> int:
            row = outbox.add(tx, Outgoing("!a", 1, {"body": "1"}), NOW)
            tap = outbox.add(tx, Outgoing("!a", 1, reaction_to_row(row, "1️⃣"), type="m.reaction"), NOW)
            return outbox.add(tx, Outgoing("!a", 1, redaction_of_row(tap), type="m.room.redaction"), NOW)

        await office.database.transaction(answered)
        async with office.running():
            await office.until_empty()
        assert office.server.rooms["!a"][-1][1] == {"redacts": "$a-2"}

    with_outbox(tmp_path, work)


def test_a_direct_room_is_opened_once_and_used_from_then_on(tmp_path: Path) -> None:
    async def work(office: OutboxHarness) -> None:
        await office.write(None, "1", "2", person=1)
        await office.write(None, "other", person=2)
        await office.sender().drain()
        await office.write("!opened-li:x", "3", person=1)
        await office.write(None, "4", person=1)
        await office.write("!opened-li:x", "5", person=1)
        await office.sender().drain()
        assert office.server.bodies("!opened-li:x") == ["1", "2", "3", "4", "5"]
        assert [of for what, of in office.server.asked if what == "open"] == ["@li:x", "@wu:x"]
        assert await office.database.read(lambda tx: rooms.direct(tx, 1)) == "!opened-li:x"

    with_outbox(tmp_path, work)


def test_what_waits_for_a_room_that_is_direct_no_more_goes_elsewhere(tmp_path: Path) -> None:
    """The row is in hand and tried again when a third comes into the room."""

    async def work(office: OutboxHarness) -> None:
        def busy(what: str, of: str) -> None:
            if what == "send":
                office.server.trouble = lambda what, of: None
                raise TryLaterError("busy", 1.0)

        office.asleep, office.server.trouble = asyncio.Event(), busy
        await office.write("!a", "王五家水管漏", person=1)
        async with office.running():
            await office.until_waiting(1)
            await office.database.transaction(lambda tx: outbox.send_elsewhere(tx, "!a", 1))
            office.asleep.set()
            await office.until(lambda: office.server.bodies("!opened-li:x") == ["王五家水管漏"])
        assert office.server.bodies("!a") == []

    with_outbox(tmp_path, work)
