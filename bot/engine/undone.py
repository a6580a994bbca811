"""What an undo came to, and how it is told: everything that changed is named, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.domain import progress
from bot.domain.campaign import Campaign
from storage.history import Subject

WHOLE = (
    "took_back_finding",
    "took_back_photo",
)  # said of something that went as a whole: its fields need no word
STATES = ("took_back_state", "back_to_draft")  # said after the fields


@dataclass(frozen=True, slots=True)
class WentBack:
    """An answer to the item with this printed number that went back; the same answer: only its basis did."""

    subject: Subject
    no: int
    before: str | None
    after: str | None


@dataclass(slots=True)
class Undone:
    """What an undo came to."""

    now: datetime
    subjects: set[Subject] = field(default_factory=set)  # what went back
    lines: list[tuple[Subject, Line]] = field(default_factory=list)
    answers: list[WentBack] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # of the places where answers went back

    def later(self, campaign: Campaign, subject: Subject) -> None:
        """An answer stays, because somebody else has answered there since."""
        item = campaign.item.get(subject.part)
        if item is not None:
            self.lines.append((subject, line("later_answer_stays", items=str(item.no))))

    def said(self, spare: frozenset[Subject] = frozenset()) -> list[Line]:
        """Each thing in a line of its own, many items that went the same way in one; not what is said anew anyway."""
        ways: dict[tuple[str | None, str | None], dict[str, list[int]]] = {}
        for it in self.answers:
            if it.subject not in spare:
                ways.setdefault((it.before, it.after), {}).setdefault(it.subject.id, []).append(it.no)
        gone = [said for way, nos in ways.items() for said in self._way(*way, nos)]
        kept = [(subject, said) for subject, said in self.lines if subject not in spare]
        whole = {subject for subject, said in kept if said.key in WHOLE}
        told = [said for subject, said in kept if subject not in whole or said.key in WHOLE]
        return [*gone, *sorted(told, key=lambda said: said.key in STATES)]

    def _way(self, before: str | None, after: str | None, nos: Mapping[str, Sequence[int]]) -> list[Line]:
        """Answers that went the same way; the places are named where there are several."""
        by_items: dict[tuple[str, ...], list[str]] = {}
        for place, its in nos.items():
            by_items.setdefault(progress.ranges(its), []).append(self.names[place])
        lines: list[Line] = []
        for items, at in by_items.items():
            lines += [line("took_back_at", places=tuple(at))] if len(self.names) > 1 else []
            lines.append(_told(before, after, items))
        return lines


def _told(before: str | None, after: str | None, items: tuple[str, ...]) -> Line:
    if before == after:
        return line("took_back_basis", no=items)
    words = (f"@word_{answer or 'none'}" for answer in (before, after))
    return line("took_back_check", no=items, before=next(words), after=next(words))
