"""An open question comes back after something else was said: one line, since it was put in full a short while ago."""

from __future__ import annotations

from typing import assert_never

from bot.context import Context
from bot.dialogue.effects import Line, line
from bot.dialogue.questions import (
    AskAnswer,
    AskBasis,
    AskChain,
    AskChainBasis,
    AskDescription,
    AskHorizon,
    AskMany,
    AskMeasure,
    AskMechanism,
    AskMerge,
    AskOffer,
    AskPlace,
    AskResume,
    AskStage,
    AskSubmit,
    AskTakeBack,
    AskVisit,
    Question,
)
from bot.domain import progress
from bot.handlers.flow import short
from bot.handlers.questions import QUOTED, Audience, called, missing_of
from storage import findings, places
from storage.db import Reader

FEW = 3  # places that one line can list


def put_again(tx: Reader, context: Context, to: Audience, question: Question) -> Line:
    """The one line that puts this question again."""
    match question:
        case AskAnswer(place, item_id):
            item = context.campaign.item[item_id]
            section = context.campaign.section[item.section_id].name
            return line("again_answer", place=to.among_several(tx, place), no=item.no, section=section)
        case AskBasis(place, items):
            nos = progress.ranges([context.campaign.item[item].no for item in items])
            return line("again_basis", place=to.among_several(tx, place), items=nos)
        case AskDescription(no):
            return _description(tx, context, to, no)
        case AskMeasure(no):
            return line("again_measure", finding=no, name=called(tx, context, to, no))
        case AskHorizon(no):
            options = _in_a_row([horizon.name for horizon in context.campaign.horizons])
            return line("again_horizon", finding=no, name=called(tx, context, to, no), options=options)
        case AskMechanism(no):
            return line("again_mechanism", finding=no, name=called(tx, context, to, no))
        case AskStage(no):
            return line("again_stage", finding=no, name=called(tx, context, to, no))
        case AskPlace(listed, words):
            return _which_place(tx, to, listed, words)
        case AskResume(place, item_id):
            return line(
                "again_resume", place=places.get(tx, place).name, no=context.campaign.item[item_id].no
            )
        case AskSubmit(place):
            missing = missing_of(tx, context, place)
            return (
                line("again_go_on", n=missing)
                if missing
                else line("again_submit", place=places.get(tx, place).name)
            )
        case AskMerge(_, _, no, _, _):
            return line("again_merge", finding=no, name=called(tx, context, to, no))
        case AskOffer(_, items, words):
            return line("again_offer", words=short(words, QUOTED), n=len(items) + 1)
        case AskVisit(_, _, items, _):
            return line("again_visit", n=len(items))
        case AskChain(listed):
            return line("again_chain", n=len(listed))
        case AskTakeBack(_, items, n):
            return line("again_take_back", items=items, n=n)
        case AskChainBasis(listed):
            return line("again_chain_basis", places=tuple(places.get(tx, place).name for place in listed))
        case AskMany(_, _, n):
            return line("again_many", n=n)
        case _:
            assert_never(question)


def _which_place(tx: Reader, to: Audience, listed: tuple[str, ...], words: str) -> Line:
    if words:
        return line("again_place_first", words=short(words))
    if len(listed) > FEW:
        return line("again_place_of_many")
    return line("again_place", options=_in_a_row([to.place(tx, place).name for place in listed]))


def _in_a_row(options: list[str]) -> str:
    """Choices on one line: a digit and its word are never parted."""
    return " ".join(f"{n}\N{NO-BREAK SPACE}{option}" for n, option in enumerate(options, 1))


def _description(tx: Reader, context: Context, to: Audience, no: int) -> Line:
    finding = findings.get(tx, no)
    assert finding is not None, f"question about finding {no}, which is not there"
    if finding.description:
        return line("again_description_anew", finding=no, name=called(tx, context, to, no))
    item = context.campaign.item[finding.item_id]
    return line("again_description", place=to.among_several(tx, finding.place_id), no=item.no)
