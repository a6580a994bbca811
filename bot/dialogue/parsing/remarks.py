"""What people say that answers no question of ours: they ask, correct what they said before, or chat.

Rule: while words are awaited a remark is never taken for them. Who means it as said begins with what it is: 措施：…
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.meaning import Expect, Remark
from bot.dialogue.parsing.answers import any_of, clauses, key
from bot.dialogue.parsing.normalise import Line

_TRIM = " \n,;。.!~…:、"
_PICTURES = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]+")
# 措施：换水管 says what it is; a label of something else is no label.
_LABELS = {
    Expect.TEXT: re.compile(
        r"(?:(?:整改)?措施|(?:问题)?描述|问题|(?:长效)?机制|measure|description|problem|mechanism)是?\s?:\s*"
    ),
    Expect.BASIS: re.compile(r"(?:核查)?方式是?\s?:\s*|basis\s?:\s*"),
}
# 这是没换之前的样子, 这张是现场照片: about a picture
_OF_A_PICTURE = re.compile(
    r"(?:这|那|上面|刚才)(?:个|张|几张|些)?是?.{0,12}(?:照片|图片?|样子|现场|之前|之后|前的|后的)的?"
)
_NOT_BUT = re.compile(
    r"(?:应该|其实)?(?:不是|是).{1,12}?[, ]?(?:而?是|不是).{1,12}"
)  # 不是三组是四组, 是13户不是12户
_SAID = r"(?:我|俺|刚才|刚刚|刚|前面|上面|上次|哎呀?|对不起|不好意思|呀|(?:那|这|上一|前一|第[一二三四五六七八九十]|最后一)[个条项句次])"
_ITEM = r"(?:第|items?\s)?\d{1,3}[项条]?"
_ITEMS = rf"(?:{_ITEM}(?:\s?(?:[-~、,和跟与及到至]|and)\s?{_ITEM}){{0,5}}的?(?:都|全|答案|结果|那个|也|\s?(?:were|was|are|is))?\s?)?"


# 等水利局来人再说吧; 已经修好了: nothing that will be done
_NO_PLAN = re.compile(
    r"[^,;。]{0,20}(?:再说|再看|再定|再议)(?:吧|了|呗|嘛)?|(?:我们?|这个?|那个?|问题|水管|它)?(?:已经?|都|早就?|全部?|也){0,3}(?:弄|修|换|改|办|整改|处理|解决|完成|搞定|整改完)(?:好|完|成|到位|毕|完成)?了(?:呀|啊|的|呢)?"
    r"|(?:我们?|这个?|那个?|问题|水管|它)?(?:已经?|早就?|全部?){1,2}(?:整改|修|换|改|办|处理|解决|落实|办结|修复|修缮)(?:好|完|完毕|完成|到位|结)?"
    r"|(?:(?:it|that|this|the problem|the pipe)(?:'s| is| was| has been| have been)?\s)?(?:(?:already|been|all)\s){0,2}(?:fixed|repaired|mended|solved|resolved|finished|completed|dealt with|sorted(?: out)?)(?:\s(?:already|now|yesterday|last week|by now))?"
)
# 我先去接个娃，回来弄: not now
_BUSY = re.compile(
    r"(?:^|[,;。 ])(?:等我?|我)?(?:一会儿?|待会儿?|等会儿?|回来|回头|晚上|到家)(?:再|就|我)?(?:弄|说|填|报|写|回|整|发)(?:吧|啊|呗|给你)?(?:$|[,;。!~])|\b(?:brb|back (?:later|soon)|in a (?:minute|moment|bit))\b"
)
# 县气象台发布预警，请各村做好…: a notice to everybody that was passed on, nothing of this village
_PASSED_ON = re.compile(
    r"^【[^】]{2,20}】|@所有人|@all\b|温馨提示|紧急通知|通知如下|通知:|请(?:互相)?(?:转告|转发|周知|知悉)|(?:请|要求|望)(?:各|大家|全体|广大)(?:村|乡|镇|街道|单位|部门|位|支部|党员|干部|群众|位|站|组|包)|预警|"
    r"^各(?:村|乡镇|单位|位|支部|包村)|(?:请|务必)于?[^,;。]{1,12}前(?:上报|报送|报到|反馈)|\ball villages\b|\bplease forward\b|\b(?:dear all|everyone,? please|notice to all)\b"
)
# 大家好，明天九点开会 · hello all, meeting at nine: said to everybody, by whoever took the wrong room
_ALL = r"(?:大家|各位|诸位|同志们|同事们|乡亲们|伙计们|兄弟们)(?:领导|同志|同事|村?干部|书记|老师|乡亲|组长|党员|朋友|伙伴|代表){0,2}"
_TO_ALL = re.compile(
    rf"{_ALL}(?:早上|上午|中午|下午|晚上|早|晚|过年|新年)?(?:好|辛苦了?)(?:啊|呀|哈)?[,;。!~: ]|{_ALL}(?:注意|听好)?了?[,!:]"
    r"|(?:hello|hi|hey|dear|good\s(?:morning|afternoon|evening)),?\s(?:to\s)?(?:all|everyone|everybody|team|folks|colleagues)\b"
)
# 这条撤了吧, delete that one: what was recorded is to go
RETRACTS = re.compile(
    r"(?:这|那|刚才那?|上)(?:个|条|项|一条|一个).{0,3}(?:撤|删|作废|取消|不要|不算|别记|不用记|不记)|作废(?:掉|了)?吧?$|(?:撤|删|去)掉?(?:了)?吧$|\b(?:delete|remove|void|drop|take off) (?:that|this|it)\b"
)
_MISTAKEN = re.compile(
    "[^,;。]{0,12}(?:写|说|填|打|记|弄|搞|按|点|选|报|答|看|听|发)错了?(?:吧|啊|呀)?"
)  # 入户数写错了
_NOT_SO = re.compile(
    r"\d{1,3}\s?[项题]?\s?(?:应该)?(?:不是|isn't|is not)\s?(?:没有?|无|有|clear|fine|found|ok)"
)
_ENGLISH_NOT = re.compile(
    r"(?:actually\s)?(?:it's|it is|that's|that is)\s[^,;]{2,40},?\s(?:and\s)?not\s.{2,40}|\d+\s[^,;]{2,20},\s(?:and\s)?not\s\d+.{0,20}|not\s[^,;]{2,30},\s?(?:it's|it is|it was|but)\s.{2,40}"
)
_NOT_BUT_INSIDE = re.compile(
    r"(?:^|[,;。.!~ ])(?:其实)?不是[^,;。]{1,12}[, ]{0,2}(?:而是|应该是|应是|是)"
)  # 等等，不是三组，是四组


@dataclass(frozen=True, slots=True)
class RemarkWords:
    """[remarks] of words.toml, ready for looking up."""

    asks: re.Pattern[str]
    asks_nothing: re.Pattern[str]
    ends: re.Pattern[str]
    english: re.Pattern[str]
    corrects: re.Pattern[str]
    chat: frozenset[str]
    complains: re.Pattern[str]
    topics: tuple[tuple[str, re.Pattern[str]], ...]
    before: re.Pattern[str]
    after: re.Pattern[str]


def remark_words(data: Mapping[str, Any]) -> RemarkWords:
    """Compile [remarks]."""
    asked, corrected, chat = (data["remarks"][name] for name in ("question", "correction", "chat"))
    around = any_of(chat["around"])
    return RemarkWords(
        asks=re.compile(any_of(asked["words"])),
        asks_nothing=re.compile(any_of(asked["but"])),
        ends=re.compile(rf"(?:{any_of(asked['ends'])}|{any_of(asked['whole_ends'])})$"),
        english=re.compile(rf"(?:please\s|so\s|and\s|but\s|well\s)?(?:{any_of(asked['english'])})"),
        corrects=re.compile(rf"{_SAID}{{0,3}}{_ITEMS}{_SAID}{{0,4}}(?:{any_of(corrected['begins'])})"),
        chat=frozenset(map(key, chat["words"])),
        complains=re.compile("|".join(map(re.escape, chat["complaints"]))),
        topics=tuple((name, re.compile(any_of(words))) for name, words in data["remarks"]["topics"].items()),
        before=re.compile(rf"(?:{around})+"),
        after=re.compile(rf"(?:{around})$"),
    )


def unlabelled(line: Line, expect: Expect) -> Line | None:
    """The words behind 措施：, None when nothing says what they are."""
    label = _LABELS[expect].match(line.fold) if expect in _LABELS else None
    return line.cut(label.end()) if label else None


def remark_in(line: Line, words: RemarkWords) -> Remark | None:
    """What `line` is, when it is no statement about a village."""
    said = [line.fold[start:end].strip(_TRIM) for start, end in clauses(line)] or [line.fold.strip(_TRIM)]
    said = [text for text in said if text and _PICTURES.sub("", text)]
    if not said:
        return None
    last = line.fold.rstrip(" \n。.!~…")
    if last.endswith("?") or any(_asks(text, words) for text in said):
        return Remark.QUESTION
    whole = line.fold.strip(_TRIM)
    if any(map(words.corrects.match, said)) or _NOT_BUT.fullmatch(whole) or _NOT_BUT_INSIDE.search(whole):
        return Remark.CORRECTION
    if (
        any(map(_MISTAKEN.fullmatch, said))
        or RETRACTS.search(whole)
        or _NOT_SO.match(whole)
        or _ENGLISH_NOT.fullmatch(whole)
    ):
        return Remark.CORRECTION
    if _NO_PLAN.fullmatch(whole) or _PASSED_ON.search(whole) or _BUSY.search(whole):
        return Remark.CHAT
    if any(map(words.complains.search, said)) or _OF_A_PICTURE.fullmatch(whole):
        return Remark.CHAT
    return Remark.CHAT if all(_chats(text, words) for text in said) else None


def is_to_all(line: Line) -> bool:
    """Whether the words greet everybody: none of what follows is an answer to us."""
    return _TO_ALL.match(line.fold) is not None


def topic_of(line: Line, words: RemarkWords) -> str:
    """What a question asks about: one of [remarks.topics]; empty when it is something else."""
    return next((name for name, asked in words.topics if asked.search(line.fold)), "")


def _asks(text: str, words: RemarkWords) -> bool:
    if text.isascii():
        return words.english.match(text) is not None
    plain = words.asks_nothing.sub("", text)
    if len(text) == 1:  # 下周五，不，下下周五
        return False
    return words.asks.search(plain) is not None or words.ends.search(plain) is not None


def _chats(text: str, words: RemarkWords) -> bool:
    plain = key(_PICTURES.sub("", text).strip(_TRIM))
    lead = words.before.match(plain)
    starts = {0, lead.end()} if lead else {0}
    while plain:
        if any(plain[start:] in words.chat for start in starts) or len(plain) in starts:
            return True
        shorter = words.after.sub("", plain)
        if shorter == plain:
            return False
        plain = shorter
    return False
