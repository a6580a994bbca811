"""The ear: asks the homeserver what happened since a position, and hands it over batch by batch.

Rules: what a batch says about keys is committed in `crypto.db` first, then the batch is taken in together with its
position, and only then the homeserver hears of the new position; a crash at any point replays. Nothing is handed
over with a part missing in the middle: it is fetched first, or named as a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

from bot.chat import Batch, Incoming, RoomSeen, TryLaterError, UndeliverableError
from bot.matrix import convert, rooms
from bot.matrix.backfill import between, since_we_came
from bot.matrix.backoff import until_answered
from bot.matrix.decrypt import Locked, opened
from bot.matrix.http import named
from bot.matrix.ingest import brings_something, ingest
from bot.matrix.json_access import EMPTY, Json, get_items, get_number, get_object, get_objects, get_text
from bot.matrix.keys import keep_house, prove_senders
from bot.matrix.members import heroes_are_all, is_due, known_others, learn_again
from bot.matrix.safe_client import SafeClient, Unlearnt

log = logging.getLogger(__name__)

LONG_POLL_MS = 30_000
USED_TYPES = (
    "m.room.message",
    "m.room.encrypted",
    "m.reaction",
    "m.room.redaction",
    "m.poll.response",
    "org.matrix.msc3381.poll.response",
)
USED_STATE = ("m.room.create", "m.room.encryption", "m.room.member", "m.room.tombstone")
NOTHING = {"types": list[str]()}

TakeIn = Callable[[Batch], Awaitable[None]]


@dataclass(slots=True)
class _Gathered:
    """A batch in the making."""

    events: list[Incoming] = field(default_factory=list)
    rooms: list[RoomSeen] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


async def listen(
    client: SafeClient, position: str | None, take_in: TakeIn, heard: Callable[[], None] = lambda: None
) -> None:
    """Hand batch after batch to `take_in`, which commits it with its position; `heard` is called after each sync.

    Without a position: the first batch only says which rooms there are. Never returns; raises SignedOutError, what
    `take_in` raises, and storage errors, after which the process must end.
    """
    filter_id = await until_answered(partial(_kept_filter, client))
    wait = 0  # the first answer comes at once: it says how many of our keys are left
    while True:
        query = {"filter": filter_id, "set_presence": "offline", "timeout": str(wait)}
        query |= {"since": position} if position is not None else {}
        answer = await until_answered(partial(_news, client, query))
        batch = await digest(client, answer, position)
        news = batch.events or batch.rooms or batch.keys or batch.gaps or brings_something(answer)
        if position is None or news:
            await take_in(batch)
            if batch.keys:
                client.store.forget_arrived(batch.keys)
        position = batch.position
        heard()
        await keep_house(client)
        wait = 0 if client.store.arrived() else LONG_POLL_MS  # what can be read by now does not wait for news


async def digest(client: SafeClient, answer: Json, position: str | None) -> Batch:
    """Take a /sync answer in and say what was in it; `position` is the one it was asked with."""
    changed = ingest(client, answer)
    await _know_senders(client)
    gathered = _Gathered()
    gathered.rooms += rooms.invitations(answer, client.user_id)
    for room_id, info in get_items(answer, "rooms", "join"):
        first_seen = room_id not in client.joined
        client.joined.add(room_id)
        if first_seen or room_id in changed or _tells_of_the_room(client, room_id, info):
            gathered.rooms.append(await _joined(client, room_id, info, first_time=position is None))
        if position is not None:
            await _gather(client, gathered, (room_id, info), None if first_seen else position)
    gathered.rooms += rooms.upgrades(answer)
    for room_id, info in get_items(answer, "rooms", "leave"):
        if position is not None:
            await _gather(client, gathered, (room_id, info), position)
    gathered.rooms += rooms.losses(answer, client.user_id)
    gathered.rooms += await learn_again(client, busy=bool(gathered.events))
    return Batch(
        get_text(answer, "next_batch"),
        tuple(gathered.events),
        tuple(gathered.rooms),
        client.store.arrived(),
        tuple(gathered.gaps),
        syncs=client.store.syncs(),
    )


async def _know_senders(client: SafeClient) -> None:
    """New devices are asked for before their messages are read. When that fails, these wait until it does not."""
    try:
        await prove_senders(client, at_once=True)
    except (TryLaterError, UndeliverableError) as trouble:
        log.info("devices of senders stay unknown for now: %s", trouble)


def retry(client: SafeClient, source: Json, room_id: str) -> Incoming | None:
    """Read a message that was unreadable; None while its key is still missing, or when it is nothing for us."""
    event = opened(client, room_id, source)
    if event is None or isinstance(event, Locked):
        return None
    return convert.incoming(event, room_id, client.user_id, client.names)


async def _gather(
    client: SafeClient, gathered: _Gathered, seen: tuple[str, Json], position: str | None
) -> None:
    """Add what people did in one room. `position` None: a room we have just come into."""
    room_id, info = seen
    timeline = get_object(info, "timeline")
    events = tuple(get_objects(timeline, "events"))
    limited, start = timeline.get("limited") is True, get_text(timeline, "prev_batch")
    if position is None:
        events = await _since_we_came(client, room_id, info, events)
    elif limited and start:
        past = await between(client, room_id, start, position, _used(client))
        if not past.whole:
            gathered.gaps.append(room_id)
        events = (*past.events, *events)
    with client.store.database.atomic():  # one commit for all that was fetched beside the sync
        gathered.events += _from_people(client, room_id, events)


async def _since_we_came(
    client: SafeClient, room_id: str, info: Json, events: tuple[Json, ...]
) -> tuple[Json, ...]:
    """What was said to us before we accepted the invitation is ours; what was said before it is not."""
    after = rooms.since_invitation(events, client.user_id)
    if after is not None:
        return after
    joined = rooms.own_join(info, client.user_id)
    invited = get_text(joined, "unsigned", "prev_content", "membership") == "invite"
    start = get_text(info, "timeline", "prev_batch")
    if invited and start:
        past = await since_we_came(client, room_id, start, _used(client))
        if past.whole:
            return (*past.events, *events)
    came = get_number(joined, "origin_server_ts")
    return tuple(event for event in events if joined and get_number(event, "origin_server_ts") >= came)


def _from_people(client: SafeClient, room_id: str, events: tuple[Json, ...]) -> Iterator[Incoming]:
    for raw in events:
        if get_text(raw, "sender") == client.user_id:
            continue
        event = opened(client, room_id, raw)
        if event is None:
            continue
        if isinstance(event, Locked):
            found = convert.unreadable(raw, room_id, client.user_id, event.session_id)
        else:
            found = convert.incoming(event, room_id, client.user_id, client.names)
        if found is not None:
            yield (
                convert.in_clear(found, raw) if event is raw and room_id in client.encrypted_rooms else found
            )


async def _joined(client: SafeClient, room_id: str, info: Json, *, first_time: bool) -> RoomSeen:
    """A room we are in. At the very first sync nobody is asked for members: there may be thousands of rooms."""
    room, made = client.room(room_id), rooms.creation(_state_of(info))
    if first_time:
        members = heroes_are_all(get_object(info, "summary"))
        if members is None:
            client.unlearnt.setdefault(room_id, Unlearnt())
    else:
        members = await known_others(client, room)
    seen = RoomSeen(room_id, "joined", room.encrypted, members)
    return replace(seen, predecessor=made.predecessor, space=made.space)


def _tells_of_the_room(client: SafeClient, room_id: str, info: Json) -> bool:
    """Whether there is something new, or missing, about the room itself: who is in it, what it is."""
    told = {"m.room.encryption", "m.room.create"}
    says = any(get_text(event, "type") in told and event.get("state_key") == "" for event in _state_of(info))
    return says or is_due(client, room_id) or get_object(info, "timeline").get("limited") is True


def _state_of(info: Json) -> tuple[Json, ...]:
    return (*get_objects(info, "state", "events"), *get_objects(info, "timeline", "events"))


def _used(client: SafeClient) -> dict[str, object]:
    """The filter of room events: what we use, and not our own words."""
    return {
        "types": [*USED_TYPES, *USED_STATE],
        "not_senders": [client.user_id],
        "lazy_load_members": True,
        "limit": 100,
    }


async def _news(client: SafeClient, query: Mapping[str, str]) -> Json:
    """What happened. An answer without a position is none: asked again at once, it would come again at once."""
    answer = await _insist(client, "GET", "/_matrix/client/v3/sync", query=query)
    named(answer, "next_batch", "/sync")
    return answer


async def _kept_filter(client: SafeClient) -> str:
    body = {
        "presence": NOTHING,
        "account_data": NOTHING,
        "room": {
            "timeline": _used(client),
            "state": {"types": list(USED_STATE), "lazy_load_members": True},
            "ephemeral": NOTHING,
            "account_data": NOTHING,
        },
    }
    path = f"/_matrix/client/v3/user/{quote(client.user_id)}/filter"
    return named(await _insist(client, "POST", path, body), "filter_id", "/filter")


async def _insist(
    client: SafeClient, method: str, path: str, body: Json | None = None, query: Mapping[str, str] = EMPTY
) -> Json:
    """Here a refusal concerns no message that could be given up: it is waited out, and the log says so."""
    try:
        return await client.line.call(method, path, body, query=query)
    except UndeliverableError as refusal:
        raise TryLaterError(f"refused: {refusal}") from refusal
