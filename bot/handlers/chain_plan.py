"""What a pasted list comes to, village by village: shown before it is stored, and worked out anew when it is confirmed.

Rule: reads only, and the same way both times, so that what is stored is what was shown or is shown again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.context import Context
from bot.dialogue.chain import Language, Unread, read_words
from bot.dialogue.effects import Effect, OnBehalf
from bot.dialogue.parsing.chain import Entry
from bot.dialogue.parsing.place_names import Named, PlaceNames
from bot.domain import progress
from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.domain.campaign import Item
from bot.domain.permissions import Right, Target, may
from bot.domain.similarity import same_problem
from bot.handlers import bulk
from bot.handlers.finding_form import LONGEST, is_empty
from bot.handlers.turn import Turn, items_of
from storage import checks, findings, hand_ins, people, places
from storage.checks import Check
from storage.db import Reader
from storage.findings import Finding
from storage.places import Place


@dataclass(frozen=True, slots=True)
class Village:
    """What would be stored of one village: every mark names its items, and all of them change."""

    place: Place
    words: str
    marks: tuple[BulkAnswer, ...]
    kept: tuple[int, ...] = ()  # items whose findings stand in the way of another answer
    known: tuple[int, ...] = ()  # findings on record that were told of again
    foreign: tuple[int, ...] = ()  # items that this place is not asked
    over: tuple[int, ...] = ()  # items that were answered differently until now
    baseless: tuple[int, ...] = ()  # items clear without a word on how that was established

    @property
    def shown(self) -> str:
        """Everything that will be stored, to be compared with what it comes to later."""
        parts = (
            f"{m.answer} {'、'.join(progress.ranges(m.nos))} {m.basis} {m.detail}".strip() for m in self.marks
        )
        return "; ".join((*parts, *progress.ranges(self.over)))


def known_places(tx: Reader, turn: Turn, answering: Mapping[str, Mapping[int, str]]) -> list[Named]:
    """Every place of the county, and those this person answers for, by name."""
    every = {place.id: place for place in (*turn.own, *places.every(tx))}
    return [
        Named(
            place.id,
            place.name,
            place.unit if place.unit != place.name else "",
            place.kind == "village",
            may(turn.scope, Right.REPORT, Target(place.id, place.unit_id)) is None,
            tuple(answering.get(place.id, {}).values()),
        )
        for place in every.values()
    ]


def villages(
    tx: Reader, context: Context, entries: tuple[Entry, ...], names: PlaceNames
) -> Iterator[tuple[Entry, Village | Unread]]:
    """Each line with what it comes to; several lines about one place are read together."""
    for entry in _together(entries):
        if len(entry.places) != 1:
            yield entry, Unread.AMBIGUOUS if entry.places else Unread.UNKNOWN
        elif not names.is_own(entry.places[0]):
            yield entry, Unread.OUTSIDE
        elif names.others_in(entry.words, entry.places[0]):
            yield entry, Unread.SEVERAL
        else:
            yield entry, village(tx, context, entry.places[0], entry.words)


def _together(entries: tuple[Entry, ...]) -> list[Entry]:
    merged: dict[object, Entry] = {}
    for n, entry in enumerate(entries):
        key = entry.places if len(entry.places) == 1 else n
        before = merged.get(key)
        if before is None:
            merged[key] = entry
        else:
            said, words = f"{before.said} {entry.said}", f"{before.words}\n{entry.words}"
            merged[key] = replace(before, said=said, words=words)
    return list(merged.values())


def village(tx: Reader, context: Context, place_id: str, words: str) -> Village | Unread:
    """What these words come to at a place as it stands now."""
    said = read_words(words, Language(context.vocabulary, context.index, context.campaign))
    if isinstance(said, Unread):
        return said
    if hand_ins.stands(tx, place_id):
        return Unread.HANDED_IN
    seen = _Seen(tx, places.get(tx, place_id))
    items = items_of(context.campaign, seen.place)
    marks: list[BulkAnswer] = []
    for mark in sorted(said, key=lambda mark: not (mark.basis or mark.detail)):  # who says more comes first
        chosen = progress.meant(items, said, mark, {item: check.answer for item, check in seen.given.items()})
        nos = tuple(item.no for item in chosen if seen.takes(item, mark))
        if nos:
            marks.append(BulkAnswer(mark.answer, nos, detail=mark.detail[:LONGEST], basis=mark.basis))
    named = {no for mark in said if mark.spread is Spread.LISTED for no in mark.nos}
    foreign = named - {item.no for item in items}
    if not marks:
        return Unread.NOT_ASKED if foreign and foreign == named else Unread.NOTHING_NEW
    return Village(
        seen.place,
        words,
        tuple(marks),
        kept=tuple(dict.fromkeys(seen.kept)),
        known=tuple(dict.fromkeys(seen.known)),
        foreign=tuple(sorted(foreign)),
        over=tuple(seen.over),
        baseless=tuple(seen.baseless),
    )


class _Seen:
    """A place as it stands, and what stands in the way of answers there."""

    def __init__(self, tx: Reader, place: Place) -> None:
        self.tx, self.place = tx, place
        self.given: dict[str, Check] = checks.of_place(tx, place.id)
        self.live: dict[str, list[Finding]] = {}
        for finding in findings.of_place(tx, place.id):
            self.live.setdefault(finding.item_id, []).append(finding)
        self.kept: list[int] = []
        self.known: list[int] = []
        self.told: dict[str, list[BulkAnswer]] = {}  # what these words say of an item
        self.over: list[int] = []
        self.baseless: list[int] = []

    def takes(self, item: Item, mark: BulkAnswer) -> bool:
        """Whether the answer is stored at this item; the same rules as for answers said by number."""
        live, before = self.live.get(item.id, []), self.told.setdefault(item.id, [])
        new_problem = mark.answer is Answer.FOUND and mark.detail
        if any(not new_problem or same_problem(told.detail, mark.detail) for told in before):
            return False
        before.append(mark)
        if mark.answer is Answer.FOUND:
            again = [
                f
                for f in live
                if not mark.detail or (f.description and same_problem(f.description, mark.detail))
            ]
            self.known += [finding.no for finding in again]
            self._over(item, mark, taken=not again)
            return not again
        if any(not is_empty(self.tx, finding) for finding in live) or (live and mark.answer is Answer.LATER):
            self.kept.append(item.no)
            return False
        stands = self.given.get(item.id)
        has_basis = mark.basis or (stands is not None and stands.answer == Answer.CLEAR and stands.basis)
        if mark.answer is Answer.CLEAR and not has_basis:
            self.baseless.append(item.no)
        self._over(item, mark, taken=True)
        return True

    def _over(self, item: Item, mark: BulkAnswer, *, taken: bool) -> None:
        before = self.given.get(item.id)
        if taken and before is not None and before.answer not in (mark.answer, Answer.LATER):
            self.over.append(item.no)


def behalf(turn: Turn, place: Place, answering: Mapping[str, Mapping[int, str]]) -> int:
    """The one person in whose name the speaker reports there; 0: they speak for themselves, or for nobody alone."""
    if may(turn.scope, Right.PROXY, Target(place.id, place.unit_id)) is not None:
        return 0
    there = answering.get(place.id, {})
    alone = len(there) == 1 and turn.person.id not in there
    return next(iter(there)) if alone else 0


def effects(tx: Reader, turn: Turn, told: Village, person: int) -> tuple[Effect, ...]:
    """What stores a village; what is done about its problems lies with whom it is reported for."""
    who = people.by_id(tx, person) if person else turn.person
    said = replace(turn.said, bulk=told.marks, basis="", rest=())
    there = replace(turn, said=said, actor=replace(turn.actor, person=who))
    stored = bulk.add_up(tx, there, told.place).effects
    return tuple(OnBehalf(person, effect) for effect in stored) if person else tuple(stored)
