"""The bot's device is made once, kept private, and vouched for by an identity that is never replaced by accident."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.chat import SignedOutError, TryLaterError
from bot.demo.homeserver import Running
from bot.matrix import account, cross_signing
from bot.matrix.account import Settings
from bot.matrix.cross_signing import Identity, IdentityError, sign_device
from bot.matrix.gateway import Gateway, connect
from bot.matrix.http import HomeserverClient
from bot.matrix.keys import offer_keys
from tests.support.matrix_rooms import Ear, Site, awake, new_site

pytestmark = pytest.mark.synapse


async def started(site: Site) -> Gateway:
    edge = await connect(site.settings, site.folder, {})
    await offer_keys(edge._client)
    return edge


async def sign(site: Site, edge: Gateway) -> Identity:
    await sign_device(edge._client, site.folder, site.account.password)
    return await edge.identity()


def test_the_password_is_needed_once_and_nothing_is_readable_by_others(
    homeserver: Running, tmp_path: Path
) -> None:
    async def start_twice() -> None:
        site = await new_site(homeserver, tmp_path)
        async with awake(site, Ear()) as edge:
            device = edge._client.device_id
        again = await connect(Settings("http://127.0.0.1:9", site.account.user_id), site.folder, {})
        assert again._client.device_id == device  # no request was made: nothing answers there
        await again.close()
        assert {p.name for p in site.folder.iterdir()} >= {"crypto.db", "cross-signing.json", "matrix.json"}
        assert not [p.name for p in site.folder.iterdir() if p.stat().st_mode & 0o077]
        assert site.account.password not in repr(site.settings)

    asyncio.run(start_twice())


def test_a_crash_during_the_first_sign_in_makes_no_second_device(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def devices(site: Site) -> list[str]:
        edge = await connect(site.settings, site.folder, {})
        answer = await edge._client.line.call("GET", "/_matrix/client/v3/devices")
        await edge.close()
        return [device["device_id"] for device in answer["devices"]]

    async def crash() -> None:
        site = await new_site(homeserver, tmp_path)
        call = HomeserverClient.call

        async def answered_too_late(
            self: HomeserverClient, method: str, path: str, body: Any = None, **more: Any
        ) -> Any:
            await call(self, method, path, body, **more)
            raise TryLaterError("the connection broke before the answer came")

        with monkeypatch.context() as breaking:
            breaking.setattr(HomeserverClient, "call", answered_too_late)
            with pytest.raises(TryLaterError):
                await connect(site.settings, site.folder, {})
        assert len(await devices(site)) == 1

    asyncio.run(crash())


def test_what_the_operator_must_mend_is_said_plainly(homeserver: Running, tmp_path: Path) -> None:
    async def mistakes() -> None:
        site = await new_site(homeserver, tmp_path)
        with pytest.raises(SignedOutError, match="give the password once"):
            await connect(Settings(homeserver.url, site.account.user_id), site.folder, {})
        with pytest.raises(SignedOutError, match="cannot sign in"):
            await connect(Settings(homeserver.url, site.account.user_id, password="wrong"), site.folder, {})
        await (await connect(site.settings, site.folder, {})).close()
        with pytest.raises(SignedOutError, match="belongs to"):
            await connect(Settings(homeserver.url, "@other:paicha.local", password="p"), site.folder, {})
        (site.folder / account.FILE_NAME).write_text("{", encoding="utf-8")
        with pytest.raises(SignedOutError, match="damaged"):
            await connect(site.settings, site.folder, {})

    asyncio.run(mistakes())


def test_the_device_is_signed_once_and_stays_signed(homeserver: Running, tmp_path: Path) -> None:
    async def twice() -> None:
        site = await new_site(homeserver, tmp_path)
        edge = await started(site)
        assert (await edge.identity()).state == "none"
        first = await sign(site, edge)
        assert first.state == "signed"
        assert len(first.fingerprint.split()) == 11
        assert await sign(site, edge) == first
        await edge.close()

    asyncio.run(twice())


@pytest.mark.parametrize("step", ["device_signing/upload", "signatures/upload"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_signing_goes_on_after_a_crash(
    homeserver: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    class CrashError(Exception):
        pass

    async def crash() -> None:
        site = await new_site(homeserver, tmp_path)
        edge = await started(site)
        call = edge._client.line.call

        async def crashing(method: str, path: str, body: Any = None, **more: Any) -> Any:
            if path.endswith(step) and when == "before":
                raise CrashError
            answer = await call(method, path, body, **more)
            if path.endswith(step):
                raise CrashError
            return answer

        with monkeypatch.context() as breaking:
            breaking.setattr(edge._client.line, "call", crashing)
            with pytest.raises(CrashError):
                await sign(site, edge)
        kept = (site.folder / cross_signing.FILE_NAME).read_text(encoding="utf-8")
        assert (await sign(site, edge)).state == "signed"
        assert (site.folder / cross_signing.FILE_NAME).read_text(encoding="utf-8") == kept
        await edge.close()

    asyncio.run(crash())


def test_an_identity_whose_seeds_are_not_here_is_never_replaced(homeserver: Running, tmp_path: Path) -> None:
    async def lose_seeds() -> None:
        site = await new_site(homeserver, tmp_path)
        edge = await started(site)
        before = await sign(site, edge)
        seeds = site.folder / cross_signing.FILE_NAME
        kept = seeds.read_text(encoding="utf-8")

        seeds.unlink()
        with pytest.raises(IdentityError, match="put the file back from the backup"):
            await sign(site, edge)
        assert not seeds.exists()

        seeds.write_text(json.dumps(dict.fromkeys(cross_signing.USAGES, "00" * 32)), encoding="utf-8")
        with pytest.raises(IdentityError, match="not replaced"):
            await sign(site, edge)
        assert (await edge.identity()).state == "foreign"

        seeds.write_text("{}", encoding="utf-8")
        with pytest.raises(IdentityError, match="damaged"):
            await sign(site, edge)

        seeds.write_text(kept, encoding="utf-8")
        assert await sign(site, edge) == before
        await edge.close()

    asyncio.run(lose_seeds())


def test_a_bot_that_cannot_be_signed_works_all_the_same(homeserver: Running, tmp_path: Path) -> None:
    async def unsigned() -> None:
        site = await new_site(homeserver, tmp_path)
        edge = await started(site)
        await sign(site, edge)
        await edge.close()
        (site.folder / cross_signing.FILE_NAME).unlink()
        ear = Ear()
        async with awake(site, ear):
            assert ear.batches == 1

    asyncio.run(unsigned())
