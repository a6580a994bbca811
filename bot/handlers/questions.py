"""How each open question is put, from what is on disk at that moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from bot.context import Context
from bot.dialogue.effects import Line, Official, day_said, line
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
from bot.domain.answers import Answer
from bot.domain.campaign import Item, PlaceKind
from bot.handlers import chain_summary
from bot.handlers.flow import cut
from storage import checks, findings, places, walks
from storage.db import Reader
from storage.places import Place

SHOWN = 12  # places listed at once: a phone's screen
QUOTED = 24  # characters of a text that is only to be recognised
NAME = 24  # columns of the words that tell one finding from another: twelve Chinese characters
CLAUSE = re.compile(r"[，,。；;：:！!？?\n]")
LEAST = 4  # characters: a first clause shorter than that says too little


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom a question is put, and when: the places they answer for (which need not be read again), and whether words on
    record may be said there."""

    own: Sequence[Place]
    told: bool
    today: date

    def place(self, tx: Reader, place_id: str) -> Place:
        return next((place for place in self.own if place.id == place_id), None) or places.get(tx, place_id)

    def among_several(self, tx: Reader, place_id: str) -> str:
        """The place's name and a blank for who answers for several; nothing for whom it goes without saying."""
        return f"{self.place(tx, place_id).name} " if len(self.own) != 1 else ""


def put_question(tx: Reader, context: Context, to: Audience, question: Question) -> tuple[Line, ...]:
    """The lines that put this question in full."""
    match question:
        case AskAnswer(place_id, item_id):
            return _ask_answer(context, to.place(tx, place_id), item_id)
        case AskBasis(place_id, items):
            nos = progress.ranges([context.campaign.item[item].no for item in items])
            return (line("ask_basis", place=to.among_several(tx, place_id), items=nos),)
        case AskDescription(no):
            return _ask_description(tx, context, to, no)
        case AskMeasure(no):
            return (line("ask_measure", finding=no, name=called(tx, context, to, no)),)
        case AskHorizon(no):
            head = line("ask_horizon", finding=no, name=called(tx, context, to, no))
            return (head, *_horizons(context, to.today))
        case AskMechanism(no):
            return (line("ask_mechanism", finding=no, name=called(tx, context, to, no)),)
        case AskStage(no):
            return (line("ask_stage", finding=no, name=called(tx, context, to, no)),)
        case AskPlace(listed, words):
            return _ask_place(tx, listed, words)
        case AskResume(place_id, item_id):
            place, item = places.get(tx, place_id), context.campaign.item[item_id]
            return (
                line(
                    "ask_resume",
                    place=place.name,
                    no=item.no,
                    section=context.campaign.section[item.section_id].name,
                ),
            )
        case AskSubmit(place_id):
            return _review(tx, context, place_id)
        case AskMerge(_, _, no, words, _):
            old = findings.get(tx, no)
            return (line("ask_merge", finding=no, old=old.description if old else "", new=words),)
        case AskOffer():
            return _ask_offer(tx, context, question)
        case AskVisit():
            return _ask_visit(tx, context, question)
        case AskChain():
            return chain_summary.ask(tx, context, question)
        case AskTakeBack(_, items, n):
            return (line("ask_take_back", items=items, n=n),)
        case AskChainBasis(listed):
            return (line("ask_chain_basis", places=tuple(places.get(tx, place).name for place in listed)),)
        case AskMany(_, _, n):
            return (line("ask_many", n=n),)
        case _:
            assert_never(question)


def called(tx: Reader, context: Context, to: Audience, no: int) -> str:
    """The short words by which a finding is recognised. Where others listen, the section says it."""
    finding = findings.get(tx, no)
    assert finding is not None, f"question about finding {no}, which is not there"
    words = " ".join(finding.description.split())
    if not words or not to.told:
        item = context.campaign.item.get(finding.item_id)
        return Official(context.campaign.section[item.section_id].name if item else "")
    first = CLAUSE.split(words)[0]
    return _in_columns(first if len(first) >= LEAST else words, NAME)


def _in_columns(words: str, columns: int) -> str:
    """The beginning of the words that fits: a Chinese character takes two columns."""
    taken = 0
    for end, character in enumerate(words):
        taken += 2 if ord(character) >= 0x2E80 else 1
        if taken > columns:
            return words[:end].rstrip() + "…"
    return words


def _options(texts: list[str]) -> list[Line]:
    return [line("option", n=n, text=text) for n, text in enumerate(texts, 1)]


def _horizons(context: Context, today: date) -> list[Line]:
    return [
        line("option_due", n=n, text=option.name, due=day_said(option.due, today))
        if option.due
        else line("option", n=n, text=option.name)
        for n, option in enumerate(context.campaign.horizons, 1)
    ]


def _ask_description(tx: Reader, context: Context, to: Audience, no: int) -> tuple[Line, ...]:
    finding = findings.get(tx, no)
    assert finding is not None, f"question about finding {no}, which is not there"
    item = context.campaign.item[finding.item_id]
    if finding.description:
        name = called(tx, context, to, no)
        return (line("ask_description_again", no=item.no, finding=no, name=name),)
    return (line("ask_description", no=item.no, place=to.place(tx, finding.place_id).name),)


def _ask_answer(context: Context, place: Place, item_id: str) -> tuple[Line, ...]:
    item = context.campaign.item[item_id]
    items = context.campaign.items_of(PlaceKind(place.kind), place.unit)
    index = next((n for n, other in enumerate(items, 1) if other.id == item_id), 0)
    section = context.campaign.section[item.section_id].name
    head = line("ask_answer", place=place.name, index=index, total=len(items), section=section, no=item.no)
    hints = [line("hint", text=hint) for hint in item.hints]
    return (head, line("item_text", text=item.text), *hints, line("choices"))


def _ask_place(tx: Reader, listed: tuple[str, ...], words: str) -> tuple[Line, ...]:
    shown = [places.get(tx, place).name for place in listed[:SHOWN]]
    more = [line("ask_place_more", n=len(listed))] if len(listed) > SHOWN else []
    head = line("place_first", words=cut(words, QUOTED)) if words else line("ask_place")
    return (head, *_options(shown), *more)


def missing_of(tx: Reader, context: Context, place_id: str) -> int:
    """How many items of a place still lack a real answer."""
    place, answers = places.get(tx, place_id), walks.answers(tx, place_id)
    return progress.count(context.campaign.items_of(PlaceKind(place.kind), place.unit), answers).missing


def _review(tx: Reader, context: Context, place_id: str) -> tuple[Line, ...]:
    place = places.get(tx, place_id)
    items = context.campaign.items_of(PlaceKind(place.kind), place.unit)
    given = checks.of_place(tx, place_id)
    answers = {item: check.answer for item, check in given.items()}
    n = progress.count(items, answers)
    lines = [
        line(
            "review",
            place=place.name,
            asked=n.asked,
            clear=n.clear,
            found=n.found,
            na=n.not_applicable,
            later=n.later,
        )
    ]

    def nos(chosen: list[Item]) -> tuple[str, ...]:
        return progress.ranges([item.no for item in chosen])

    later = [item for item in items if answers.get(item.id) == Answer.LATER]
    missing = [item for item in items if item.id not in answers]
    baseless = [
        i for i in items if i.id in given and given[i.id].answer == Answer.CLEAR and not given[i.id].basis
    ]
    drafts = [str(finding.no) for finding in findings.of_place(tx, place_id) if finding.state == "draft"]
    lines += [line("review_later", items=nos(later))] if later else []
    lines += [line("review_missing", items=nos(missing))] if missing else []
    lines += [line("review_baseless", items=nos(baseless))] if baseless else []
    lines += [line("review_drafts", findings=tuple(drafts), first=drafts[0])] if drafts else []
    return (*lines, line("ask_go_on", n=n.missing) if n.missing else line("ask_submit"))


def _ask_offer(tx: Reader, context: Context, offer: AskOffer) -> tuple[Line, ...]:
    place, words = places.get(tx, offer.place), offer.words
    items = [context.campaign.item[item] for item in offer.items]
    lines = [line("ask_offer", words=cut(words, QUOTED), place=place.name)]
    for n, item in enumerate(items, 1):
        section = context.campaign.section[item.section_id].name
        lines.append(line("offer_option", n=n, no=item.no, section=section, text=cut(item.text, QUOTED)))
    return (*lines, line("offer_none", n=len(items) + 1))


def _ask_visit(tx: Reader, context: Context, visit: AskVisit) -> tuple[Line, ...]:
    place = places.get(tx, visit.place)
    head = line("ask_visit", object=visit.object, place=place.name)
    lines = [head if visit.object else line("ask_visit_here", place=place.name)]
    for n, (item_id, words) in enumerate(zip(visit.items, visit.words, strict=True), 1):
        item = context.campaign.item[item_id]
        section = context.campaign.section[item.section_id].name
        lines.append(line("visit_option", n=n, words=words, no=item.no, section=section))
    return (*lines, line("visit_how"))
