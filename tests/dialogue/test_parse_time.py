"""That nothing people can send keeps the reader busy: every text is read once, whatever it is made of."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.dialogue.meaning import Expect
from bot.dialogue.parsing.parse import parse
from tests.dialogue.test_parse import VOCABULARY
from tests.support.examples import wished

HUNG = (
    "教育帮扶、" * 40,
    "\t\t".join(map(str, range(3, 60))),
    ", ".join(map(str, range(3, 41))) + "户",
    "除" + "、".join(map(str, range(3, 60))) + "户外无",
)
GRAMMAR = (
    *(
        [
            "3",
            "12",
            "40",
            "四",
            "二十一",
            "第3项",
            "4-10",
            "教育帮扶",
            "饮水安全",
            "项",
            "户",
            "人",
            ",",
            "、",
            "，",
            ";",
            "和",
            "以及",
            "到",
            "至",
            "-",
            "除",
            "除了",
            "外",
            "之外",
            "其余",
            "全部",
            "都",
            "无",
            "有",
        ]
    ),
    *(
        [
            "没有",
            "不涉及",
            "稍后",
            "有问题",
            "except",
            "all",
            "rest",
            "none",
            "found",
            ".",
            ":",
            "22有",
            "12户",
            "1号",
            "...",
        ]
    ),
    " ",
    "  ",
    "\n",
)
LONGEST = 250  # characters: what one breath into a phone comes to
GUARD = 2.0  # seconds: a hang, not a speed


@contextmanager
def guarded(words: str) -> Iterator[None]:
    """Ends the test, naming the words, when they are still being read after the guard's time."""

    def ring(*_: object) -> None:
        raise AssertionError(f"hangs on {words!r}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, GUARD)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("said", HUNG, ids=("names", "tabs", "households", "exceptions"))
@pytest.mark.parametrize("expect", Expect)
def test_a_long_list_is_read_once(said: str, expect: Expect) -> None:
    with guarded(said):
        parse(said, expect, VOCABULARY)


def test_no_text_made_of_our_own_words_hangs() -> None:
    dice = random.Random(7)
    for _ in range(wished(600)):
        of = dice.sample(GRAMMAR, dice.randint(1, 6))
        said = "".join(dice.choice(of) for _ in range(LONGEST))[:LONGEST]
        with guarded(said):
            parse(said, dice.choice(list(Expect)), VOCABULARY)
