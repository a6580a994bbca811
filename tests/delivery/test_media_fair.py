"""Files that cannot be had hold up no other file, are given up after days, and nobody fills the disk in a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import Media, Said, TryLaterError
from bot.delivery.media import AT_ONCE, OF_ONE_SERVER, MediaFetcher, Quota
from bot.rehearsal.names import SERVER
from tests.support.bot_in_memory import LI, context
from tests.support.media_lab import LIMIT, Lab, in_lab

PLENTY = Quota()


def again(lab: Lab, quota: Quota = PLENTY) -> None:
    """A new process."""
    lab.fetcher = MediaFetcher(lab.database, lab.server, context(), lab.folder, LIMIT, lambda: lab.now, quota)


def test_many_files_of_a_server_that_does_not_answer_hold_up_no_photo_of_ours(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        hangs = asyncio.Event()
        asked: list[str] = []
        fetch = lab.server.download

        async def download(media: Media, limit: int) -> bytes:
            asked.append(media.url)
            if media.url.startswith("mxc://dead"):
                await hangs.wait()
            return await fetch(media, limit)

        lab.server.download = download  # type: ignore[method-assign]
        for _ in range(40):
            await lab.photo(b"x", server="dead.example")
        for n in range(10):
            await lab.photo(f"ours {n}".encode(), server=SERVER)
        for _ in ("first life", "second life"):
            task = asyncio.create_task(lab.fetcher.run())
            async with asyncio.timeout(20):
                while sum(piece.state == "stored" for piece in await lab.pieces()) < 10:
                    pass  # each look is a hop to the database
            task.cancel()
            await asyncio.wait({task})
            again(lab)
        dead = [url for url in asked if url.startswith("mxc://dead")]
        assert len(dead) <= 2 * OF_ONE_SERVER

    in_lab(tmp_path, work)


def test_several_files_are_fetched_at_the_same_time(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        under_way, most = 0, 0
        fetch = lab.server.download

        async def download(media: Media, limit: int) -> bytes:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            for _ in range(20):
                await asyncio.sleep(0)
            under_way -= 1
            return await fetch(media, limit)

        lab.server.download = download  # type: ignore[method-assign]
        for n in range(30):
            await lab.photo(str(n).encode(), server=SERVER)
        assert await lab.fetcher.drain() == 0
        assert 1 < most <= AT_ONCE
        assert {piece.state for piece in await lab.pieces()} == {"stored"}

    in_lab(tmp_path, work)


def test_a_failed_file_waits_for_its_time_on_the_disk_and_longer_each_time(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(TryLaterError("busy"))
        waits = []
        for _ in range(9):
            before = lab.now
            tried = len(lab.server.asked)
            again(lab)
            while len(lab.server.asked) == tried:
                await lab.fetcher.drain()
                lab.now += timedelta(seconds=15)
            waits.append((lab.now - before).total_seconds())
        assert waits == sorted(waits)
        assert max(waits) <= 3600 + 30

    in_lab(tmp_path, work)


@pytest.mark.parametrize("clock", [timedelta(hours=-8), timedelta(days=365)], ids=str)
def test_a_clock_that_is_moved_neither_holds_up_a_file_nor_gives_it_up(
    tmp_path: Path, clock: timedelta
) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(TryLaterError("busy"))
        await lab.fetcher.drain()
        lab.now += clock
        lab.server.files["mxc://x/0"] = TryLaterError("busy still")
        await lab.fetcher.drain()
        lab.now += timedelta(hours=1)
        lab.server.files["mxc://x/0"] = b"late"
        assert await lab.fetcher.drain() == 0
        assert [piece.state for piece in await lab.pieces()] == ["stored"]

    in_lab(tmp_path, work)


def test_what_cannot_be_had_for_days_is_given_up_and_its_sender_told_once(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(TryLaterError("busy"))
        start, told = lab.now, len(await lab.told())
        while (await lab.pieces())[0].state == "waiting":
            assert lab.now - start < timedelta(days=5)
            await lab.fetcher.drain()
            lab.now += timedelta(hours=1)
        assert lab.now - start > timedelta(days=3)
        await lab.fetcher.drain()
        (note,) = (await lab.told())[told:]
        assert "好几天都没能" in note

    in_lab(tmp_path, work)


@pytest.mark.parametrize("quota", [Quota(files=3), Quota(bytes=30)], ids=["files", "bytes"])
def test_one_person_has_a_share_of_each_day_is_told_once_and_holds_up_nobody(
    tmp_path: Path, quota: Quota
) -> None:
    async def work(lab: Lab) -> None:
        again(lab, quota)
        for n in range(7):
            await lab.photo(f"0123456{n:03}".encode(), server=SERVER)
            await lab.fetcher.drain()
        assert [piece.state for piece in await lab.pieces()] == ["stored"] * 3 + ["waiting"] * 4
        assert len([told for told in await lab.told() if "一天的上限" in told]) == 1
        await lab.photo(b"of another", server=SERVER, who=LI)
        again(lab, quota)
        assert await lab.fetcher.drain() == 4
        assert (await lab.pieces())[-1].state == "stored"
        lab.now += timedelta(days=1)
        assert await lab.fetcher.drain() == 0

    in_lab(tmp_path, work)


def test_all_together_have_a_share_of_each_day_too(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        again(lab, Quota(bytes_in_all=25))
        for n in range(5):
            await lab.photo(f"0123456{n:03}".encode(), server=SERVER)
            await lab.fetcher.drain()
        assert [piece.state for piece in await lab.pieces()] == ["stored"] * 3 + ["waiting"] * 2
        lab.now += timedelta(days=1)
        assert await lab.fetcher.drain() == 0

    in_lab(tmp_path, work)


def test_somebody_who_sends_thousands_is_no_reason_to_wait_for_another(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        for n in range(150):
            await lab.photo(str(n).encode(), server=SERVER)
        await lab.send(Said("", Media("image", "b.jpg", f"mxc://{SERVER}/of-li", "image/jpeg", 3)), who=LI)
        lab.server.files[f"mxc://{SERVER}/of-li"] = b"li"
        await lab.fetcher.drain()
        order = [url for what, url in lab.server.asked if what == "download"]
        assert order.index(f"mxc://{SERVER}/of-li") < AT_ONCE

    in_lab(tmp_path, work)
