"""Photos, voice and files are fetched, kept under their SHA-256 and told of when they cannot be had."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import (
    Redacted,
    Refusal,
    Said,
    TryLaterError,
    UndeliverableError,
)
from bot.delivery.media import AGAIN, sniff, write_once
from tests.support.bot_in_memory import GROUP
from tests.support.media_lab import Lab, in_lab

LEAK = "22 水管老化漏水没人修"


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    return out.getvalue()


def test_a_file_is_kept_under_its_hash_with_the_type_its_content_shows(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        data = png()
        await lab.photo(data, LEAK)
        assert await lab.fetcher.drain() == 0
        (piece,) = await lab.pieces()
        digest = hashlib.sha256(data).hexdigest()
        assert (piece.state, piece.sha256, piece.size, piece.mimetype) == (
            "stored",
            digest,
            len(data),
            "image/png",
        )
        assert piece.finding_no == 101
        assert (lab.folder / digest[:2] / digest).read_bytes() == data

    in_lab(tmp_path, work)


@pytest.mark.parametrize(
    ("reason", "why"),
    [(Refusal.TOO_LARGE, "超过50MB"), (Refusal.DAMAGED, "损坏"), (Refusal.OTHER, "没有了")],
)
def test_a_file_that_cannot_be_had_is_told_of_once_with_its_time(
    tmp_path: Path, reason: Refusal, why: str
) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(UndeliverableError("not matching any limit", reason), LEAK)
        before = len(await lab.told())
        for _ in range(3):
            assert await lab.fetcher.drain() == 0
        (note,) = (await lab.told())[before:]
        assert why in note
        assert "08-05 09:00" in note
        assert (await lab.pieces())[0].state == "gone"

    in_lab(tmp_path, work)


def test_a_busy_homeserver_is_asked_again_and_holds_up_no_other_file(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(TryLaterError("busy"), LEAK)
        await lab.photo(png())
        assert await lab.fetcher.drain() == 1
        assert [piece.state for piece in await lab.pieces()] == ["waiting", "stored"]
        lab.server.files["mxc://x/0"] = b"late"
        assert await lab.fetcher.drain() == 1  # its time has not come
        lab.now += timedelta(seconds=AGAIN)
        assert await lab.fetcher.drain() == 0
        assert {piece.state for piece in await lab.pieces()} == {"stored"}

    in_lab(tmp_path, work)


def test_the_same_photo_for_two_findings_is_noticed_once_when_it_arrives(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(png(), LEAK)
        await lab.send(Said("稍后"))
        await lab.photo(png(), "12 慢病卡没有办下来")
        await lab.fetcher.drain()
        (same,) = [body for body in await lab.told() if "同一个文件" in body]
        assert "101" in same
        assert "102" in same

    in_lab(tmp_path, work)


def test_each_copy_of_a_photo_that_is_in_another_finding_is_noticed(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(png(), LEAK)
        await lab.fetcher.drain()
        await lab.send(Said("跳到 12"))
        await lab.send(Said("2"))
        for _ in range(2):
            await lab.photo(png())
            await lab.fetcher.drain()
        await lab.send(Said("三组王五慢病卡没有办下来"))
        assert [piece.finding_no for piece in await lab.pieces()] == [101, 102, 102]
        told = "\n".join(await lab.told())
        assert told.count("同一个文件") == 2

    in_lab(tmp_path, work)


def test_the_same_photo_twice_for_one_finding_is_nothing_to_speak_of(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        loose = "UPDATE evidence SET finding_no = NULL"  # and one that belongs to nothing
        await lab.photo(png(), LEAK)
        await lab.fetcher.drain()
        await lab.database.transaction(lambda tx: tx.run(loose))
        await lab.photo(png())
        await lab.photo(png())
        await lab.fetcher.drain()
        assert [piece.finding_no for piece in await lab.pieces()] == [None, 101, 101]
        assert not any("同一个文件" in body for body in await lab.told())

    in_lab(tmp_path, work)


def test_a_photo_deleted_before_it_was_fetched_is_not_fetched(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(png(), LEAK)
        await lab.send(Redacted(f"$e{lab.events}"))
        await lab.fetcher.drain()
        assert lab.server.asked == []
        assert (await lab.pieces())[0].state == "withdrawn"

    in_lab(tmp_path, work)


def test_a_photo_among_others_that_is_not_meant_for_us_is_neither_kept_nor_fetched(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(png(), room=GROUP)
        await lab.photo(png(), "昨天晚上聚餐", room=GROUP)
        await lab.fetcher.drain()
        assert lab.server.asked == []
        assert await lab.pieces() == []
        await lab.photo(png(), LEAK, room=GROUP)
        await lab.fetcher.drain()
        assert lab.server.asked == []
        await lab.photo(png(), f"排查小助手 {LEAK}", room=GROUP)  # this one calls us
        await lab.fetcher.drain()
        assert [what for what, _ in lab.server.asked] == ["download"]

    in_lab(tmp_path, work)


def test_a_photo_that_was_taken_back_is_no_duplicate_any_more(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.photo(png())
        photo = f"$e{lab.events}"
        await lab.send(Said(LEAK))  # the words, not the photo, put it there
        await lab.fetcher.drain()
        assert [piece.finding_no for piece in await lab.pieces()] == [101]
        await lab.send(Redacted(photo))
        await lab.send(Said("稍后"))
        await lab.photo(png(), "12 慢病卡没有办下来")
        await lab.fetcher.drain()
        assert [piece.finding_no for piece in await lab.pieces()] == [101, 102]
        assert not any("同一个文件" in body for body in await lab.told())

    in_lab(tmp_path, work)


def test_a_crash_between_file_and_row_fetches_again_and_keeps_one_file(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        data = png()
        await lab.photo(data, LEAK)
        digest = hashlib.sha256(data).hexdigest()
        write_once(lab.folder / digest[:2] / digest, data)
        await lab.fetcher.drain()
        assert (await lab.pieces())[0].state == "stored"
        assert [path.name for path in lab.folder.rglob("*") if path.is_file()] == [digest]

    in_lab(tmp_path, work)


def test_a_place_on_the_map_needs_no_fetching(tmp_path: Path) -> None:
    async def work(lab: Lab) -> None:
        await lab.send(Said(LEAK))
        await lab.send(Said(geo_uri="geo:33.85,113.48"))
        assert await lab.fetcher.drain() == 0
        (piece,) = await lab.pieces()
        assert (piece.kind, piece.state, piece.url, piece.finding_no) == (
            "location",
            "stored",
            "geo:33.85,113.48",
            101,
        )

    in_lab(tmp_path, work)


def test_the_type_of_a_file_comes_from_its_content() -> None:
    assert sniff(png()) == "image/png"
    assert sniff(b"") == ""
    assert sniff(b"just words") in ("", "text/plain")
