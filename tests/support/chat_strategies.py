"""Random chats for tests/engine/test_any_conversation.py: who says what where, and what must hold whatever was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from bot.chat import Content, Edited, Media, Reacted, Redacted, Said
from bot.dialogue import session as sessions
from bot.rehearsal.chat import COUNTY, SERVER, direct_room
from storage import findings, history, people
from storage.db import Reader
from storage.outbox import Outgoing
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

    def play(self, step: Step) -> tuple[list[Outgoing], str]:
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


def check_reply(rows: Sequence[Outgoing], step: Step) -> None:
    """At most one reply, to who spoke, without anything of the machine in it."""
    room = direct_room(step.who) if step.where == "direct" else step.where
    replies = [row for row in rows if row.room_id == room and row.act == "message" and not _is_button(row)]
    assert len(replies) <= 1, [row.content for row in replies]
    assert all(row.room_id in (room, None) for row in rows)
    for row in rows:
        body = str(row.content.get("body", ""))
        assert "编号 #" not in body
        assert "reference #" not in body
        echoed = body.replace(step.words.strip()[:20] or "\0", "")
        assert "{no}" in step.words or "None" in step.words or not _GAP.search(echoed), body


def _is_button(row: Outgoing) -> bool:
    relation = row.content.get("m.relates_to")
    return row.type == "org.matrix.msc3381.poll.start" or (isinstance(relation, dict) and "row" in relation)


def check_books(tx: Reader, owners: dict[str, str], events: Sequence[str]) -> None:
    """Answers are what their history says; each change has an entitled person and a message of theirs."""
    model: dict[str, object] = {}
    opened: set[str] = set()
    for row in tx.all("SELECT * FROM history ORDER BY seq"):
        change = history._change(row)
        if change.subject.startswith("check/"):
            assert model.get(change.subject, {"answer": None, "basis": ""}) == change.before
            model[change.subject] = change.after
        if change.action == "opened":
            assert change.subject not in opened, "a number was used twice"
            opened.add(change.subject)
        assert change.event_id in owners or change.event_id in events
        assert change.person_id is not None
        person = people.by_id(tx, change.person_id)
        assert owners.get(str(change.event_id), person.user_id) == person.user_id
        if not change.subject.startswith("person/"):
            assert person.role in ("reporter", "coordinator"), change
            _check_place(tx, person, change.subject)
    stored = {
        f"check/{row['place_id']}/{row['item_id']}": {"answer": row["answer"], "basis": row["basis"]}
        for row in tx.all("SELECT * FROM checks")
    }
    assert stored == {subject: after for subject, after in model.items() if after["answer"]}  # type: ignore[index]
    _check_findings(tx, stored)
    assert history.first_broken(tx) is None
    assert tx.number("SELECT count(*) FROM inbox WHERE state = 'failed'") == 0
    for row in tx.all("SELECT state FROM conversations"):
        assert sessions.dump(sessions.load(row["state"])) == row["state"]


def _check_place(tx: Reader, person: people.Person, subject: str) -> None:
    own = {place.id for place in people.places_of(tx, person)}
    kind, _, rest = subject.partition("/")
    if kind == "check":
        assert rest.partition("/")[0] in own
    elif kind == "place":
        assert rest in own
    elif kind == "finding":
        finding = findings.get(tx, int(rest))
        assert finding is not None
        assert finding.place_id in own


def _check_findings(tx: Reader, stored: dict[str, dict[str, str]]) -> None:
    for finding in findings.live(tx):
        assert stored[f"check/{finding.place_id}/{finding.item_id}"]["answer"] == "found", finding
        assert finding.description.strip()
        if finding.state == "rectifying":
            assert finding.measure
            assert finding.horizon
