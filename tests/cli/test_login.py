"""The homeserver no longer knows the bot: `paicha login` makes it a new device that people know as the same bot."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.main import CHECKLIST, DEMO_ROSTER
from bot.demo.homeserver import Running
from bot.demo.matrix_client.phone import Phone
from bot.matrix.http import HomeserverClient
from bot.matrix.json_access import Json, get_object, get_text
from tests.conftest import Account, new_account
from tests.support.matrix_rooms import ask

pytestmark = pytest.mark.synapse
PAICHA = (sys.executable, "-m", "bot")
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Installed:
    """A bot as an operator runs it, and a person of its roster."""

    hs: Running
    bot: Account
    person: Account
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        bare = {k: v for k, v in os.environ.items() if not k.startswith("PAICHA_")}
        return {**bare, **more}

    async def ended(self, *words: str, typed: str = "", **more: str) -> tuple[int, str]:
        """Run a command to its end; its exit code and all it said."""
        process = await self._start(*words, **more)
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate(typed.encode())
        assert process.returncode is not None
        return process.returncode, said.decode()

    @asynccontextmanager
    async def running(self, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await self._start("run", **more)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()

    async def _start(self, command: str, *words: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(*PAICHA, command, "-c", str(self.folder / "paicha.toml"), *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(more),
        )

    async def as_bot(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        kept = json.loads((self.data / "matrix.json").read_text("utf-8"))
        line = HomeserverClient(self.hs.url, token or kept["token"])
        try:
            return await line.call(method, f"/_matrix/client/v3/{path}", body)
        finally:
            await line.close()

    def phone(self) -> Phone:
        return Phone(self.hs.url, self.person.user_id, self.person.password, self.folder / "phone")


async def installed(hs: Running, folder: Path) -> Installed:
    bot, person = await new_account(hs, "bot"), await new_account(hs, "zhangsan")
    roster = DEMO_ROSTER.read_text("utf-8").replace('"zhangsan"', f'"{person.user_id}"')
    (folder / "roster.toml").write_text(roster, "utf-8")
    assert person.user_id in roster
    (folder / "paicha.toml").write_text(
        f'data_dir = "data"\nchecklist = "{CHECKLIST}"\nroster = "roster.toml"\n'
        f'[homeserver]\nurl = "{hs.url}"\nuser_id = "{bot.user_id}"\n',
        "utf-8",
    )
    return Installed(hs, bot, person, folder)


async def answers(phone: Phone, room: str, words: str, wanted: str) -> None:
    await phone.say(room, words)
    await phone.hear(lambda e: e.room_id == room and e.is_message and wanted in e.words, PATIENCE)


async def keys_as_seen(phone: Phone, bot: str) -> Json:
    return await ask(phone, "POST", "keys/query", {"device_keys": {bot: []}})


def signers(seen: Json, bot: str, device_id: str) -> set[str]:
    return set(get_object(seen, "device_keys", bot, device_id, "signatures", bot))


def identity(seen: Json, bot: str) -> str:
    (key,) = get_object(seen, "self_signing_keys", bot, "keys")
    return str(key)


def device_in(data: Path) -> str:
    return get_text(json.loads((data / "matrix.json").read_text("utf-8")), "device_id")


def test_after_the_token_was_revoked_login_brings_the_same_bot_back(
    homeserver: Running, tmp_path: Path
) -> None:
    async def revoked() -> None:
        site = await installed(homeserver, tmp_path)
        bot = site.bot.user_id
        async with site.phone() as phone:
            async with site.running(PAICHA_PASSWORD=site.bot.password) as process:
                room = await phone.open_direct(bot)
                await answers(phone, room, "排查", "颍桥示范一村")
                await answers(phone, room, "1", "1/70")
                await answers(phone, room, "1", "2/70")
                before = await keys_as_seen(phone, bot)
                first = device_in(site.data)
                assert identity(before, bot) in signers(before, bot, first)
                await site.as_bot("POST", "logout", {})
                said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
                assert process.returncode == 2, said
                assert "paicha login" in said.decode()
                assert "M_UNKNOWN_TOKEN" in said.decode()
            status, told = await site.ended("run")
            assert (status, told.count("paicha login")) == (2, 1)

            status, told = await site.ended("login", typed="wrong\n")
            assert status == 2
            assert "cannot sign in" in told
            assert device_in(site.data) == first  # nothing was touched
            status, told = await site.ended("login", typed=f"{site.bot.password}\n")
            assert status == 0, told
            assert site.bot.password not in told
            aside = [p.name for p in site.data.glob("crypto.db.2*") if not p.name.endswith(("-wal", "-shm"))]
            assert len(aside) == 1
            assert not [p for p in site.data.iterdir() if p.stat().st_mode & 0o077]
            second = device_in(site.data)
            assert second != first
            assert f"device_id           {second}" in told
            assert "signed" in told

            async with site.running():
                await answers(phone, room, "进度", "1/70")
                after = await keys_as_seen(phone, bot)
                assert identity(after, bot) == identity(before, bot)
                assert identity(after, bot) in signers(after, bot, second)
                assert first not in get_object(after, "device_keys", bot)

    asyncio.run(revoked())


def test_a_token_is_taken_with_its_device_and_never_without(homeserver: Running, tmp_path: Path) -> None:
    async def tokens() -> None:
        site = await installed(homeserver, tmp_path)
        async with site.running(PAICHA_PASSWORD=site.bot.password), site.phone() as phone:
            room = await phone.open_direct(site.bot.user_id)
            await answers(phone, room, "排查", "颍桥示范一村")
        first = device_in(site.data)
        used = json.loads((site.data / "matrix.json").read_text("utf-8"))
        made = await signed_in(site.hs, site.bot)
        others = await signed_in(site.hs, site.person)
        for token, device, told_of in (
            (made["access_token"], "", "without its device"),
            (made["access_token"], "OTHER", f"of the device {made['device_id']}, not of OTHER"),
            (others["access_token"], others["device_id"], f"of {site.person.user_id}, not of"),
            ("syt_nonsense", made["device_id"], "does not accept this token"),
            (used["token"], first, "has keys"),
        ):
            device_words = ("--device-id", device) if device else ()
            status, told = await site.ended("login", *device_words, PAICHA_TOKEN=token)
            assert (status, told_of in told) == (2, True), told
            assert "Sign in once more" in told or "--device-id" in told
            assert "Traceback" not in told
        assert device_in(site.data) == first
        typed = made["access_token"] + "\n"
        status, told = await site.ended("login", "--device-id", made["device_id"], typed=typed)
        assert status == 0, told
        assert made["access_token"] not in told
        async with site.running(), site.phone() as phone:
            await answers(phone, room, "进度", "0/70")

    asyncio.run(tokens())


async def signed_in(hs: Running, account: Account) -> dict[str, str]:
    """As an operator signs in somewhere to have a token for the bot."""
    line = HomeserverClient(hs.url)
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": account.user_id},
        "password": account.password,
    }
    try:
        answer = await line.call("POST", "/_matrix/client/v3/login", body)
    finally:
        await line.close()
    return {name: get_text(answer, name) for name in ("access_token", "device_id")}


def test_a_device_that_people_see_with_other_keys_or_none_does_not_start(
    homeserver: Running, tmp_path: Path
) -> None:
    async def strange() -> None:
        site = await installed(homeserver, tmp_path)
        async with site.running(PAICHA_PASSWORD=site.bot.password), site.phone() as phone:
            room = await phone.open_direct(site.bot.user_id)
            await answers(phone, room, "排查", "颍桥示范一村")
        for path in list(site.data.glob("crypto.db*")):
            path.rename(site.folder / path.name)
        status, told = await site.ended("run")
        assert status == 2
        assert "paicha login" in told
        assert "other keys" in told or "crypto.db" in told
        status, told = await site.ended("login", PAICHA_PASSWORD=site.bot.password)
        assert status == 0, told
        async with site.running(), site.phone() as phone:
            await answers(phone, room, "进度", "0/70")

        # the homeserver came back from a copy without this device's keys: it is there, and mute
        made = await signed_in(site.hs, site.bot)
        kept = json.loads((site.data / "matrix.json").read_text("utf-8"))
        fresh = {**kept, "token": made["access_token"], "device_id": made["device_id"]}
        (site.data / "matrix.json").write_text(json.dumps(fresh), "utf-8")
        rename_device(site.data, kept["device_id"], made["device_id"])
        status, told = await site.ended("run")
        assert status == 2
        assert "paicha login" in told

    asyncio.run(strange())


def rename_device(data: Path, old: str, new: str) -> None:
    import sqlite3

    with sqlite3.connect(data / "crypto.db") as keys:
        keys.execute("UPDATE accounts SET device_id = ? WHERE device_id = ?", (new, old))
    keys.close()
