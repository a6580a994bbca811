"""A pasted list in words: what would be stored of each village, and which lines were not understood and why."""

from __future__ import annotations

from collections.abc import Sequence

from bot.context import Context
from bot.dialogue.chain import Unread
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import AskChain
from bot.domain import progress
from bot.domain.answers import Answer, BulkAnswer
from bot.handlers import flow
from bot.handlers.bulk import SEVERAL
from bot.handlers.chain_plan import Village, village
from storage import people, places
from storage.db import Reader

QUOTED = 60  # characters of a problem shown before it is stored
SHOWN = 10  # lines that were not understood


def ask(tx: Reader, context: Context, question: AskChain) -> tuple[Line, ...]:
    """The question whether to store it, with all that would be stored."""
    lines = [line("ask_chain", n=len(question.places))]
    baseless = 0
    told = zip(question.places, question.words, question.behalf, strict=True)
    for n, (place, words, person) in enumerate(told, 1):
        name = places.get(tx, place).name
        if person:
            lines.append(line("chain_place_for", n=n, place=name, person=people.by_id(tx, person).name))
        else:
            lines.append(line("chain_place", n=n, place=name))
        came_to = village(tx, context, place, words)
        if isinstance(came_to, Village):
            lines += _village(context, came_to)
            baseless += len(came_to.baseless)
        else:  # it has changed since: that is told when it is confirmed
            lines.append(line(f"chain_{came_to}", said=flow.short(words, QUOTED)))
    lines += [line("chain_no_basis")] if baseless >= SEVERAL else []
    lines += [line("chain_drop")] if len(question.places) > 1 else []
    return (*lines, line("chain_how"))


def _village(context: Context, told: Village) -> list[Line]:
    lines = [each for mark in told.marks for each in _mark(context, mark)]
    lines += [line("chain_over", items=progress.ranges(told.over))] if told.over else []
    lines += [line("visit_twins", findings=tuple(map(str, told.known)))] if told.known else []
    lines += [line("chain_stays", items=progress.ranges(told.kept))] if told.kept else []
    if told.foreign:
        lines.append(line("not_asked_here", place=told.place.name, items=progress.ranges(told.foreign)))
    return lines


def _mark(context: Context, mark: BulkAnswer) -> list[Line]:
    items = progress.ranges(mark.nos)
    if mark.answer is Answer.FOUND and mark.detail:
        item = context.campaign.by_no[mark.nos[0]]
        section = context.campaign.section[item.section_id].name
        return [line("chain_problem", no=item.no, section=section, words=flow.short(mark.detail, QUOTED))]
    said = [line(f"chain_{mark.answer}", items=items, n=len(mark.nos))]
    return [*said, line("chain_basis", basis=mark.basis)] if mark.basis else said


def unread(lines: Sequence[tuple[str, Unread]]) -> list[Line]:
    """What is not stored, each line with its reason."""
    told = [line(f"chain_{reason}", said=flow.short(said, QUOTED)) for said, reason in lines[:SHOWN]]
    more = len(lines) - len(told)
    return [*told, line("chain_more", n=more)] if more else told
