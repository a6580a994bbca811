"""移到 李庄 · 把101移到21 · 4-10移到二村: answers and problems recorded at the wrong place or item, with all they have.

Rule: all of it goes or nothing does; an answer that stands where it is to go is never written over by another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.effects import Line, MoveAnswer, line
from bot.dialogue.parsing.relocate import Relocation, relocation
from bot.dialogue.questions import AskAnswer
from bot.domain import progress
from bot.domain.answers import Answer
from bot.handlers import flow
from bot.handlers.change import amendable
from bot.handlers.earlier import Spot, recorded
from bot.handlers.finding_form import same_as
from bot.handlers.turn import Cell, Outcome, Turn, settled
from storage import checks, evidence, findings, history, inbox, places
from storage.db import Reader
from storage.findings import Finding
from storage.places import Place


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be moved together: an item's answer with these of its problems."""

    spot: Spot
    found: tuple[Finding, ...]


def move(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """The answers and problems that are named, or those of the last message, to another place or item."""
    wish = relocation(turn.argument, turn.context.vocabulary)
    to = _where(turn, wish)
    if isinstance(to, Line):
        return flow.refused(turn, to)
    place, no = to
    pieces = _pieces(tx, turn, wish)
    if isinstance(pieces, Line):
        return flow.refused(turn, pieces)
    if no is not None and len(pieces) > 1:
        return flow.refused(turn, line("move_one_item", n=len(pieces)))
    targets = [_target(tx, turn, piece, place, no) for piece in pieces]
    if all(Spot(to.place.id, to.item.id) == piece.spot for piece, to in zip(pieces, targets, strict=True)):
        nos = progress.ranges([to.item.no for to in targets])
        return flow.refused(turn, line("move_same", place=targets[0].place.name, items=nos))
    plans = [_plan(tx, turn, piece, to) for piece, to in zip(pieces, targets, strict=True)]
    against = [each for each in plans if isinstance(each, Line)]
    if against:
        return flow.refused(turn, *against[: flow.SEVERAL])
    moves = [each for each in plans if isinstance(each, MoveAnswer)]
    lines = (*_told(tx, turn, moves), *_beside(tx, turn, moves))
    session = replace(turn.session, retries=0)
    answered = AskAnswer(moves[0].to_place, moves[0].to_item)
    if session.question == answered and len(moves) == 1:
        return settled(session, *lines, effects=tuple(moves))
    return Outcome(session, lines, tuple(moves))


def _where(turn: Turn, wish: Relocation) -> tuple[Place | None, int | None] | Line:
    """The place and the item that words name; a place whose own name ends in a number is that place."""
    named = flow.named_places(turn.own, wish.to)
    if len(named) == 1:
        return named[0], None
    words, no = wish.item_of_place()
    if not words and no is not None:
        return (None, no) if no in turn.campaign.by_no else line("move_where", words=flow.short(wish.to))
    named = named or flow.named_places(turn.own, words)
    if len(named) > 1:
        return line("move_which", places=tuple(place.name for place in named[:5]))
    if not named or (no is not None and no not in turn.campaign.by_no):
        return line("move_where", words=flow.short(wish.to))
    return named[0], no


def knows(turn: Turn) -> bool:
    """Whether the command names a place or an item that is there: else it is no command while a sentence is awaited."""
    return not isinstance(_where(turn, relocation(turn.argument, turn.context.vocabulary)), Line)


def _pieces(tx: Reader, turn: Turn, wish: Relocation) -> list[Piece] | Line:
    """What is to be moved, an item of a place each."""
    if wish.finding:
        return _with_findings(tx, turn, (wish.finding,))
    if wish.items:
        place = flow.current_place(turn)
        if place is None:
            return line("move_from_where")
        spots = [Spot(place.id, turn.campaign.by_no[no].id) for no in wish.items]
        bare = [s.item for s in spots if checks.get(tx, s.place, s.item) is None]
        if bare:
            nos = progress.ranges([turn.campaign.item[item].no for item in bare])
            return line("move_nothing_there", place=place.name, items=nos)
        return [Piece(spot, tuple(findings.at(tx, spot.place, spot.item))) for spot in spots]
    last = turn.quoted or inbox.latest_effective(tx, turn.person.id, turn.room.room_id)
    found = recorded(tx, last) if last else None
    if found is None or not (found.answers or found.findings):
        return line("move_what")
    with_findings = _with_findings(tx, turn, found.findings)
    if isinstance(with_findings, Line):
        return with_findings
    return [*(Piece(spot, ()) for spot in found.answers), *with_findings]


def _with_findings(tx: Reader, turn: Turn, numbers: Sequence[int]) -> list[Piece] | Line:
    """Problems, those of one item together; why one of them stays."""
    by_spot: dict[Spot, list[Finding]] = {}
    for number in numbers:
        finding = amendable(tx, turn, number, "amend")
        if isinstance(finding, Outcome):
            return finding.lines[0]
        by_spot.setdefault(Spot(finding.place_id, finding.item_id), []).append(finding)
    return [Piece(spot, tuple(found)) for spot, found in by_spot.items()]


def _target(tx: Reader, turn: Turn, piece: Piece, place: Place | None, no: int | None) -> Cell:
    there = place or places.get(tx, piece.spot.place)
    item = turn.campaign.by_no[no] if no is not None else turn.campaign.item[piece.spot.item]
    return Cell(there, item)


def _plan(tx: Reader, turn: Turn, piece: Piece, to: Cell) -> MoveAnswer | Line:
    """The move of one item's answer; the line why not."""
    spot, campaign = piece.spot, turn.campaign
    if spot.place not in turn.scope.places or to.place.id not in turn.scope.places:
        return line(
            "place_unknown",
            words=(to.place if spot.place in turn.scope.places else places.get(tx, spot.place)).name,
        )
    if flow.item_of(turn, to.place, to.item.id) is None:
        return line("not_asked_here", place=to.place.name, items=str(to.item.no))
    settled_one = next(
        (f for f in piece.found if isinstance(amendable(tx, turn, f.no, "amend"), Outcome)), None
    )
    if settled_one is not None:
        return line("finding_settled", finding=settled_one.no)
    here, there = checks.get(tx, spot.place, spot.item), checks.get(tx, to.place.id, to.item.id)
    assert here is not None, f"finding without an answer at {spot}"
    if there is not None and not piece.found and there.answer != here.answer and there.answer != Answer.LATER:
        return line("move_taken", place=to.place.name, no=to.item.no, answer=f"@word_{there.answer}")
    stay = len(findings.at(tx, spot.place, spot.item)) > len(piece.found)
    left, basis = (Answer.FOUND, here.basis) if stay else _before(tx, spot)
    changed = {
        f.no: _columns(tx, turn, f, Cell(places.get(tx, spot.place), campaign.item[spot.item]), to)
        for f in piece.found
    }
    return MoveAnswer(spot.place, spot.item, to.place.id, to.item.id, changed, left, basis)


def _before(tx: Reader, spot: Spot) -> tuple[Answer | None, str]:
    """What the item had said before the answer that leaves it."""
    subject = checks.subject(spot.place, spot.item)
    last, basis = history.writer(tx, subject, "answer"), history.writer(tx, subject, "basis")
    if last is None or last.before is None:
        return None, ""
    same = basis is not None and basis.action == last.action
    return Answer(str(last.before)), str(basis.before or "") if basis is not None and same else ""


def _columns(tx: Reader, turn: Turn, finding: Finding, here: Cell, to: Cell) -> dict[str, str | int | None]:
    """Place, item, and the unit where it was the one that goes with the item."""
    columns: dict[str, str | int | None] = {"place_id": to.place.id, "item_id": to.item.id}
    if finding.unit == flow.prefilled(tx, turn, here.place, here.item)["unit"]:
        fresh = flow.prefilled(tx, turn, to.place, to.item)
        columns |= {name: fresh[name] for name in ("unit", "unit_id")}
    return columns


def _told(tx: Reader, turn: Turn, moves: Sequence[MoveAnswer]) -> list[Line]:
    """What went where: answers that went the same way in one line, a problem each in one."""
    item, lines = turn.campaign.item, list[Line]()
    plain = [each for each in moves if not each.findings]
    for here, there in dict.fromkeys((each.place, each.to_place) for each in plain):
        of = [each for each in plain if (each.place, each.to_place) == (here, there)]
        nos = progress.ranges([item[each.item].no for each in of])
        to = progress.ranges([item[each.to_item].no for each in of])
        names = {"here": places.get(tx, here).name, "there": places.get(tx, there).name}
        lines.append(line("moved_answers", items=nos, to=to, **names))
    for each in moves:
        place = places.get(tx, each.to_place).name
        for no in each.findings:
            key = "moved_with_photos" if evidence.on_finding(tx, no) else "moved_finding"
            lines.append(line(key, finding=no, place=place, no=item[each.to_item].no))
    return lines


def _beside(tx: Reader, turn: Turn, moves: Sequence[MoveAnswer]) -> list[Line]:
    """What else became different, or may be missed: another unit, an item without an answer, a twin, the place of the walk."""
    item, lines = turn.campaign.item, list[Line]()
    for each in moves:
        for no, columns in each.findings.items():
            finding = findings.get(tx, no)
            assert finding is not None
            if columns.get("unit", finding.unit) != finding.unit:
                unit = str(columns["unit"])
                lines.append(line("field_changed", finding=no, field="@field_unit", value=unit))
            twin = (
                same_as(tx, each.to_place, each.to_item, finding.description) if finding.description else None
            )
            if twin is not None and twin.no != no:
                lines.append(line("move_twin", finding=no, other=twin.no))
    for place in dict.fromkeys(each.place for each in moves):
        bare = [item[each.item].no for each in moves if each.place == place and each.left is None]
        if bare:
            lines.append(line("moved_open", place=places.get(tx, place).name, items=progress.ranges(bare)))
        again = [each for each in moves if each.place == place and each.left is not None]
        lines += [line(f"stands_{each.left}", no=item[each.item].no) for each in again]
    there = {each.to_place for each in moves} - {turn.session.place}
    here = flow.current_place(turn)
    if here is not None and turn.session.in_walk and len(there) == 1 and len(turn.own) > 1:
        lines.append(line("moved_still_here", here=here.name, there=places.get(tx, there.pop()).name))
    return lines
