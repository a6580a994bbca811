"""What calls us by name and what does not, and what is left of the words."""

from __future__ import annotations

import pytest

from bot.dialogue.parsing.address import addressed, without_name
from tests.support.bot_in_memory import context

NAMES = ("排查小助手", "paicha", "@paicha:paicha.local")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("排查小助手: 进度", "进度"),
        ("排查小助手：进度", "进度"),
        ("排查小助手，进度", "进度"),
        ("排查小助手 进度", "进度"),
        ("@排查小助手 进度", "进度"),
        ("@排查小助手进度", "进度"),
        ("@排查小助手：进度", "进度"),
        ("@ 排查小助手 进度", "进度"),
        ("进度 @排查小助手", "进度"),
        ("进度@排查小助手", "进度"),
        ("@排查小助手 @排查小助手 进度", "进度"),
        ("Paicha: progress", "progress"),
        ("PAICHA progress", "progress"),
        ("@paicha:paicha.local: 进度", "进度"),
        ("@paicha:paicha.local 4-10 无，入户12户", "4-10 无，入户12户"),
        ("@paicha\n1. 张庄 无\n2. 李庄 无", "1. 张庄 无\n2. 李庄 无"),
        ("排查小助手", ""),
        ("@paicha", ""),
    ],
)
def test_a_name_is_dropped(words: str, left: str) -> None:
    found = addressed(words, NAMES)
    assert (found.words, found.named) == (left, True)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "进度",
        "问问排查小助手进度",
        "排查小助手真好用",
        "昨天排查小助手发的表",
        "paicha2 进度",
        "@paicha2 进度",
        "@paicha:elsewhere.org 进度",
        "me@paicha 进度",
        "大家好，明天九点开会",
    ],
)
def test_other_words_stay_as_they_are(words: str) -> None:
    found = addressed(words, NAMES)
    assert (found.words, found.named) == (words, False)


def test_a_bot_that_is_called_like_a_command_still_hears_the_command() -> None:
    names, vocabulary = ("进度",), context().vocabulary
    assert without_name("进度", names, vocabulary).words == "进度"
    assert without_name("进度 颍桥示范一村", names, vocabulary).words == "进度 颍桥示范一村"
    assert without_name("@进度 帮助", names, vocabulary).words == "帮助"
    assert without_name("进度：帮助", names, vocabulary).words == "帮助"


def test_names_are_compared_as_phones_write_them() -> None:
    assert addressed("＠排查小助手 进度".replace("＠", "@"), ("排查小助手\ufe0f",)).words == "进度"
    assert addressed("paicha: 进度", ("Ｐａｉｃｈａ",)).words == "进度"
    assert not addressed("进度", ("", "  ", "@")).named
