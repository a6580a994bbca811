"""Words that answer nothing, as people wrote them who had not seen the rules: nothing of them is stored, and all are replied to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.bot_in_memory import InMemoryBot, copy_of, dump

WALK, ENGLISH = ("排查", "1"), ("语言 en", "start", "1")
LEAK, FIX = "22有，三组王五家水管老化漏水", "水利局派人把老水管换掉"
STATES = {
    "0": (),
    "P": ("排查",),
    "W3": WALK,
    "W22": (*WALK, "跳到 22"),
    "M": (*WALK, LEAK),
    "H": (*WALK, LEAK, FIX),
    "D": (*WALK, LEAK, FIX, "1"),
    "B": (*WALK, "4-10 无"),
    "V": (*WALK, "走访 张三家 水管漏 慢病卡没办"),
    "R": (*WALK, "3-72 无，入户30户"),
    "EW3": ENGLISH,
    "EW22": (*ENGLISH, "goto 22"),
    "EM": (*ENGLISH, "22 found, pipe leaks at Wang Wu's"),
    "EB": (*ENGLISH, "4-10 clear"),
    "EH": (*ENGLISH, "22 found, pipe leaks at Wang Wu's", "the water bureau replaces the old pipe"),
}
KEPT = ("checks", "findings", "evidence", "hand_ins", "feedback")
DATA = Path(__file__).parent.parent / "data" / "no_answer.tsv"
SAID = [
    tuple(row.split("\t", 1))
    for row in DATA.read_text("utf-8").splitlines()
    if row and not row.startswith("#")
]


@pytest.fixture(scope="module")
def stands() -> dict[str, InMemoryBot]:
    made = {}
    for name, words in STATES.items():
        made[name] = InMemoryBot()
        if words:
            made[name].says(*words)
    return made


@pytest.mark.parametrize("state", STATES)
def test_nothing_of_it_is_stored_and_it_is_replied_to(stands: dict[str, InMemoryBot], state: str) -> None:
    of, wrong = stands[state], []
    before = dump(of.tx, *KEPT)
    for at, words in SAID:
        if at != state:
            continue
        stand = InMemoryBot(copy_of(of.connection), of.now, events=of.events)
        reply = stand.say(words.replace("\\n", "\n"))
        if dump(stand.tx, *KEPT) != before or not reply:
            wrong.append(words)
    assert wrong == []


def test_every_state_has_words() -> None:
    assert {at for at, _ in SAID} <= set(STATES)
