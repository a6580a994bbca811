"""The checks of `paicha doctor`, a function each."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import resources

from bot.domain.deadlines import parse_holidays
from bot.ops.doctor import NOTE, WRONG, Check, Look, Seen
from storage import evidence, history, outbox, rooms, stuck, unreadable

DATABASE, KEYS, ACCOUNT = "paicha.db", "crypto.db", "matrix.json"
SECRET = (DATABASE, f"{DATABASE}-wal", KEYS, f"{KEYS}-wal", ACCOUNT)
LONG = timedelta(hours=1)  # a message that waits longer is one that somebody misses
RECENT = timedelta(days=7)
QUIET = timedelta(days=1)  # without a word from the homeserver
LITTLE, SCARCE = 5_000_000_000, 1_000_000_000  # bytes free
AHEAD = timedelta(minutes=10)
NAMED = 5  # rooms named in one line


def modes(look: Look) -> Iterator[Seen]:
    """Folder and files are their owner's alone."""
    for path, wanted in ((look.folder, 0o700), *((look.folder / name, 0o600) for name in SECRET)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            have = stat.S_IMODE(path.stat().st_mode)
            yield Seen(
                WRONG,
                str(path),
                f"others on this machine can open it (mode {have:04o})",
                f"chmod {wanted:o} {path}",
            )


def files(look: Look) -> Iterator[Seen]:
    """The account and its keys belong together."""
    have = {name for name in (KEYS, ACCOUNT) if (look.folder / name).exists()}
    if len(have) == 1:
        missing = KEYS if ACCOUNT in have else ACCOUNT
        yield Seen(
            WRONG,
            str(look.folder / missing),
            f"is missing, while {have.pop()} is there",
            "restore the whole folder from one backup; a part of it alone is another bot to the homeserver",
        )


def database(look: Look) -> Iterator[Seen]:
    """SQLite's own look at its pages."""
    told = str(look.tx.value("PRAGMA quick_check(1)"))
    if told != "ok":
        path = look.folder / DATABASE
        yield Seen(
            WRONG, str(path), f"the file is damaged: {told}", "stop the bot and restore the newest backup"
        )


def running(look: Look) -> Iterator[Seen]:
    """Whether a bot holds the folder. Not by the lock itself: whoever tries it shuts a starting bot out."""
    lock = look.folder / "lock"
    pid = lock.read_text("utf-8", "replace").strip() if lock.exists() else ""
    alive = pid.isascii() and pid.isdecimal() and _alive(int(pid))
    if not alive and (look.folder / ACCOUNT).exists():
        yield Seen(NOTE, str(look.folder), "no bot is running here", "start it: paicha run")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def clock(look: Look) -> Iterator[Seen]:
    """Nothing was taken in later than it is now."""
    last = history.last_received(look.tx)
    if last is not None and last - look.now > AHEAD:
        yield Seen(
            NOTE,
            "the clock of this machine",
            f"says {look.now:%Y-%m-%d %H:%M}, but something was taken in at {last:%Y-%m-%d %H:%M}",
            "set the clock (timedatectl set-ntp true); a demo's or rehearsal's day is its own",
        )


def waiting(look: Look) -> Iterator[Seen]:
    """Answers and reminders that ought to be out."""
    late = outbox.late(look.tx, look.now - LONG, look.now)
    people = [row for row in late if not row.stranger]
    if people:
        known = stuck.every(look.tx)
        queues = list(dict.fromkeys(row.queue for row in people))
        tries = max((known[queue].tries for queue in queues if queue in known), default=0)
        more = f" and {len(queues) - NAMED} more" if len(queues) > NAMED else ""
        what = f"{len(people)} messages wait longer than an hour, tried up to {tries} times"
        yield Seen(
            WRONG,
            ", ".join(queues[:NAMED]) + more,
            what,
            "see the log for what the homeserver answers; is the bot running, and still in these rooms?",
        )
    strangers = len(late) - len(people)
    if strangers:
        what = f"{strangers} rows for strangers wait; they hold up nobody and are given up after days"
        yield Seen(NOTE, "rooms of strangers", what, "nothing to do; if it goes on, block their server")


def undelivered(look: Look) -> Iterator[Seen]:
    """What could never be sent."""
    failed = outbox.failed_since(look.tx, look.now - RECENT)
    for why, count in sorted(failed.items()):
        yield Seen(
            NOTE,
            "outbox",
            f"{count} messages of the last week could never be sent: {why}",
            "invite the bot into the room again, or tell these people another way",
        )


def media(look: Look) -> Iterator[Seen]:
    """Photos and files that people sent and nobody has."""
    counts = evidence.troubles(look.tx)
    if counts.failing:
        what = f"{counts.failing} files could not be fetched so far; they are tried again for days"
        yield Seen(NOTE, str(look.folder / "media"), what, "is the homeserver's media store well?")
    if counts.gone:
        what = f"{counts.gone} files could never be fetched; their senders were told"
        yield Seen(
            NOTE, str(look.folder / "media"), what, "ask for them again where they matter (ledger: 佐证材料)"
        )


def unread(look: Look) -> Iterator[Seen]:
    """Messages without a key."""
    kept = unreadable.every(look.tx)
    if kept:
        told = sum(1 for one in kept if one.told_at)
        yield Seen(
            NOTE,
            f"{len({one.room_id for one in kept})} rooms",
            f"{len(kept)} messages could not be decrypted; {told} of their senders were asked to send them again",
            "if it goes on for one person: let them sign out and in again, or write in a new room",
        )


def disk(look: Look) -> Iterator[Seen]:
    """Room for what comes in."""
    free = shutil.disk_usage(look.folder).free
    if free < LITTLE:
        level = WRONG if free < SCARCE else NOTE
        yield Seen(
            level,
            str(look.folder),
            f"{free / 1e9:.1f} GB are free on this disk",
            "free some space, or move the folder",
        )


def campaign(look: Look) -> Iterator[Seen]:
    """The dates the bot reckons with."""
    if look.campaign is None:
        yield Seen(
            NOTE, str(look.folder / DATABASE), "holds no campaign yet", "start the bot once: paicha run"
        )
        return
    today = look.campaign.today(look.now)
    if not look.campaign.starts <= today <= look.campaign.ends:
        yield Seen(
            NOTE,
            "the campaign",
            f"runs from {look.campaign.starts} to {look.campaign.ends}; today is {today}",
            "nothing is reminded of outside these days; a new campaign needs a new checklist",
        )
    holidays = parse_holidays(resources.files("bot.domain").joinpath("holidays.toml").read_text("utf-8"))
    for year in holidays.unannounced(range(look.campaign.starts.year, _last(look).year + 1)):
        yield Seen(
            NOTE,
            f"days off of {year}",
            "are not known here: working days are counted with weekends and fixed holidays only",
            "update the package holidays, or enter them in bot/domain/holidays.toml",
        )


def _last(look: Look) -> date:
    assert look.campaign is not None
    dues = [horizon.due for horizon in look.campaign.horizons if horizon.due]
    return max([look.campaign.ends, *dues])


def sync(look: Look) -> Iterator[Seen]:
    """How long ago the homeserver told us something."""
    heard = rooms.heard_at(look.tx)
    if heard is not None and look.now - heard > QUIET:
        days = (look.now - heard) // timedelta(days=1)
        yield Seen(
            NOTE,
            "the homeserver",
            f"told the bot something {days} days ago for the last time ({heard:%Y-%m-%d %H:%M})",
            "is the bot running, and can it reach the homeserver? See its log",
        )


CHECKS = (
    Check("modes", modes),
    Check("files", files),
    Check("database", database),
    Check("running", running),
    Check("clock", clock),
    Check("waiting", waiting),
    Check("undelivered", undelivered),
    Check("media", media),
    Check("unreadable", unread),
    Check("disk", disk),
    Check("campaign", campaign),
    Check("sync", sync),
)
