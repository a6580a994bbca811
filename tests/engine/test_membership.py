"""Who may come in, what a newcomer is told first, and how little a stranger hears."""

from __future__ import annotations

from bot.chat import Reacted, RoomSeen, Said, Unreadable
from bot.rehearsal.chat import COUNTY, direct_room
from storage import grants, people, rooms
from storage.outbox import OutboxRow
from tests.support.bot_in_memory import GROUP, LI, OBSERVER, STRANGER, ZHANG, InMemoryBot, said
from tests.support.records import written


def fresh(*who: str) -> InMemoryBot:
    """A stand on which these people were never greeted."""
    stand = InMemoryBot()
    for user_id in who:
        stand.connection.execute(
            "UPDATE people SET greeted = 0 WHERE id = (SELECT person_id FROM person_ids WHERE user_id = ?)",
            (user_id,),
        )
    return stand


def acts(rows: list[OutboxRow]) -> list[tuple[str, str | None]]:
    return [(row.act, row.room_id) for row in rows]


def invited(by: str, *, direct: bool = True, room: str = "!new:x") -> RoomSeen:
    return RoomSeen(room, "invited", True, by=by, direct=direct)


def kind_of(stand: InMemoryBot, room_id: str) -> tuple[str, int | None]:
    room = rooms.get(stand.tx, room_id)
    assert room is not None
    return room.kind, room.person_id


def test_an_invitation_of_somebody_on_the_roster_is_followed_and_greeted_once() -> None:
    stand = fresh(ZHANG)
    rows = stand.take(seen=(invited(ZHANG),))
    assert acts(rows) == [("join", "!new:x"), ("message", "!new:x")]
    assert "张三，您好" in said(rows)
    assert acts(stand.take(seen=(invited(ZHANG, room="!second:x"),))) == [("join", "!second:x")]
    assert "您好！我是" not in stand.say("排查")
    stand.take(seen=(RoomSeen("!new:x", "joined", None, (ZHANG,)),))
    room = rooms.get(stand.tx, "!new:x")
    assert room is not None
    assert (room.kind, room.encrypted) == ("direct", True)


def test_the_first_word_in_a_direct_room_is_answered_with_who_we_are_once() -> None:
    stand = fresh(ZHANG)
    reply = stand.say("排查")
    assert reply.startswith("张三，您好！")
    assert "\n\n填哪个点" in reply
    assert "您好" not in stand.say("1")


def test_a_first_hello_gets_one_hello_back() -> None:
    assert fresh(ZHANG).say("你好").count("您好") == 1


def test_nobody_is_greeted_in_a_room_of_several() -> None:
    stand = fresh(ZHANG)
    assert "您好" not in stand.say("进度", room=GROUP)
    assert stand.say("进度").startswith("张三，您好！")


def test_a_stranger_hears_one_polite_line_and_is_left_alone() -> None:
    stand = InMemoryBot()
    rows = stand.take(seen=(invited(STRANGER),))
    assert acts(rows) == [("join", "!new:x"), ("message", "!new:x"), ("leave", "!new:x")]
    assert "不在名单上" in said(rows)
    assert acts(stand.take(seen=(invited(STRANGER, room="!again:x"),))) == [("leave", "!again:x")]
    assert stand.say("排查小助手，您好", STRANGER, GROUP) == ""


def test_nothing_a_stranger_says_is_kept() -> None:
    stand = InMemoryBot()
    assert stand.say("我叫王小明", STRANGER, GROUP) == ""  # to the others
    assert "不在名单上" in stand.say("排查小助手，我叫王小明", STRANGER, GROUP)
    assert stand.say("排查小助手，我叫王小明", STRANGER, GROUP) == ""
    assert stand.take(stand.event(Reacted(stand.last_sent, "👍"), STRANGER, GROUP)) == []
    assert stand.take(stand.event(Unreadable("s", {"secret": 1}), STRANGER, GROUP)) == []
    everything = "\n".join(stand.connection.iterdump())
    assert "王小明" not in everything
    assert "secret" not in everything
    assert stand.say("排查小助手，您好", STRANGER, COUNTY) == ""


def test_somebody_taken_off_the_roster_is_a_stranger() -> None:
    stand = InMemoryBot()
    today = stand.now.date().isoformat()
    with written(stand.tx, stand.now, None) as record:
        for held in grants.standing(stand.tx, today):
            if people.user_id_of(stand.tx, held.grant.person_id) == LI:
                grants.end(record, held.id, today)
    assert "不在名单上" in stand.say("排查", LI)
    assert stand.say("1", LI) == ""
    assert stand.answers("麦岭示范一村") == {}


def test_a_room_becomes_a_group_when_a_third_comes_in_and_stays_the_countys() -> None:
    stand = InMemoryBot()
    room = direct_room(ZHANG)

    def kind(room_id: str) -> str:
        found = rooms.get(stand.tx, room_id)
        assert found is not None
        return found.kind

    stand.take(seen=(RoomSeen(room, "joined", None, (ZHANG, LI)),))
    assert kind(room) == "group"
    stand.take(seen=(RoomSeen(room, "joined", None, (ZHANG,)),))
    assert kind(room) == "direct"
    stand.take(seen=(RoomSeen(room, "joined", None, None),))
    assert kind(room) == "direct"
    stand.take(seen=(RoomSeen(COUNTY, "joined", None, (ZHANG,)),))
    assert kind(COUNTY) == "county"


def test_an_empty_direct_room_is_no_way_to_reach_anybody() -> None:
    stand = InMemoryBot()
    zhang = stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    assert rooms.direct(stand.tx, zhang) == direct_room(ZHANG)
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "joined", None, ()),))
    assert rooms.direct(stand.tx, zhang) is None


def test_a_room_once_encrypted_stays_so() -> None:
    stand = InMemoryBot()
    room = direct_room(ZHANG)
    stand.take(seen=(RoomSeen(room, "joined", True, (ZHANG,)),))
    stand.take(seen=(RoomSeen(room, "joined", False, (ZHANG,)), RoomSeen(room, "joined", None, None)))
    found = rooms.get(stand.tx, room)
    assert found is not None
    assert found.encrypted


def test_an_upgraded_room_is_followed_to_its_successor() -> None:
    stand = InMemoryBot()
    rows = stand.take(seen=(RoomSeen(COUNTY, "upgraded", successor="!county2:x"),))
    assert acts(rows) == [("join", "!county2:x")]
    assert rooms.county(stand.tx) is None
    stand.take(seen=(RoomSeen("!county2:x", "joined", None, (ZHANG, LI), predecessor=COUNTY),))
    assert rooms.county(stand.tx) == "!county2:x"
    assert rooms.replaced_by(stand.tx, COUNTY) == "!county2:x"
    stand.take(seen=(RoomSeen(COUNTY, "joined", None, (ZHANG, LI)),))
    assert rooms.county(stand.tx) == "!county2:x"


def test_the_countys_room_is_found_however_often_it_was_replaced() -> None:
    stand = InMemoryBot()
    for old, new in ((COUNTY, "!second:x"), ("!second:x", "!third:x")):
        stand.take(seen=(RoomSeen(old, "upgraded", successor=new),))
        stand.take(seen=(RoomSeen(new, "joined", None, (ZHANG, LI), predecessor=old),))
    assert rooms.county(stand.tx) == "!third:x"
    assert rooms.replaced_by(stand.tx, COUNTY) == "!third:x"
    assert rooms.replaced_by(stand.tx, "!third:x") is None


def test_a_successor_that_does_not_name_the_old_room_is_a_group() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen(COUNTY, "upgraded", successor="!trap:x"),))
    stand.take(seen=(RoomSeen("!trap:x", "joined", None, (STRANGER, LI), predecessor="!other:x"),))
    stand.take(seen=(RoomSeen("!claims:x", "joined", None, (STRANGER, LI), predecessor=COUNTY),))
    assert kind_of(stand, "!trap:x") == kind_of(stand, "!claims:x") == ("group", None)
    assert rooms.county(stand.tx) is None
    assert rooms.replaced_by(stand.tx, COUNTY) is None


def test_a_successor_is_a_group_until_its_members_are_learnt() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen(COUNTY, "upgraded", successor="!county2:x"),))
    stand.take(seen=(RoomSeen("!county2:x", "joined", None, predecessor=COUNTY),))
    assert kind_of(stand, "!county2:x") == ("group", None)
    stand.take(seen=(RoomSeen("!county2:x", "joined", None, (ZHANG, LI)),))
    assert kind_of(stand, "!county2:x") == ("county", None)


def test_a_tombstone_changes_no_room_that_is_known() -> None:
    """Somebody names another's direct room, or the county's, as what takes the place of a room of theirs."""
    stand = InMemoryBot()
    zhang = kind_of(stand, direct_room(ZHANG))
    for victim in (direct_room(ZHANG), COUNTY):
        before = kind_of(stand, victim)
        assert stand.take(seen=(RoomSeen(GROUP, "upgraded", by=LI, successor=victim),)) == []
        assert kind_of(stand, victim) == before
    rows = stand.take(seen=(RoomSeen(direct_room(LI), "upgraded", by=LI, successor="!theirs:x"),))
    assert acts(rows) == [("join", "!theirs:x")]
    stand.take(seen=(RoomSeen("!theirs:x", "joined", None, (STRANGER, LI), predecessor=direct_room(LI)),))
    assert kind_of(stand, "!theirs:x") == ("group", None)
    assert kind_of(stand, direct_room(ZHANG)) == zhang
    assert rooms.county(stand.tx) == COUNTY


def test_a_direct_rooms_successor_is_direct_with_its_person_alone() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "upgraded", by=ZHANG, successor="!new:x"),))
    stand.take(seen=(RoomSeen("!new:x", "joined", True, (ZHANG,), predecessor=direct_room(ZHANG)),))
    zhang = stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    assert kind_of(stand, "!new:x") == ("direct", zhang)
    assert rooms.direct(stand.tx, zhang) == "!new:x"


def test_a_room_known_before_the_tombstone_takes_the_place_when_both_say_so() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen("!county2:x", "joined", None, (ZHANG, LI), predecessor=COUNTY),))
    assert kind_of(stand, "!county2:x") == ("group", None)
    stand.take(seen=(RoomSeen(COUNTY, "upgraded", successor="!county2:x"),))
    assert rooms.county(stand.tx) == "!county2:x"


def test_an_invitation_into_the_room_a_tombstone_names_is_followed_whoever_sends_it() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen(COUNTY, "upgraded", successor="!new:x"),))
    assert acts(stand.take(seen=(invited(STRANGER, direct=False),))) == [("join", "!new:x")]


def test_a_space_is_never_a_direct_room() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen("!space:x", "joined", None, (ZHANG,), space=True),))
    assert kind_of(stand, "!space:x") == ("group", None)
    stand.take(seen=(RoomSeen("!space:x", "joined", None, (ZHANG,)),))  # what it is was said once
    assert kind_of(stand, "!space:x") == ("group", None)


def test_an_invitation_that_says_it_is_direct_makes_no_room_direct() -> None:
    stand = InMemoryBot()
    zhang = stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (ZHANG,))
    stand.take(seen=(RoomSeen(direct_room(ZHANG), "left"), invited(ZHANG)))
    rooms.set_state(stand.tx, "!new:x", "joined", stand.now)  # we are in, and no sync has said who else is
    assert rooms.direct(stand.tx, zhang) is None
    stand.take(seen=(RoomSeen("!new:x", "joined", True, (LI, ZHANG)),))
    assert rooms.direct(stand.tx, zhang) is None


def test_rooms_whose_members_are_not_known_are_told_to_the_edge_at_start() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen("!new:x", "joined", None, None),))
    assert "!new:x" in rooms.unlearnt(stand.tx)
    stand.take(seen=(RoomSeen("!new:x", "joined", None, (ZHANG, LI)),))
    assert "!new:x" not in rooms.unlearnt(stand.tx)


def test_a_reader_of_the_roster_may_ask_us_into_a_group() -> None:
    stand = InMemoryBot()
    rows = stand.take(seen=(invited(OBSERVER, direct=False),))
    assert acts(rows) == [("join", "!new:x")]
    found = rooms.get(stand.tx, "!new:x")
    assert found is not None
    assert found.kind == "group"


def test_talk_among_others_in_a_group_is_none_of_our_business() -> None:
    stand = InMemoryBot()
    for words in ("今天下雨了", "老王在吗", "水管漏了谁去看看", "好", "1"):
        assert stand.say(words, room=GROUP) == ""
    assert stand.take(stand.event(Said("@all 晚上开会"), LI, COUNTY)) == []
    assert "颍桥示范一村" in stand.say("进度", room=GROUP)
    assert stand.answers() == {}


def test_whoever_invites_into_the_county_room_of_the_settings_is_followed() -> None:
    stand = InMemoryBot()
    stand.take(seen=(RoomSeen(COUNTY, "left"),))
    rows = stand.take(seen=(invited(STRANGER, direct=False, room=COUNTY),))
    assert acts(rows) == [("join", COUNTY)]
