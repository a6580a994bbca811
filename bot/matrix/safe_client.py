"""nio's encryption machine and room model, without the half of nio that talks to the network and loses things.

nio's own client saves its position before it handles a sync, sleeps inside requests, retries for ever, lets one
malformed event end a sync and believes encrypted state. None of that half is used: `line` asks, `ingest` takes a sync
in, `reading` decrypts, `keys` and `sending` speak with other devices. All of them share this value.

Rule: one SafeClient per device, one process per folder; two would spoil each other's keys.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nio import Client, ClientConfig, MatrixRoom
from nio.crypto import InboundGroupSession, Olm

from bot.matrix.account import Account
from bot.matrix.crypto_store import FILE_NAME, CryptoStore
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json

MOST_CLAIMS = 1_000


class SafeOlm(Olm):  # type: ignore[misc]
    """nio's machine, but a key that came early is never replaced by the same key from a later message on.

    nio lets the newer copy win, and with it everything said before becomes unreadable.
    """

    def create_group_session(
        self, sender_key: str, sender_fp_key: str, room_id: str, session_id: str, session_key: str
    ) -> None:
        """Keep the key of a session that `sender_key` shared. Raises ValueError on a malformed key."""
        known = self.session_of(room_id, session_id)
        if known is None:
            super().create_group_session(sender_key, sender_fp_key, room_id, session_id, session_key)
            return
        fresh = InboundGroupSession(session_key, sender_fp_key, sender_key, room_id)
        if fresh.id != session_id:
            return
        if known.sender_key != sender_key:
            # Somebody else in the room passes the key on as theirs: a second claim, never written over the first.
            self.inbound_group_store.add(fresh)
        elif fresh.first_known_index < known.first_known_index:
            self.inbound_group_store.add(fresh)
            self.save_inbound_group_session(fresh)

    def session_of(
        self, room_id: str, session_id: str, sender_keys: frozenset[str] = frozenset()
    ) -> InboundGroupSession | None:
        """The key of a session by its id alone (new clients no longer say their sender key), rather one of
        `sender_keys` where several claim it."""
        claims = self.claims_of(room_id, session_id)
        return next(
            (claim for claim in claims if claim.sender_key in sender_keys), claims[0] if claims else None
        )

    def claims_of(self, room_id: str, session_id: str) -> list[InboundGroupSession]:
        """Every key that somebody shared as this session's. One of them made it; the others pass it on as theirs."""
        return [s[session_id] for s in self.inbound_group_store[room_id].values() if session_id in s]


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody sent what this device key has encrypted; is it a device of theirs?"""

    sender: str
    sender_key: str


@dataclass(slots=True)
class Unlearnt:
    """A room whose members could not be asked for: how often that was tried, and when (by the loop's clock) to try again."""

    tries: int = 0
    not_before: float = 0.0


class SafeClient(Client):  # type: ignore[misc]
    """One signed-in device: keys, rooms, and the line to the homeserver.

    `joined`: rooms whose joining a sync has reported. `pending_upload`: keys on their way to the homeserver.
    `fallback_missing`: the homeserver has no unused fallback key of ours. `troubled`: devices (user id, identity key)
    whose encrypted words to us could not be opened. `claiming`: held while sessions with other devices are opened.
    `unlearnt`: rooms whose members are still to be asked for. `names`: what people see us called.
    `unproven`: sessions of keys of which nobody knows yet whose they are; `disproven`: the sender has no such device.
    `ask_after`: senders whose homeserver did not say, and from when on they are asked for again.
    """

    def __init__(self, line: HomeserverClient, account: Account, folder: Path) -> None:
        config = ClientConfig(
            encryption_enabled=True,
            store=CryptoStore,
            store_name=FILE_NAME,
            pickle_key=account.pickle_key,
            store_sync_tokens=False,
        )
        super().__init__(account.user_id, account.device_id, str(folder), config)
        self.line = line
        self.account = account
        self.joined: set[str] = set()
        self.pending_upload: Json | None = None
        self.fallback_missing = False
        self.troubled: set[tuple[str, str]] = set()
        self.unproven: dict[Claim, set[str]] = {}
        self.disproven: dict[Claim, set[str]] = {}
        self.ask_after: dict[str, float] = {}
        self.claiming = asyncio.Lock()
        self.unlearnt: dict[str, Unlearnt] = {}
        self.names: set[str] = set()
        self._sending: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.restore_login(account.user_id, account.device_id, account.token)

    def load_store(self) -> None:
        """Open `crypto.db` and the machine over it (called by nio as soon as user and device are known)."""
        self.store = CryptoStore(
            self.user_id, self.device_id, self.store_path, self.config.pickle_key, self.config.store_name
        )
        self.olm = SafeOlm(self.user_id, self.device_id, self.store)
        self.encrypted_rooms = self.store.load_encrypted_rooms()

    def prefill(self, rooms: Mapping[str, bool]) -> None:
        """Rooms we are in and whether they are encrypted, from our own tables: nio keeps none of this on disk."""
        with self.store.database.atomic():  # one flush of the disk, however many rooms there are
            for room_id, encrypted in rooms.items():
                self.room(room_id, encrypted)
        self.joined.update(rooms)

    def room(self, room_id: str, encrypted: bool = False) -> MatrixRoom:
        """The room's model, made when missing. What was encrypted once stays so, whatever anybody says later."""
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = MatrixRoom(room_id, self.user_id, room_id in self.encrypted_rooms)
        if encrypted and not room.encrypted:
            room.encrypted = True
        if encrypted and room_id not in self.encrypted_rooms:
            self.encrypted_rooms.add(room_id)
            self.store.save_encrypted_rooms({room_id})
        return room

    def forget_room(self, room_id: str) -> None:
        """We are no longer in it. That it was encrypted is kept: the address may be joined again."""
        self.rooms.pop(room_id, None)
        self.joined.discard(room_id)
        self.unlearnt.pop(room_id, None)
        self.olm.outbound_group_sessions.pop(room_id, None)
        self._sending.pop(room_id, None)

    def note_unproven(self, claim: Claim, session_id: str) -> None:
        """Its sender's devices are asked for, once as long as they do not change."""
        place = self.disproven if claim in self.disproven else self.unproven
        if len(place) < MOST_CLAIMS or claim in place:
            place.setdefault(claim, set()).add(session_id)

    def sending(self, room_id: str) -> asyncio.Lock:
        """Held while the room's key is handed out. A cancelled holder frees it, so nobody waits for ever."""
        return self._sending[room_id]

    async def close(self) -> None:
        await self.line.close()
        self.store.database.close()
