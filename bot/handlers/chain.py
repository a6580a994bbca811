"""接龙: a list of villages pasted as one message, stored after one confirmation; 代报 张庄 …: the same for one village."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.chain import Unread
from bot.dialogue.effects import Effect, Line, OnBehalf, SetCheck, line
from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.chain import Entry, could_be_list, read_list
from bot.dialogue.parsing.place_names import PlaceNames
from bot.dialogue.questions import AskChain, AskChainBasis
from bot.domain.answers import Answer, BulkAnswer
from bot.domain.permissions import Right, Target, may
from bot.handlers import bulk, chain_plan, chain_summary, flow
from bot.handlers.bulk import SEVERAL
from bot.handlers.chain_plan import Village
from bot.handlers.next_question import clears_without_basis
from bot.handlers.turn import Outcome, Turn, settled
from storage import people, places
from storage.db import Reader

Answering = Mapping[str, Mapping[int, str]]

# matches "去掉 2、3", "drop 张庄"
_DROP = re.compile(r"(?:去掉|不要|删除|删|drop|remove)\s*(\S.*)", re.I)
_FIRST = re.compile(r"\s*(?P<yes>[^\s,，、.。:：;；]+)[\s,，、.。:：;；]+(?P<more>\S.*)", re.S)


def how(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """接龙 alone: how it is done."""
    return flow.refused(turn, line("chain_example"))


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as it was read: its lines, the names they were read with, and who answers where."""

    entries: tuple[Entry, ...]
    names: PlaceNames
    answering: Answering


def listed(tx: Reader, turn: Turn, now: datetime) -> Listed | None:
    """The list that a message is; None when it is none. A caption is none."""
    if turn.photos or not could_be_list(turn.heard.words, turn.context.vocabulary):
        return None
    answering = _answering(tx, turn, now)
    names = PlaceNames(chain_plan.known_places(tx, turn, answering), turn.context.vocabulary)
    entries = read_list(turn.heard.words, names)
    return Listed(entries, names, answering) if entries else None


def _answering(tx: Reader, turn: Turn, now: datetime) -> Answering:
    return people.answering(tx, turn.campaign.today(now).isoformat())


def pasted(tx: Reader, turn: Turn, what: Listed) -> Outcome:
    """Show what the list comes to, and ask whether to store it. Nothing is stored yet."""
    told: list[Village] = []
    unread: list[tuple[str, Unread]] = []
    for entry, came_to in chain_plan.villages(tx, turn.context, what.entries, what.names):
        if isinstance(came_to, Village):
            told.append(came_to)
        else:
            unread.append((entry.said, came_to))
    lines = tuple(chain_summary.unread(unread))
    if not told:
        return flow.refused(turn, *lines, line("chain_example"))
    question, session = _question(turn, told, what.answering), turn.session
    if isinstance(session.question, AskChain) and set(session.question.places) <= set(question.places):
        session = replace(session, question=None)  # the same list once more
    return Outcome(session.interrupted(question), lines)


def _question(turn: Turn, told: list[Village], answering: Answering) -> AskChain:
    return AskChain(
        tuple(each.place.id for each in told),
        tuple(each.words for each in told),
        tuple(each.shown for each in told),
        tuple(chain_plan.behalf(turn, each.place, answering) for each in told),
    )


def confirm(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to the list: 1 · 2 · 是，入户核查 · 去掉 2."""
    question = turn.session.question
    assert isinstance(question, AskChain)
    if turn.said.yes is False or turn.said.number == 2:
        return settled(turn.session, line("dropped"))
    left = _without_dropped(tx, turn, question)
    if left is not None:
        return (
            Outcome(replace(turn.session, question=left, retries=0))
            if left.places
            else settled(turn.session, line("dropped"))
        )
    agreed, basis = turn.said.yes is True or turn.said.number == 1, ""
    if not agreed:
        basis = _basis_after_yes(turn)
        agreed = bool(basis)
    if not agreed:
        return flow.not_understood(turn, line("confirm_example"))
    return _store(tx, turn, basis, now)


def _basis_after_yes(turn: Turn) -> str:
    """入户核查 of 是，入户核查; empty when the words are anything else."""
    parts = _FIRST.fullmatch(turn.said.words)
    if parts is None:
        return ""
    first = turn.hearing(parts["yes"]).said
    more = turn.hearing(parts["more"])
    said = more.heard.under(Expect.BASIS)
    if not (first.yes or first.number == 1) or said.remark or said.mixed or said.bulk or said.command:
        return ""
    return bulk.basis_said(more)


def _without_dropped(tx: Reader, turn: Turn, question: AskChain) -> AskChain | None:
    """The list without the villages that 去掉 names by number or name; None when the words drop none."""
    match = _DROP.fullmatch(turn.said.words.strip())
    words = re.split(r"[\s,，、和]+", match[1].strip(" 。.")) if match else []
    listed = [places.get(tx, place) for place in question.places]
    gone: set[str] = set()
    for word in words:
        if word.isdecimal() and 1 <= int(word) <= len(listed):
            gone.add(listed[int(word) - 1].id)
            continue
        named = flow.named_places(listed, word)
        if len(named) != 1:
            return None
        gone.add(named[0].id)
    if not gone:
        return None
    keep = [n for n, place in enumerate(question.places) if place not in gone]
    parts = (question.places, question.words, question.shown)
    places_, said, shown = (tuple(part[n] for n in keep) for part in parts)
    return AskChain(places_, said, shown, tuple(question.behalf[n] for n in keep))


def _store(tx: Reader, turn: Turn, basis: str, now: datetime) -> Outcome:
    """Store all of it, in the name of who answers there; what has changed since it was shown is shown again first."""
    question = turn.session.question
    assert isinstance(question, AskChain)
    came_to = [
        chain_plan.village(tx, turn.context, place, words)
        for place, words in zip(question.places, question.words, strict=True)
    ]
    told = [each for each in came_to if isinstance(each, Village)]
    unread = [(w, each) for w, each in zip(question.words, came_to, strict=True) if isinstance(each, Unread)]
    now_asked = _question(turn, told, _answering(tx, turn, now))
    if now_asked != question:
        lines = (line("chain_changed"), *chain_summary.unread(unread))
        if not told:
            return settled(turn.session, *lines)
        return Outcome(replace(turn.session, question=now_asked, retries=0), lines)
    effects: list[Effect] = []
    for each, person in zip(told, question.behalf, strict=True):
        effects += chain_plan.effects(tx, turn, _with_basis(each, basis), person)
    done = settled(turn.session, *_stored(tx, turn, told, question.behalf), effects=tuple(effects))
    if basis or sum(len(each.baseless) for each in told) < SEVERAL:
        return done
    asks = AskChainBasis(tuple(each.place.id for each in told if each.baseless), turn.event_id)
    return Outcome(replace(done.session, question=asks), done.lines, done.effects)


def _with_basis(told: Village, basis: str) -> Village:
    """The clears that lack one are established so."""
    if not basis:
        return told
    marks: list[BulkAnswer] = []
    for mark in told.marks:
        lacks = () if mark.basis else tuple(no for no in mark.nos if no in told.baseless)
        others = tuple(no for no in mark.nos if no not in lacks)
        marks += [replace(mark, nos=others)] if others else []
        marks += [replace(mark, nos=lacks, basis=basis)] if lacks else []
    return replace(told, marks=tuple(marks))


def _stored(tx: Reader, turn: Turn, told: list[Village], behalf: tuple[int, ...]) -> list[Line]:
    """Which villages were stored, and in whose name."""
    by_person: dict[int, list[str]] = {}
    own: list[str] = []
    for each, person in zip(told, behalf, strict=True):
        proxy = may(turn.scope, Right.PROXY, Target(each.place.id, each.place.unit_id)) is None
        (by_person.setdefault(person, []) if proxy else own).append(each.place.name)
    lines = [line("chain_kept", places=tuple(own))] if own else []
    for person, named in by_person.items():
        if person:
            lines.append(line("chain_kept_for", places=tuple(named), person=people.by_id(tx, person).name))
        else:
            lines.append(line("chain_kept_alone", places=tuple(named), person=turn.person.name))
    return lines


def basis(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: how were the villages of the list checked? Once for all of them."""
    question = turn.session.question
    assert isinstance(question, AskChainBasis)
    said = turn.heard.under(Expect.NOTHING)
    if said.bulk:  # more answers instead
        return bulk.bulk(tx, replace(turn, said=said), now)
    words = bulk.basis_said(turn)
    if not words:
        return flow.not_understood(turn, line("basis_example"))
    answering = _answering(tx, turn, now)
    effects: list[Effect] = []
    for place_id, items in clears_without_basis(tx, question).items():
        person = chain_plan.behalf(turn, places.get(tx, place_id), answering)
        for item in items:
            check = SetCheck(place_id, item, Answer.CLEAR, words)
            effects.append(OnBehalf(person, check) if person else check)
    return settled(turn.session, line("basis_kept", basis=words), effects=tuple(effects))
