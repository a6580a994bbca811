"""The whole ledger as one .xlsx: the printed form, the flat findings and the summary, from values to bytes.

Rule: the same values make the same bytes, on any machine at any time.

openpyxl makes the sheets, styles and print set-up. The rows are written by `bot.ledger.cell_xml` as text and put into
its sheets on the way to the archive: a county's 32,000 findings take it eight seconds of a busy bot, us one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from os import PathLike
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.writer.excel import ExcelWriter

from bot.ledger.cell_xml import clean
from bot.ledger.content_hash import content_hash
from bot.ledger.detail_sheet import details_sheet
from bot.ledger.form_sheet import form_sheet
from bot.ledger.photo_sheet import photos_sheet
from bot.ledger.rows import CoverRow, EvidenceRow, FindingRow, FormRow, LedgerHead
from bot.ledger.styles import make_styles
from bot.ledger.summary_sheet import cover_sheet

ANCHOR = "paicha-anchor"  # the custom property of the document in which a program finds the anchor
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
_EMPTY_ROWS = (b"<sheetData />", b"<sheetData/>", b"<sheetData></sheetData>")
_CHUNK = 200  # rows handed to the compressor at once


def build_workbook(
    head: LedgerHead,
    form_rows: Sequence[FormRow],
    finding_rows: Sequence[FindingRow],
    cover_rows: Sequence[CoverRow],
    evidence_rows: Sequence[EvidenceRow] = (),
) -> bytes:
    """The bytes of an .xlsx; without evidence there is no sheet for it. Raises ValueError when the cut-off has no zone. Slow for a county: use a thread."""
    if head.cut_off.tzinfo is None:
        raise ValueError("a ledger's cut-off time must have a zone")
    digest = head.digest or content_hash(form_rows, finding_rows, cover_rows, evidence_rows)
    book = Workbook()
    form, words = book.worksheets[0], head.words
    form.title = words.say("ledger_sheet_form")
    details = book.create_sheet(words.say("ledger_sheet_details"))
    cover = book.create_sheet(words.say("ledger_sheet_summary"))
    styles = make_styles(book)
    _describe(book, head, digest)
    rows = [
        form_sheet(form, styles, head, form_rows, digest),
        details_sheet(details, styles, head, finding_rows),
        cover_sheet(cover, styles, head, cover_rows),
    ]
    if evidence_rows:
        photos = book.create_sheet(words.say("ledger_sheet_evidence"))
        rows.append(photos_sheet(photos, styles, head, evidence_rows))
    return _pack(book, rows)


def _describe(book: Workbook, head: LedgerHead, digest: str) -> None:
    about = book.properties
    about.title, about.subject = clean(head.title).replace("\n", ""), clean(head.document)
    about.creator, about.version = "Paicha", clean(head.version)
    about.identifier = f"sha256:{digest}"
    about.created = about.modified = head.cut_off.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if head.anchor:
        anchor = StringProperty(name=ANCHOR, value=clean(head.anchor))
        book.custom_doc_props.append(anchor)  # type: ignore[attr-defined]  # newer than the stubs


def _pack(book: Workbook, rows: Sequence[Iterable[str]]) -> bytes:
    """The workbook with these rows in its sheets. Unlike book.save() it does not write down the time of day."""
    out = io.BytesIO()
    inserts = {f"xl/worksheets/sheet{number}.xml": lines for number, lines in enumerate(rows, 1)}
    with _Archive(out, inserts) as archive:
        ExcelWriter(book, archive).write_data()
    return out.getvalue()


class _Archive(zipfile.ZipFile):
    """A zip without times, which puts rows into the sheets that pass through it."""

    def __init__(self, out: IO[bytes], inserts: Mapping[str, Iterable[str]]) -> None:
        super().__init__(out, "w", zipfile.ZIP_DEFLATED)
        self._inserts = inserts

    def writestr(
        self,
        zinfo_or_arcname: str | zipfile.ZipInfo,
        data: Any,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        super().writestr(_entry(zinfo_or_arcname), data, compress_type, compresslevel)

    def write(
        self,
        filename: str | PathLike[str],
        arcname: str | PathLike[str] | None = None,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        """Put a sheet in, with its rows. openpyxl calls it once for each sheet."""
        name = str(arcname)
        shell = Path(filename).read_bytes()
        empty = next(form for form in _EMPTY_ROWS if form in shell)
        before, after = shell.split(empty)
        with self.open(_entry(name), "w", force_zip64=True) as part:
            part.write(before + b"<sheetData>")
            chunk: list[str] = []
            for line in self._inserts[name]:
                chunk.append(line)
                if len(chunk) == _CHUNK:
                    part.write("".join(chunk).encode())
                    chunk.clear()
            part.write("".join(chunk).encode() + b"</sheetData>" + after)


def _entry(name: str | zipfile.ZipInfo) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name if isinstance(name, str) else name.filename, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 0  # else it names the operating system
    return entry
