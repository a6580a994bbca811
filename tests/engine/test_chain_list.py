"""接龙 and 代报: what is stored, in whose name, what is taken back, and that nothing is before it was confirmed."""

from __future__ import annotations

import pytest

from bot.dialogue.questions import AskChain, AskChainBasis
from bot.rehearsal.chat import COUNTY, SERVER
from storage.audit import audit
from tests.support.bot_in_memory import (
    COORDINATOR,
    FIRST,
    LI,
    OBSERVER,
    OFFICE,
    SECOND,
    ZHANG,
    InMemoryBot,
    dump,
)

MAILING = f"@mailing:{SERVER}"
LIS, NOBODYS, TOWN = (
    "麦岭示范一村",
    "麦岭示范二村",
    "麦岭镇",
)  # 李四 answers for the first, nobody for the second
LIST = f"#接龙\n1. {LIS} 4-10无，入户12户\n2. {NOBODYS} 22水管漏"
KEPT = ("checks", "findings", "actions", "changes")


@pytest.fixture
def stand() -> InMemoryBot:
    return InMemoryBot()


def actions(stand: InMemoryBot) -> list[tuple[str, str, str | None]]:
    """(verb, who, in whose name) of everything said in chat."""
    sql = (
        "SELECT verb, p.name, b.name FROM actions a JOIN people p ON p.id = a.person_id"
        " LEFT JOIN people b ON b.id = a.on_behalf_of WHERE a.source = 'chat' ORDER BY seq"
    )
    return [tuple(row) for row in stand.tx.all(sql)]


def test_nothing_is_stored_before_the_confirmation(stand: InMemoryBot) -> None:
    before = dump(stand.tx, *KEPT)
    assert "第4-10项未发现问题" in stand.say(LIST, MAILING)
    assert isinstance(stand.standing(MAILING).question, AskChain)
    for words in ("进度", "嗯哼", "是吗？", "1，李庄也漏了", "是，怎么撤回", "去掉 9"):
        stand.say(words, MAILING)
        assert dump(stand.tx, *KEPT) == before
    assert isinstance(stand.standing(MAILING).question, AskChain)
    stand.say("2", MAILING)
    assert dump(stand.tx, *KEPT) == before
    assert stand.standing(MAILING).question is None


def test_it_goes_down_in_the_name_of_the_one_who_answers_there(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    reply = stand.say("是", MAILING)
    assert "代李四报，已记：麦岭示范一村" in reply
    assert "麦岭示范二村。只记在麦岭联络员名下" in reply
    assert stand.answers(LIS) == dict.fromkeys(range(4, 11), "clear")
    assert actions(stand) == [("answer", "麦岭联络员", "李四"), ("answer", "麦岭联络员", None)]
    finding = stand.finding(101)
    assert (finding["description"], finding["responsible"], finding["state"]) == (
        "水管漏",
        "麦岭联络员",
        "draft",
    )
    assert audit(stand.tx).first_wrong is None


def test_a_problem_reported_for_somebody_is_theirs_to_solve(stand: InMemoryBot) -> None:
    stand.say(f"代报 {LIS} 22水管漏", MAILING)
    stand.say("1", MAILING)
    finding = stand.finding(101)
    assert finding["responsible"] == "李四"
    assert (finding["reporter_id"], finding["on_behalf_of"]) != (
        finding["on_behalf_of"],
        finding["reporter_id"],
    )


def test_of_two_who_answer_for_a_village_none_is_named(stand: InMemoryBot) -> None:
    stand.connection.execute(
        "INSERT INTO grants (person_id, role, place_id, rank, since) SELECT p.id, 'reporter', g.place_id, 9, g.since"
        " FROM people p, grants g JOIN places ON places.id = g.place_id WHERE p.name = '张三' AND places.name = ?",
        (LIS,),
    )
    stand.say(LIST, MAILING)
    stand.say("1", MAILING)
    assert {behalf for _, _, behalf in actions(stand)} == {None}


def test_the_basis_is_asked_once_for_all_of_them(stand: InMemoryBot) -> None:
    assert "没说核查方式" in stand.say(f"{LIS} 4-10无\n{NOBODYS} 无\n{TOWN} 3无", MAILING)
    stand.say("1", MAILING)
    assert isinstance(stand.standing(MAILING).question, AskChainBasis)
    stand.say("什么时候交", MAILING)
    assert stand.basis(4, LIS) == ""
    stand.say("入户12户", MAILING)
    assert (stand.basis(10, LIS), stand.basis(72, NOBODYS), stand.basis(3, TOWN)) == ("入户12户",) * 3
    assert stand.standing(MAILING).question is None
    assert actions(stand).count(("answer", "麦岭联络员", "李四")) == 2
    assert audit(stand.tx).first_wrong is None


@pytest.mark.parametrize("words", ["是，入户核查", "1，入户核查", "好 入户核查", "对：入户核查"])
def test_the_basis_may_be_said_with_the_yes(stand: InMemoryBot, words: str) -> None:
    stand.say(f"{LIS} 4-10无\n{NOBODYS} 4无，查台账", MAILING)
    stand.say(words, MAILING)
    assert (stand.basis(4, LIS), stand.basis(4, NOBODYS)) == ("入户核查", "查台账")
    assert stand.standing(MAILING).question is None


def test_a_basis_that_stood_is_kept(stand: InMemoryBot) -> None:
    stand.say(f"{LIS} 4-5无，现场", LI)
    stand.say(f"{LIS} 4-7无\n{NOBODYS} 4无", MAILING)
    stand.say("是，查台账", MAILING)
    assert [stand.basis(no, LIS) for no in (4, 5, 6, 7)] == ["现场", "现场", "查台账", "查台账"]


def test_undo_takes_the_list_back_as_a_whole(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    stand.say("1", MAILING)
    reply = stand.says("撤回", "1", who=MAILING)
    assert f"{LIS}：\n第4-10项：未发现 → 未答" in reply
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({}, {})
    assert stand.finding(101)["state"] == "void"
    assert audit(stand.tx).first_wrong is None


def test_undo_leaves_what_somebody_else_wrote_since(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    stand.say("1", MAILING)
    stand.say(f"{LIS} 4不涉及", LI)
    stand.says("撤回", "都撤", who=MAILING)
    assert stand.answers(LIS) == {4: "not_applicable"}


def test_deleting_the_list_withdraws_it_before_and_after_it_was_stored(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    stand.redact(stand.last, MAILING)
    assert stand.standing(MAILING).question is None
    stand.say("1", MAILING)
    assert stand.answers(LIS) == {}
    stand.say(LIST, MAILING)
    event = stand.last
    stand.say("1", MAILING)
    stand.redact(event, MAILING)
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({}, {})


def test_editing_the_list_reads_it_again(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    event = stand.last
    assert "第11-12项" in stand.edit(event, f"{LIS} 11-12无，现场\n{NOBODYS} 30有，厕所坏了", MAILING)
    stand.say("1", MAILING)
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({11: "clear", 12: "clear"}, {30: "found"})
    assert stand.edit(event, f"{LIS} 13无，现场\n{NOBODYS} 14无", MAILING)
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({}, {})  # asked anew before it counts
    stand.say("1", MAILING)
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({13: "clear"}, {14: "clear"})
    assert stand.finding(101)["description"] == "厕所坏了"


def test_editing_the_yes_into_a_no_takes_it_back(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    stand.say("1", MAILING)
    stand.edit(stand.last, "2", MAILING)
    assert (stand.answers(LIS), stand.answers(NOBODYS)) == ({}, {})


def test_what_changed_since_it_was_shown_is_shown_again(stand: InMemoryBot) -> None:
    stand.say(f"{LIS} 无\n{NOBODYS} 4无", MAILING)
    stand.say(f"{LIS} 4-10不涉及", LI)
    before = dump(stand.tx, *KEPT)
    assert "请再看一遍" in stand.say("1", MAILING)
    assert dump(stand.tx, *KEPT) == before
    stand.say("1", MAILING)
    assert stand.answers(LIS)[4] == "not_applicable"
    assert stand.answers(LIS)[11] == "clear"


def test_a_village_handed_in_meanwhile_is_left_alone(stand: InMemoryBot) -> None:
    stand.say(f"{LIS} 11无\n{NOBODYS} 4无", MAILING)
    stand.says(f"{LIS} 3-72无，入户12户", "提交", "1", who=LI)
    before = stand.basis(11, LIS)
    assert "已经提交" in stand.say("1", MAILING)
    stand.say("1", MAILING)
    assert (stand.basis(11, LIS), stand.answers(NOBODYS)) == (before, {4: "clear"})


def test_reporters_do_it_for_their_own_villages_and_for_no_other(stand: InMemoryBot) -> None:
    reply = stand.say(f"{FIRST} 4无\n{SECOND} 5无\n{LIS} 6无", ZHANG)
    assert "不归您填报" in reply
    assert "（代" not in reply
    stand.say("1", ZHANG)
    assert (stand.answers(FIRST), stand.answers(SECOND), stand.answers(LIS)) == (
        {4: "clear"},
        {5: "clear"},
        {},
    )
    assert actions(stand) == [("answer", "张三", None)]


@pytest.mark.parametrize("who", [OFFICE, OBSERVER])
def test_who_does_not_report_is_told_who_may(stand: InMemoryBot, who: str) -> None:
    before = dump(stand.tx, *KEPT)
    assert "填报员、联络员" in stand.say(LIST, who)
    stand.say("1", who)
    assert dump(stand.tx, *KEPT) == before


def test_among_others_a_list_is_their_talk(stand: InMemoryBot) -> None:
    before = dump(stand.tx, *KEPT)
    assert stand.say(LIST, MAILING, COUNTY) == ""
    assert "私聊" in stand.say(f"代报 {LIS} 4-10无", MAILING, COUNTY)
    assert dump(stand.tx, *KEPT) == before


def test_a_list_comes_before_the_open_question_and_gives_it_back(stand: InMemoryBot) -> None:
    stand.says("切换 颍桥回族镇", "2", "两名包村干部没有驻村", who=COORDINATOR)
    asked = stand.standing(COORDINATOR).question
    stand.say(f"{FIRST} 4无，现场\n{SECOND} 5无，现场", COORDINATOR)
    stand.say("1", COORDINATOR)
    assert stand.finding(101)["measure"] == ""
    assert stand.standing(COORDINATOR).question == asked
    assert stand.answers(FIRST) == {4: "clear"}


def test_a_caption_is_no_list(stand: InMemoryBot) -> None:
    stand.photo(f"{FIRST} 4无\n{SECOND} 5无")
    assert not isinstance(stand.standing().question, AskChain)


def test_the_same_list_again_replaces_the_first(stand: InMemoryBot) -> None:
    stand.say(LIST, MAILING)
    stand.say(LIST, MAILING)
    assert stand.standing(MAILING).queue == ()
    stand.say("2", MAILING)
    assert stand.standing(MAILING).question is None


def test_two_problems_of_an_item_are_two_even_where_a_draft_waits_for_words(stand: InMemoryBot) -> None:
    stand.say(f"{LIS} 12有", LI)
    stand.say(f"代报 {LIS}\n12有，慢病卡没办\n12有，四组赵六的药费没有报销", MAILING)
    stand.say("1", MAILING)
    assert [stand.finding(no)["description"] for no in (101, 102)] == ["慢病卡没办", "四组赵六的药费没有报销"]


def test_what_two_lines_repeat_is_one(stand: InMemoryBot) -> None:
    reply = stand.say(f"接龙\n{LIS} 22有，水管漏\n{LIS} 4-6无，22有\n{LIS} 4无，现场", MAILING)
    assert reply.count("第22项") == 1
    stand.say("1", MAILING)
    assert (stand.basis(4, LIS), stand.basis(5, LIS)) == ("现场", "")
    assert stand.tx.number("SELECT count(*) FROM findings") == 1
