"""paicha audit: what the operator is told and with which exit code; anchors out of ledgers, exports and typed ones."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty

from bot.cli.anchors import anchors_in
from bot.cli.main import main
from bot.ledger.anchor import anchor_of_ledger
from bot.texts import load_texts
from storage import history
from storage.audit import Anchor
from storage.history import Subject
from tests.support.bot_in_memory import START, InMemoryBot
from tests.support.records import written

HEAD = "9f3c0a1b2c3d4e5f"
PHOTO = b"a photo of a mended pipe"
SHA = hashlib.sha256(PHOTO).hexdigest()


def said(anchor: str, language: str = "zh-CN") -> str:
    return load_texts().catalogue[language]["digest_anchor"].format(anchor=anchor)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder with an answer, a finding and a photo; the bot still has it open."""
    stand = InMemoryBot()
    stand.says("排查", "1", "1", "2 三组王五家水管老化漏水")
    stand.photo()
    piece = stand.tx.number("SELECT max(id) FROM evidence")
    with written(stand.tx, START, None) as record:
        record.tx.run("UPDATE evidence SET state = 'stored', sha256 = ? WHERE id = ?", (SHA, piece))
        sealed = {"state": "stored", "sha256": SHA}
        record.changed(Subject("evidence", str(piece)), {"state": "waiting"}, sealed)
    photo = tmp_path / "media" / SHA[:2] / SHA
    photo.parent.mkdir(parents=True)
    photo.write_bytes(PHOTO)
    with closing(sqlite3.connect(tmp_path / "paicha.db", isolation_level=None)) as file:
        stand.connection.backup(file)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("INSERT INTO strangers VALUES ('@w:x', '2023')")
        yield tmp_path


def head_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "paicha.db")) as file:
        seq, seen = file.execute("SELECT seq, hash FROM actions ORDER BY seq DESC LIMIT 1").fetchone()
    return f"{seq}:{seen.hex()[: history.HEAD]}"


def tamper(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "paicha.db")) as file:
        file.executescript(sql)


class Told:
    """One run of `paicha audit` on a folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> None:
        try:
            self.code: object = main(["audit", "--data", str(folder), *arguments])
        except SystemExit as stop:  # a mistake that argparse finds
            self.code = stop.code
        self.out, self.err = capsys.readouterr()


def test_a_sound_file_is_proven_to_its_anchor_while_the_bot_runs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = head_of(folder)
    told = Told(capsys, folder, "--anchor", head)
    assert (told.code, told.err) == (0, "")
    assert "Proven to the end" in told.out
    assert "1 files of evidence" in told.out
    without = Told(capsys, folder)
    assert without.code == 0
    assert "Nothing is proven" in without.out


def test_what_came_after_the_newest_anchor_is_called_unproven(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(folder / "paicha.db")) as file:
        seen = file.execute("SELECT hash FROM actions WHERE seq = 3").fetchone()[0]
    told = Told(capsys, folder, "--anchor", f"3:{seen.hex()[:16]}")
    assert told.code == 0
    assert "Proven up to action 3" in told.out
    assert "unproven" in told.out


def test_json_has_these_keys_and_no_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seq, _, head = head_of(folder).partition(":")
    told = Told(capsys, folder, "--json", "--anchor", f"{seq}:{head}")
    read = json.loads(told.out)
    assert list(read) == ["sound", "rows", "proven_to", "anchors", "first_wrong"]
    assert (read["sound"], read["proven_to"], read["first_wrong"]) == (True, int(seq), None)
    assert read["anchors"] == [{"seq": int(seq), "head": head}]
    tamper(folder, "UPDATE findings SET due = '2023-10-31'")
    wrong = Told(capsys, folder, "--json")
    assert wrong.code == 3
    first = json.loads(wrong.out)["first_wrong"]
    assert list(first) == ["seq", "kind", "subject", "field", "why"]
    assert (first["kind"], first["subject"], first["field"]) == ("finding", "101", "due")


def test_a_photo_that_was_swapped_or_is_gone_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = folder / "media" / SHA[:2] / SHA
    photo.write_bytes(b"another photo")
    swapped = json.loads(Told(capsys, folder, "--json").out)["first_wrong"]
    assert (swapped["kind"], swapped["subject"], swapped["field"]) == ("evidence", "1", "sha256")
    assert swapped["seq"] > 0
    photo.unlink()
    told = Told(capsys, folder)
    assert told.code == 3
    assert "evidence 1, file" in told.out


def test_an_anchor_of_another_history_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(capsys, folder, "--anchor", f"3:{HEAD}")
    assert told.code == 3
    assert "another history" in told.out


def ledger(path: Path, anchor: str | None) -> Path:
    book = Workbook()
    if anchor is not None:
        book.custom_doc_props.append(StringProperty(name="paicha-anchor", value=anchor))  # type: ignore[attr-defined]
    book.save(path)
    return path


def test_anchors_come_from_ledgers_and_from_exported_events(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = head_of(folder)
    sheet = ledger(folder / "ledger.xlsx", head)
    events = [{"content": {"body": f"18:00 …\n{said(head)}"}}, {"content": {"body": "12:0123456789abcdef"}}]
    export = folder / "export.json"
    export.write_text(json.dumps(events), "ascii")
    for name in (sheet, export):
        told = Told(capsys, folder, "--json", "--anchor", str(name))
        assert told.code == 0, told.err
        assert len(json.loads(told.out)["anchors"]) == 1
    both = Told(capsys, folder, "--json", "--anchor", str(sheet), "--anchor", str(export))
    assert len(json.loads(both.out)["anchors"]) == 1


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_only_what_follows_the_digests_own_words_is_an_anchor(language: str) -> None:
    line = said(f"1234:{HEAD}", language)
    assert anchors_in(f"[18:00] bot: 1:{HEAD}\n{line}\n第12:30场") == {Anchor(1234, HEAD)}
    assert anchors_in(json.dumps({"body": f"x\n{line}"})) == {Anchor(1234, HEAD)}
    assert anchors_in(line.replace(" ", "\u00a0")) == {Anchor(1234, HEAD)}
    assert anchors_in(line + "0") == set()
    assert anchors_in(line[:-1]) == set()


def test_a_file_without_an_anchor_is_told_with_place_and_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("18:00 nothing here", "utf-8")
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    names = [
        ledger(folder / "bare.xlsx", None),
        folder / "notes.txt",
        folder / "broken.xlsx",
        folder / "none.txt",
    ]
    for name in names:
        told = Told(capsys, folder, "--anchor", str(name))
        assert told.code == 2
        assert name.name in told.err
    assert anchor_of_ledger(names[0]) is None


def test_mistakes_of_use_are_told_as_such(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("--anchor", "1234:9f"), ("--anchors", "x"), ("--anchor",)):
        told = Told(capsys, folder, *arguments)
        assert told.code == 1
        assert told.err


def test_a_folder_without_a_database_or_with_another_schema_is_the_operators_to_mend(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    for make, words in (
        (None, "there is no database yet"),
        ("PRAGMA user_version=999", "newer Paicha"),
        ("PRAGMA user_version=1; CREATE TABLE history (a)", "older Paicha"),
        ("DROP TABLE history; PRAGMA user_version=0", "not a Paicha database"),
    ):
        if make:
            tamper(empty, make)
        told = Told(capsys, empty)
        assert told.code == 2
        assert words in told.err
        assert told.out == ""
    (empty / "paicha.db").write_text("notes " * 1000)
    assert "not a Paicha database" in Told(capsys, empty).err


def test_it_leaves_nothing_behind_in_a_folder_that_nobody_uses(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path_factory.mktemp("copy")
    tamper(folder, "PRAGMA wal_checkpoint(TRUNCATE)")
    (copy / "paicha.db").write_bytes((folder / "paicha.db").read_bytes())
    told = Told(capsys, copy)
    assert told.code == 3  # the photos were left behind
    assert [path.name for path in copy.iterdir()] == ["paicha.db"]
