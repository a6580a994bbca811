"""Whose turn it is: which rows of the outbox are taken in hand, so that no room and no server holds up the others.

Rules: a few rows a room; rooms that take nothing at the moment, rooms that are to be joined, left or opened (a foreign
server may have to answer) and strangers each have a lane of their own with few places, the least tried first and one a
server; everybody else has the whole road.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from storage.outbox import Waiting
from storage.stuck import Stuck


class Lane(Enum):
    """`value`: how many rooms of this lane are served at the same time; 0: as many as there are."""

    PEOPLE = 0
    DOORS = 16
    STUCK = 12
    STRANGERS = 4


IN_HAND = 50  # rows of one room
WALKS = (Lane.DOORS, Lane.STUCK, Lane.STRANGERS)


@dataclass(frozen=True, slots=True)
class Hand:
    """What is in hand: `rows` until the disk says what became of them, `queues` with how many rows wait in each, the
    lane of each that is served, and the queues that rest."""

    rows: AbstractSet[int] = frozenset()
    queues: Mapping[str, int] = field(default_factory=dict)
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    resting: AbstractSet[str] = frozenset()


@dataclass(slots=True)
class Picked:
    """`rows` in their order; the lane of each queue; `more`: something was left, to be looked at when a place is free."""

    rows: list[Waiting] = field(default_factory=list)
    lanes: dict[str, Lane] = field(default_factory=dict)
    more: bool = False


def pick(waiting: Iterable[Waiting], stuck: Mapping[str, Stuck], hand: Hand, room_for: int) -> Picked:
    """Of everything that may go, what is taken in hand now: at most `room_for` rows for people, in their order."""
    picked = Picked()
    aside: dict[str, list[Waiting]] = {}  # of the narrow lanes, by queue
    taken: dict[str, int] = dict(hand.queues)
    urgent = {known.row for known in stuck.values()}
    for row in waiting:
        if row.id in hand.rows or row.queue in hand.resting:
            continue
        if taken.get(row.queue, 0) >= IN_HAND and row.id not in urgent:
            picked.more = True
            continue
        lane = hand.lanes.get(row.queue) or picked.lanes.get(row.queue) or _lane(row, stuck)
        if row.queue in aside or (lane is not Lane.PEOPLE and row.queue not in hand.lanes):
            aside.setdefault(row.queue, []).append(row)
        elif len(picked.rows) >= room_for:
            picked.more = True
            continue
        else:
            picked.rows.append(row)
        picked.lanes[row.queue] = lane
        taken[row.queue] = taken.get(row.queue, 0) + 1
    for lane in WALKS:
        _fill(lane, aside, stuck, hand, picked)
    return picked


def _lane(row: Waiting, stuck: Mapping[str, Stuck]) -> Lane:
    if row.stranger:
        return Lane.STRANGERS
    if row.queue in stuck:
        return Lane.STUCK
    opens = row.act in ("join", "leave") or not row.queue.startswith("!")
    return Lane.DOORS if opens else Lane.PEOPLE


def _fill(
    lane: Lane, aside: Mapping[str, list[Waiting]], stuck: Mapping[str, Stuck], hand: Hand, picked: Picked
) -> None:
    """Give the free places of a narrow lane: those tried least first, each server once before any twice."""
    free = lane.value - sum(other is lane for other in hand.lanes.values())
    those = [queue for queue in aside if picked.lanes.get(queue) is lane]
    those.sort(key=lambda queue: stuck[queue].tries if queue in stuck else 0)
    of_server: dict[str, int] = {}
    turn = {}
    for queue in those:
        server = queue.partition(":")[2]
        turn[queue] = of_server[server] = of_server.get(server, -1) + 1
    for queue in sorted(those, key=lambda queue: turn[queue]):
        if free > 0:
            picked.rows += aside[queue]
            free -= 1
        else:
            picked.more = True
            del picked.lanes[queue]
