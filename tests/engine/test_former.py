"""Whose a place no longer is, reads what they wrote there and changes nothing, whichever way they try; refusals name who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.chat import Media, Said
from bot.rehearsal.names import SERVER
from tests.support.bot_in_memory import FIRST, LI, ZHANG, InMemoryBot, dump
from tests.support.handing_over import hand_over, let_go

LEAK = "22 水管老化漏水没人修"
KEPT = ("checks", "findings", "hand_ins", "stages", "requests")
Leave = Callable[[InMemoryBot], None]
LEAVING: dict[str, Leave] = {"handed over": hand_over, "let go": lambda stand: let_go(stand, ZHANG)}


class Wrote:
    """What Zhang wrote while the place was theirs, and where it can be pointed at."""

    def __init__(self) -> None:
        self.stand = stand = InMemoryBot()
        stand.says("排查", "1")
        self.asked = stand.last_sent  # asks for item 3
        stand.say("1")
        self.answer, self.asked_next = stand.last, stand.last_sent
        stand.say("4 无，入户12户")
        self.with_basis = stand.last
        stand.say(LEAK)
        self.problem, self.asks_measure = stand.last, stand.last_sent
        stand.say("村委会换管")
        self.measure = stand.last
        stand.photo()
        self.photo, self.binds = stand.last, stand.last_sent
        stand.say("问题 101")
        self.card = stand.last_sent
        stand.say("早上吃了没")
        self.not_understood = stand.last

    def there(self) -> list[object]:
        """Everything that stands at the place, with the files of its finding."""
        tables, place = (
            dump(self.stand.tx, *KEPT),
            self.stand.tx.value("SELECT id FROM places WHERE name = ?", (FIRST,)),
        )
        pieces = self.stand.tx.all("SELECT id, finding_no, state FROM evidence WHERE finding_no = 101")
        rows = [row for name in KEPT for row in tables[name] if place in row or row[0] == 101]
        return [*rows, *map(tuple, pieces)]


# What changes nothing there although it is allowed: it only asks, or says what stands.
SAME = ("a reaction", "提交", "the open question", "edit into a finding", "改 without words")


def image() -> Said:
    return Said("", Media("image", "b.jpg", f"mxc://{SERVER}/b", "image/jpeg", 10))


TRIES: dict[str, Callable[[Wrote], str]] = {
    "answer to the item asked then": lambda it: it.stand.say("2 没水喝", reply_to=it.asked),
    "answer to what was asked last": lambda it: it.stand.say("3", reply_to=it.asked_next),
    "the open question": lambda it: it.stand.say("8月20日"),
    "answer about the draft": lambda it: it.stand.say("换新管", reply_to=it.asks_measure),
    "edit of an answer": lambda it: it.stand.edit(it.answer, "3"),
    "edit of an answer with basis": lambda it: it.stand.edit(it.with_basis, "4 无，查台账"),
    "edit of a problem": lambda it: it.stand.edit(it.problem, "22 水管换好了又漏水"),
    "edit of a measure": lambda it: it.stand.edit(it.measure, "乡里换管"),
    "edit of what was not understood": lambda it: it.stand.edit(it.not_understood, "1"),
    "edit into a finding": lambda it: it.stand.edit(it.not_understood, "23 路灯坏了没人修"),
    "deletion of an answer": lambda it: it.stand.redact(it.answer),
    "deletion of a problem": lambda it: it.stand.redact(it.problem),
    "deletion of a measure": lambda it: it.stand.redact(it.measure),
    "deletion of a photo": lambda it: it.stand.redact(it.photo),
    "撤回": lambda it: it.stand.say("撤回"),
    "撤回 of a message": lambda it: it.stand.say("撤回", reply_to=it.problem),
    "改 of the finding": lambda it: it.stand.say("改 101 期限 8月20日"),
    "改 without words": lambda it: it.stand.says("改 101", "换新管"),
    "改 of the item": lambda it: it.stand.says(f"切换 {FIRST}", "改 3 不适用"),
    "作废": lambda it: it.stand.say("作废 101 报错了"),
    "移到": lambda it: it.stand.say("把101移到颍桥示范二村"),
    "reply to the card": lambda it: it.stand.say("责任人 李四", reply_to=it.card),
    "reply to one's own words": lambda it: it.stand.say("不适用", reply_to=it.answer),
    "the finding by its number": lambda it: it.stand.say("101 期限改成8月20日"),
    "a photo for the card": lambda it: it.stand.send(Said(image().words, image().media, reply_to=it.card)),
    "a photo with the number": lambda it: it.stand.photo("101"),
    "a photo for the words": lambda it: it.stand.send(Said("", image().media, reply_to=it.problem)),
    "a photo alone": lambda it: it.stand.photo(),
    "a reaction": lambda it: it.stand.react(it.asked, "3️⃣"),
    "several items": lambda it: it.stand.say(f"{FIRST} 6-9 无，查台账"),
    "提交": lambda it: it.stand.says(f"切换 {FIRST}", "提交", "1"),
}


@pytest.mark.parametrize("attempt", TRIES)
@pytest.mark.parametrize("leave", LEAVING)
def test_nothing_that_is_said_or_taken_back_changes_anything_there(leave: str, attempt: str) -> None:
    wrote = Wrote()
    LEAVING[leave](wrote.stand)
    before = wrote.there()
    TRIES[attempt](wrote)
    assert wrote.there() == before


@pytest.mark.parametrize("attempt", TRIES)
def test_the_same_is_understood_while_the_place_is_theirs(attempt: str) -> None:
    """Else the test above proves nothing."""
    wrote = Wrote()
    before = wrote.there()
    TRIES[attempt](wrote)
    assert wrote.there() != before or attempt in SAME


@pytest.mark.parametrize(
    "attempt",
    ["edit of a problem", "deletion of an answer", "撤回", "改 of the finding", "answer about the draft"],
)
def test_a_refusal_names_who_may(attempt: str) -> None:
    wrote = Wrote()
    hand_over(wrote.stand)
    told = TRIES[attempt](wrote)
    assert "不由您负责" in told
    assert "李四" in told


def test_nobody_is_asked_about_a_finding_that_they_may_not_change() -> None:
    wrote = Wrote()
    hand_over(wrote.stand)
    assert "不由您负责" in wrote.stand.say("改 101")
    assert wrote.stand.finding(101)["state"] == "draft"


def test_what_was_written_there_can_be_read() -> None:
    wrote = Wrote()
    hand_over(wrote.stand)
    assert "水管老化漏水" in wrote.stand.say("问题 101")
    assert "水管老化漏水" in wrote.stand.say("我的")


def test_somebody_let_go_reads_what_they_reported_and_nothing_else() -> None:
    wrote = Wrote()
    wrote.stand.says("排查", "22 桥塌了没人修", who=LI)
    let_go(wrote.stand, ZHANG)
    assert "水管老化漏水" in wrote.stand.say("问题 101")
    assert "水管老化漏水" in wrote.stand.say("我的")
    assert "桥塌了" not in wrote.stand.say("问题 102")
    assert "不能再改" in wrote.stand.say("台账")
    assert "不能再改" in wrote.stand.say("你好")


def test_somebody_let_go_is_a_stranger_among_others() -> None:
    wrote = Wrote()
    let_go(wrote.stand, ZHANG)
    assert "水管" not in wrote.stand.say("问题 101", room=f"!group:{SERVER}")


def test_whoever_it_was_handed_to_goes_on_with_it() -> None:
    wrote = Wrote()
    hand_over(wrote.stand)
    wrote.stand.say("改 101 责任人 李四", who=LI)
    assert wrote.stand.finding(101)["responsible"] == "李四"
