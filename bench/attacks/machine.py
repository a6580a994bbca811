"""What goes wrong on the machine itself: open files, words in the log, a careless --fresh, a revoked token."""

from __future__ import annotations

import io
import logging
import random
from datetime import UTC, datetime
from pathlib import Path

from bench.attacks import Attack, Field, Tally
from bot.chat import SignedOutError
from bot.demo.accounts import register
from bot.demo.folder import MADE, begin_anew, check_fresh, mark
from bot.logs import WordlessFormatter, kind_and_place
from bot.matrix.account import kept
from bot.matrix.gateway import Proof, Settings, connect, sign_in_anew
from bot.matrix.http import HomeserverClient
from storage.db import StorageError
from storage.lock import hold

NAMES = (
    "paicha.db",
    "paicha.db-wal",
    "crypto.db",
    "matrix.json",
    "cross-signing.json",
    "media/ab/abcd",
    "x.bak",
)
LOGGERS = (
    "bot.app",
    "storage.lock",
    "asyncio",
    "apscheduler.executors.default",
    "aiohttp.client",
    "somebody.else",
)
PIECES = "王五家的低保漏发一学期 三组水管坏了 insured 0x1 \n\x1b[31m %s {} "


def _tally(tries: int, wrong: list[str]) -> Tally:
    return Tally(tries, tries - len(wrong), tuple(wrong[:5]))


async def open_files(field: Field) -> Tally:
    """Somebody unpacked a copy, or ran chmod: files and folders with any rights that their owner can mend."""
    chance, wrong = random.Random(field.seed), list[str]()
    for number in range(field.tries):
        folder = field.folder / f"data-{number}"
        for name in chance.sample(NAMES, 4):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            path.chmod(0o600 | chance.randrange(0o100))
        folder.chmod(0o700 | chance.randrange(0o100))
        with hold(folder):
            left = [str(p) for p in (folder, *folder.rglob("*")) if p.stat().st_mode & 0o077]
        wrong += [f"seed {field.seed}: open: {', '.join(left)}"] if left else []
    return _tally(field.tries, wrong)


async def words_in_the_log(field: Field) -> Tally:
    """Errors that repeat people's words, logged by anybody in any way."""
    chance, wrong = random.Random(field.seed), list[str]()
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(WordlessFormatter())
    for number in range(field.tries):
        words = f"{number}" + "".join(chance.choices(PIECES, k=12)) + f"end{number}"
        error = _nested(chance, words)
        name, kind = chance.choice(LOGGERS), chance.randrange(5)
        message, args = (("%s", (error,)), ("%r", (error,)), ("it failed", ()), (error, ()))[min(kind, 3)]
        info = (type(error), error, error.__traceback__) if kind >= 2 else None
        handler.handle(logging.LogRecord(name, logging.ERROR, "", 0, message, args, info))
        told = handler.stream.getvalue() + kind_and_place(error)
        handler.setStream(io.StringIO())
        wrong += (
            [f"seed {field.seed}: {name} repeats {words!r}"]
            if words in told or f"end{number}" in told
            else []
        )
    return _tally(field.tries, wrong)


def _nested(chance: random.Random, words: str) -> Exception:
    kinds = (ValueError, KeyError, RuntimeError, OSError, UnicodeError, LookupError)
    error: Exception = chance.choice(kinds)(words)
    for _ in range(chance.randrange(4)):
        outer = chance.choice(kinds)(words)
        outer.__cause__ = error
        error = outer if chance.random() < 0.7 else ExceptionGroup(words, [outer, error])
    error.add_note(words)
    return error


async def careless_fresh(field: Field) -> Tally:
    """`demo --fresh` in folders that are somebody's, or in which somebody has put something."""
    chance, wrong = random.Random(field.seed), list[str]()
    for number in range(field.tries):
        folder, ours = field.folder / f"folder-{number}", chance.random() < 0.5
        folder.mkdir()
        if ours:
            mark(folder)
        theirs = folder / (f"thesis-{number}" if ours else chance.choice((*MADE, "thesis")))
        theirs.write_text("years of work", "utf-8")
        if not ours:
            mark(folder)
        try:
            check_fresh(folder)
            await begin_anew(folder)
        except StorageError:
            pass
        wrong += [] if theirs.exists() else [f"seed {field.seed}: deleted {theirs}"]
    return _tally(field.tries, wrong)


async def revoked_tokens(field: Field) -> Tally:
    """The homeserver forgets the bot's device again and again; each time it comes back as the same identity."""
    wrong = list[str]()
    user_id = await register(field.homeserver, f"machine-{field.seed}", "secret")
    settings = Settings(field.homeserver.url, user_id, password="secret")
    folder = field.folder / "bot"
    before = await _introduced(settings, folder)
    for _ in range(field.tries):
        told = await _revoked(settings, folder)
        await sign_in_anew(settings, folder, Proof("secret"), datetime.now(UTC))
        after = await _introduced(settings, folder)
        same = after[0] == before[0] and after[1] == "signed" and after[2] != before[2]
        wrong += [] if same and "paicha login" in told else [f"{before} became {after}; told: {told}"]
        before = after
    return _tally(field.tries, wrong)


async def _introduced(settings: Settings, folder: Path) -> tuple[str, str, str]:
    """Identity, its state and the device, as the homeserver shows them."""
    edge = await connect(settings, folder, {})
    try:
        found = await edge.introduce()
    finally:
        await edge.close()
    return found.fingerprint, found.state, found.device_id


async def _revoked(settings: Settings, folder: Path) -> str:
    """Sign the device out behind the bot's back; what the operator is told at the next start."""
    edge = await connect(settings, folder, {})
    try:
        line = HomeserverClient(settings.homeserver, _token_in(folder))
        await line.call("POST", "/_matrix/client/v3/logout", {})
        await line.close()
        await edge.introduce()
    except SignedOutError as refusal:
        return str(refusal)
    finally:
        await edge.close()
    return "nothing"


def _token_in(folder: Path) -> str:
    account = kept(folder)
    return account.token if account is not None else ""


ATTACKS = (
    Attack("open files in the data folder", open_files, 20, 2_000),
    Attack("people's words in errors that are logged", words_in_the_log, 200, 20_000),
    Attack("demo --fresh in somebody's folder", careless_fresh, 20, 1_000),
    Attack("the bot's token is revoked", revoked_tokens, 1, 20),
)
