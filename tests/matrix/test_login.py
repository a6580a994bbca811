"""A new device goes on with what the old one had: keys of rooms, the identity, the secret of direct rooms."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.chat import SignedOutError
from bot.demo.homeserver import Running
from bot.matrix.gateway import Proof, connect, sign_in_anew
from bot.matrix.safe_client import SafeClient
from tests.support.matrix_rooms import Site, chatting

pytestmark = pytest.mark.synapse
NOW = datetime(2023, 8, 5, 9, tzinfo=UTC)


def sessions(client: SafeClient) -> set[str]:
    return {session.id for session in client.olm.inbound_group_store}


def kept(site: Site) -> dict[str, str]:
    found: dict[str, str] = json.loads((site.folder / "matrix.json").read_text("utf-8"))
    return found


async def again(site: Site, password: str = "") -> Path | None:
    return await sign_in_anew(site.settings, site.folder, Proof(password or site.account.password), NOW)


def test_the_new_device_has_the_keys_of_rooms_and_the_old_secrets(
    homeserver: Running, tmp_path: Path
) -> None:
    async def renewed() -> None:
        async with chatting(homeserver, tmp_path) as talk:
            await talk.phone.say(talk.room, "老设备听到的")
            await talk.ear.hears("老设备听到的")
            known, site = sessions(talk.edge._client), talk.site
        assert known
        before = kept(site)
        assert await again(site) == site.folder / "crypto.db.2023-08-05"
        assert await again(site) == site.folder / "crypto.db.2023-08-05-2"  # nothing is written over
        after = kept(site)
        assert after["device_id"] != before["device_id"]
        assert after["token"] != before["token"]
        assert (after["pickle_key"], after["seed"]) == (before["pickle_key"], before["seed"])
        edge = await connect(site.settings, site.folder, {})
        assert sessions(edge._client) == known
        assert talk.room in edge._client.encrypted_rooms
        assert (await edge.introduce()).state == "signed"
        await edge.close()

    asyncio.run(renewed())


@pytest.mark.parametrize("damaged", ["crypto.db", "matrix.json", "both", "gone"])
def test_damaged_or_missing_files_are_no_reason_to_stay_signed_out(
    homeserver: Running, tmp_path: Path, damaged: str
) -> None:
    async def renewed() -> None:
        async with chatting(homeserver, tmp_path) as talk:
            await talk.phone.say(talk.room, "听得见")
            await talk.ear.hears("听得见")
            site, before = talk.site, await talk.edge.identity()
        for path in [*list(site.folder.glob("crypto.db*")), site.folder / "matrix.json"]:
            if damaged == "gone":
                path.unlink()
            elif damaged in (path.name, "both"):
                path.write_bytes(b"\x00nonsense" * 1000)
        await again(site)
        edge = await connect(site.settings, site.folder, {})
        after = await edge.introduce()
        await edge.close()
        assert (after.state, after.fingerprint) == ("signed", before.fingerprint)
        assert after.device_id != before.device_id

    asyncio.run(renewed())


def test_a_refused_sign_in_leaves_everything_as_it_was(homeserver: Running, tmp_path: Path) -> None:
    async def refused() -> None:
        async with chatting(homeserver, tmp_path) as talk:
            site = talk.site
        before = {path.name: path.read_bytes() for path in site.folder.iterdir()}
        with pytest.raises(SignedOutError):
            await again(site, "wrong")
        assert {path.name: path.read_bytes() for path in site.folder.iterdir()} == before

    asyncio.run(refused())
