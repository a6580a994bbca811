"""Makes a ledger file off the event loop: one snapshot of the database, then the workbook in a thread."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime

from bot.campaign import Campaign
from bot.events import Upload
from bot.ledger.gather import Gathered, gather
from bot.ledger.naming import ledger_name
from bot.ledger.scope import Scope, load_scope
from bot.ledger.workbook import build_workbook
from storage.db import Database

log = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def make_ledger(database: Database, campaign: Campaign, asked: tuple[Scope, str], now: datetime) -> Upload:
    """`asked` is (scope, who asks). The workbook as a file with the official name."""
    scope, by = asked
    rows = await database.read(lambda tx: gather(tx, campaign, scope, by, now))
    data = await asyncio.to_thread(_build, rows)
    return Upload(ledger_name(rows.head.scope, now.astimezone(campaign.timezone)), XLSX, data)


def _build(rows: Gathered) -> bytes:
    return build_workbook(rows.head, rows.form, rows.findings, rows.cover)


async def ledger_for(
    database: Database, campaign: Campaign, content: Mapping[str, object], now: datetime
) -> Upload | str:
    """The file an outbox row asks for; when it cannot be made, the reference of the log entry that says why."""
    scope = content.get("scope")
    assert isinstance(scope, dict)
    try:
        return await make_ledger(database, campaign, (load_scope(scope), str(content.get("by", ""))), now)
    except Exception:
        reference = hashlib.sha256(f"{now.isoformat()}{sorted(scope.items())}".encode()).hexdigest()[:6]
        log.exception("ledger could not be made, reference #%s", reference)
        return reference
