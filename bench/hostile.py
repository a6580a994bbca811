"""What can be put into a message on purpose: words that are dear to read, and JSON with one part spoiled.

Rule: everything is made from a seed, so that what was found can be found again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 4000  # characters: more is not read
W22 = "22有，三组王五家水管老化漏水"
FIX = "水利局派人把老水管换掉"
# Where a person can stand: the words that lead there from nothing, one message after the other.
STATES: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    "which place": ("排查",),
    "an item": ("排查", "1"),
    "description": ("排查", "1", "22有"),
    "measure": ("排查", "1", W22),
    "date": ("排查", "1", W22, FIX),
    "stage": ("排查", "1", W22, FIX, "长期"),
    "basis": ("排查", "1", "4-10 无"),
    "visit": ("排查", "1", "走访 张三家 水管漏 慢病卡没办"),
    "list": ("#接龙\n1. 颍桥示范一村 无\n2. 颍桥示范二村 22水管漏",),
    "merge": ("排查", "1", W22, FIX, "8月20日", "跳到 22", "有，三组王五家水管老化漏水严重"),
    "offer": ("排查", "1", "孩子没上学"),
    "many": ("排查", "1", "3-72有"),
    "hand in": ("排查", "1", "3-72 无，入户30户", "提交"),
    "an item, in English": ("language en", "start", "1"),
}
HONEST = """没问题|没有|无|有|22有水管漏王五家，|3，4，5，|4-10 无，|22 |1 无 |除12外|除12、13|第22项|22有|22：水管漏；|其余无，|全部没问题|三组王五家水管漏，
8月20日|8月|月底|入户12户，|查台账，|看了|101 |101的期限|101责任人李四 |改 101 |期限改到|no problem |all except 3, |22 found, |items 3 to 5 |跳过12，
孩子没上学|慢病卡没办|低保|水管漏|不好意思，|是，|对|好|嗯|为什么|措施：|村委会|2023年8月|今天|三|第三|张三家 水管漏 |走访 |跳到 |切换 |查 |政策 15 |作废 101
代报 颍桥示范一村 30有，|颍桥示范一村 |颍桥示范一村；|颍桥 无\n|张庄 无；|1. 颍桥示范一村 无\n|#接龙\n|1、无\n|3无\n|1\n2\n|不是三组，|是五组，|写错了|应该是|把|将|改成
其余|都|全部|之外|有问题|的|了|约|没|未|稍后|不涉及|household |not |the first |and |rest |等|但是|还有|以及|没水|漏|水|家|村|组|入户|12户""".replace(
    "\\n", "\n"
)
HOSTILE = (
    *["0", "9", "-", "~", ".", "。", "，", "、", "…", "？", "！", "😂", "👍", "1", "(", "（", "）", "'", '"', "\\", "{no}", "a", "x", "é", "一", "二", "零", "〇", "百", "万", "；", "：", ":", "%", "*", "+", "[", "]", "|", "^", "$", "="],
    "\n", " ", "\u3000", "\u0301", "\u200b", "\ufdfa", "Ａ", "㈠", "⑫", "4.5.6.", "1.2", "，，，",
    "12345678901 ", "410123199001011234 ", "6222 0210 0102 3456 ", "a ", "aaaa ",
)  # fmt: skip
UNITS = (*(unit for text in HONEST.splitlines() for unit in text.split("|") if unit), *HOSTILE)


def words(seed: int, n: int) -> Iterator[str]:
    """So many texts as long as they may be: a unit again and again, a few by turns, one before many, a mixture."""
    dice = random.Random(seed)
    for _ in range(n):
        some = dice.sample(UNITS, dice.choice((1, 2, 2, 3, 4, 6)))
        match dice.randrange(3):
            case 0:
                text = "".join(some) * LONGEST
            case 1:
                text = some[0] + "".join(some[1:] or some) * LONGEST
            case _:
                text = "".join(dice.choice(some) for _ in range(LONGEST))
        yield text[:LONGEST]


# In place of any text or number of an event.
SPOILS: tuple[Any, ...] = (
    "", "\ud800", "\udfff\ud83d", "\x00", "a\x00b", "x" * 65_536, "漏" * 20_000, "\ufdfa" * 4000, "\n" * 5000,
    None, True, -1, 2**63, 10**400, 1.5, [], {}, ["m.text"], {"body": "x"}, [[[[]]]],
)  # fmt: skip


def spoiled(event: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same event with each of its parts in turn as nobody expects it; beside it, which part."""
    for path in _paths(event):
        for spoil in SPOILS:
            yield ".".join(path), _with(event, path, spoil)


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict):
            yield from ((key, *rest) for rest in _paths(inner))


def _with(value: Mapping[str, Any], path: tuple[str, ...], spoil: object) -> dict[str, Any]:
    first, *rest = path
    return {**value, first: _with(value[first], tuple(rest), spoil) if rest else spoil}


def _sent(content: Mapping[str, Any], kind: str = "m.room.message") -> dict[str, Any]:
    return {"type": kind, "content": dict(content)}


# One of every kind of event that a person's client sends; $said and $asked are events that are there.
EVENTS: Mapping[str, dict[str, Any]] = {
    "words": _sent({"msgtype": "m.text", "body": "22有，水管漏"}),
    "reply": _sent(
        {"msgtype": "m.text", "body": "1", "m.relates_to": {"m.in_reply_to": {"event_id": "$asked"}}}
    ),
    "thread": _sent(
        {"msgtype": "m.text", "body": "1", "m.relates_to": {"rel_type": "m.thread", "event_id": "$asked"}}
    ),
    "edit": _sent(
        {
            "msgtype": "m.text",
            "body": "* 5有，水管漏",
            "m.new_content": {"msgtype": "m.text", "body": "5有，水管漏"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$said"},
        }
    ),
    "early edit": _sent(
        {
            "msgtype": "m.text",
            "body": "* 无",
            "m.new_content": {"msgtype": "m.text", "body": "无"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$to-come"},
        }
    ),
    "photo": _sent(
        {
            "msgtype": "m.image",
            "body": "22有，水管漏",
            "filename": "a.jpg",
            "file": {"url": "mxc://x/y", "key": {"k": "k"}, "iv": "i", "hashes": {"sha256": "h"}},
            "info": {"mimetype": "image/jpeg", "size": 9},
        }
    ),
    "place": _sent({"msgtype": "m.location", "body": "here", "geo_uri": "geo:1,2"}),
    "reaction": _sent(
        {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$asked", "key": "1️⃣"}}, "m.reaction"
    ),
    "vote": _sent(
        {
            "m.relates_to": {"rel_type": "m.reference", "event_id": "$asked"},
            "org.matrix.msc3381.poll.response": {"answers": ["1"]},
        },
        "org.matrix.msc3381.poll.response",
    ),
    "deletion": _sent({"redacts": "$said", "reason": "x"}, "m.room.redaction") | {"redacts": "$said"},
    "locked": _sent(
        {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "s", "sender_key": "k"},
        "m.room.encrypted",
    ),
}
