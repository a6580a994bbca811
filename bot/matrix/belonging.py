"""Whether `paicha.db`, `crypto.db` and `matrix.json` are the ones that belong together, each as new as the others.

Rules: looked at before the first request, because with keys that are older than they say they are, what people write
can no longer be read, and what the bot writes neither; nothing is mended here, what is wrong is a value. An account
that was just signed in has no keys yet: it takes the key store that it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.chat import SignedOutError
from bot.matrix import account, crypto_store
from bot.matrix.account import Account
from bot.matrix.crypto_store import KeyFile
from storage import bound
from storage.bound import Answers
from storage.db import Database, StorageError

DATABASE = "paicha.db"
ONE_COPY = (
    f"Put {DATABASE}, {crypto_store.FILE_NAME} and {account.FILE_NAME} back from one copy of the folder. "
    "Without such a copy: paicha login makes a new device for the bot; the answers in paicha.db are kept."
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing the operator must mend: which file, what happened to it, what to do."""

    path: Path
    what: str
    remedy: str = ONE_COPY

    def __str__(self) -> str:
        return f"{self.path}: {self.what}. {self.remedy}"


def wrong(folder: Path, answers: Answers | None) -> tuple[Wrong, ...]:
    """What keeps the files of `folder` from being used together. `answers`: what paicha.db says, None: it is missing."""
    try:
        signed_in = account.kept(folder)
    except SignedOutError:
        return (Wrong(folder / account.FILE_NAME, "the file is damaged"),)
    keys = crypto_store.look(folder)
    if keys is not None and keys.damage:
        return (Wrong(folder / crypto_store.FILE_NAME, keys.damage),)
    if answers is None:
        return _without_answers(folder, signed_in, keys)
    if signed_in is None:
        return _without_account(folder, answers, keys)
    return _apart(folder, answers, signed_in, keys)


async def open_together(folder: Path) -> Database:
    """Open paicha.db when it and the files beside it belong together; StorageError says what is wrong otherwise."""
    if not (folder / DATABASE).exists():
        _refuse(wrong(folder, None))
    database = await Database.open(folder / DATABASE)
    try:
        _refuse(wrong(folder, await database.read(bound.answers)))
    except BaseException:
        await database.close()
        raise
    return database


def _refuse(found: tuple[Wrong, ...]) -> None:
    if found:
        raise StorageError("\n".join(map(str, found)))


def _without_answers(folder: Path, signed_in: Account | None, keys: KeyFile | None) -> tuple[Wrong, ...]:
    has_worked = signed_in.is_bound if signed_in is not None else keys is not None and keys.devices
    if not has_worked and not (keys is not None and keys.instance):
        return ()
    remedy = (
        "Put it back from the newest copy of the folder. To begin without any answers move "
        f"{crypto_store.FILE_NAME} and {account.FILE_NAME} out of the folder, too."
    )
    return (Wrong(folder / DATABASE, "is missing, though a bot has worked here", remedy),)


def _without_account(folder: Path, answers: Answers, keys: KeyFile | None) -> tuple[Wrong, ...]:
    if keys is not None and keys.devices:
        return (Wrong(folder / account.FILE_NAME, "is missing, though the keys of its device are here"),)
    if answers.listened:
        missing = f"and {crypto_store.FILE_NAME} are missing, though a bot has worked here"
        return (Wrong(folder / account.FILE_NAME, missing),)
    return ()


def _apart(folder: Path, answers: Answers, signed_in: Account, keys: KeyFile | None) -> tuple[Wrong, ...]:
    """All is there but perhaps the keys: do they speak of each other?"""
    account_path, keys_path = folder / account.FILE_NAME, folder / crypto_store.FILE_NAME
    known = keys is not None and signed_in.device_id in keys.devices
    if keys is not None and known and signed_in.device_id != keys.devices[-1]:
        older = f"is older than {keys_path.name}: it names the device {signed_in.device_id}, later the bot signed in as"
        return (Wrong(account_path, f"{older} {keys.devices[-1]}"),)
    if not signed_in.is_bound:
        return ()  # signed in just now, or before the files knew each other
    strangers = _strangers(folder, answers, signed_in, keys)
    if strangers:
        return strangers
    if keys is None:
        return (Wrong(keys_path, f"is missing, though {account_path.name} is there"),)
    if not known:
        return (Wrong(keys_path, f"has no keys of the device {signed_in.device_id}: it is an older copy"),)
    if keys.syncs < answers.syncs:
        behind = (
            f"is older than {DATABASE}: it ends with sync {keys.syncs}, {DATABASE} with sync {answers.syncs}"
        )
        return (Wrong(keys_path, behind),)
    if keys.syncs > answers.syncs + 1:
        behind = f"is older than {keys_path.name}: it ends with sync {answers.syncs}, {keys_path.name} with sync {keys.syncs}"
        return (Wrong(folder / DATABASE, behind),)
    return ()


def _strangers(folder: Path, answers: Answers, signed_in: Account, keys: KeyFile | None) -> tuple[Wrong, ...]:
    """Files of another folder: those that the others do not name; where no two agree, all but the answers."""
    theirs = {
        DATABASE: answers.instance,
        account.FILE_NAME: signed_in.instance,
        crypto_store.FILE_NAME: keys.instance if keys is not None else "",
    }
    named = {name: instance for name, instance in theirs.items() if instance}
    if len(set(named.values())) < 2:
        return ()
    counts = [list(named.values()).count(instance) for instance in named.values()]
    if len(named) == 3 and max(counts) == 2:
        ours = next(i for i, count in zip(named.values(), counts, strict=True) if count == 2)
    else:
        ours = answers.instance
    what = "belongs to another folder: the other files here are not those it was used with"
    return tuple(Wrong(folder / name, what) for name, instance in named.items() if instance != ours)
