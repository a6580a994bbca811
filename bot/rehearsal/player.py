"""`paicha rehearse`: lines on standard input are messages of a person, replies come on standard output.

Lines that begin with / are directives of the stage, not words of the person; see DIRECTIVES.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.chat import Batch, Content, Edited, Media, Reacted, Receipt, Redacted, RoomSeen, Said
from bot.rehearsal.chat import COUNTY, SERVER, Rehearsal, Shown, direct_room
from bot.rehearsal.printing import as_json as as_json
from bot.rehearsal.printing import as_text as as_text
from storage import people, places

HELP = """/as PERSON [county|UNIT]   speak as another, in their direct room, the county room or a unit's room
/now TIME                  move the clock on, with every tick due on the way
/edit N TEXT  /redact N    change or delete an own message (1 = the last)
/react N KEY  /reply N TEXT   to a message of the bot to this person (1 = the last)
/quote N TEXT              a reply to an own message (1 = the last)
/thread N TEXT             in a thread under that message
/photo FILE [CAPTION]  /file FILE [CAPTION]
/position [TEXT]           the phone's position, with the text that the phone puts beside it
/clear TEXT                say it without encryption; the room is an encrypted one from then on
/read [N]                  this person has read the bot's message N (1 = the last) and all before it
/join  /leave              this person comes into the room, or leaves it
/restart                   close everything and reopen it from disk"""

SOMEWHERE = "geo:34.03,113.85;u=20"
YEARS = range(2000, 2100)  # every five minutes of a jump is a tick: no walking to the end of time


class Misdirected(Exception):  # noqa: N818 -- a directive that cannot be followed; str() says why
    """Told on standard error; the rehearsal goes on."""


@dataclass(slots=True)
class Player:
    """Who speaks where, and what was said so far."""

    rehearsal: Rehearsal
    show: Callable[[Shown], None]
    user_id: str = ""
    room_id: str = ""
    own: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (person, room) -> own event ids
    seen: int = 0

    async def play(self, text: str) -> None:
        """One line of the script: words or a directive."""
        if text.startswith("/"):
            name, _, rest = text[1:].partition(" ")
            directive = DIRECTIVES.get(name)
            if directive is None:
                raise Misdirected(f"no directive /{name}. There are:\n{HELP}")
            await directive(self, rest.strip())
        else:
            await self._say(Said(text))
        self.show_new()

    def show_new(self) -> None:
        new = self.rehearsal.stage.shown[self.seen :]
        self.seen += len(new)
        for shown in new:
            self.show(shown)

    async def _say(self, said: Said | Reacted, *rooms: RoomSeen) -> None:
        event_id = await self.send(said, *rooms)
        self.own.setdefault((self.user_id, self.room_id), []).append(event_id)

    async def send(self, content: Content, *rooms: RoomSeen) -> str:
        """Into the room where this person is; return the event's id."""
        if not self.is_here():
            raise Misdirected("this person has left the room; /join first")
        return await self.rehearsal.say(self.user_id, self.room_id, content, *rooms)

    def is_here(self) -> bool:
        return self.user_id in self.rehearsal.members[self.room_id]

    async def become(self, who: str, where: str = "") -> None:
        """Speak as this person (a name, a local part, any Matrix id), in a direct room or where said."""
        clock, zone = self.rehearsal.clock, self.rehearsal.context.campaign.timezone
        today = clock.now().astimezone(zone).date().isoformat()
        found = await self.rehearsal.database.read(lambda tx: people.named(tx, who, today))
        if len(found) > 1:
            raise Misdirected(f"{who} is the name of {len(found)} people; say the Matrix id")
        if not found and not re.fullmatch(r"@[^:\s]+:\S+", who):
            raise Misdirected(f"{who} is neither a name of the roster nor a Matrix id like @name:server")
        self.user_id = found[0].user_id if found else who
        if where == "county":
            self.room_id, kind = COUNTY, "county"
        elif where:
            self.room_id, kind = f"!unit-{await self._unit(where)}:{SERVER}", "group"
        else:
            self.room_id, kind = direct_room(self.user_id), "direct"
        await self.rehearsal.enter(self.user_id, self.room_id, kind)

    async def _unit(self, name: str) -> str:
        for unit in await self.rehearsal.database.read(places.units):
            if name in (unit.name, unit.id):
                return unit.id
        raise Misdirected(f"{name} is not a unit of the roster; or say county")

    def _mine(self, n: int) -> str:
        own = self.own.get((self.user_id, self.room_id), [])
        if not 1 <= n <= len(own):
            raise Misdirected(f"there is no own message {n} back; {len(own)} were sent here")
        return own[-n]

    def _bots(self, n: int) -> str:
        here = [
            s.event_id
            for s in self.rehearsal.stage.shown
            if s.room == self.room_id and s.type == "m.room.message"
        ]
        if not 1 <= n <= len(here):
            raise Misdirected(f"there is no message of the bot {n} back; it sent {len(here)} here")
        return here[-n]


def _counted(rest: str, usage: str, *, words: bool = True) -> tuple[int, str]:
    match = re.fullmatch(r"(\d+)(?:\s+(.*))?", rest, re.S)
    if match is None or (words and not match[2]):
        raise Misdirected(f"like this: {usage}")
    return int(match[1]), match[2] or ""


async def _as(player: Player, rest: str) -> None:
    who, _, where = rest.partition(" ")
    if not who:
        raise Misdirected("like this: /as PERSON [county|UNIT]")
    await player.become(who, where.strip())


async def _now(player: Player, rest: str) -> None:
    to = parse_time(rest, player.rehearsal)
    if to < player.rehearsal.clock.at:
        raise Misdirected(f"the clock stands at {_local(player.rehearsal)} and only moves on")
    await player.rehearsal.move_to(to)


async def _edit(player: Player, rest: str) -> None:
    n, words = _counted(rest, "/edit N TEXT")
    await player.send(Edited(player._mine(n), words))


async def _redact(player: Player, rest: str) -> None:
    n, _ = _counted(rest, "/redact N", words=False)
    await player.send(Redacted(player._mine(n)))


async def _react(player: Player, rest: str) -> None:
    n, key = _counted(rest, "/react N KEY")
    await player._say(Reacted(player._bots(n), key))


async def _reply(player: Player, rest: str) -> None:
    n, words = _counted(rest, "/reply N TEXT")
    await player._say(Said(words, reply_to=player._bots(n)))


async def _quote(player: Player, rest: str) -> None:
    n, words = _counted(rest, "/quote N TEXT")
    await player._say(Said(words, reply_to=player._mine(n)))


async def _thread(player: Player, rest: str) -> None:
    n, words = _counted(rest, "/thread N TEXT")
    root = player._bots(n)
    await player._say(Said(words, thread=root, after=root))


def _sender(kind: str) -> Callable[[Player, str], Awaitable[None]]:
    async def send(player: Player, rest: str) -> None:
        name, _, caption = rest.partition(" ")
        path = Path(name).expanduser()
        if not name or not path.is_file():
            raise Misdirected(f"no such file: {name or '(none given)'}. Like this: /{kind} FILE [CAPTION]")
        media = Media(
            "image" if kind == "photo" else "file",
            path.name,
            f"file:{path.resolve()}",
            size=path.stat().st_size,
        )
        await player._say(Said(caption.strip(), media))

    return send


async def _position(player: Player, rest: str) -> None:
    await player._say(Said(rest, geo_uri=SOMEWHERE))


async def _clear(player: Player, rest: str) -> None:
    if not rest:
        raise Misdirected("like this: /clear TEXT")
    await player._say(Said(rest, in_clear=True), RoomSeen(player.room_id, "joined", encrypted=True))


async def _read(player: Player, rest: str) -> None:
    n, _ = _counted(rest or "1", "/read [N]", words=False)
    receipt = Receipt(player.room_id, player.user_id, player._bots(n))
    await player.rehearsal.take(Batch("", receipts=(receipt,)))


async def _join(player: Player, rest: str) -> None:
    if player.is_here():
        raise Misdirected("this person is in the room already")
    await _now_there(player, (player.user_id,))


async def _leave(player: Player, rest: str) -> None:
    if not player.is_here():
        raise Misdirected("this person has left the room already")
    await _now_there(player, ())


async def _now_there(player: Player, more: tuple[str, ...]) -> None:
    """The others of the room and these are in it now."""
    members = player.rehearsal.members
    others = tuple(who for who in members[player.room_id] if who != player.user_id)
    members[player.room_id] = (*others, *more)
    await player.rehearsal.see_members(player.room_id)


async def _restart(player: Player, rest: str) -> None:
    await player.rehearsal.restart()


DIRECTIVES: Mapping[str, Callable[[Player, str], Awaitable[None]]] = {
    "as": _as,
    "now": _now,
    "edit": _edit,
    "redact": _redact,
    "react": _react,
    "reply": _reply,
    "quote": _quote,
    "thread": _thread,
    "photo": _sender("photo"),
    "file": _sender("file"),
    "position": _position,
    "clear": _clear,
    "read": _read,
    "join": _join,
    "leave": _leave,
    "restart": _restart,
}


def parse_time(text: str, rehearsal: Rehearsal) -> datetime:
    """2023-08-05 09:00, or 18:00 of the day the clock stands at; in the campaign's zone."""
    zone = rehearsal.context.campaign.timezone
    text = text.strip().strip("'\"")
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
            text = f"{rehearsal.clock.at.astimezone(zone):%Y-%m-%d} {text.zfill(5) if text.count(':') == 1 else text}"
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misdirected(f"{text or 'nothing'} is not a time; like this: 2023-08-05 09:00") from None
    if at.year not in YEARS:
        raise Misdirected(f"{text} is out of reach; the clock goes from {YEARS[0]} to {YEARS[-1]}")
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _local(rehearsal: Rehearsal) -> str:
    return f"{rehearsal.clock.at.astimezone(rehearsal.context.campaign.timezone):%Y-%m-%d %H:%M}"


async def perform(player: Player, lines: Callable[[], str]) -> int:
    """Play until the input ends; 1 when a directive could not be followed."""
    status = 0
    while text := await asyncio.to_thread(lines):
        if not text.strip():
            continue
        try:
            await player.play(text.rstrip("\r\n"))
        except Misdirected as error:
            print(f"rehearse: {error}", file=sys.stderr)
            status = 1
    return status
