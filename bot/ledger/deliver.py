"""Makes a ledger file off the event loop: one snapshot of the database, then the workbook in a thread."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.chat import Upload
from bot.delivery.thumbnail import NoThumbnail, Thumbnail, kept_thumbnail
from bot.domain.campaign import Campaign
from bot.domain.scope import Scope, load_scope
from bot.ledger.gather import Gathered, gather
from bot.ledger.naming import ledger_name
from bot.ledger.rows import NOT_FETCHED, PHOTO, EvidenceRow
from bot.ledger.workbook import build_workbook
from storage.db import Database

log = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PICTURES = 200  # in one workbook: more make a file that phones do not open
WITHOUT_PICTURE = {
    NoThumbnail.UNKNOWN: "此格式无缩略图",
    NoThumbnail.BROKEN: "图片损坏，打不开",
    NoThumbnail.TOO_LARGE: "图片太大，无缩略图",
    NoThumbnail.NO_READER: "HEIC格式，无缩略图",
    NoThumbnail.NO_FILE: NOT_FETCHED,
}


async def make_ledger(
    database: Database, campaign: Campaign, asked: tuple[Scope, str], media: Path, now: datetime
) -> Upload:
    """`asked` is (scope, who asks); `media` is where people's files lie. The workbook as a file with the official name."""
    scope, by = asked
    rows = await database.read(lambda tx: gather(tx, campaign, scope, by, now))
    data = await asyncio.to_thread(_build, rows, media)
    return Upload(ledger_name(rows.head.scope, now.astimezone(campaign.timezone)), XLSX, data)


def _build(rows: Gathered, media: Path) -> bytes:
    pieces = tuple(with_pictures(rows.evidence, media))
    return build_workbook(rows.head, rows.form, rows.findings, rows.cover, pieces)


def with_pictures(rows: Sequence[EvidenceRow], media: Path) -> Iterator[EvidenceRow]:
    """The rows with the thumbnails of the first 200 photos; others say why they have none."""
    left = MOST_PICTURES
    for piece in rows:
        if piece.kind != PHOTO or not piece.sha256:
            yield piece
        elif not left:
            yield replace(piece, note=f"只附前{MOST_PICTURES}张缩略图")
        else:
            made = kept_thumbnail(media, piece.sha256)
            if isinstance(made, Thumbnail):
                left -= 1
                yield replace(piece, picture=made.data)
            else:
                yield replace(piece, note=WITHOUT_PICTURE[made])


async def ledger_for(
    database: Database, campaign: Campaign, content: Mapping[str, object], media: Path, now: datetime
) -> Upload | str:
    """The file an outbox row asks for; when it cannot be made, the reference of the log entry that says why."""
    scope = content.get("scope")
    assert isinstance(scope, dict)
    try:
        asked = load_scope(scope), str(content.get("by", ""))
        return await make_ledger(database, campaign, asked, media, now)
    except Exception:
        reference = hashlib.sha256(f"{now.isoformat()}{sorted(scope.items())}".encode()).hexdigest()[:6]
        log.exception("ledger could not be made, reference #%s", reference)
        return reference
