"""What can come in from a chat and what can go out, in our own words: the values both doors speak.

`bot/matrix` turns the wire into these and these into the wire; `bot/rehearsal` does the same with a terminal.
Nothing here knows Matrix libraries, SQLite or texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, voice, video or file in a message: where it lies and how to open it."""

    kind: str  # image | audio | video | file
    name: str
    url: str  # mxc://…
    mimetype: str = ""
    size: int = 0  # bytes, as the sender claims
    key: Mapping[str, object] | None = None  # the encrypted-file object of the Matrix spec; None when plain


@dataclass(frozen=True, slots=True)
class Said:
    """A new message: words, a file with an optional caption, or a place on the map."""

    words: str = ""
    media: Media | None = None
    geo_uri: str = ""
    reply_to: str = ""  # event id
    thread: str = ""  # event id of the thread's root
    in_clear: bool = False  # without encryption, in an encrypted room
    after: str = ""  # in a thread, where it replies to nothing: the event id of the message before it
    to_us: bool = False  # it mentions us
    called: tuple[str, ...] = ()  # names by which we are called there, as they stand in the words


@dataclass(frozen=True, slots=True)
class Edited:
    """A person replaced the words of their own earlier message. Never a new answer."""

    target: str  # event id of the original
    words: str
    in_clear: bool = False  # without encryption, in an encrypted room
    to_us: bool = False  # the new words mention us
    called: tuple[str, ...] = ()  # as of `Said`


@dataclass(frozen=True, slots=True)
class Redacted:
    """A message or a reaction was taken back."""

    target: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction (or a poll answer, which names the option's key) to an earlier message."""

    target: str
    key: str
    in_clear: bool = False  # an answer to a poll without encryption, in an encrypted room


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message whose key has not come (yet). `source` is kept, so that it can be read when the key comes."""

    session_id: str
    source: Mapping[str, object]


Content = Said | Edited | Redacted | Reacted | Unreadable


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event from one person in one room. `at` (aware) says when it was written, never in what order."""

    event_id: str
    room_id: str
    sender: str  # Matrix user id
    at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """What a sync said about a room we are in (joined), were asked into (invited), or lost (left)."""

    room_id: str
    change: str  # joined | invited | left | upgraded
    encrypted: bool | None = None  # None: not said
    members: tuple[str, ...] | None = None  # ids of the others who are in it or asked into it, when known
    by: str = ""  # who invited, removed or upgraded
    direct: bool | None = None  # an invitation says is_direct
    successor: str = ""  # the new room id after an upgrade, as a tombstone says
    predecessor: str = ""  # the room it replaces, as its own creation says
    space: bool = False  # its creation gives it a type: it holds rooms, or something else that is no talk


@dataclass(frozen=True, slots=True)
class Receipt:
    """A person has read a room up to this message. So far only a rehearsal's `/read` brings it, and nobody asks."""

    room_id: str
    user_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One sync, or one line of a rehearsal: everything in it is taken in by ONE transaction, or nothing is."""

    position: str  # the next `since`; "" in a rehearsal
    events: tuple[Incoming, ...] = ()
    rooms: tuple[RoomSeen, ...] = ()
    keys: tuple[str, ...] = ()  # session ids whose keys came with this sync
    gaps: tuple[str, ...] = ()  # rooms whose missed part was too long to fetch
    receipts: tuple[Receipt, ...] = ()
    syncs: int = 0  # the number of this sync in the key store, see storage.bound; 0 in a rehearsal


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox as it goes out. `content` is complete Matrix event content without relations of ours."""

    room_id: str
    txn_id: str  # fixed by the row, unique over all event types
    type: str  # m.room.message | m.reaction | m.room.redaction | org.matrix.msc3381.poll.start
    content: Mapping[str, object]
    written_at: datetime
    reason: str = ""  # why it is sent: reply | notice | reminder | digest | room


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to put beside a message before it is sent: encrypted where the room is."""

    name: str
    mimetype: str
    data: bytes = field(repr=False)
    width: int | None = None
    height: int | None = None


HTML = "org.matrix.custom.html"


def text(body: str, mention: str = "") -> dict[str, object]:
    """Content of a message that may ring a phone; `mention` is the user id of whom it is for."""
    return {"msgtype": "m.text", "body": body, "m.mentions": {"user_ids": [mention]} if mention else {}}


def notice(body: str) -> dict[str, object]:
    """Content of a message that never rings."""
    return {"msgtype": "m.notice", "body": body, "m.mentions": {}}


def with_html(content: Mapping[str, object], html: str) -> dict[str, object]:
    """The same content with its words as HTML beside the plain ones; without any, as it is."""
    return {**content, "format": HTML, "formatted_body": html} if html else dict(content)


def reply_to(content: Mapping[str, object], event_id: str, user_id: str) -> dict[str, object]:
    """The same content as a reply that names whom it answers, for a room of several."""
    relation = {"m.in_reply_to": {"event_id": event_id}}
    return {**content, "m.mentions": {"user_ids": [user_id]}, "m.relates_to": relation}


def in_thread(content: Mapping[str, object], root: str, event_id: str) -> dict[str, object]:
    """The same content in the thread of this root, after `event_id`; without a root, as it is.

    A reply stays one there; what is none names the message before it, for clients that know no threads.
    """
    if not root:
        return dict(content)
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": "m.relates_to" not in content,
        "m.in_reply_to": {"event_id": event_id},
    }
    return {**content, "m.relates_to": relation}


def reaction(event_id: str, key: str) -> dict[str, object]:
    """Content of an m.reaction to an event."""
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}


def reaction_to_row(row: int, key: str) -> dict[str, object]:
    """Content of an m.reaction to a message of ours that has no event id yet: the sender fills it in."""
    return {"m.relates_to": {"rel_type": "m.annotation", "row": row, "key": key}}


def replacement_of_row(row: int, content: Mapping[str, object]) -> dict[str, object]:
    """Content of an edit of a message of ours that may have no event id yet: the sender fills it in."""
    relation = {"rel_type": "m.replace", "row": row}
    return {
        **content,
        "body": f"* {content['body']}",
        "m.new_content": dict(content),
        "m.relates_to": relation,
    }


def redaction_of_row(row: int) -> dict[str, object]:
    """Content of a redaction of a message of ours that may have no event id yet: the sender fills it in."""
    return {"redacts_row": row}


POLL = "org.matrix.msc3381.poll.start"


def poll(question: str, options: Sequence[str]) -> dict[str, object]:
    """Content of a poll whose options are numbered from 1; the text stands for clients that do not know polls."""
    start = {
        "question": {"org.matrix.msc1767.text": question},
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 1,
        "answers": [{"id": str(n), "org.matrix.msc1767.text": option} for n, option in enumerate(options, 1)],
    }
    return {POLL: start, "org.matrix.msc1767.text": f"{question} {' '.join(options)}"}


class Refusal(StrEnum):
    """Why something can never be sent or fetched: what people are told is chosen by this, never by the words."""

    OTHER = "other"  # forbidden, left, not there: the server said no
    TOO_LARGE = "too_large"  # over the limit
    MALFORMED = "malformed"  # the server takes nothing that looks like this
    DAMAGED = "damaged"  # it came, but is not what was sent


class UndeliverableError(Exception):
    """This message can never be sent (left the room, forbidden, too large). Retrying would not help."""

    def __init__(self, why: str, reason: Refusal = Refusal.OTHER) -> None:
        super().__init__(why)
        self.reason = reason


class TryLaterError(Exception):
    """The homeserver was busy, away or failing. `after` is its own wish in seconds, if it had one."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


SIGN_IN_ANEW = (
    "Sign the bot in anew: paicha login. It becomes a new device of the same identity; the answers are kept."
)


class SignedOutError(Exception):
    """The homeserver no longer accepts our access token: the operator must sign the bot in again."""


class Chat(Protocol):
    """The only way out. Implemented by bot/matrix (a homeserver) and bot/rehearsal (a terminal).

    Every method raises UndeliverableError, TryLaterError or SignedOutError and nothing else. Each is idempotent: called again
    with the same arguments after a crash, the world stays as after the first call.
    """

    async def send(self, message: Message, upload: Upload | None = None) -> str:
        """Send and return the event id. With `upload`, its address is put into the content first."""
        ...

    async def find_sent(self, room_id: str, txn_id: str, since: datetime) -> str | None:
        """The event we sent under this transaction id at `since` (aware) or later, if there is one."""
        ...

    async def join(self, room_id: str) -> None: ...

    async def leave(self, room_id: str) -> None: ...

    async def open_direct(self, user_id: str) -> str:
        """Create (or find again) the encrypted direct room with a person, invite them; return the room id."""
        ...

    async def download(self, media: Media, limit: int) -> bytes:
        """Fetch, decrypt and check a file of at most `limit` bytes. Undeliverable when it is gone or does not match."""
        ...


def printed(text: str) -> str:
    """An id that anybody may have made, as a log can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()
