"""Somebody takes back or edits an old message after others have acted on what it brought about: nothing changes, and the
reply says why. A field goes back only while the message that is taken back wrote it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.dialogue.effects import Line
from bot.engine import undo
from bot.engine.origin import Origin
from bot.engine.undo import Undo
from bot.rehearsal.chat import direct_room
from storage import history, people, rooms
from storage.audit import audit
from storage.db import Transaction
from tests.support.bot_in_memory import (
    COORDINATOR,
    LI,
    OFFICE,
    ZHANG,
    InMemoryBot,
    context,
    dump,
)

LEAK = "三组王五家水管老化漏水"
RESULT = "8月10日村委会换了三十米入户水管"
OTHERS_ACTED = "问题101别人已经接着处理了"
SETTLED = "问题101已经报核或销号"


@dataclass(frozen=True)
class Act:
    """One move of the lifecycle by somebody."""

    verb: str
    who: str
    reason: str = ""
    fields: dict[str, str] = field(default_factory=dict)


SUBMIT = Act("submit", ZHANG, fields={"result": RESULT})
SUBMIT_FOR = Act("submit", COORDINATOR, fields={"result": RESULT})
CLOSE, CLOSE_BY_COUNTY = Act("close", COORDINATOR), Act("close", OFFICE)
VERIFY = Act("verify", COORDINATOR)
RETURN = Act("return", COORDINATOR, "照片看不清")
REOPEN = Act("reopen", OFFICE, "回头看又漏了")
RESUME, RESUME_FOR = Act("resume", ZHANG), Act("resume", COORDINATOR)
EXTEND = Act("extend", COORDINATOR, "连着下雨", {"due": "2023-09-15"})


@dataclass
class Filed:
    """Finding 101 at item 22, put on the books by Zhang in three messages."""

    stand: InMemoryBot
    opened: str
    measured: str
    timed: str

    def act(self, *acts: Act) -> None:
        for each in acts:
            self.stand.act(101, each.verb, each.who, each.reason, **each.fields)

    def books(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything but the conversation itself."""
        talk = ("inbox", "outbox", "sessions", "early_edits", "sqlite_sequence")
        return {name: rows for name, rows in dump(self.stand.tx).items() if name not in talk}


@pytest.fixture
def filed() -> Filed:
    stand = InMemoryBot()
    stand.says("排查", "1")
    events = []
    for words in (f"22有，{LEAK}", "村委会换好入户水管", "1"):
        stand.say(words)
        events.append(stand.last)
    assert stand.finding(101)["state"] == "rectifying"
    return Filed(stand, *events)


@pytest.mark.parametrize(
    "what", ["delete the horizon", "delete the opening", "edit the horizon", "edit the opening"]
)
@pytest.mark.parametrize(
    ("acts", "state", "told"),
    [
        ((SUBMIT_FOR, CLOSE_BY_COUNTY, REOPEN, RESUME_FOR), "rectifying", OTHERS_ACTED),
        ((SUBMIT, CLOSE, REOPEN, RESUME), "rectifying", OTHERS_ACTED),
        ((SUBMIT, CLOSE, REOPEN), "reopened", OTHERS_ACTED),
        ((SUBMIT, RETURN), "returned", OTHERS_ACTED),
        ((SUBMIT, RETURN, RESUME), "rectifying", OTHERS_ACTED),
        ((SUBMIT, VERIFY, Act("return", OFFICE, "再看看")), "returned", OTHERS_ACTED),
        ((EXTEND,), "rectifying", OTHERS_ACTED),
        ((EXTEND, SUBMIT), "submitted", SETTLED),
        ((SUBMIT,), "submitted", SETTLED),
        ((SUBMIT, VERIFY), "verified", SETTLED),
        ((SUBMIT, CLOSE), "closed", SETTLED),
    ],
)  # fmt: skip
def test_what_others_have_built_on_stays(
    filed: Filed, acts: Sequence[Act], state: str, told: str, what: str
) -> None:
    filed.act(*acts)
    stood = filed.books()
    match what:
        case "delete the horizon":
            reply = filed.stand.redact(filed.timed)
        case "delete the opening":
            reply = filed.stand.redact(filed.opened)
        case "edit the horizon":
            reply = filed.stand.edit(filed.timed, "2")
        case _:
            reply = filed.stand.edit(filed.opened, "22 无")
    assert told in reply
    assert filed.books() == stood
    assert filed.stand.finding(101)["state"] == state
    assert filed.stand.answers() == {22: "found"}


def test_an_extension_is_neither_lost_nor_granted_by_an_edit(filed: Filed) -> None:
    filed.act(EXTEND)
    assert OTHERS_ACTED in filed.stand.edit(filed.timed, "2")
    finding = filed.stand.finding(101)
    assert (finding["due"], finding["extensions"], finding["horizon"]) == ("2023-09-15", 1, "now")


def test_words_that_somebody_else_amended_are_theirs(filed: Filed) -> None:
    filed.stand.say("改 101 措施 镇水利站换好入户水管", COORDINATOR)
    stood = filed.books()
    assert "没有可撤回" in filed.stand.redact(filed.measured)
    assert filed.books() == stood


def test_a_deleted_message_takes_back_a_field_only_while_it_wrote_it_last(filed: Filed) -> None:
    stand = filed.stand
    stand.say("改 101 措施 村委会换成PE管")
    first = stand.last
    stand.say("改 101 措施 水利站换成PE管")
    second = stand.last
    stood = filed.books()
    assert "没有可撤回" in stand.redact(first)
    assert filed.books() == stood
    assert "问题101恢复原样：整改措施" in stand.redact(second)
    assert stand.finding(101)["measure"] == "村委会换成PE管"


def test_values_go_back_one_writer_at_a_time(filed: Filed) -> None:
    stand = filed.stand
    stand.say("改 101 措施 村委会换成PE管")
    first = stand.last
    stand.say("改 101 措施 水利站换成PE管")
    stand.redact(stand.last)
    assert "问题101恢复原样：整改措施" in stand.redact(first)
    assert stand.finding(101)["measure"] == "村委会换好入户水管"
    stand.redact(filed.measured)
    assert (stand.finding(101)["measure"], stand.finding(101)["state"]) == ("", "draft")
    assert audit(stand.tx).sound


def test_the_same_value_written_again_is_a_writer_of_its_own(filed: Filed) -> None:
    stand = filed.stand
    stand.says("改 101 措施 村委会换成PE管")
    first = stand.last
    stand.say("改 101 措施 水利站换成PE管", COORDINATOR)
    stand.say("改 101 措施 村委会换成PE管", COORDINATOR)
    stood = filed.books()
    stand.redact(first)
    assert filed.books() == stood


def test_the_word_of_undo_goes_by_the_same_rule(filed: Filed) -> None:
    filed.act(EXTEND)
    stood = filed.books()
    assert OTHERS_ACTED in filed.stand.say("撤回")
    assert filed.books() == stood


def test_an_answer_that_somebody_else_gave_since_stays() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "1")
    mine = stand.last
    stand.says("切换 颍桥示范一村", "改 3 不涉及", who=COORDINATOR)
    assert stand.answers() == {3: "not_applicable"}
    assert "后来另有回答" in stand.redact(mine)
    assert stand.answers() == {3: "not_applicable"}


def test_nobody_takes_back_the_words_of_others(filed: Filed) -> None:
    for who in (LI, COORDINATOR, OFFICE):
        stood = filed.books()
        assert filed.stand.redact(filed.opened, who) == ""
        assert filed.stand.edit(filed.opened, "22 无", who) == ""
        assert filed.books() == stood


# --- moves of the lifecycle, by the table -------------------------------------------------------------------------------


def origin_of(stand: InMemoryBot, tx: Transaction, who: str) -> Origin:
    stand.events += 1
    actor, room = people.actor(tx, who, stand.now.date().isoformat()), rooms.get(tx, direct_room(who))
    assert actor is not None
    assert room is not None
    return Origin(context(), actor, room, f"$event-{stand.events}", stand.now)


def undone(stand: InMemoryBot, event: str, who: str) -> list[Line]:
    """What `undo` says of one message, whatever the doors before it would have said."""
    told: list[Line] = []

    def work(tx: Transaction) -> None:
        origin = origin_of(stand, tx, who)
        told.extend(undo.undo(tx, origin, Undo(history.of_refs(tx, (event,))), stand.now).said())

    stand.write(work)
    return told


@pytest.mark.parametrize(
    ("acts", "by", "before"),
    [
        ((SUBMIT,), ZHANG, "rectifying"),
        ((SUBMIT, RETURN), COORDINATOR, "submitted"),
        ((SUBMIT, VERIFY), COORDINATOR, "submitted"),
        ((SUBMIT, CLOSE), COORDINATOR, "submitted"),
        ((SUBMIT, VERIFY, CLOSE_BY_COUNTY), OFFICE, "verified"),
        ((SUBMIT, RETURN, RESUME), ZHANG, "returned"),
        ((SUBMIT, RETURN, SUBMIT), ZHANG, "returned"),
        ((Act("void", ZHANG, "重复登记"),), ZHANG, "rectifying"),
    ],
)
def test_who_made_a_move_takes_it_back(filed: Filed, acts: Sequence[Act], by: str, before: str) -> None:
    filed.act(*acts)
    lines = undone(filed.stand, filed.stand.last, by)
    assert filed.stand.finding(101)["state"] == before
    assert [line.params["finding"] for line in lines] == [101]
    assert audit(filed.stand.tx).sound


def test_a_submission_taken_back_takes_its_result_along(filed: Filed) -> None:
    filed.act(SUBMIT)
    undone(filed.stand, filed.stand.last, ZHANG)
    assert (filed.stand.finding(101)["result"], filed.stand.finding(101)["state"]) == ("", "rectifying")


def test_a_strike_off_taken_back_names_nobody_any_more(filed: Filed) -> None:
    filed.act(SUBMIT, CLOSE)
    undone(filed.stand, filed.stand.last, COORDINATOR)
    assert (filed.stand.finding(101)["closed_at"], filed.stand.finding(101)["verifier_id"]) == (None, None)


@pytest.mark.parametrize(
    "acts",
    [(REOPEN,), (Act("recur", ZHANG),)],
    ids=["reopen", "recur"],
)  # fmt: skip
def test_what_the_table_does_not_reverse_stays(filed: Filed, acts: Sequence[Act]) -> None:
    filed.act(SUBMIT, CLOSE, *acts)
    stood = filed.books()
    assert undone(filed.stand, filed.stand.last, acts[-1].who) == []
    assert filed.books() == stood


@pytest.mark.parametrize("since", [(VERIFY,), (CLOSE,)])
def test_a_move_that_others_have_moved_on_from_stays(filed: Filed, since: Sequence[Act]) -> None:
    filed.act(SUBMIT)
    submitted = filed.stand.last
    filed.act(*since)
    stood = filed.books()
    assert undone(filed.stand, submitted, ZHANG) == []
    assert filed.books() == stood
