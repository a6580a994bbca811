"""查 水管 and 政策 15: items by meaning, and the figures and limits of one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from bot.dialogue.effects import Line, line
from bot.dialogue.questions import AskAnswer
from bot.dialogue.search import search as find
from bot.domain.campaign import Item
from bot.domain.deadlines import Limit, deadline, parse_date
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn
from storage.db import Reader

FOUND = 3  # results shown


def search(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """查 words: the items nearest in meaning, with how to go there."""
    session = replace(turn.session, retries=0)
    if not turn.argument:
        return Outcome(session, (line("search_what"),))
    hits = find(turn.context.index, turn.argument, FOUND)
    if not hits:
        return Outcome(session, (line("search_nothing", words=turn.argument[:20]),))
    lines = [line("search_found", words=turn.argument[:20])]
    for hit in hits:
        item = turn.campaign.item[hit.item_id]
        section = turn.campaign.section[item.section_id].name
        lines.append(line("search_item", no=item.no, section=section, text=flow.cut(item.text, 34)))
    lines.append(line("search_how", no=turn.campaign.item[hits[0].item_id].no))
    return Outcome(session, tuple(lines))


def policy(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """政策 15 [8月1日]: an item's text, figures, units, hints and limits, counted from a date when one is given."""
    session, campaign = replace(turn.session, retries=0), turn.campaign
    item = campaign.by_no.get(turn.number or 0)
    if item is None and turn.number is None and isinstance(session.question, AskAnswer) and not turn.argument:
        item = campaign.item[session.question.item]
    if item is None and turn.number is None and turn.argument:
        hits = find(turn.context.index, turn.argument, 1)
        item = campaign.item[hits[0].item_id] if hits else None
    if item is None:
        return Outcome(session, (line("policy_what", last=max(campaign.by_no)),))
    lines = [line("policy", no=item.no, section=campaign.section[item.section_id].name, text=item.text)]
    lines += [line("policy_figure", text=figure) for figure in item.figures]
    lines += [line("hint", text=hint) for hint in item.hints]
    lines.append(line("policy_units", units=item.units))
    return Outcome(session, (*lines, *_limits(turn, item, now)))


def _limits(turn: Turn, item: Item, now: datetime) -> list[Line]:
    """Each limit of the item, counted from a date given after the number."""
    limits = turn.context.limits.get(item.no, ())
    words = re.sub(r"^\D*\d+\s*(?:号|项|条)?", "", turn.argument, count=1).strip()
    since = parse_date(words, turn.campaign.today(now)) if words else None
    if since is None:
        lines = [
            line(f"limit_{limit.kind}", name=limit.name, since=limit.since, n=limit.n) for limit in limits
        ]
        return [*lines, line("policy_dated", no=item.no)] if lines else []
    return [_counted(turn, limit, since) for limit in limits]


def _counted(turn: Turn, limit: Limit, since: date) -> Line:
    end = deadline(limit, since, turn.context.holidays)
    key = "limit_unknown_year" if end.unknown_years else "limit_until"
    years = tuple(map(str, end.unknown_years))
    return line(key, name=limit.name, since=limit.since, start=since, day=end.day, years=years)
