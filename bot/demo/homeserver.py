"""A real Matrix homeserver (Synapse on SQLite) that lives inside a folder, for the demo, the tests and the benches.

Rules: it listens on loopback only and asks nobody anything; whoever holds the lock on `homeserver.lock` is the one
process on the folder (a process id left by a crash is only a number in a file that nobody has locked); it is
stopped by its own process id and dies with the process that started it.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import fcntl
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.files import write_private

SERVER_NAME = "paicha.local"
HOST = "127.0.0.1"
START_SECONDS = 60.0
LEAVE_SECONDS = 10.0
POLL_SECONDS = 0.03

_FREELY = {"per_second": 1_000_000, "burst_count": 1_000_000}
NO_LIMITS: Mapping[str, object] = {
    **dict.fromkeys(
        (
            "rc_message",
            "rc_registration",
            "rc_admin_redaction",
            "rc_joins_per_room",
            "rc_key_requests",
            "rc_media_create",
            "rc_delayed_event_mgmt",
            "rc_room_creation",
            "rc_reports",
            "rc_user_directory",
            "rc_profile",
        ),
        _FREELY,
    ),
    "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _FREELY),
    "rc_joins": dict.fromkeys(("local", "remote"), _FREELY),
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _FREELY),
    "rc_presence": {"per_user": _FREELY},
}


class HomeserverError(Exception):
    """The homeserver could not be started or asked; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Running:
    """A homeserver that answers: `url` without a trailing slash, `pid` of its own process, `folder` with its data."""

    url: str
    server_name: str
    pid: int
    folder: Path


@asynccontextmanager
async def homeserver(
    folder: Path, *, port: int | None = None, limits: bool = False
) -> AsyncIterator[Running]:
    """Start the homeserver of `folder` (made when missing), stop it at the end.

    `port`: to listen on; without it the folder's own, chosen free the first time. `limits`: True keeps Synapse's
    default rate limits. Raises HomeserverError.
    """
    folder = _prepared(folder)
    lock = await _lock(folder)
    try:
        port = _port(folder, port)
        write_private(folder / "homeserver.yaml", json.dumps(_settings(folder, port, limits), indent=1))
        process = _spawn(folder, lock)
    finally:
        os.close(lock)  # the child holds it now, and with it the folder
    try:
        running = Running(f"http://{HOST}:{port}", SERVER_NAME, process.pid, folder)
        await _until_healthy(running, process)
        yield running
    finally:
        _end(process)


@asynccontextmanager
async def held(folder: Path) -> AsyncIterator[None]:
    """Hold the folder of a homeserver that does not run, so that none can begin. Raises HomeserverError."""
    lock = await _lock(_prepared(folder))
    try:
        yield
    finally:
        os.close(lock)


def _prepared(folder: Path) -> Path:
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


async def _lock(folder: Path) -> int:
    """The folder's lock as an open file descriptor; waits while an orphan of a crashed start is still leaving."""
    path = folder / "homeserver.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LEAVE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = path.read_text(encoding="ascii").strip() or "unknown"
                os.close(handle)
                raise HomeserverError(
                    f"another homeserver already runs on {folder} (process {holder}); stop that one first"
                ) from None
            await asyncio.sleep(POLL_SECONDS)
        except BaseException:
            os.close(handle)
            raise
        else:
            return handle


def _port(folder: Path, wanted: int | None) -> int:
    """The wanted port, or the one the folder keeps, or a free one; kept in the folder. It must be free now."""
    kept = folder / "port"
    if wanted is None and kept.exists():
        wanted = int(kept.read_text(encoding="ascii"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise HomeserverError(
                    f"port {wanted} on {HOST} cannot be used ({error.strerror}); name another port"
                ) from None
            raise HomeserverError(
                f"port {wanted} on {HOST} is taken by another program ({error.strerror}); "
                f"stop it, name another port, or delete {kept} to have a free one chosen"
            ) from None
        port = int(probe.getsockname()[1])
    write_private(kept, str(port))
    return port


def _secrets(folder: Path) -> dict[str, str]:
    """The server's secrets, made once and kept: losing them would sign everybody out."""
    path = folder / "secrets.json"
    if not path.exists():
        names = ("registration_shared_secret", "macaroon_secret_key", "form_secret")
        write_private(path, json.dumps({name: secrets.token_urlsafe(32) for name in names}))
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _settings(folder: Path, port: int, limits: bool) -> dict[str, object]:
    """Synapse's configuration (JSON is YAML)."""
    signing_key = folder / "signing.key"
    if not signing_key.exists():
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        write_private(signing_key, f"ed25519 a_1 {seed}\n")
    log = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": str(folder / "log"), "formatter": "plain"}
        },
        "root": {"level": "WARNING", "handlers": ["file"]},
    }
    write_private(folder / "log.yaml", json.dumps(log))
    return {
        "server_name": SERVER_NAME,
        "public_baseurl": f"http://{HOST}:{port}/",
        "listeners": [
            {"port": port, "type": "http", "bind_addresses": [HOST], "resources": [{"names": ["client"]}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(signing_key),
        "log_config": str(folder / "log.yaml"),
        **_secrets(folder),
        "enable_registration": False,
        "bcrypt_rounds": 4,  # made-up accounts on loopback; the usual 12 cost a quarter second a sign-in
        "federation_domain_whitelist": [],
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "url_preview_enabled": False,
        "report_stats": False,
        "presence": {"enabled": False},
        # An initial sync repeated within this time would otherwise be answered from memory, without what came since.
        "caches": {"global_factor": 0.5, "sync_response_cache_duration": "0s"},
        "background_updates": {"sleep_enabled": False},  # a new database settles at once, not over minutes
        **({} if limits else NO_LIMITS),
    }


def _spawn(folder: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start Synapse in a process group of its own, so that Ctrl-C in a terminal reaches only its parent."""
    write_private(folder / "output", "")
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.demo.child", "-c", str(folder / "homeserver.yaml")],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            pass_fds=(lock,),
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{process.pid}\n".encode(), 0)
    return process


async def _until_healthy(running: Running, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while process.poll() is None:
            try:
                async with session.get(f"{running.url}/health") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # not listening yet
            if time.monotonic() > deadline:
                raise HomeserverError(
                    f"the homeserver did not answer within {START_SECONDS:.0f} s{_why(running)}"
                )
            await asyncio.sleep(POLL_SECONDS)
    raise HomeserverError(
        f"the homeserver ended while starting (exit code {process.returncode}){_why(running)}"
    )


def _why(running: Running) -> str:
    """The last words of its output and log."""
    lines: list[str] = []
    for name in ("log", "output"):
        path = running.folder / name
        if path.exists():
            lines += path.read_text(encoding="utf-8", errors="replace").split("\n")[-12:]
    return ":\n" + "\n".join(line for line in lines if line.strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop it by its own id: a request, then force. Blocks (usually 50 ms), so that a Ctrl-C cannot get between."""
    process.terminate()
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
