"""Makes a ledger file off the event loop: one snapshot of the database, then the workbook in a thread."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.chat import Upload
from bot.delivery.document import Document
from bot.delivery.thumbnail import Thumbnail, kept_thumbnail
from bot.dialogue.effects import line
from bot.domain.campaign import Campaign
from bot.domain.roster import LANGUAGES
from bot.domain.scope import Scope, load_scope
from bot.ledger.content_hash import content_hash
from bot.ledger.gather import Asked, Gathered, gather
from bot.ledger.naming import ledger_name
from bot.ledger.rows import EvidenceRow
from bot.ledger.words import LedgerWords, ledger_words
from bot.ledger.workbook import build_workbook
from bot.logs import kind_and_place
from bot.texts import Texts
from storage.db import Database
from storage.exports import Export
from storage.history import Action
from storage.outbox import OutboxRow

log = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PICTURES = 200  # in one workbook: more make a file that phones do not open


@dataclass(frozen=True, slots=True)
class LedgerSource:
    """What every ledger of this installation is made from; `media` is where people's files lie."""

    database: Database
    campaign: Campaign
    texts: Texts
    media: Path


@dataclass(frozen=True, slots=True)
class Order:
    """One ledger that somebody wants: of which part of the county, by whose name, in which language."""

    scope: Scope
    by: str = ""
    language: str = LANGUAGES[0]


@dataclass(frozen=True, slots=True)
class Made:
    """A ledger as a file with the official name, and what it takes to know it again."""

    upload: Upload
    export: Export


async def make_ledger(source: LedgerSource, order: Order, now: datetime) -> Made:
    """Read and write the workbook. Nothing is noted of it yet."""
    words = ledger_words(source.texts, order.language)
    asked = Asked(order.scope, order.by, words)
    rows = await source.database.read(lambda tx: gather(tx, source.campaign, asked, now))
    name = ledger_name(rows.head.scope, now.astimezone(source.campaign.timezone), words)
    return await asyncio.to_thread(_build, rows, source.media, order.scope, name)


def _build(rows: Gathered, media: Path, scope: Scope, name: str) -> Made:
    digest = content_hash(rows.form, rows.findings, rows.cover, rows.evidence)
    head = replace(rows.head, digest=digest)
    pieces = tuple(with_pictures(rows.evidence, media, head.words))
    data = build_workbook(head, rows.form, rows.findings, rows.cover, pieces)
    export = Export("ledger", scope.dump(), head.anchor, hashlib.sha256(data).hexdigest(), digest)
    return Made(Upload(name, XLSX, data), export)


def with_pictures(rows: Sequence[EvidenceRow], media: Path, words: LedgerWords) -> Iterator[EvidenceRow]:
    """The rows with the thumbnails of the first 200 photos; others say why they have none."""
    left = MOST_PICTURES
    for piece in rows:
        if not piece.photo or not piece.sha256:
            yield piece
        elif not left:
            yield replace(piece, note=words.say("ledger_more_pictures", n=MOST_PICTURES))
        else:
            made = kept_thumbnail(media, piece.sha256)
            if isinstance(made, Thumbnail):
                left -= 1
                yield replace(piece, picture=made.data)
            else:
                yield replace(piece, note=words.say(f"ledger_no_picture_{made.value}"))


async def ledger_for(source: LedgerSource, row: OutboxRow, now: datetime) -> Document | str:
    """The file an outbox row asks for; when it cannot be made, the words to send instead, which name the log entry."""
    asked = row.content
    scope, language = asked.get("scope"), str(asked.get("language") or LANGUAGES[0])
    assert isinstance(scope, dict)
    try:
        order = Order(load_scope(scope), str(asked.get("by", "")), language)
        made = await make_ledger(source, order, now)
        event_id = str(asked["asked"]) if "asked" in asked else None
        action = Action("export", row.person_id, now, source.campaign.version, event_id)
        return Document(made.upload, made.export, action)
    except Exception as error:
        reference = hashlib.sha256(f"{now.isoformat()}{sorted(scope.items())}".encode()).hexdigest()[:6]
        log.error("ledger could not be made, reference #%s: %s", reference, kind_and_place(error))
        return source.texts.render(line("ledger_failed", reference=reference), language)
