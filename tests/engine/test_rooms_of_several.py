"""In a room of several only commands, replies to us and words that call us are for us, whatever question stands open."""

from __future__ import annotations

import pytest

from bot.chat import Edited, Media, Reacted, Said
from bot.rehearsal.chat import COUNTY, SERVER
from tests.support.bot_in_memory import (
    FIRST,
    GROUP,
    LI,
    OBSERVER,
    OFFICE,
    ZHANG,
    InMemoryBot,
    dump,
)

RECORDS = ("checks", "findings", "evidence", "hand_ins", "feedback", "actions")
HOUSE = "三组王五家水管老化漏水"
PHOTO = Media("image", "a.jpg", f"mxc://{SERVER}/a", "image/jpeg", 10)


def asking(question: str) -> InMemoryBot:
    """A question of this kind stands open in the group: for Zhang alone, who walks there."""
    stand = InMemoryBot()
    steps = {
        "an item": (),
        "what the problem is": ("2",),
        "a measure": ("2", HOUSE),
        "a date": ("2", HOUSE, "村委会请水厂更换入户水管"),
        "a basis": ("4-6 无",),
        "which item": ("三组王五家水管漏水没人修",),
    }[question]
    stand.say(f"排查 {FIRST}", room=GROUP)
    for words in steps:
        stand.say(words, room=GROUP, reply_to=stand.last_sent)
    assert stand.standing(room=GROUP).question is not None
    return stand


QUESTIONS = ("an item", "what the problem is", "a measure", "a date", "a basis", "which item")
TALK = (
    "大家好，明天九点开会",
    "1",
    "2",
    "好",
    "没有",
    "都没有问题",
    "22有水管漏",
    "4-10 无，入户12户",
    "8月20日",
    "村委会联系水厂换水管，8月12日前换好",
    "入户12户",
    "三组王五家水管老化漏水",
    "走访李老三家，厕所坏了",
    "查水管漏了谁去看看",
    "谢谢",
    "你好",
    "收到",
    "谁知道张三的电话？",
    "1. 张庄 无\n2. 李庄 无",
    "@李四 你那边进度怎么样",
    "问问排查小助手看",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_talk_among_others_is_no_answer_whatever_is_open(question: str) -> None:
    stand = asking(question)
    before, open_question = dump(stand.tx, *RECORDS), stand.standing(room=GROUP).question
    for who in (ZHANG, LI, OFFICE, OBSERVER):
        for words in TALK:
            assert stand.say(words, who, GROUP) == "", (who, words)
    assert dump(stand.tx, *RECORDS) == before
    assert stand.standing(room=GROUP).question == open_question


@pytest.mark.parametrize("room", [GROUP, COUNTY])
@pytest.mark.parametrize("caption", ["", "问题101", "101", "问题 101", "22有，水管漏", "1"])
def test_a_photo_among_others_is_theirs(caption: str, room: str) -> None:
    stand = asking("a measure")
    before = dump(stand.tx, *RECORDS)
    assert stand.send(Said(caption, PHOTO), room=room) == ""
    assert stand.send(Said(caption, geo_uri="geo:33.8,113.5"), room=room) == ""
    assert dump(stand.tx, *RECORDS) == before


def test_a_photo_that_replies_to_us_or_calls_us_is_kept() -> None:
    stand = asking("a measure")
    assert "问题101" in stand.send(Said("", PHOTO, reply_to=stand.last_sent), room=GROUP)
    assert stand.send(Said("", PHOTO, to_us=True), room=GROUP) == "(📎101)"
    stand.send(Said("@排查小助手", PHOTO), room=GROUP)
    assert stand.tx.number("SELECT count(*) FROM evidence WHERE finding_no = 101") == 3


def test_replies_reactions_and_our_name_are_for_us() -> None:
    stand = asking("an item")
    assert stand.say("1", room=GROUP, reply_to=stand.last_sent).startswith("✓ 第3项")
    assert stand.say("排查小助手：1", room=GROUP).startswith("✓ 第4项")
    assert stand.say("@排查小助手 1", room=GROUP).startswith("✓ 第5项")
    assert stand.send(Said("1", to_us=True), room=GROUP).startswith("✓ 第6项")
    assert stand.send(Said("小助手 1", to_us=True, called=("小助手",)), room=GROUP).startswith("✓ 第7项")
    assert stand.react(stand.last_sent, "1️⃣", room=GROUP).startswith("✓ 第8项")
    assert len(stand.answers()) == 6


def test_a_reply_to_a_question_of_somebody_else_is_talk() -> None:
    stand = asking("an item")
    assert stand.say("1", LI, GROUP, reply_to=stand.last_sent) == ""
    assert stand.react(stand.last_sent, "1️⃣", LI, GROUP) == ""
    assert stand.answers() == stand.answers("麦岭示范一村") == {}


@pytest.mark.parametrize(
    "words",
    [
        "排查小助手: 进度",
        "排查小助手：进度",
        "@排查小助手 进度",
        "@排查小助手进度",
        "paicha 进度",
        "进度",
        "！进度",
        "进度 @paicha",
    ],
)
@pytest.mark.parametrize("room", [GROUP, COUNTY, ""])
def test_our_name_before_a_command_is_dropped(words: str, room: str) -> None:
    assert stand_say(words, room).startswith(FIRST)


def stand_say(words: str, room: str) -> str:
    return InMemoryBot().say(words, room=room)


def test_our_name_alone_is_a_hello() -> None:
    assert "张三，您好" in InMemoryBot().say("@排查小助手", room=GROUP)


def test_an_edit_of_talk_is_talk_until_it_calls_us() -> None:
    stand = asking("an item")
    stand.say("今天都没有问题吧", room=GROUP)
    talk = stand.last
    assert stand.edit(talk, "2", room=GROUP) == ""
    assert stand.answers() == {}
    assert stand.send(Edited(talk, "排查小助手：1"), room=GROUP).startswith("✓ 第3项")
    assert stand.edit(talk, "排查小助手：3", room=GROUP).startswith("按您改过的消息更正")
    assert stand.answers() == {3: "not_applicable"}


def test_a_poll_in_clear_is_asked_for_again() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    before = dump(stand.tx, *RECORDS)
    assert stand.send(Reacted(stand.last_sent, "1", in_clear=True)).startswith("这条消息没有加密")
    assert dump(stand.tx, *RECORDS) == before
