"""台账 [village | unit | section | open | overdue] and 简报: what goes out of the house."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.digest import lines_of
from bot.dialogue.effects import SendLedger, line
from bot.dialogue.parsing.scope import parse_scope
from bot.domain.scope import Scope, scope_words
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn
from storage import digests, figures
from storage.db import Reader


def ledger(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """The official workbook as a file in this room, of what this person may see."""
    seen = flow.visible(tx, turn)
    if not seen:
        return flow.refused(turn, line(f"no_places_{turn.person.role}"))
    base = Scope(unit=turn.person.unit_id or "") if turn.person.role == "coordinator" else Scope()
    if turn.person.role == "reporter":
        base = Scope(places=tuple(place.id for place in seen))
    scope = parse_scope(turn.argument, base, turn.campaign, seen)
    if scope is None:
        return flow.refused(turn, line("ledger_what", words=flow.short(turn.argument)))
    words = scope_words(turn.context.texts.catalogue[turn.person.language])
    name = scope.label(turn.campaign, seen, words)
    said = line("ledger_coming", name=name)
    return Outcome(replace(turn.session, retries=0), (said,), (SendLedger(scope.dump(), name),))


def digest(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """简报: today's figures as they stand now."""
    today = turn.campaign.today(now)
    before = digests.before(tx, digests.COUNTY, today.isoformat())
    lines = lines_of(turn.campaign, figures.county(tx, turn.campaign, today), before, now)
    return Outcome(replace(turn.session, retries=0), tuple(lines))
