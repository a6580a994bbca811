"""Reading back what a sync left out: the part of a room's history between two positions.

Rule: the position moves only after the missing part was fetched, or was given up and reported as a gap.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import quote

from bot.chat import UndeliverableError
from bot.matrix.backoff import until_answered
from bot.matrix.convert import written_at
from bot.matrix.json_access import Json, get_objects, get_text
from bot.matrix.safe_client import SafeClient

MOST_EVENTS = 2000
A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Past:
    """Events oldest first; `whole` is False when the beginning could not be reached."""

    events: tuple[Json, ...]
    whole: bool


async def between(client: SafeClient, room_id: str, newest: str, oldest: str, event_filter: Json) -> Past:
    """Everything of a room after position `oldest` and before `newest`, at most MOST_EVENTS.

    Waits as long as the homeserver is away; raises SignedOutError.
    """
    return await _back(client, _Span(room_id, newest, oldest), event_filter, lambda _event: False)


async def since_we_came(client: SafeClient, room_id: str, newest: str, event_filter: Json) -> Past:
    """What was said in a room after the invitation to us that we followed, before position `newest`."""

    def invited_us(event: Json) -> bool:
        ours = get_text(event, "type") == "m.room.member" and event.get("state_key") == client.user_id
        return ours and get_text(event, "content", "membership") == "invite"

    return await _back(client, _Span(room_id, newest), event_filter, invited_us)


async def own_since(client: SafeClient, room_id: str, since: datetime) -> tuple[Json, ...]:
    """Our own events of a room that are not older than `since`, newest first, at most MOST_EVENTS. Raises TryLaterError."""
    event_filter = {"senders": [client.user_id]}
    span, found = _Span(room_id, ""), list[Json]()
    while len(found) < MOST_EVENTS:
        answer = await _page(client, span, event_filter)
        page = list(get_objects(answer, "chunk"))
        found += [event for event in page if written_at(event) >= since]
        span = replace(span, newest=get_text(answer, "end"))
        if not span.newest or not page or written_at(page[-1]) < since:
            break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of a room's timeline, from the newest token back to the oldest; empty: to its end."""

    room_id: str
    newest: str
    oldest: str = ""


async def _back(client: SafeClient, span: _Span, event_filter: Json, ends_at: Callable[[Json], bool]) -> Past:
    found: list[Json] = []
    while len(found) < MOST_EVENTS:
        page = partial(_page, client, span, event_filter)
        try:
            answer = await until_answered(page)
        except UndeliverableError:
            return Past(tuple(reversed(found)), whole=False)  # not ours to read (any more)
        for event in get_objects(answer, "chunk"):
            if ends_at(event):
                return Past(tuple(reversed(found)), whole=True)
            found.append(event)
        span = replace(span, newest=get_text(answer, "end"))
        if not span.newest or not answer.get("chunk"):
            return Past(tuple(reversed(found)), whole=True)
    return Past(tuple(reversed(found)), whole=False)


async def _page(client: SafeClient, span: _Span, event_filter: Json) -> Json:
    query = {"dir": "b", "limit": str(A_PAGE), "filter": json.dumps(event_filter)}
    query |= {"from": span.newest} if span.newest else {}
    query |= {"to": span.oldest} if span.oldest else {}
    return await client.line.call(
        "GET", f"/_matrix/client/v3/rooms/{quote(span.room_id)}/messages", query=query
    )
