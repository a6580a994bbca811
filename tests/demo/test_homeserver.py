"""The embedded homeserver starts, keeps what it has, and never outlives whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.demo import accounts
from bot.demo import homeserver as embedded
from bot.demo.homeserver import HomeserverError, Running

pytestmark = pytest.mark.synapse

PARENT = """
import asyncio, pathlib, sys
from bot.demo.homeserver import homeserver
async def main():
    async with homeserver(pathlib.Path(sys.argv[1])) as running:
        print(running.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has collected yet does not."""
    status = Path(f"/proc/{pid}/stat")
    if status.exists():
        return status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def sign_in(hs: Running, user_id: str, password: str) -> int:
    """The HTTP status of a sign-in with a password."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": password,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{hs.url}/_matrix/client/v3/login", json=body) as answer,
    ):
        return answer.status


def test_a_second_start_keeps_accounts_rooms_and_port(tmp_path: Path) -> None:
    folder = tmp_path / "hs"

    def kept() -> list[str]:
        return [(folder / name).read_text(encoding="utf-8") for name in ("secrets.json", "signing.key")]

    async def one_start() -> tuple[list[str], str, str, int]:
        async with embedded.homeserver(folder) as hs:
            user_id = await accounts.register(hs, "zhangsan", "secret", "张三")
            room_id = await accounts.alias_room(hs, "county", "县办", [user_id])
            assert await sign_in(hs, user_id, "secret") == 200
            return kept(), hs.url, room_id, hs.pid

    first, second = asyncio.run(one_start()), asyncio.run(one_start())
    assert first[:3] == second[:3]
    assert not alive(first[3])
    assert not alive(second[3])


def test_secrets_and_data_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    async def start() -> None:
        async with embedded.homeserver(tmp_path / "hs") as hs:
            await accounts.alias_room(hs, "county", "县办")

    asyncio.run(start())
    files = {
        path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "hs").rglob("*") if path.is_file()
    }
    assert {"homeserver.db", "secrets.json", "signing.key", "admin.token"} <= files.keys()
    assert [name for name, others in files.items() if others] == []


def test_nobody_can_register_without_the_shared_secret(homeserver: Running) -> None:
    async def status() -> int:
        body = {"username": "stranger", "password": "x", "auth": {"type": "m.login.dummy"}}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{homeserver.url}/_matrix/client/v3/register", json=body) as answer,
        ):
            return answer.status

    assert asyncio.run(status()) == 403


def test_it_is_dead_after_its_parent_was_killed_and_the_folder_can_be_used_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "hs"
    with subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)

    async def again() -> int:
        async with embedded.homeserver(folder) as hs:  # takes the lock, which the orphan held while it lived
            assert not alive(pid)
            return hs.pid

    assert asyncio.run(again()) != pid


def test_a_process_id_left_by_a_crash_stops_nobody_and_is_not_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "hs"
    folder.mkdir()
    (folder / "homeserver.lock").write_text(f"{os.getpid()}\n", encoding="ascii")

    async def start() -> int:
        async with embedded.homeserver(folder) as hs:
            return hs.pid

    assert asyncio.run(start()) != os.getpid()


def test_a_second_homeserver_on_the_same_folder_is_refused_with_the_process_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LEAVE_SECONDS", 0.1)

    async def both() -> str:
        async with embedded.homeserver(tmp_path / "hs") as hs:
            with pytest.raises(HomeserverError, match=rf"already runs .*\(process {hs.pid}\)") as refused:
                await asyncio.create_task(second())
            assert alive(hs.pid)
            return str(refused.value)

    async def second() -> None:
        async with embedded.homeserver(tmp_path / "hs"):
            pass

    assert "stop that one first" in asyncio.run(both())


def test_a_taken_port_is_a_plain_error(tmp_path: Path) -> None:
    async def start(port: int) -> None:
        async with embedded.homeserver(tmp_path / "hs", port=port):
            pass

    with socket.socket() as taken:
        taken.bind((embedded.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HomeserverError, match=f"port {port} on 127.0.0.1 is taken by another program"):
            asyncio.run(start(port))
    asyncio.run(start(port))


def test_a_homeserver_that_cannot_start_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "hs"
    folder.mkdir()
    (folder / "homeserver.db").write_bytes(b"this is no database" * 100)

    async def start() -> None:
        async with embedded.homeserver(folder):
            pass

    with pytest.raises(HomeserverError, match="not a database"):
        asyncio.run(start())


def test_rate_limits_are_off_unless_kept(tmp_path: Path) -> None:
    async def refused(hs: Running, user_id: str) -> bool:
        """Whether thirty quick sign-ins, far above the default limit, meet a limit."""
        for _ in range(30):
            if await sign_in(hs, user_id, "secret") == 429:
                return True
        return False

    async def strict_and_free() -> tuple[bool, bool]:
        async with embedded.homeserver(tmp_path / "strict", limits=True) as hs:
            strict = await refused(hs, await accounts.register(hs, "lisi", "secret"))
        async with embedded.homeserver(tmp_path / "free") as hs:
            free = await refused(hs, await accounts.register(hs, "lisi", "secret"))
        return strict, free

    assert asyncio.run(strict_and_free()) == (True, False)
