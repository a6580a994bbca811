"""Several people say, act, edit and delete at random around the same findings; what must hold after each step."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

from bot.domain import lifecycle
from bot.domain.answers import Answer
from bot.domain.lifecycle import TABLE, Need
from bot.engine import undo
from bot.engine.effects import RefusedMoveError
from bot.engine.origin import Origin
from bot.rehearsal.chat import direct_room
from storage import checks, evidence, findings, history, people, rooms
from storage.db import Reader, Row, Transaction
from storage.findings import Finding
from storage.history import Subject
from tests.support.bot_in_memory import COORDINATOR, FIRST, OFFICE, ZHANG, InMemoryBot, context, copy_of, plan

TALKERS = (ZHANG, COORDINATOR)  # both answer for FIRST
ACTORS = (ZHANG, COORDINATOR, OFFICE)
WORDS = """22有，三组王五家水管老化漏水|22有，五组赵六家水管冻裂|12有，四组李四慢病卡没办|22有|10-12有|22 无|4-6 无，查台账|4-6 不涉及|22有 其余无
改 22 无|改 12 不涉及|七组孙八家水塔没人管护|村委会8月12日前换好入户水管|镇水利站8月20日前派人修好|1|1|2|3|8月20日|9月30日|村委会每月检查一次|稍后|取消
改 101 措施 村委会8月15日前换成PE管|改 101 措施 水利站8月18日前换成PE管|改 101 期限 8月25日|改 101 描述 九组周十家水表井坍塌|改 101 责任人 李四
改 102 措施 村医8月16日前上门办好|改 102 期限 8月26日|改 101|改 102|作废 101 重复登记|作废 102 重复登记|撤回|撤回|排查|跳到 22|返回
移到 颍桥示范二村|移到 颍桥示范一村|移到 21|把101移到 21|把101移到 颍桥示范二村|把22移到 颍桥示范二村|4-6移到 颍桥示范二村|把102移到 22|把12移到 22"""
REASONS = {"reason": "照片看不清"}
FIELDS = {"submit": {"result": "8月10日村委会换了三十米入户水管"}, "extend": {"due": "2023-09-15"}}
VERBS = (
    "submit",
    "submit",
    "close",
    "close",
    "return",
    "reopen",
    "recur",
    "resume",
    "verify",
    "extend",
    "void",
)
UNCHANGED = (
    "要撤回这条消息",
    "撤回第",
    "没有可撤回",
    "后来另有回答",
    "没有移回去",
    "别人已经接着处理了",
    "已经报核或销号",
    "先这样",
    "已提交的不撤回",
)
KINDS = [*(["say"] * 7), *(["act"] * 4), *(["redact"] * 3), *(["edit"] * 2), "photo", "unact"]


@dataclass(frozen=True)
class Step:
    """One thing that somebody does. `back` counts back from the latest it can be about."""

    kind: str
    who: str
    words: str = ""
    verb: str = ""
    back: int = 0


_WORDS = st.sampled_from([word for line in WORDS.splitlines() for word in line.split("|")])
_STEP = st.builds(
    Step,
    st.sampled_from(KINDS),
    st.sampled_from(ACTORS),
    _WORDS,
    st.sampled_from(VERBS),
    st.integers(0, 6),
)
STEPS = st.lists(_STEP, min_size=5, max_size=25)


@dataclass(frozen=True)
class Happened:
    """One step as it can be judged: the file before, who it was, which of its actions are new, and what was replied."""

    before: Reader
    who: int
    since: int  # seq of the last action before it
    reply: str
    question: bool  # whether the reply ends in one
    undoing: bool  # it takes back what was said, and says nothing new


@dataclass
class Play:
    """Plays steps on a bot in which Zhang has put finding 101 on the books, or is just about to say something."""

    filed: bool
    stand: InMemoryBot = field(default_factory=InMemoryBot)
    said: dict[str, list[str]] = field(default_factory=dict)
    acted: list[tuple[str, str]] = field(default_factory=list)  # (who, event) of moves

    def __post_init__(self) -> None:
        self.stand.say(f"切换 {FIRST}", COORDINATOR)
        self.stand.say(f"切换 {FIRST}", ZHANG)
        if self.filed:
            for words in ("22有，三组王五家水管老化漏水", "村委会8月12日前换好入户水管", "1"):
                self._say(ZHANG, words)

    @property
    def tx(self) -> Reader:
        return self.stand.tx

    def play(self, step: Step) -> Happened:
        before = InMemoryBot(copy_of(self.stand.connection)).tx
        since = history.last_seq(before)
        who = step.who if step.who in TALKERS or step.kind in ("act", "unact") else ZHANG
        own = self.said.get(who, [])
        target = own[-1 - step.back % len(own)] if own else "$nothing"
        undoing = step.kind in ("redact", "unact") or (step.kind == "say" and step.words == "撤回")
        reply = ""
        match step.kind:
            case "say":
                reply = self._say(who, step.words)
            case "photo":
                reply = self.stand.photo(name=f"{self.stand.events}.jpg", who=who)
                self.said.setdefault(who, []).append(self.stand.last)
            case "redact":
                reply = self.stand.redact(target, who)
            case "edit":
                reply = self.stand.edit(target, step.words, who)
            case "act":
                self._act(who, step)
            case _:
                reply, who = self._unact(step, who)
        actor = people.actor(before, who, self.stand.now.date().isoformat())
        assert actor is not None
        question = self.stand.standing(who).question is not None and step.kind != "unact"
        return Happened(before, actor.person.id, since, reply, question, undoing)

    def _say(self, who: str, words: str) -> str:
        reply = self.stand.say(words, who)
        self.said.setdefault(who, []).append(self.stand.last)
        return reply

    def _act(self, who: str, step: Step) -> None:
        every = findings.live(self.tx)
        if not every:
            return
        no = every[step.back % len(every)].no
        try:
            self.stand.act(no, step.verb, who, **REASONS, **FIELDS.get(step.verb, {}))
        except RefusedMoveError:
            return
        self.acted.append((who, self.stand.last))

    def _unact(self, step: Step, who: str) -> tuple[str, str]:
        """What deleting the message of a move would do: chat has no words for moves yet."""
        if not self.acted:
            return "", who
        who, event = self.acted[-1 - step.back % len(self.acted)]
        told: list[str] = []

        def work(tx: Transaction) -> None:
            actor, room = (
                people.actor(tx, who, self.stand.now.date().isoformat()),
                rooms.get(tx, direct_room(who)),
            )
            assert actor is not None
            assert room is not None
            self.stand.events += 1
            origin = Origin(context(), actor, room, f"$event-{self.stand.events}", self.stand.now)
            lines = undo.take_back(tx, origin, (event,), self.stand.now)
            told.append(context().texts.together(lines, "zh-CN"))

        self.stand.write(work)
        return told[0], who


def _changes(tx: Reader, since: int) -> list[Row]:
    return tx.all(
        "SELECT c.action, c.kind, c.subject, c.part, c.field, c.before, c.after, a.undoes, a.verb FROM changes c"
        " JOIN actions a ON a.seq = c.action WHERE c.action > ? ORDER BY c.action, c.n",
        (since,),
    )


def check_last_writers(tx: Reader, it: Happened) -> None:
    """No undo changes a field that somebody else wrote last. Only an answer of found that has just lost its last finding
    goes with it, whoever of those that told of the problem said it first."""
    rows = [row for row in _changes(tx, it.since) if row["undoes"] is not None]
    lost = {row["subject"] for row in rows if row["kind"] == "finding" and row["after"] == lifecycle.VOID}
    items = {(f.place_id, f.item_id) for no in lost if (f := findings.get(tx, int(no)))}
    for row in rows:
        column = (
            "kind" if row["kind"] == "hand_in" else row["field"]
        )  # handed in and withdrawn by the same hand
        last = history.writer(it.before, Subject(row["kind"], row["subject"], row["part"]), column)
        if row["kind"] == "check" and (row["subject"], row["part"]) in items:
            continue
        assert last is not None, tuple(row)
        assert last.person_id == it.who, (tuple(row), last)


def _net(tx: Reader, it: Happened) -> dict[str, set[int]]:
    """What really is otherwise than before: numbers of findings, printed numbers of items, ids of evidence."""
    found: dict[str, set[int]] = {"finding": set(), "item": set(), "evidence": set()}
    for row in _changes(tx, it.since):
        if row["undoes"] is None:
            continue
        subject = Subject(row["kind"], row["subject"], row["part"])
        if _value(it.before, subject, row["field"]) == _value(tx, subject, row["field"]):
            continue
        if row["kind"] == "check":
            found["item"].add(plan().campaign.item[row["part"]].no)
        elif row["kind"] in found:
            found[row["kind"]].add(int(row["subject"]))
    return found


def _value(tx: Reader, subject: Subject, column: str) -> object:
    if subject.kind == "check":
        sql = f"SELECT {column} FROM checks WHERE place_id = ? AND item_id = ?"
        return tx.value(sql, (subject.id, subject.part)) or None
    if subject.kind == "evidence":
        piece = evidence.get(tx, int(subject.id))
        return getattr(piece, column, None)
    return getattr(findings.get(tx, int(subject.id)), column, None) if subject.kind == "finding" else None


def _numbers(words: str) -> set[int]:
    """Every number in the words, ranges filled: 第3-5、8项 -> 3 4 5 8."""
    pairs = re.findall(r"(\d+)(?:-(\d+))?", words)
    return {n for first, last in pairs for n in range(int(first), int(last or first) + 1)}


def check_named(tx: Reader, it: Happened) -> None:
    """What an undo changed stands in its reply; one that changed nothing says so."""
    net = _net(tx, it)
    # The question below may name the same numbers: it tells nothing of what went back, except where an edit asks anew.
    told = it.reply.rpartition("\n\n")[0] if it.question and it.undoing and "\n\n" in it.reply else it.reply
    missing = (net["finding"] | net["item"]) - _numbers(told)
    assert not missing, (missing, it.reply)
    assert not net["evidence"] or "照片" in told or any(str(no) in told for no in net["finding"]), it.reply
    undid = any(row["undoes"] is not None for row in _changes(tx, it.since))
    if it.undoing and it.reply and not undid:
        assert any(words in it.reply for words in UNCHANGED), it.reply


def check_findings(tx: Reader) -> None:
    """What is on the books has all that it was filed for, and stands where the table led it."""
    horizons = context().campaign.horizon
    for finding in findings.live(tx):
        if finding.state != lifecycle.DRAFT:
            endless = horizons[finding.horizon].due is None if finding.horizon else False
            needs = [need for need in lifecycle.FORM if need is not Need.MECHANISM or endless]
            assert all(getattr(finding, str(need)) for need in needs), finding
        _check_moves(tx, finding)
        check = checks.get(tx, finding.place_id, finding.item_id)
        assert check is not None, finding
        assert check.answer == Answer.FOUND, (finding, check)
    for row in tx.all("SELECT no FROM findings WHERE state = 'void'"):
        void = findings.get(tx, row[0])
        assert void is not None
        _check_moves(tx, void)


def _check_moves(tx: Reader, finding: Finding) -> None:
    made: dict[int, tuple[object, str, object]] = {}
    state: object = None
    for row in tx.all(
        "SELECT c.action, c.before, c.after, a.verb, a.undoes FROM changes c JOIN actions a ON a.seq = c.action"
        " WHERE c.kind = 'finding' AND c.subject = ? AND c.field = 'state' ORDER BY c.action, c.n",
        (str(finding.no),),
    ):
        move = (row["before"], row["verb"], row["after"])
        assert row["before"] == state, move
        assert _is_move(move, made.get(row["undoes"])), (move, made.get(row["undoes"]))
        made[row["action"]] = move
        state = row["after"]
    assert state == finding.state


def _is_move(move: tuple[object, str, object], undone: tuple[object, str, object] | None) -> bool:
    before, verb, after = move
    if verb == "undo":
        if undone is None:
            return False
        was, what, became = undone
        if was is None:  # the opening
            return after == lifecycle.VOID
        row = TABLE.get((str(was), what))
        return row is not None and bool(row.reverse) and (before, after) == (became, was)
    if before is None:
        return after == lifecycle.OPENING.to
    row = TABLE.get((str(before), verb))
    return row is not None and row.to == after
