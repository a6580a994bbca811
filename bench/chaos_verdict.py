"""What is true after the storm: every message taken in once, answered once, readable, with the effects it should have.

Rule: the judge is a second house that never dies. It takes in, one by one and in the order the bot did, what the
phones say they sent; whatever the bot's own file or the phones' screens show otherwise is lost or doubled.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from bench.chaos_talk import Sent, Speaker, heard_rows
from bench.county_on_synapse import BEGINNING, County
from bot.chat import Batch, Incoming, Redacted, RoomSeen
from bot.context import Context, build_context
from bot.engine.inbox import take_in
from bot.matrix.client_chat import TXN_KEY
from bot.setup.bootstrap import fill_database
from storage import outbox
from storage.audit import Wrong, audit
from storage.db import Database, Reader, Row, Transaction

Effects = Counter[str]
SAID = "act IN ('message', 'ledger') AND reason IN ('reply', 'notice')"  # a greeting is heard like a reply
EFFECTS = (
    "SELECT 'check', place_id, item_id, answer, basis, person_id FROM checks",
    "SELECT 'finding', no, place_id, item_id, description, measure, horizon, due, state, rev, put_off FROM findings",
    "SELECT 'evidence', id, finding_no, person_id, event_id, kind, name FROM evidence",
    # Which questions this room saw in full counts, not when: the replay has a clock of its own.
    "SELECT 'session', room_id, person_id, json_set(state, '$.shown', (SELECT json_group_array(json_extract(value, '$[0]'))"
    " FROM json_each(state, '$.shown'))) FROM sessions",
    # When a photo is fetched is nobody's word: it may lie before or after its withdrawal.
    "SELECT 'history', a.ref, a.person_id, a.verb, c.kind, c.subject, c.part, c.field,"
    " CASE c.before WHEN 'stored' THEN 'waiting' ELSE c.before END, c.after"
    " FROM changes c JOIN actions a ON a.seq = c.action WHERE a.source = 'chat'",
)


@dataclass(slots=True)
class Verdict:
    """The figures of a run. `troubles` says in words what is wrong beyond the three that must be 0."""

    sent: int = 0
    taken_in: int = 0
    answers_stored: int = 0  # changes of records that people's words brought about
    replies: int = 0  # heard by the phones
    lost: int = 0
    doubled: int = 0
    undecryptable: int = 0
    deleted_unread: int = 0  # by their authors, while the bot was down
    late_keys: int = 0  # messages that could be read only when their key came after them
    troubles: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.undecryptable or self.troubles)

    def lines(self) -> list[str]:
        names = [f.name for f in fields(self) if f.name != "troubles"]
        return [*(f"{name.replace('_', ' '):<16}{getattr(self, name):>6}" for name in names), *self.troubles]


@dataclass(frozen=True, slots=True)
class Witness:
    """What the bot's own file says. Replies by room, in order: (row id, event id, what was said)."""

    inbox: tuple[tuple[str, str, str, datetime], ...]  # event id, kind, state, written at
    replies: Mapping[str, tuple[tuple[int, str, str], ...]]
    effects: Effects
    unreadable: int
    unsent: int
    unfetched: int
    broken: Wrong | None
    instance: str


def testify(tx: Reader) -> Witness:
    """Read everything that counts from a bot's file."""
    seen = tx.all("SELECT event_id, kind, state, at FROM inbox ORDER BY seq")
    replies: dict[str, list[tuple[int, str, str]]] = {}
    for row in tx.all(
        f"SELECT id, room_id, act, type, content, event_id FROM outbox WHERE {SAID} ORDER BY id"
    ):
        replies.setdefault(row["room_id"], []).append((row["id"], row["event_id"] or "", _said(row)))
    return Witness(
        tuple((row[0], row[1], row[2], datetime.fromisoformat(row[3])) for row in seen),
        {room: tuple(rows) for room, rows in replies.items()},
        Counter(json.dumps(tuple(row), ensure_ascii=False) for sql in EFFECTS for row in tx.all(sql)),
        tx.number("SELECT count(*) FROM unreadable"),
        tx.number("SELECT count(*) FROM outbox WHERE sent_at IS NULL"),
        tx.number("SELECT count(*) FROM evidence WHERE state = 'waiting'"),
        audit(tx).first_wrong,
        outbox.instance(tx),
    )


def _said(row: Row) -> str:
    """A reply as one text; the event or row that a reaction points at differs between two files."""
    content = json.loads(row["content"])
    relation = content.get("m.relates_to")
    if isinstance(relation, dict):
        relation.pop("row", None)
    return json.dumps([row["act"], row["type"], content], ensure_ascii=False, sort_keys=True)


async def open_ends(
    database: Database, sent: Sequence[Sent], speakers: Sequence[Speaker]
) -> tuple[int, int, int, int]:
    """What is not finished: messages not taken in, outbox rows not sent, photos not fetched, replies not heard."""
    told = await database.read(testify)
    written = sum(len(rows) for rows in told.replies.values())
    heard = len(heard_rows(speakers))
    return len(not_taken_in(sent, told)[0]), told.unsent, told.unfetched, written - heard


async def judge(county: County, sent: Sequence[Sent], speakers: Sequence[Speaker], made: datetime) -> Verdict:
    """Compare the three: what was sent, what the bot's file says, what the phones heard. The bot has stopped."""
    database = await Database.open(county.data / "paicha.db")
    try:
        told = await database.read(testify)
    finally:
        await database.close()
    should = await _replayed(county, (sent, speakers), told, made)
    verdict = Verdict(sent=len(sent), taken_in=len(told.inbox))
    verdict.answers_stored = sum(n for effect, n in told.effects.items() if effect.startswith('["history"'))
    _compare_messages(verdict, sent, told)
    _compare_replies(verdict, told, should)
    _compare_screens(verdict, told, speakers)
    _compare_effects(verdict, told.effects, should.effects)
    verdict.undecryptable = told.unreadable + sum(len(s.phone.undecryptable) for s in speakers)
    if told.broken is not None:
        verdict.troubles.append(f"the history is broken: {told.broken}")
    if told.unfetched:
        verdict.troubles.append(f"{told.unfetched} photos were never fetched")
    return verdict


async def _replayed(
    county: County, talk: tuple[Sequence[Sent], Sequence[Speaker]], told: Witness, made: datetime
) -> Witness:
    """The same messages through a house that never dies, in a file of its own."""
    sent, speakers = talk
    by_id = {message.event_id: message for message in sent}
    path = county.folder / "judge" / "paicha.db"
    path.parent.mkdir()
    context = build_context(county.plan.campaign, county.bot.user_id)
    judge_file = await Database.open(path)
    try:
        await judge_file.transaction(lambda tx: fill_database(tx, county.plan, BEGINNING))
        for speaker in speakers:
            await judge_file.transaction(lambda tx, s=speaker: _settle(tx, context, s))  # type: ignore[misc]
        for event_id, _kind, _state, at in told.inbox:
            if (message := by_id.get(event_id)) is None:
                continue  # told as doubled elsewhere: nobody sent it
            event = Incoming(event_id, message.room_id, message.sender, at, message.content)
            now = BEGINNING + (at - made)
            await judge_file.transaction(lambda tx, e=event, n=now: _take(tx, context, e, (told, n)))  # type: ignore[misc]
        return await judge_file.read(testify)
    finally:
        await judge_file.close()


def _settle(tx: Transaction, context: Context, speaker: Speaker) -> None:
    room_id, user_id = speaker.room_id, speaker.phone.user_id
    invited = RoomSeen(room_id, "invited", speaker.encrypted, by=user_id, direct=True)
    joined = RoomSeen(room_id, "joined", speaker.encrypted, (user_id,))
    take_in(tx, context, Batch("", rooms=(invited, joined)), BEGINNING)


def _take(tx: Transaction, context: Context, event: Incoming, at: tuple[Witness, datetime]) -> None:
    """Take one message in, and give its replies the event ids that the bot's replies got: people point at them."""
    told, now = at
    take_in(tx, context, Batch("", (event,)), now)
    rows = tx.all(
        f"SELECT id, event_id FROM outbox WHERE room_id = ? AND {SAID} ORDER BY id", (event.room_id,)
    )
    for row, (_id, event_id, _said) in zip(rows, told.replies.get(event.room_id, ()), strict=False):
        if row["event_id"] is None and event_id:
            outbox.sent(tx, row["id"], event_id, now)


def not_taken_in(sent: Sequence[Sent], told: Witness) -> tuple[set[str], set[str]]:
    """Event ids the bot does not know: (those it should, those whose authors deleted them before it came to read).

    What is deleted is empty on the homeserver, too: nobody can answer it.
    """
    unknown = {message.event_id for message in sent} - {event_id for event_id, *_ in told.inbox}
    deleted = {message.content.target for message in sent if isinstance(message.content, Redacted)}
    return unknown - deleted, unknown & deleted


def _compare_messages(verdict: Verdict, sent: Sequence[Sent], told: Witness) -> None:
    lost, deleted = not_taken_in(sent, told)
    verdict.lost += len(lost)
    verdict.deleted_unread = len(deleted)
    verdict.doubled += len({event_id for event_id, *_ in told.inbox} - {message.event_id for message in sent})
    verdict.late_keys = sum(1 for _, kind, *_ in told.inbox if kind == "unreadable")
    failed = sum(1 for _, _, state, _ in told.inbox if state == "failed")
    if failed:
        verdict.lost += failed
        verdict.troubles.append(f"{failed} messages could not be handled")


def _compare_replies(verdict: Verdict, told: Witness, should: Witness) -> None:
    for room in told.replies.keys() | should.replies.keys():
        said = [said for _, _, said in told.replies.get(room, ())]
        expected = [said for _, _, said in should.replies.get(room, ())]
        missing, extra = Counter(expected) - Counter(said), Counter(said) - Counter(expected)
        verdict.lost += missing.total()
        verdict.doubled += extra.total()
        verdict.troubles += [f"never said in {room}: {words[:300]}" for words in list(missing)[:3]]
        verdict.troubles += [f"said too often in {room}: {words[:300]}" for words in list(extra)[:3]]
        if not missing and not extra and said != expected:
            verdict.troubles.append(f"replies in {room} are in another order than the messages")


def _compare_screens(verdict: Verdict, told: Witness, speakers: Sequence[Speaker]) -> None:
    heard = heard_rows(speakers)
    verdict.replies = heard.total()
    written = {f"paicha-{told.instance}-{row_id}" for rows in told.replies.values() for row_id, _, _ in rows}
    verdict.lost += len(written - heard.keys())
    verdict.doubled += sum(n - 1 for n in heard.values()) + sum(1 for txn in heard if txn not in written)
    for speaker in speakers:
        order = [str(event.content.get(TXN_KEY, "")).rpartition("-")[2] for event in speaker.of_bot]
        numbers = [int(number) for number in order if number.isdigit()]
        if numbers != sorted(numbers):
            verdict.troubles.append(f"{speaker.room_id}: replies arrived out of order")


def _compare_effects(verdict: Verdict, told: Effects, should: Effects) -> None:
    missing, extra = should - told, told - should
    verdict.lost += missing.total()
    verdict.doubled += extra.total()
    verdict.troubles += [f"not recorded: {effect[:300]}" for effect in list(missing)[:3]]
    verdict.troubles += [f"recorded without reason: {effect[:300]}" for effect in list(extra)[:3]]
