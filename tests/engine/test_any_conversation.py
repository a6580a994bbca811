"""Whatever people say, edit, delete, tap or send, in whatever order: nothing fails, nothing is lost, nothing is changed
that nobody changed, and there is always a way out. tests/support/examples.py says how many chats are tried."""

from __future__ import annotations

from hypothesis import given

from bot.rehearsal.chat import direct_room
from tests.support.bot_in_memory import InMemoryBot, dump, said
from tests.support.chat_strategies import REPORTERS, STEPS, Chat, Step, check_books, check_reply
from tests.support.examples import examples

CHATS = examples(100)


@CHATS
@given(STEPS)
def test_any_conversation_keeps_the_books_and_answers_once(steps: list[Step]) -> None:
    chat = Chat()
    for step in steps:
        before = dump(chat.stand.tx, "checks")["checks"]
        rows, event = chat.play(step)
        if event:
            check_reply(rows, step)
        if step.who not in REPORTERS or not event:
            assert dump(chat.stand.tx, "checks")["checks"] == before
    check_books(chat.stand.tx, chat.owners, list(chat.owners))
    told = chat.stand.tx.number("SELECT count(*) FROM outbox WHERE content LIKE '%不在名单上%'")
    assert told <= 1


@CHATS
@given(STEPS)
def test_there_is_a_way_out_of_everything(steps: list[Step]) -> None:
    chat = Chat()
    for step in steps:
        chat.play(step)
    for who in REPORTERS:
        for words in ("帮助", "返回", "取消", "进度"):
            rows, _ = chat.play(Step("say", who, "direct", words))
            check_reply(rows, Step("say", who, "direct", words))
            assert said(rows), words
        for _ in range(len(chat.stand.standing(who).queue) + 3):
            chat.play(Step("say", who, "direct", "取消"))
        assert chat.stand.standing(who).question is None
        assert not chat.stand.standing(who).queue


@CHATS
@given(STEPS)
def test_taking_in_the_same_again_changes_nothing_and_batches_may_be_cut_anywhere(steps: list[Step]) -> None:
    chat = Chat()
    content = []
    for step in steps:
        room = direct_room(step.who) if step.where == "direct" else step.where
        if step.kind not in ("clock", "days", "tick", "reply", "react"):
            event = chat.stand.event(chat._content(step, room), step.who, room)
            chat.said.setdefault((step.who, room), []).append(event.event_id)
            content.append(event)
    whole, single, halves = InMemoryBot(), InMemoryBot(), InMemoryBot()
    whole.take(*content)
    for event in content:
        single.take(event)
    halves.take(*content[: len(content) // 2])
    halves.take(*content[len(content) // 2 :])
    assert dump(whole.tx) == dump(single.tx) == dump(halves.tx)
    stood = dump(whole.tx)
    whole.take(*content)
    for event in reversed(content):
        whole.take(event)
    assert dump(whole.tx) == stood
