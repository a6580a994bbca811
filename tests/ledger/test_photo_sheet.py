"""What people sent along, as a ledger shows it: small pictures, words for the rest, and no place on the map."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl.drawing.image import Image as SheetImage
from openpyxl.drawing.spreadsheet_drawing import TwoCellAnchor
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from bot.cli.main import CHECKLIST, DEMO_ROSTER, plan_from
from bot.delivery.media import write_once
from bot.domain.scope import Scope
from bot.ledger.content_hash import content_hash
from bot.ledger.deliver import MOST_PICTURES, LedgerSource, Order, make_ledger, with_pictures
from bot.ledger.rows import EvidenceRow
from bot.ledger.workbook import build_workbook
from bot.rehearsal.chat import SERVER
from bot.setup.bootstrap import fill_database
from storage import evidence, findings
from storage.db import Database, Transaction
from storage.evidence import Content
from tests.support.ledger_rows import CHINESE, HEAD, TEXTS, cover_row, finding, form_rows, read
from tests.support.photos import SECRETS, drawing, saved, telling
from tests.support.records import written

NOW = datetime(2023, 8, 5, 1, 30, tzinfo=UTC)
GEO = "geo:33.8521,113.4691;u=5"
HEADINGS = [
    "问题编号",
    "排查点",
    "第几项",
    "文件名",
    "类型",
    "时间",
    "发送人",
    "SHA-256（前12位）",
    "缩略图",
]
PIECE = EvidenceRow(128, "颍桥示范一村", 22, "a.jpg", "照片", NOW, "张三", "ab" * 32, "—", photo=True)


def small(colour: str = "red", size: tuple[int, int] = (160, 120)) -> bytes:
    return saved(Image.new("RGB", size, colour), "JPEG")


def with_evidence(*rows: EvidenceRow) -> bytes:
    return build_workbook(HEAD, form_rows(), [finding()], [cover_row("颍桥回族镇")], rows)


def lines(sheet: Worksheet) -> list[list[object]]:
    return [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2, max_col=len(HEADINGS))]


def pictures(sheet: Worksheet) -> list[SheetImage]:
    return list(sheet._images)  # type: ignore[attr-defined]  # there is no public list of them


class County:
    """A real database with one finding and one of another township, and a folder of files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
        self.sent = 0

    def open(self, tx: Transaction, place: str) -> int:
        place_id = tx.value("SELECT id FROM places WHERE name = ?", (place,))
        fields = {
            "place_id": place_id,
            "item_id": self.plan.campaign.items[21].id,
            "description": "三组张某家水管漏水",
            "source": "自查",
        }
        with written(tx, NOW, ref=f"${place}") as record:
            return findings.open_finding(record, fields)

    def send(self, tx: Transaction, no: int, kind: str, name: str, data: bytes | None = None) -> int:
        """A piece of evidence at this finding; with `data` its file has been fetched."""
        self.sent += 1
        url = GEO if kind == "location" else f"mxc://{SERVER}/{self.sent}"
        with written(tx, NOW, ref=f"$sent-{self.sent}") as record:
            piece = evidence.add(record, {"room_id": "!r", "kind": kind, "name": name, "url": url})
            evidence.change(record, piece, {"finding_no": no})
        if data is not None:
            digest = hashlib.sha256(data).hexdigest()
            write_once(self.folder / digest[:2] / digest, data)
            kinds = {"image": "image/jpeg", "audio": "audio/ogg"}
            with written(tx, NOW) as record:
                content = Content(digest, len(data), kinds.get(kind, "image/png"))
                evidence.stored(record, piece, content)
        return piece

    def ledger(self, fill: Callable[[Transaction], None], scope: Scope | None = None) -> bytes:
        """The bytes of the ledger after `fill` wrote what was reported."""

        async def run() -> bytes:
            database = await Database.open(self.folder / "paicha.db")
            try:
                await database.transaction(lambda tx: fill_database(tx, self.plan, NOW))
                await database.transaction(fill)
                source = LedgerSource(database, self.plan.campaign, TEXTS, self.folder)
                made = await make_ledger(source, Order(scope or Scope(), "张三"), NOW)
                return made.upload.data
            finally:
                await database.close()

        return asyncio.run(run())


@pytest.fixture
def county(tmp_path: Path) -> County:
    return County(tmp_path)


def test_without_evidence_there_is_no_sheet_for_it() -> None:
    assert read(with_evidence()).sheetnames == ["台账", "明细", "汇总"]
    assert read(with_evidence(PIECE)).sheetnames == ["台账", "明细", "汇总", "佐证"]


def test_every_piece_is_one_line_with_who_sent_what_when(county: County) -> None:
    photo, voice = saved(drawing(), "JPEG"), b"OggS voice"

    def fill(tx: Transaction) -> None:
        no = county.open(tx, "颍桥示范一村")
        county.send(tx, no, "image", "水管.jpg", photo)
        county.send(tx, no, "audio", "", voice)
        county.send(tx, no, "file", "截图.png", saved(drawing(), "PNG"))
        county.send(tx, no, "video", "漏水.mp4")
        county.send(tx, no, "location", "")

    sheet = read(county.ledger(fill))["佐证"]
    assert [cell.value for cell in sheet[1]] == HEADINGS
    found = lines(sheet)
    same = [101, "颍桥示范一村", 22]
    at, by = "2023-08-05 09:30", county.plan.roster.people[0].name
    assert [line[:3] for line in found] == [same] * 5
    assert [line[5:7] for line in found] == [[at, by]] * 5
    assert [line[3] for line in found] == ["水管.jpg", "—", "截图.png", "漏水.mp4", "—"]
    assert [line[4] for line in found] == ["照片", "语音", "照片", "视频", "位置"]
    digests = [hashlib.sha256(data).hexdigest()[:12] for data in (photo, voice)]
    assert [line[7] for line in found][:2] == digests
    assert [line[7] for line in found][3:] == [None, None]
    assert [line[8] for line in found] == [None, "—", None, "未取到", "—"]
    assert len(pictures(sheet)) == 2


def test_what_was_withdrawn_or_lies_outside_the_scope_is_not_shown(county: County) -> None:
    def fill(tx: Transaction) -> None:
        no, other = county.open(tx, "颍桥示范一村"), county.open(tx, "麦岭示范一村")
        county.send(tx, no, "image", "留.jpg", saved(drawing(), "JPEG"))
        gone = county.send(tx, no, "image", "撤.jpg", saved(drawing(), "JPEG", quality=50))
        with written(tx, NOW, ref="$back") as record:
            evidence.change(record, gone, {"state": "withdrawn"})
        county.send(tx, other, "image", "别村.jpg", saved(drawing(), "JPEG", quality=30))
        lost = county.send(tx, no, "image", "丢.jpg")
        with written(tx, NOW) as record:
            evidence.lost(record, lost, "it is not there any more")

    place = next(p.id for p in county.plan.roster.places if p.name == "颍桥示范一村")
    sheet = read(county.ledger(fill, Scope(places=(place,))))["佐证"]
    assert [(line[3], line[8]) for line in lines(sheet)] == [("留.jpg", None), ("丢.jpg", "未取到")]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_in_a_workbook_tells_where_a_photo_was_taken(county: County, form: str) -> None:
    photo = telling(form)

    def fill(tx: Transaction) -> None:
        no = county.open(tx, "颍桥示范一村")
        county.send(tx, no, "image", "水管.jpg", photo)
        county.send(tx, no, "location", "")

    data = county.ledger(fill)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert [name for name in parts if name.startswith("xl/media/")] == ["xl/media/image1.jpeg"]
    for name, part in parts.items():
        told = [secret for secret in (*SECRETS, GEO.encode(), b"geo:") if secret in part]
        assert not told, (name, told)
        assert photo[:64] not in part, "the original is in the workbook"


def test_a_picture_stands_inside_its_own_cell_and_goes_with_it() -> None:
    wide, tall = small(), small("blue", (90, 160))
    book = read(with_evidence(PIECE, replace(PIECE, picture=wide), replace(PIECE, picture=tall)))
    sheet = book["佐证"]
    for number, image in zip((3, 4), pictures(sheet), strict=True):
        anchor = image.anchor
        assert isinstance(anchor, TwoCellAnchor)
        assert anchor.editAs == "twoCell"
        assert {(at.col, at.row) for at in (anchor._from, anchor.to)} == {(8, number - 1)}
        width = (anchor.to.colOff - anchor._from.colOff) / 9525
        height = (anchor.to.rowOff - anchor._from.rowOff) / 9525
        assert width / height == pytest.approx(image.width / image.height, rel=0.03)
        assert anchor.to.rowOff / 9525 * 0.75 <= (sheet.row_dimensions[number].height or 0)
        assert anchor.to.colOff / 9525 <= sheet.column_dimensions["I"].width * 7 + 5
    assert sheet.row_dimensions[2].height is None
    assert [image._data() for image in pictures(sheet)] == [wide, tall]  # type: ignore[attr-defined]


def test_the_sheet_is_set_to_be_printed_and_filtered() -> None:
    sheet = read(with_evidence(PIECE, PIECE))["佐证"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.auto_filter.ref == "A1:I3"
    assert sheet.oddFooter
    assert sheet.oddFooter.center.text == "— &P —"


@pytest.mark.parametrize("name", ["=1+1", "@x.jpg", "<a&b>.jpg", "#REF!"])
def test_a_hostile_file_name_is_plain_text(name: str) -> None:
    sheet = read(with_evidence(replace(PIECE, name=name)))["佐证"]
    assert sheet["D2"].value == name
    assert sheet["D2"].data_type == "s"


def test_a_long_file_name_keeps_its_beginning_and_ending() -> None:
    sheet = read(with_evidence(replace(PIECE, name="水" * 200 + "整改后.jpg")))["佐证"]
    shown = str(sheet["D2"].value)
    assert len(shown) < 60
    assert shown.startswith("水水水")
    assert shown.endswith("水整改后.jpg")


def kept(media: Path, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    write_once(media / digest[:2] / digest, data)
    return digest


def test_only_the_first_200_photos_are_shown_and_the_others_say_so(tmp_path: Path) -> None:
    photo, broken = kept(tmp_path, saved(drawing(), "JPEG")), kept(tmp_path, b"\xff\xd8\xff broken")
    rows = [replace(PIECE, sha256=broken), *[replace(PIECE, sha256=photo)] * (MOST_PICTURES + 2)]
    made = list(with_pictures(rows, tmp_path, CHINESE))
    assert [bool(piece.picture) for piece in made] == [False, *[True] * MOST_PICTURES, False, False]
    assert {piece.note for piece in made[-2:]} == {"只附前200张缩略图"}
    assert len(pictures(read(with_evidence(*made))["佐证"])) == MOST_PICTURES


def test_a_photo_without_a_picture_says_why(tmp_path: Path) -> None:
    cut = saved(Image.effect_noise((99, 99), 90), "JPEG")[:900]
    told = {"此格式无缩略图": kept(tmp_path, b"<svg/>"), "图片损坏，打不开": kept(tmp_path, cut)}
    told |= {"未取到": "cd" * 32}
    made = with_pictures([replace(PIECE, sha256=digest) for digest in told.values()], tmp_path, CHINESE)
    assert [piece.note for piece in made] == list(told)
    sheet = read(with_evidence(replace(PIECE, note="图片损坏，打不开")))["佐证"]
    assert sheet["I2"].value == "图片损坏，打不开"


def test_the_printed_figure_follows_the_evidence_but_not_its_pictures() -> None:
    same = content_hash([], [], [], [PIECE])
    assert content_hash([], [], [], [replace(PIECE, picture=small(), note="别的话")]) == same
    others: tuple[list[EvidenceRow], ...] = (
        [],
        [PIECE, PIECE],
        [replace(PIECE, sha256="cd" * 32)],
        [replace(PIECE, name="b.jpg")],
    )
    assert len({same, *(content_hash([], [], [], pieces) for pieces in others)}) == 5


def test_the_same_evidence_makes_the_same_bytes() -> None:
    piece = replace(PIECE, picture=small())
    assert with_evidence(piece, piece) == with_evidence(piece, piece)
