"""No household and no person stands in a room of several, whatever is asked there: that goes to the asker alone."""

from __future__ import annotations

import pytest

from bot.chat import Edited, RoomSeen, Said, Unreadable
from bot.context import KEY_GRACE
from bot.rehearsal.chat import COUNTY, direct_room
from storage import outbox, rooms
from storage.db import Transaction
from storage.outbox import OutboxRow, Outgoing
from tests.support.bot_in_memory import (
    FIRST,
    GROUP,
    LI,
    OBSERVER,
    OFFICE,
    STRANGER,
    ZHANG,
    InMemoryBot,
    said,
    shown,
)

HOUSE = "三组王五家水管老化漏水"
PRIVATELY = "已私聊发给您。"


def alone(rows: list[OutboxRow], who: str) -> str:
    """What went to this person's direct room."""
    return "\n".join(shown(row) for row in rows if row.room_id == direct_room(who) and row.act == "message")


def here(rows: list[OutboxRow], room: str) -> str:
    return "\n".join(shown(row) for row in rows if row.room_id == room)


def with_finding() -> InMemoryBot:
    stand = InMemoryBot()
    stand.says("排查", "1", f"22有，{HOUSE}，因为王五没钱换", "王五请水利局更换水管", "1")
    assert stand.finding(101)["state"] == "rectifying"
    return stand


@pytest.mark.parametrize("room", [GROUP, COUNTY])
@pytest.mark.parametrize("who", [ZHANG, OFFICE, OBSERVER])
@pytest.mark.parametrize("words", ["问题 101", "排查小助手：问题 101", "问题101", "@paicha show 101"])
def test_a_card_among_others_shows_number_item_place_due_and_state_only(
    words: str, who: str, room: str
) -> None:
    stand = with_finding()
    rows = stand.take(stand.event(Said(words), who, room))
    [card] = here(rows, room).split("\n\n")[:1]
    assert card == f"问题101【整改中】{FIRST}第22项，期限 2023年8月31日"
    assert alone(rows, who) == ""


ASKED_AMONG_OTHERS = (
    "我的",
    "题",
    "排查",
    "跳到 22",
    "改 101",
    "改 101 措施 王五家请水利局换",
    "改 101 描述 三组王五家水管又漏了，没人修",
    "改 101 责任人 王五",
    "改 101 责任单位 王五家",
    "改 101 期限 8月20日",
    "101 谁负责",
    "101不是王五，是王武",
    "核对",
    "进度",
    "帮助",
    "查 王五家水管",
    "政策 22 王五",
    "作废 101 王五家重复",
    "撤回",
    "王五家水管漏水没人修",
    "22有，王五家水管漏水",
    "没看懂王五",
    "4-6 无，入户王五家",
    "台账 王五",
    "切换 王五",
    "简报",
    "取消",
    "谁是联络员",
)


@pytest.mark.parametrize("room", [GROUP, COUNTY])
def test_no_household_is_named_among_others_whatever_is_asked(room: str) -> None:
    for words in ASKED_AMONG_OTHERS:
        stand = with_finding()
        rows = stand.take(stand.event(Said(f"@排查小助手 {words}"), ZHANG, room))
        told = here(rows, room)
        assert told, words
        for name in ("王五", "王武", "没钱", "更换水管", "颍桥联络员", "@yingqiao"):
            assert name not in told, (words, told)
        assert "王五" not in str([row.content for row in rows if row.room_id == room]), words


def test_an_edited_reply_names_no_household_either() -> None:
    for first, then in (
        ("改 101 措施 村委会请水厂换管", "改 101 措施 王五家请水利局换管"),
        ("22有，王五家水管漏水没人修", "22有，王五家水管漏水没人管，因为王五没钱"),
        ("4-6 无，入户12户", "4-6 无，入户王五家"),
    ):
        stand = with_finding()
        stand.say(f"@排查小助手 {first}", room=GROUP)
        rows = stand.take(stand.event(Edited(stand.last, f"@排查小助手 {then}"), ZHANG, GROUP))
        assert rows
        assert "王五" not in str([row.content for row in rows if row.room_id == GROUP]), first


def test_what_is_private_goes_to_the_asker_and_the_room_is_told_so() -> None:
    stand = with_finding()
    rows = stand.take(stand.event(Said("我的"), ZHANG, COUNTY))
    assert here(rows, COUNTY).startswith(PRIVATELY)
    assert "王五" in alone(rows, ZHANG)
    assert not said(stand.take(stand.event(Said("我的"), LI, direct_room(LI)))).startswith(PRIVATELY)


def test_a_ledger_goes_to_the_asker() -> None:
    stand = with_finding()
    rows = stand.take(stand.event(Said("台账"), OFFICE, COUNTY))
    assert here(rows, COUNTY) == PRIVATELY
    assert [row.room_id for row in rows if row.act == "ledger"] == [direct_room(OFFICE)]
    rows = stand.take(stand.event(Said("台账"), OFFICE, direct_room(OFFICE)))
    assert {row.room_id for row in rows} == {direct_room(OFFICE)}
    assert PRIVATELY not in said(rows)


def test_who_has_no_direct_room_gets_one_opened() -> None:
    stand = with_finding()
    stand.take(seen=(RoomSeen(direct_room(OFFICE), "left"),))
    rows = stand.take(stand.event(Said("台账"), OFFICE, COUNTY))
    ledger = next(row for row in rows if row.act == "ledger")
    assert (ledger.room_id, ledger.person_id) == (None, person(stand, OFFICE))


def test_what_is_private_goes_rather_to_an_encrypted_room() -> None:
    stand = with_finding()
    stand.take(seen=(RoomSeen("!sealed:x", "joined", True, (ZHANG,)),))
    stand.later(minutes=1)
    stand.say("进度")  # spoken last in the one that is not
    rows = stand.take(stand.event(Said("台账"), ZHANG, GROUP))
    assert [row.room_id for row in rows if row.act == "ledger"] == ["!sealed:x"]


def test_a_reply_to_the_private_card_speaks_of_its_finding() -> None:
    stand = with_finding()
    stand.say("我的", room=COUNTY)
    stand.say("问题 101", room=COUNTY)
    card = stand.last_sent
    assert "内容已更新" in stand.say("改 101 措施 请县水利局更换水管", room=COUNTY, reply_to=card)


def test_what_waits_for_a_direct_room_does_not_follow_a_third_into_it() -> None:
    stand = with_finding()
    zhang = person(stand, ZHANG)
    stand.deliver = False
    stand.say("我的")
    assert waiting(stand.tx, direct_room(ZHANG)) > 0
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "joined", None, (STRANGER, ZHANG)),))
    assert waiting(stand.tx, direct_room(ZHANG)) == 0
    assert rooms.direct(stand.tx, zhang) is None
    assert (
        stand.tx.number("SELECT count(*) FROM outbox WHERE room_id IS NULL AND person_id = ?", (zhang,)) > 0
    )


def test_what_waits_for_one_is_not_left_to_who_takes_the_room_over() -> None:
    stand = with_finding()
    stand.deliver = False
    stand.say("我的")
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "joined", None, (LI,)),))
    assert rooms.direct(stand.tx, person(stand, LI)) is not None
    assert waiting(stand.tx, direct_room(ZHANG)) == 0


def test_a_direct_room_with_a_third_in_it_is_one_of_several() -> None:
    stand = with_finding()
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "joined", None, (LI, ZHANG)),))
    assert "王五" not in stand.say("问题 101")
    assert stand.say("大家好，明天九点开会") == ""
    rows = stand.take(stand.event(Said("我的"), ZHANG, direct_room(ZHANG)))
    assert said(rows).startswith(PRIVATELY)
    assert [row.room_id for row in rows] == [None, direct_room(ZHANG)]


def test_what_cannot_be_read_among_others_is_not_asked_for_again() -> None:
    stand = InMemoryBot()
    stand.say("进度", room=GROUP)
    ours = stand.last_sent
    reply = {"content": {"m.relates_to": {"m.in_reply_to": {"event_id": ours}}}}
    stand.take(stand.event(Unreadable("a", {"content": {}}), ZHANG, GROUP))
    stand.later(seconds=KEY_GRACE.total_seconds() + 1)
    assert stand.tick() == []
    stand.take(stand.event(Unreadable("b", reply), ZHANG, GROUP))
    stand.later(seconds=KEY_GRACE.total_seconds() + 1)
    assert "解不开" in said(stand.tick())


def person(stand: InMemoryBot, who: str) -> int:
    return stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (who,))


def waiting(tx: Transaction, room_id: str) -> int:
    return tx.number(
        "SELECT count(*) FROM outbox WHERE room_id = ? AND sent_at IS NULL AND failed IS NULL", (room_id,)
    )


def test_only_what_is_for_a_person_is_sent_elsewhere() -> None:
    stand = InMemoryBot(deliver=False)

    def written(tx: Transaction) -> None:
        outbox.add(tx, Outgoing("!r", None, {"body": "x"}), stand.now)
        outbox.send_elsewhere(tx, "!r", person(stand, ZHANG))

    stand.write(written)
    assert waiting(stand.tx, "!r") == 1
