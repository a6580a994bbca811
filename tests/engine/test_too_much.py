"""Too much for one message: words that are not read, lists that are cut, problems that are asked about once, a reply that
nobody takes."""

from __future__ import annotations

import json

import pytest

from bot.chat import Media, Refusal, Said, UndeliverableError
from bot.delivery.instead import shortener
from bot.dialogue.effects import line
from bot.dialogue.parsing.normalise import LONGEST
from bot.dialogue.parsing.pieces import MOST as MOST_PIECES
from bot.engine import replies
from bot.engine.origin import Origin
from bot.engine.replies import LONGEST as LARGEST_REPLY
from bot.engine.replies import Asked
from bot.handlers.many import MOST
from bot.rehearsal.chat import direct_room
from bot.texts import load_texts
from storage import outbox, people, rooms
from storage.db import Transaction
from storage.outbox import Outgoing
from tests.support.bot_in_memory import GROUP, SECOND, ZHANG, InMemoryBot, context, dump

LONG = "三组王五家水管漏水，" * 500
WIDE = "\ufdfa" * 300  # a character that stands for eighteen
TOO_LONG = {
    "zh-CN": {
        "too_long": "这条太长（超过4000字），没有读",
        "media_too_long": "附的话太长（超过4000字），没有读",
        "edit_too_long": "改成的话太长（超过4000字），没有读",
    },
    "en": {
        "too_long": "That message is too long",
        "media_too_long": "The words with it are too long",
        "edit_too_long": "The new words are too long",
    },
}
KEPT = ("checks", "findings", "evidence", "actions", "changes", "sessions", "early_edits")


def walking(language: str = "zh-CN") -> InMemoryBot:
    stand = InMemoryBot()
    stand.says("语言 en" if language == "en" else "语言 中文", "排查", "1")
    return stand


@pytest.mark.parametrize("language", TOO_LONG)
@pytest.mark.parametrize("words", [LONG, WIDE, "a" * (LONGEST + 1)])
def test_a_message_that_is_too_long_is_not_read(language: str, words: str) -> None:
    stand = walking(language)
    stand.photo()  # waits for its finding
    before = dump(stand.tx, *KEPT)
    assert TOO_LONG[language]["too_long"] in stand.say(words)
    assert dump(stand.tx, *KEPT) == before


def test_as_many_words_as_fit_are_read() -> None:
    stand = walking()
    assert "问题101" in stand.say("22有，" + "水管漏" * ((LONGEST - 4) // 3))


@pytest.mark.parametrize("language", TOO_LONG)
def test_a_photo_with_too_many_words_is_not_kept(language: str) -> None:
    stand = walking(language)
    before = dump(stand.tx, *KEPT)
    assert TOO_LONG[language]["media_too_long"] in stand.photo(LONG)
    assert dump(stand.tx, *KEPT) == before


@pytest.mark.parametrize("language", TOO_LONG)
def test_an_edit_to_too_many_words_keeps_what_stood(language: str) -> None:
    stand = walking(language)
    stand.say("22有，三组王五家水管漏水")
    said = stand.last
    before = dump(stand.tx, *KEPT)
    assert TOO_LONG[language]["edit_too_long"] in stand.edit(said, LONG)
    assert dump(stand.tx, *KEPT) == before


def test_an_edit_that_shortens_a_message_is_read_as_one() -> None:
    stand = walking()
    stand.say(LONG)
    assert "问题101" in stand.edit(stand.last, "22有，三组王五家水管漏水")


def test_a_long_talk_among_others_is_nobodys_business() -> None:
    stand = walking()
    assert stand.say(LONG, room=GROUP) == ""
    assert stand.send(Said(LONG, Media("image", "a.jpg", "mxc://x/y")), room=GROUP) == ""


def test_the_same_problem_said_often_is_one() -> None:
    stand = walking()
    stand.say("22有水管漏王五家，" * 400)
    assert stand.tx.number("SELECT count(*) FROM findings") == 1


def test_a_problem_told_twice_in_other_words_is_one_and_the_other_words_are_named() -> None:
    stand = walking()
    reply = stand.say("22有，王五家水管漏水了，22有，王五家水管漏水没人修")
    assert stand.tx.number("SELECT count(*) FROM findings") == 1
    assert "王五家水管漏水没人修" in reply
    assert "没有记" in reply


def test_problems_of_two_households_are_two() -> None:
    stand = walking()
    stand.say("22有，王五家水管漏水，22有，李四家水管漏水")
    assert stand.tx.number("SELECT count(*) FROM findings") == 2


def test_one_answer_for_all_that_is_left_counts_once_however_often_it_is_said() -> None:
    stand = walking()
    assert stand.say("其余无，" * 500).count("70项") == 1
    assert len(stand.answers()) == 70


def different(n: int) -> str:
    names = ("赵钱孙李周吴郑王冯陈褚卫", "一二三四五六七八九十")
    return "，".join(f"22有{names[0][k // 10]}{names[1][k % 10]}家水管漏水" for k in range(n))


@pytest.mark.parametrize("words", ["3-72有", different(MOST + 1)])
def test_very_many_problems_are_asked_about_before_anything_is_written(words: str) -> None:
    stand = walking()
    before = dump(stand.tx, "checks", "findings", "actions")
    assert "都要记下吗" in stand.say(words)
    assert dump(stand.tx, "checks", "findings", "actions") == before
    stand.say("都记")
    assert stand.tx.number("SELECT count(*) FROM findings") > MOST


def test_what_is_more_than_anybody_says_is_named_as_not_recorded() -> None:
    stand = walking()
    assert f"{MOST_PIECES}个新问题" in stand.say(different(MOST_PIECES + 20))
    assert "没有记" in stand.say("都记")
    assert stand.tx.number("SELECT count(*) FROM findings") == MOST_PIECES


def test_who_does_not_mean_them_has_none() -> None:
    stand = walking()
    stand.says("3-72有", "不记")
    assert stand.answers() == {}
    assert stand.tx.number("SELECT count(*) FROM findings") == 0


def test_forty_problems_are_recorded_at_once() -> None:
    stand = walking()
    stand.say(different(MOST))
    assert stand.tx.number("SELECT count(*) FROM findings") == MOST


def test_the_message_they_came_from_can_be_deleted_after_the_yes() -> None:
    stand = walking()
    stand.say("3-72有")
    said = stand.last
    stand.say("1")
    stand.redact(said)
    assert stand.answers() == {}


def test_many_problems_go_down_at_the_place_they_were_told_of() -> None:
    stand = walking()
    stand.say("3-72有")
    asked = stand.last_sent
    stand.say("切换 颍桥示范二村")
    stand.send(Said("1", reply_to=asked))
    assert len(stand.answers()) == 70
    assert stand.answers(SECOND) == {}


def test_a_reply_that_grows_too_large_is_cut_and_says_how_much_there_is() -> None:
    stand = walking()
    (row,) = stand.write(lambda tx: many_lines(tx, stand))
    body = str(row.content["body"])
    assert body.endswith("…共2000项，太长，只列前面这些。")
    assert len(body.encode()) < 1.1 * LARGEST_REPLY


def many_lines(tx: Transaction, stand: InMemoryBot) -> None:
    actor, room = people.actor(tx, ZHANG, "2023-08-05"), rooms.get(tx, direct_room(ZHANG))
    assert actor is not None
    assert room is not None
    origin = Origin(context(), actor, room, "$said", stand.now)
    replies.answer(tx, origin, [line("dropped")] * 2000, Asked(None), stand.now)


@pytest.mark.parametrize(("language", "more"), [("zh-CN", "…共300项"), ("en", "… 300 in all")])
def test_a_long_list_is_cut_and_counted(language: str, more: str) -> None:
    said = load_texts().render(line("visit_twins", findings=tuple(map(str, range(300)))), language)
    assert more in said
    assert len(said) < 300


REFUSED = {
    ("message", "zh-CN"): "刚才那条回复发不出去",
    ("message", "en"): "My last reply could not be sent",
    ("ledger", "zh-CN"): "台账文件发不出去",
    ("ledger", "en"): "The ledger could not be sent",
}


@pytest.mark.parametrize(("act", "language"), REFUSED)
@pytest.mark.parametrize("reason", [Refusal.TOO_LARGE, Refusal.MALFORMED])
def test_a_reply_that_no_server_takes_is_replaced_by_a_short_one(
    act: str, language: str, reason: Refusal
) -> None:
    stand = walking(language)
    person = stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    about = json.dumps({"card": 101})
    give_up = shortener(load_texts())

    def refused(tx: Transaction) -> None:
        outbox.add(tx, Outgoing("!room:x", person, {"body": "x"}, act, about=about), stand.now)

    (row,) = stand.write(refused)
    failed = UndeliverableError("413", reason)
    (short,) = stand.write(lambda tx: give_up(tx, row, failed, stand.now))
    assert REFUSED[act, language] in str(short.content["body"])
    assert (short.room_id, short.about) == (row.room_id, about)
    assert stand.write(lambda tx: give_up(tx, short, failed, stand.now)) == []
