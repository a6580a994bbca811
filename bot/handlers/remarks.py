"""What people ask, correct or chat while we wait for something else: answered where we can, never stored, asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.dialogue.chain_questions import AskChainBasis
from bot.dialogue.effects import Line, line
from bot.dialogue.meaning import Remark
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskHorizon,
    AskMeasure,
    AskMechanism,
    AskStage,
    Question,
    finding_in,
)
from bot.domain.campaign import Item
from bot.handlers import flow, views
from bot.handlers.turn import Outcome, Turn
from storage import findings
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
    if said.remark is Remark.QUESTION:
        if said.topic == "left":
            return views.show_progress(tx, turn, now)
        known = _known(tx, turn)
        if known:
            return flow.refused(turn, *known)
    label = LABELS.get(type(question))
    if said.remark is Remark.CHAT or (label is None and said.remark is not Remark.CORRECTION):
        return flow.not_understood(turn, line(EXAMPLES[type(question)]))
    kind = "mixed" if said.remark is None else said.remark
    lines = [line(f"remark_{kind}", words=flow.short(said.words))]
    if label is not None:
        lines.append(line("remark_as_said", label=f"@label_{label}"))
    return Outcome(replace(turn.session, retries=turn.session.retries + 1), tuple(lines))


def _known(tx: Reader, turn: Turn) -> tuple[Line, ...]:
    """The answer to a question about something that we know."""
    campaign, topic = turn.campaign, turn.said.topic
    finding = findings.get(tx, finding_in(turn.session.question))
    item = _item(turn, finding)
    match topic:
        case "deadline":
            return tuple(line("phase_until", name=phase.name, day=phase.ends) for phase in campaign.phases)
        case "coordinator":
            return (line("whom_to_call", office=campaign.office, phone=campaign.phone),)
        case "responsible" if finding is not None:
            return (line("who_answers", no=finding.no, unit=finding.unit, person=finding.responsible),)
        case "responsible" if item is not None:
            return (line("who_leads", no=item.no, units="、".join(item.units)),)
        case "example" if turn.session.question is not None:
            return (line(EXAMPLES[type(turn.session.question)]),)
        case "undo":
            return (line("how_to_mend"),)
        case "meaning" if item is not None:
            return (line("what_it_says", no=item.no, text=item.text),)
        case _:
            return ()


def _item(turn: Turn, finding: Finding | None) -> Item | None:
    question = turn.session.question
    if isinstance(question, AskAnswer):
        return turn.campaign.item.get(question.item)
    return turn.campaign.item.get(finding.item_id) if finding is not None else None
