"""What people ask, correct or chat while we wait for something else: answered where we can, never stored, asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Remark
from bot.dialogue.parsing.correction import corrected
from bot.dialogue.parsing.remarks import RETRACTS
from bot.dialogue.parsing.subjects import subject_of
from bot.dialogue.questions import (
    AskAnswer,
    AskBasis,
    AskChainBasis,
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskStage,
    Question,
    finding_in,
)
from bot.domain.campaign import Item
from bot.handlers import flow, navigate, place_scope, views
from bot.handlers.named import named_finding
from bot.handlers.turn import Outcome, Turn
from bot.handlers.whom_to_ask import whom_to_ask
from storage import checks, findings, inbox
from storage.db import Reader
from storage.findings import Finding

# What each question of ours would like to hear instead, and what its words are called.
EXAMPLES: Mapping[type[Question], str] = {
    AskAnswer: "answer_example",
    AskBasis: "basis_example",
    AskChainBasis: "basis_example",
    AskDescription: "describe_example",
    AskMeasure: "measure_example",
    AskHorizon: "horizon_example",
    AskMechanism: "mechanism_example",
    AskStage: "stage_example",
}
SHOWN = 3  # answers shown one by one
STEPS = (AskAnswer, AskMeasure, AskHorizon, AskMechanism, AskStage)  # what stands is shown one step back
LABELS = {
    AskDescription: "description",
    AskMeasure: "measure",
    AskMechanism: "mechanism",
    AskBasis: "basis",
    AskChainBasis: "basis",
}


def remark(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Answer it, where that can be done; the open question comes back."""
    said, question = turn.said, turn.session.question
    assert question is not None, "a remark is one beside an open question"
    about = named_finding(tx, turn, now)
    if about is not None:
        return about
    if said.remark is Remark.QUESTION:
        if said.topic == "left":
            return views.show_progress(tx, turn, now)
        known = _known(tx, turn, now)
        if known:
            return flow.refused(turn, *known)
    if said.remark is Remark.CORRECTION:
        shown = _corrects(tx, turn, now)
        if shown is not None:
            return shown
    label = LABELS.get(type(question))
    if said.remark is Remark.CHAT or (label is None and said.remark is not Remark.CORRECTION):
        return flow.not_understood(turn, line(EXAMPLES[type(question)]))
    kind = "mixed" if said.remark is None else said.remark
    lines = [line(f"remark_{kind}", words=flow.short(said.words))]
    if label is not None:
        lines.append(line("remark_as_said", label=f"@label_{label}"))
    return Outcome(replace(turn.session, retries=turn.session.retries + 1), tuple(lines))


def _corrects(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """Which answers a correction speaks of: they are shown and asked again. None: it says what, but not of which."""
    about = finding_in(turn.session.question) or turn.session.finding
    if about and RETRACTS.search(turn.spoken.fold):
        return flow.refused(turn, line("retract_how", finding=about))
    elsewhere = place_scope.spoken_of(turn)
    if len(elsewhere) == 1 and inbox.latest_effective(
        tx, turn.person.id, turn.room.room_id
    ):  # 弄错了，是二村的
        return flow.refused(turn, line("move_there", there=elsewhere[0].name))
    known, place = turn.context.vocabulary, flow.current_place(turn)
    line_said = turn.spoken
    match = known.subjects.subject.search(line_said.fold) if place is not None else None
    nos = subject_of(match, line_said, known.subjects).nos if match is not None else ()
    if nos and place is not None:
        asked = [item for item in turn.items_of(place) if item.no in nos]
        given = checks.of_place(tx, place.id)
        if not asked:
            return None
        stand = tuple(line(f"stands_{given[i.id].answer}", no=i.no) for i in asked[:SHOWN] if i.id in given)
        question = AskAnswer(place.id, asked[0].id)
        if turn.session.question == question:
            return Outcome(replace(turn.session, retries=0), stand)
        return Outcome(turn.session.interrupted(question), stand)
    wrong_all = not corrected(line_said, known.remarks).fold
    return navigate.back(tx, turn, now) if wrong_all and isinstance(turn.session.question, STEPS) else None


def _known(tx: Reader, turn: Turn, now: datetime) -> tuple[Line, ...]:
    """The answer to a question about something that we know."""
    campaign, topic = turn.campaign, turn.said.topic
    finding = findings.get(tx, finding_in(turn.session.question))
    item = _item(turn, finding)
    match topic:
        case "deadline":
            return tuple(line("phase_until", name=phase.name, day=phase.ends) for phase in campaign.phases)
        case "coordinator":
            return (
                whom_to_ask(tx, turn, now),
                line("help_office", office=campaign.office, phone=campaign.phone),
            )
        case "responsible" if finding is not None:
            return (line("who_answers", no=finding.no, unit=finding.unit, person=finding.responsible),)
        case "responsible" if item is not None:
            return (line("who_leads", no=item.no, units=item.units),)
        case "example" if turn.session.question is not None:
            return (line(EXAMPLES[type(turn.session.question)]),)
        case "undo":
            return (line("how_to_mend"),)
        case "meaning" if isinstance(turn.session.question, AskHorizon):
            return tuple(
                line("horizon_until", name=horizon.name, due=horizon.due)
                if horizon.due
                else line("horizon_endless", name=horizon.name)
                for horizon in campaign.horizons
            )
        case "meaning" if item is not None:
            return (line("what_it_says", no=item.no, text=item.text),)
        case _:
            return ()


def _item(turn: Turn, finding: Finding | None) -> Item | None:
    question = turn.session.question
    if isinstance(question, AskAnswer):
        return turn.campaign.item.get(question.item)
    return turn.campaign.item.get(finding.item_id) if finding is not None else None
