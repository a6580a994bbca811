"""The whole edge as one value: sign in, open the keys, then listen on one side and send on the other.

Rule: one Gateway per folder and process; the folder holds the bot's identity and belongs into the backup as a whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from bot.chat import Chat, Incoming, SignedOutError, UndeliverableError
from bot.logs import QUIET
from bot.matrix import account as account_file
from bot.matrix.account import Account, Settings, sign_in
from bot.matrix.backoff import until_answered
from bot.matrix.belonging import ONE_COPY
from bot.matrix.client_chat import ClientChat
from bot.matrix.cross_signing import Identity, IdentityError, identity_of, sign_device
from bot.matrix.crypto_store import FILE_NAME, STORAGE_TROUBLES, in_words, is_nonsense
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json
from bot.matrix.keys import offer_keys
from bot.matrix.login import Proof, sign_in_anew
from bot.matrix.own_device import check_own_device
from bot.matrix.profile import take_name
from bot.matrix.safe_client import SafeClient, Unlearnt
from bot.matrix.sync_loop import TakeIn, listen, retry
from storage.bound import Answers
from storage.migrate import StorageError

log = logging.getLogger(__name__)

SIGNING_SECONDS = 10.0  # a homeserver that cannot do it is not waited for

__all__ = ["Gateway", "Proof", "Settings", "connect", "sign_in_anew"]


class Gateway:
    """A signed-in bot on a homeserver. `chat` sends; `run` listens."""

    def __init__(self, client: SafeClient, settings: Settings, folder: Path) -> None:
        self._client = client
        self._settings = settings
        self._folder = folder
        self._chat = ClientChat(client)
        self._heard_at: float | None = None

    @property
    def chat(self) -> Chat:
        return self._chat

    @property
    def user_id(self) -> str:
        return str(self._client.user_id)

    async def run(self, position: str | None, take_in: TakeIn) -> None:
        """Listen from `position` (None: from now on) and hand over every batch; never returns.

        Raises SignedOutError, what `take_in` raises, and storage errors; after any of them the process must end.
        """
        await until_answered(partial(check_own_device, self._client))
        await until_answered(partial(offer_keys, self._client))
        signing = asyncio.create_task(self._sign_device())
        naming = asyncio.create_task(self._take_name())
        try:
            await asyncio.wait({signing}, timeout=SIGNING_SECONDS)
            await listen(self._client, position, take_in, self._heard)
        finally:
            signing.cancel()
            naming.cancel()
            await asyncio.wait({signing, naming})

    def retry(self, source: Json, room_id: str) -> Incoming | None:
        """Read the `source` of a stored Unreadable; None while its key is still missing."""
        return retry(self._client, source, room_id)

    def silent_for(self) -> float | None:
        """Seconds since the last good sync; None before the first."""
        return None if self._heard_at is None else asyncio.get_running_loop().time() - self._heard_at

    async def resolve_alias(self, alias: str) -> str | None:
        """The room id of #name:server, or None. Raises TryLaterError or SignedOutError."""
        return await self._chat.resolve_alias(alias)

    async def identity(self) -> Identity:
        """What `paicha keys` shows. Raises TryLaterError, SignedOutError or IdentityError."""
        return await identity_of(self._client, self._folder)

    async def introduce(self) -> Identity:
        """Publish the keys of a device that was signed in just now, signed by the identity, and say what people see."""
        await check_own_device(self._client)
        await offer_keys(self._client)
        await self._sign_device()
        return await self.identity()

    async def close(self) -> None:
        await self._client.close()

    def _heard(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()

    async def _take_name(self) -> None:
        try:
            await until_answered(partial(take_name, self._client, self._settings.display_name))
        except UndeliverableError as refusal:
            log.warning("the bot's display name is not as wished: %s", refusal)
        except SignedOutError as refusal:
            log.info("naming stopped: %s", refusal)  # listening ends with the same

    async def _sign_device(self) -> None:
        """Without a signature clients warn about the bot, but it works: not a reason to stay silent."""
        try:
            await until_answered(partial(sign_device, self._client, self._folder, self._settings.password))
        except (IdentityError, UndeliverableError) as refusal:
            log.error("the bot's device stays unverified: %s", refusal)
        except SignedOutError as refusal:
            log.info("signing stopped: %s", refusal)  # listening ends with the same


async def connect(
    settings: Settings,
    folder: Path,
    known_rooms: Mapping[str, bool],
    unlearnt: Iterable[str] = (),
    answers: Answers | None = None,
) -> Gateway:
    """Sign in (once; afterwards no request is made) and open the keys, which work for these `answers` from now on.

    `known_rooms`: rooms the bot is in, and whether each is encrypted; `unlearnt`: those of them whose members are still
    to be asked for. Raises SignedOutError, TryLaterError, or StorageError when the keys cannot be opened.
    """
    logging.getLogger("nio").setLevel(QUIET["nio"])
    line = HomeserverClient(settings.homeserver)
    try:
        account = await sign_in(line, settings, folder)
        client = _with_keys(line, account, folder, known_rooms)
        client.unlearnt |= {room_id: Unlearnt() for room_id in unlearnt}
        if answers is not None:
            _bind(client, folder, answers)
    except BaseException:
        await line.close()
        raise
    return Gateway(client, settings, folder)


def _with_keys(
    line: HomeserverClient, account: Account, folder: Path, known_rooms: Mapping[str, bool]
) -> SafeClient:
    """Whatever is wrong with the key store ends here in words."""
    path = folder / FILE_NAME
    try:
        client = SafeClient(line, account, folder)
        client.prefill(known_rooms)
    except STORAGE_TROUBLES as error:
        raise StorageError(in_words(error, path)) from error
    except BaseException as error:
        if not is_nonsense(error):
            raise
        what = f"the keys in it cannot be opened ({type(error).__name__}): it is damaged, or sealed for another account"
        raise StorageError(f"{path}: {what}. {ONE_COPY}") from error
    return client


def _bind(client: SafeClient, folder: Path, answers: Answers) -> None:
    """A sync that only the keys have had is counted anew: it comes again."""
    try:
        client.store.bind(answers.instance, answers.syncs)
        account_file.bind(folder, answers.instance)
    except STORAGE_TROUBLES as error:
        client.store.database.close()
        raise StorageError(in_words(error, folder)) from error
