"""Random chats for tests/engine/test_any_conversation.py: who says what where, and what must hold whatever was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from bot.chat import Content, Edited, Media, Reacted, Redacted, Said
from bot.dialogue import session as sessions
from bot.domain import lifecycle
from bot.domain.permissions import Right
from bot.rehearsal.chat import COUNTY, SERVER, direct_room
from storage import checks, findings, people
from storage.audit import audit
from storage.db import Reader
from storage.outbox import OutboxRow
from tests.support.bot_in_memory import COORDINATOR, GROUP, LI, OBSERVER, OFFICE, STRANGER, ZHANG, InMemoryBot

REPORTERS = (ZHANG, LI, COORDINATOR)
EVERYONE = (*REPORTERS, OFFICE, OBSERVER, STRANGER)
COMMANDS = """排查 帮助 返回 取消 进度 我的 核对 提交 台账 简报 菜单 你好 谢谢 切换 撤回 walk help back cancel progress undo
切换 2|切换 颍桥|跳到 21|跳到 99|跳到 2|改 12|改 3 无|改 101|改 101 期限 8月20日|改 101 描述 三组赵六家没水|改 102 责任人 李四|查 水管
查|政策 15|政策 15 8月1日|走访 张三家 水管漏 慢病卡没办|走访|作废 101 重复登记|作废 102|问题 101|问题 99999999999999999999|语言 en|语言 中文
按钮 开|按钮 投票|按钮 关|意见 晚上别发|匿名意见 字太小|台账 逾期|台账 教育帮扶|进度 颍桥示范一村"""
ANSWERS = """1 2 3 4 5 0 7 99 无 没有 有 不涉及 稍后 好 不是 ✅ 👍 👎 1️⃣ 2️⃣ 没有，都挺好 8月20日 9月30日 昨天 去掉 入户12户 查台账 101 102
2 水管漏水|有，四组李四家水管坏了|三组王五家水管老化漏水，十五年没换|三组王五家水管老化漏水|村委会8月12日前换好|村委会每月检查一次|去掉 2|1 改 30|只要 1
4-10 无|4-10 无，入户12户|除12外无|其余无|22有 其余无|22 水管漏，12 慢病卡没办，其余无|教育帮扶 无|3-72 无 入户20户|5 不涉及，6 稍后"""
JUNK = """'; DROP TABLE checks; --|{"a": [1, null]}|{no}|{0}|=1+1|+cmd|@SUM(A1)|<b>x</b>|%s %n|嗯|😂😂|。。。|1234567890|-1|1.5|３　无|None|\\x00"""


def _words() -> list[str]:
    spaced = [line.split() for text in (COMMANDS, ANSWERS) for line in text.splitlines() if "|" not in line]
    barred = [
        line.split("|") for text in (COMMANDS, ANSWERS, JUNK) for line in text.splitlines() if "|" in line
    ]
    mixed = [
        "\ud800",
        "a\x00b",
        "\u200b",
        "",
        "漏水" * 3000,
        "1 无 " * 400,
        "410123199001011234",
        "13812345678",
        "#接龙\n1. 颍桥示范一村 无\n2. 颍桥示范二村 22水管漏",
        "颍桥示范一村 4-10无，入户12户\n麦岭示范一村 12有\n王家村 无",
        "代报 颍桥示范一村 30有，厕所坏了",
        "是，入户核查",
    ]
    return [*(word for words in (*spaced, *barred) for word in words), *mixed]


WORDS = st.one_of(st.sampled_from(_words()), st.sampled_from(_words()), st.text(max_size=12))
PICK = st.integers(0, 12)  # how far back


@dataclass(frozen=True)
class Step:
    """One thing that happens. `back` counts back from the latest message it can be about."""

    kind: str
    who: str = ZHANG
    where: str = "direct"
    words: str = ""
    back: int = 0


SPEAKERS = st.sampled_from((*[ZHANG] * 6, *REPORTERS, *EVERYONE))
ROOMS = st.sampled_from(("direct", "direct", "direct", "direct", GROUP, COUNTY))
KINDS = st.sampled_from(
    [
        *(["say"] * 14),
        *(["edit"] * 4),
        "redact",
        "redact",
        "reply",
        "reply",
        "react",
        "unreact",
        "photo",
        "photo",
        "map",
        "meddle",
        "early",
        "again",
        "clock",
        "tick",
        "days",
    ]
)
STEPS = st.lists(st.builds(Step, KINDS, SPEAKERS, ROOMS, WORDS, PICK), min_size=10, max_size=40)


@dataclass
class Chat:
    """Plays steps on a stand and remembers who said what."""

    stand: InMemoryBot = field(default_factory=InMemoryBot)
    said: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=dict)  # room -> the bot's event ids
    owners: dict[str, str] = field(default_factory=dict)  # event id -> who

    def play(self, step: Step) -> tuple[list[OutboxRow], str]:
        """What the bot wrote, and the id of the event it wrote it for."""
        room = direct_room(step.who) if step.where == "direct" else step.where
        if step.kind in ("clock", "days"):
            self.stand.later(**({"hours": step.back} if step.kind == "clock" else {"days": step.back}))
            return [], ""
        if step.kind == "tick":
            return self.stand.tick(), ""
        event_id = ""
        if step.kind == "early":  # an edit of the very next message of the same person
            event_id = f"$event-{self.stand.events + 2}"
            self.stand.take(self.stand.event(Edited(event_id, step.words), step.who, room))
            event_id = ""
        content = self._content(step, room)
        event = self.stand.event(content, step.who, room, event_id)
        rows = self.stand.take(event)
        if step.kind == "again":
            assert self.stand.take(event) == []
        if isinstance(content, (Said, Reacted)):
            self.said.setdefault((step.who, room), []).append(event.event_id)
        self.owners[event.event_id] = step.who
        for row in rows:
            if row.room_id:
                self.sent.setdefault(row.room_id, []).append(f"$bot-{row.id}")
        return rows, event.event_id

    def _content(self, step: Step, room: str) -> Content:
        own = self.said.get((step.who, room), [])
        bots, others = (
            self.sent.get(room, []),
            [e for key, es in self.said.items() if key[0] != step.who for e in es],
        )
        mine = own[-1 - step.back % len(own)] if own else "$nothing"
        bot = bots[-1 - step.back % len(bots)] if bots else "$nothing"
        match step.kind:
            case "edit":
                return Edited(mine, step.words)
            case "redact" | "unreact":
                return Redacted(mine)
            case "meddle":
                return (
                    Edited(others[-1 - step.back % len(others)], step.words)
                    if others
                    else Redacted("$nothing")
                )
            case "reply":
                return Said(step.words, reply_to=bot)
            case "react":
                return Reacted(bot, step.words[:8])
            case "photo":
                caption = step.words if step.back % 2 else ""
                return Said(
                    caption, Media("image", step.words[:9], f"mxc://{SERVER}/x", "image/jpeg", 10**step.back)
                )
            case "map":
                return Said(geo_uri="geo:33.85,113.48")
            case _:
                return Said(step.words)


_GAP = re.compile(
    r"\{[a-z_]+\}|\bNone\b|Answer\.|Expect\.|Ask[A-Z]|datetime\.|<[a-z]+\.|@(?:word|state|field)_"
)


def check_reply(rows: Sequence[OutboxRow], step: Step) -> None:
    """At most one reply, to who spoke, without anything of the machine in it; among others maybe one more, to them alone."""
    room = direct_room(step.who) if step.where == "direct" else step.where
    replies = [row for row in rows if row.room_id == room and row.act == "message" and not _is_button(row)]
    assert len(replies) <= 1, [row.content for row in replies]
    assert all(row.room_id in (room, direct_room(step.who), None) for row in rows)
    alone = [row for row in rows if room != row.room_id == direct_room(step.who) and row.act == "message"]
    assert len(alone) <= len(replies)
    for row in rows:
        body = str(row.content.get("body", ""))
        assert "编号 #" not in body
        assert "reference #" not in body
        echoed = body.replace(step.words.strip()[:20] or "\0", "")
        assert "{no}" in step.words or "None" in step.words or not _GAP.search(echoed), body


def _is_button(row: OutboxRow) -> bool:
    relation = row.content.get("m.relates_to")
    return row.type == "org.matrix.msc3381.poll.start" or (isinstance(relation, dict) and "row" in relation)


def check_books(tx: Reader, owners: dict[str, str], events: Sequence[str]) -> None:
    """The tables are what the history says; each action has an entitled person and a message of theirs."""
    report = audit(tx)
    assert report.first_wrong is None, report.first_wrong
    for row in tx.all("SELECT seq, person_id, ref, verb FROM actions WHERE source = 'chat'"):
        if row["verb"] == "give_feedback" and row["person_id"] is None:  # nothing leads to its author
            assert row["ref"] is None
            continue
        assert row["ref"] in owners or row["ref"] in events
        actor = people.actor_by_id(tx, row["person_id"], "2023-08-05")
        assert actor is not None
        assert owners.get(row["ref"], actor.person.user_id) == actor.person.user_id
        if row["verb"] != "prefer" and not _undoes_preference(tx, row["seq"]):
            assert actor.scope.has(Right.REPORT), tuple(row)
            _check_places(tx, actor, row["seq"])
    _check_findings(tx)
    assert tx.number("SELECT count(*) FROM inbox WHERE state = 'failed'") == 0
    for row in tx.all("SELECT state FROM sessions"):
        assert sessions.dump(sessions.load(row["state"])) == row["state"]


def _undoes_preference(tx: Reader, seq: int) -> bool:
    return tx.value("SELECT 1 FROM changes WHERE action = ? AND kind = 'person'", (seq,)) is not None


def _check_places(tx: Reader, actor: people.Actor, seq: int) -> None:
    for row in tx.all("SELECT DISTINCT kind, subject FROM changes WHERE action = ?", (seq,)):
        if row["kind"] == "check":
            assert row["subject"] in actor.scope.places
        elif row["kind"] == "finding":
            finding = findings.get(tx, int(row["subject"]))
            assert finding is not None
            assert finding.place_id in actor.scope.places


def _check_findings(tx: Reader) -> None:
    for finding in findings.live(tx):
        check = checks.get(tx, finding.place_id, finding.item_id)
        assert check is not None, finding
        assert check.answer == "found", finding
        if finding.state != lifecycle.DRAFT:
            assert finding.description.strip()
            assert finding.measure
            assert finding.horizon
