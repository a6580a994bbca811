"""What all tests share: one real homeserver for the whole test session, and accounts of one's own on it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from bot.demo import accounts
from bot.demo import homeserver as embedded


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden transcripts anew")
    parser.addoption(
        "--reopen", action="store_true", help="play every transcript from disk anew at each line, too"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What uses the homeserver is marked as such. Tests that `--reopen` asks for are left out without it."""
    for item in items:
        if "homeserver" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.synapse)
    if not config.getoption("--reopen"):
        kept = [item for item in items if not item.get_closest_marker("reopen")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@dataclass(frozen=True, slots=True)
class Account:
    """An account that only one test uses: "@zhangsan-1f2e3d4c:paicha.local" and its password."""

    user_id: str
    password: str


async def new_account(hs: embedded.Running, name: str = "person", displayname: str = "") -> Account:
    """Make a fresh account whose name begins with `name`: tests share the server and must not meet."""
    password = uuid.uuid4().hex
    user_id = await accounts.register(hs, f"{name}-{uuid.uuid4().hex[:8]}", password, displayname or name)
    return Account(user_id, password)


@pytest.fixture(scope="session")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Running]:
    """A real Synapse without rate limits, started when the first test asks for it, stopped by its own process id."""
    folder = tmp_path_factory.mktemp("homeserver")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        running = runner.run(stack.enter_async_context(embedded.homeserver(folder)))
        yield running
        runner.run(stack.aclose())
