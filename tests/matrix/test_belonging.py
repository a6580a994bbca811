"""A start with files that do not belong together, or are damaged: told which, and what to do, before any request."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main
from bot.matrix import account, belonging
from bot.matrix.account import Account, Settings, forget_sign_in
from bot.matrix.gateway import connect
from storage import bound, rooms
from storage.bound import Answers
from storage.db import Transaction

USER = "@paicha:paicha.local"


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder, its settings, and a homeserver that only counts who knocks."""

    folder: Path
    door: socket.socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    @property
    def config(self) -> Path:
        path = self.folder.parent / "paicha.toml"
        files = f"checklist = {json.dumps(str(CHECKLIST))}\nroster = {json.dumps(str(DEMO_ROSTER))}\n"
        line = f'[homeserver]\nurl = "{self.url}"\nuser_id = "{USER}"\n'
        path.write_text(f'data_dir = "{self.folder.name}"\n{files}{line}', "utf-8")
        return path

    @property
    def knocked(self) -> bool:
        try:
            self.door.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(autouse=True)
def _shut_to_others() -> Iterator[None]:
    """As each entry point begins: a folder that others can open would be told of first."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        door.setblocking(False)
        yield Place(tmp_path / "data", door)


def work(place: Place, syncs: int, folder: Path | None = None) -> Answers:
    """What starting and taking in so many syncs leaves on the disk."""
    folder = folder or place.folder
    folder.mkdir(exist_ok=True)
    if account.kept(folder) is None:
        account.write(folder, Account(USER, "FIRST", "token", "key", "seed"))

    def taken_in(tx: Transaction, number: int) -> None:
        rooms.set_position(tx, f"s{number}", datetime(2023, 8, 5, tzinfo=UTC))
        bound.keep_syncs(tx, number)

    async def start() -> Answers:
        database = await belonging.open_together(folder)
        try:
            before = await database.read(bound.answers)
            edge = await connect(Settings(place.url, USER), folder, {}, answers=before)
            for _ in range(syncs):
                edge._client.store.count_sync()
                number = edge._client.store.syncs()
                await database.transaction(partial(taken_in, number=number))
            await edge.close()
            return await database.read(bound.answers)
        finally:
            await database.close()

    return asyncio.run(start())


def put_back(place: Place, copy: Path, *names: str) -> None:
    for name in names:
        for each in place.folder.glob(f"{name}*"):
            each.unlink()
        shutil.copy(copy / name, place.folder / name)


def test_files_that_belong_together_start_again_and_again(place: Place) -> None:
    assert work(place, 3).syncs == 3
    assert work(place, 2).syncs == 5
    assert not place.knocked


def test_a_crash_between_the_two_files_is_no_older_copy(place: Place) -> None:
    work(place, 3)
    for _ in range(3):  # the same sync, taken in by the keys and never by paicha.db
        with closing(sqlite3.connect(place.folder / "crypto.db")) as file, file:
            file.execute("UPDATE belongs SET syncs = syncs + 1")
        work(place, 0)
    assert work(place, 1).syncs == 4


def test_a_folder_of_before_the_files_knew_each_other_starts_and_is_bound(place: Place) -> None:
    work(place, 3)
    path = place.folder / account.FILE_NAME
    told = json.loads(path.read_text("utf-8"))
    del told["bound"]
    path.write_text(json.dumps(told), "utf-8")
    for name, statement in (
        ("crypto", "DROP TABLE belongs"),
        ("paicha", "DELETE FROM meta WHERE key = 'syncs'"),
    ):
        with closing(sqlite3.connect(place.folder / f"{name}.db")) as file, file:
            file.execute(statement)
    assert work(place, 1).syncs == 1
    kept = account.kept(place.folder)
    assert kept is not None
    assert kept.is_bound


def test_a_new_sign_in_takes_the_keys_it_finds_or_none(place: Place) -> None:
    work(place, 3)
    for lost in ("", "crypto.db"):
        forget_sign_in(place.folder)
        kept = account.kept(place.folder)
        assert kept is not None
        account.write(
            place.folder, Account(USER, kept.device_id, "fresh", kept.pickle_key, "seed", kept.bound)
        )
        for each in place.folder.glob(f"{lost}*") if lost else ():
            each.unlink()
        work(place, 1)
        work(place, 1)


def _copied(place: Place, later: int = 4) -> Path:
    """A copy of the folder, after which work went on."""
    work(place, 3)
    copy = place.folder.parent / "copy"
    shutil.copytree(place.folder, copy)
    work(place, later)
    return copy


def _foreign(place: Place) -> Path:
    work(place, 3)
    other = place.folder.parent / "other"
    work(place, 3, other)
    return other


def _lose(*names: str) -> Callable[[Place], None]:
    def lose(place: Place) -> None:
        work(place, 3)
        for name in names:
            for each in place.folder.glob(f"{name}*"):
                each.unlink()

    return lose


def _older(name: str) -> Callable[[Place], None]:
    return lambda place: put_back(place, _copied(place), name)


def _strange(*names: str) -> Callable[[Place], None]:
    return lambda place: put_back(place, _foreign(place), *names)


def _account_of_before_the_last_sign_in(place: Place) -> None:
    work(place, 3)
    copy = place.folder.parent / "copy"
    shutil.copytree(place.folder, copy)
    account.write(place.folder, Account(USER, "SECOND", "token", "key", "seed"))
    work(place, 1)
    put_back(place, copy, "matrix.json")


def _keys_of_before_the_last_sign_in(place: Place) -> None:
    _account_of_before_the_last_sign_in(place)
    account.write(place.folder, Account(USER, "SECOND", "token", "key", "seed"))
    work(place, 0)
    put_back(place, place.folder.parent / "copy", "crypto.db")


Case = tuple[Callable[[Place], None], str, str]  # what happened, the file that is named, words about it
MISMATCHES: dict[str, Case] = {
    "no paicha.db": (_lose("paicha.db"), "paicha.db", "is missing"),
    "no crypto.db": (_lose("crypto.db"), "crypto.db", "is missing"),
    "no matrix.json": (_lose("matrix.json"), "matrix.json", "is missing"),
    "neither keys nor account": (_lose("crypto.db", "matrix.json"), "matrix.json", "are missing"),
    "an older crypto.db": (_older("crypto.db"), "crypto.db", "is older than paicha.db"),
    "an older paicha.db": (_older("paicha.db"), "paicha.db", "is older than crypto.db"),
    "an older matrix.json": (_account_of_before_the_last_sign_in, "matrix.json", "is older than crypto.db"),
    "keys from before the sign-in": (_keys_of_before_the_last_sign_in, "crypto.db", "it is an older copy"),
    "a foreign paicha.db": (_strange("paicha.db"), "paicha.db", "belongs to another folder"),
    "a foreign crypto.db": (_strange("crypto.db"), "crypto.db", "belongs to another folder"),
    "a foreign matrix.json": (_strange("matrix.json"), "matrix.json", "belongs to another folder"),
    "foreign keys and account": (_strange("crypto.db", "matrix.json"), "paicha.db", "belongs to another folder"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["run", "keys"])
@pytest.mark.parametrize("case", MISMATCHES.values(), ids=MISMATCHES)
def test_a_file_that_is_missing_older_or_foreign_is_named_before_any_request(
    case: Case, command: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare, name, what = case
    prepare(place)
    before = {path.name for path in place.folder.iterdir()}
    assert main([command, "-c", str(place.config)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{place.folder / name}: ")
    assert what in told
    assert "copy" in told
    assert not place.knocked
    assert {path.name for path in place.folder.iterdir()} - {"lock"} <= before | {
        "paicha.db-wal",
        "paicha.db-shm",
    }


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xff not a database " * 500)


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def _holed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def _something_else(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE recipes (name)")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _badly_sealed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE accounts SET account = 'AAAA'")


@pytest.mark.parametrize(
    "damage", [_garbage, _truncated, _holed, _something_else, _empty, _folder, _badly_sealed]
)
def test_a_damaged_key_store_is_a_plain_word(
    damage: Callable[[Path], None], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    work(place, 3)
    damage(place.folder / "crypto.db")
    assert main(["run", "-c", str(place.config)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{place.folder / 'crypto.db'}: ")
    assert "Traceback" not in told
    assert len(told.splitlines()) == 1
    assert not place.knocked
