"""Moving about: start and resume, back, cancel, jump, switch places."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import PutOff, line
from bot.dialogue.parsing.options import pick
from bot.dialogue.questions import (
    OF_FINDING,
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
    finding_in,
)
from bot.dialogue.session import Session
from bot.domain import progress
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn, settled
from storage import checks, findings, hand_ins, places, walks
from storage.db import Reader
from storage.places import Place

PAUSE = 4 * 3600  # seconds of silence after which the walk is not simply gone on with
WITH_WORDS = (
    AskBasis,
    AskMerge,
    AskVisit,
    AskChain,
    AskChainBasis,
)  # questions that hold what somebody said: they are not dropped by going elsewhere


def walk(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """排查: take the walk up where it stands, after choosing a place when there are several."""
    if not turn.own:
        return flow.refused(turn, line(f"no_places_{turn.person.role}"))
    if turn.argument:
        return switch(tx, turn, now)
    if isinstance(turn.session.question, (*OF_FINDING, AskBasis, AskChainBasis)):
        return Outcome(replace(turn.session, in_walk=True), (line("still_asking"),), in_full=True)
    place = flow.current_place(turn)
    if place is None:
        asking = AskPlace(tuple(other.id for other in turn.own))
        return Outcome(turn.session.asking(asking), in_full=True)
    return start(tx, turn, place)


def start(tx: Reader, turn: Turn, place: Place) -> Outcome:
    """Ask the item a place's walk stands at; after a long pause, first whether to go on."""
    session = _at(turn.session, place)
    answers = walks.answers(tx, place.id)
    position = session.position(place.id)
    item = progress.first_open(turn.items_of(place), answers, position)
    handed_in = hand_ins.newest_by_place(tx).get(place.id) if item is None else None
    if handed_in is not None:
        at = datetime.fromisoformat(handed_in).astimezone(turn.campaign.timezone)
        said = line("place_handed_in", place=place.name, at=f"{at:%Y-%m-%d %H:%M}")
        return Outcome(replace(session, in_walk=False, retries=0), (said,))
    if item is None:
        return Outcome(
            replace(session, in_walk=False).asking(AskSubmit(place.id)),
            (line("all_answered", place=place.name),),
            in_full=True,
        )
    if answers and turn.silence >= PAUSE:
        return Outcome(session.asking(AskResume(place.id, item.id)), in_full=True)
    lines = (line("resumed", no=item.no),) if answers and session.place != turn.session.place else ()
    return Outcome(session.asking(AskAnswer(place.id, item.id)), lines, in_full=True)


def _at(session: Session, place: Place) -> Session:
    back_stack = session.back_stack if session.place == place.id else ()
    queue = tuple(q for q in (session.question, *session.queue) if isinstance(q, WITH_WORDS))
    finding = (
        session.finding if session.place == place.id else 0
    )  # what was spoken of there is not spoken of here
    session = replace(session, place=place.id, in_walk=True, queue=queue, back_stack=back_stack)
    return replace(session, question=None, finding=finding)


def resume(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: go on at item 18?"""
    question = turn.session.question
    assert isinstance(question, AskResume)
    consent = turn.verdict("resume")
    if consent or turn.said.number == 1:
        return Outcome(replace(turn.session, in_walk=True).asking(AskAnswer(question.place, question.item)))
    if consent is False or turn.said.number == 2:
        return Outcome(
            replace(turn.session, question=None, in_walk=False, retries=0), (line("stopped_menu"),)
        )
    return flow.not_understood(turn, line("confirm_example"))


def choose_place(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: which place? By its number in the list or by name."""
    question = turn.session.question
    assert isinstance(question, AskPlace)
    place = chosen_place(turn, question)
    if isinstance(place, Place):
        return start(tx, turn, place)
    if not place:
        return flow.not_understood(turn, line("help_at_place"))
    narrower = replace(question, places=tuple(other.id for other in place))
    session = replace(turn.session, question=narrower, retries=0)
    return Outcome(session, (line("several_places"),), in_full=True)


def chosen_place(turn: Turn, question: AskPlace) -> Place | list[Place]:
    """The place that a reply to the list names by number or name; else those it could mean."""
    own = {place.id: place for place in turn.own}
    listed = [own[place] for place in question.places if place in own]
    number = turn.said.number
    if number is not None:
        return listed[number - 1] if 1 <= number <= len(listed) else []
    found = flow.named_places(listed, turn.said.words)
    if not found:  # 先填二村吧, 1村
        found = [listed[at] for at in sorted(pick(turn.spoken, [place.name for place in listed]).meant)]
    return found[0] if len(found) == 1 else found


def switch(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """切换 张庄: go on at another place; each keeps its own position."""
    if not turn.own:
        return flow.refused(turn, line(f"no_places_{turn.person.role}"))
    if not turn.argument:
        asking, here = AskPlace(tuple(place.id for place in turn.own)), turn.session
        here = here.asking(asking) if isinstance(here.question, AskPlace) else here.interrupted(asking)
        return Outcome(here, in_full=True)
    if turn.number is not None and turn.argument == str(turn.number) and 1 <= turn.number <= len(turn.own):
        return start(tx, turn, turn.own[turn.number - 1])
    found = flow.named_places(turn.own, turn.argument)
    if not found:
        return flow.refused(turn, line("place_unknown", words=flow.short(turn.argument)))
    if len(found) == 1:
        return start(tx, turn, found[0])
    asking = AskPlace(tuple(place.id for place in found))
    return Outcome(turn.session.asking(asking), (line("several_places"),))


def jump(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """跳到 21: ask that item next; the walk goes on from there."""
    place = flow.current_place(turn)
    if place is None:
        return flow.which_place(turn)
    if not turn.argument and turn.number is None:
        return flow.refused(turn, line("jump_what"))
    items = turn.items_of(place)
    item = next((item for item in items if item.no == turn.number), None)
    if item is None:
        numbers = progress.ranges([item.no for item in items])
        return flow.refused(
            turn,
            line("no_such_item", no=turn.number or turn.argument or "?", place=place.name, items=numbers),
        )
    check = checks.get(tx, place.id, item.id)
    lines = (line(f"stands_{check.answer}", no=item.no),) if check else ()
    session = replace(turn.session, place=place.id, in_walk=True)
    return Outcome(session.asking(AskAnswer(place.id, item.id)), lines, in_full=True)


def again(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """题: the open question once more, in full."""
    if turn.session.question is None:
        return flow.refused(turn, line("nothing_open"))
    return Outcome(replace(turn.session, retries=0), in_full=True)


def back(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """返回: one step back, as often as wanted; answers given later stay."""
    session, question = turn.session, turn.session.question
    finding = findings.get(tx, finding_in(question)) if isinstance(question, OF_FINDING) else None
    match question:
        case AskDescription() if finding is not None:
            stands = line("stands_found", no=turn.campaign.item[finding.item_id].no)
            return Outcome(session.asking(AskAnswer(finding.place_id, finding.item_id)), (stands,))
        case AskMeasure(no) if finding is not None:
            stands = line("stands_description", text=finding.description)
            return Outcome(session.asking(AskDescription(no)), (stands,))
        case AskHorizon(no) if finding is not None:
            said = (line("stands_measure", text=finding.measure),) if finding.measure else ()
            return Outcome(session.asking(AskMeasure(no)), said)
        case AskMechanism(no):
            return Outcome(session.asking(AskHorizon(no)))
        case AskStage(no):
            return Outcome(session.asking(AskMechanism(no)))
        case AskAnswer(place_id, item_id):
            return _step_back(tx, turn, place_id, item_id)
        case AskSubmit(place_id):
            return _step_back(tx, turn, place_id)
        case AskMerge(place, item, _, _, draft):
            return Outcome(session.asking(AskDescription(draft) if draft else AskAnswer(place, item)))
        case None:
            here = flow.current_place(turn)
            if here is None or not session.back_stack:
                return flow.refused(turn, line("nothing_before"))
            return _step_back(tx, turn, here.id)
        case _:
            return cancel(tx, turn, now)


def _step_back(tx: Reader, turn: Turn, place_id: str, item_id: str = "") -> Outcome:
    session, place = turn.session, places.get(tx, place_id)
    back_stack = [seen for seen in session.back_stack if seen != item_id]
    items = turn.items_of(place)
    if back_stack:
        previous = flow.item_of(turn, place, back_stack[-1])
        back_stack = back_stack[:-1]
    else:
        previous = progress.previous_item(items, item_id) if item_id else items[-1]
    if previous is None:
        return flow.refused(turn, line("nothing_before"))
    check = checks.get(tx, place_id, previous.id)
    lines = (line(f"stands_{check.answer}", no=previous.no),) if check else ()
    session = replace(session, in_walk=True).asking(AskAnswer(place_id, previous.id))
    return Outcome(replace(session, back_stack=tuple(back_stack)), lines)


def cancel(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """取消: out of the open question; what is recorded stays recorded."""
    session, question = turn.session, turn.session.question
    match question:
        case None:
            stopped = replace(session, in_walk=False, queue=(), retries=0)
            return Outcome(stopped, (line("nothing_to_cancel"),))
        case AskDescription(no) | AskMeasure(no) | AskHorizon(no) | AskMechanism(no) | AskStage(no):
            finding = findings.get(tx, no)
            key = "draft_kept" if finding is not None and finding.state == "draft" else "left_as_is"
            return settled(session, line(key, finding=no), effects=(PutOff(no),))
        case AskAnswer() | AskPlace() if session.queue:
            said = line("left_as_is")
        case AskTakeBack():
            said = line("left_as_is")
        case AskAnswer() | AskResume() | AskPlace() | AskSubmit():
            stopped = replace(session, question=None, queue=(), in_walk=False, retries=0)
            return Outcome(stopped, (line("stopped"),))
        case AskOffer() | AskVisit() | AskMerge() | AskChain() | AskMany():
            said = line("dropped")
        case AskBasis() | AskChainBasis():
            said = line("basis_later")
    return settled(session, said)
