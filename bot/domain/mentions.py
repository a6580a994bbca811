"""Finds the day and the person that a sentence names: 8月20日前换水管，由李建国负责 -> 20 August, 李建国.

Rule: a mention is read only where nothing else can be meant. Two days, or a day that is denied, are none; a body of
people (水利局, 施工队) is no person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from bot.domain.dates import parse_date
from bot.domain.similarity import SURNAMES

_NUMBER = r"(?:\d{1,3}|[一二两俩仨三四五六七八九十廿]{1,3})"
_PART = "(?:上旬|中旬|下旬|月底|底|月末|末|初)"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec"
_MONTH_NAME = rf"(?:{_MONTHS})[a-z]*\.?"
_ENGLISH_COUNT = r"(?:\d{1,2}|a|one|two|three|four|five|six|ten)"
# 8月20日, 下月底, 25号, 下周三, 三天, 国庆, Aug 25, two weeks, the end of the month
_DAY = re.compile(
    rf"""
    (?<!\d)\d{{4}}\s?[-/.年]\s?\d{{1,2}}\s?[-/.月]\s?\d{{1,2}}[日号]?
  | (?<![\d.])\d{{1,2}}[-/.]\d{{1,2}}(?=[日号]|\s?(?:之|以)?前)[日号]?
  | (?<!\d)(?:今年|明年)?{_NUMBER}\s?月份?\s?(?:{_NUMBER}[日号]?|{_PART})?
  | (?:本月|这个?月|下个?月|当月)(?:{_NUMBER}[日号]|{_PART})
  | 月底|月末|年底|年末
  | (?<!\d){_NUMBER}[日号](?![楼机院路井线泵户桥坑渠家棚灯])
  | (?:这个?|本|下下个?|下个?)?(?:周|星期|礼拜)[一二三四五六日天末1-7]
  | 大后天|后天|明[天日儿]|今[天日]
  | (?<![\d过])(?:{_NUMBER}|半)\s?个?(?:天|日|周|星期|礼拜|月)(?!两头)(?:以?内|之内)?
  | (?:国庆|中秋|元旦|春节|过年|端午|五一|劳动节|清明|开学)节?(?:放假)?(?:之|以)?前
  | \b(?:{_MONTH_NAME}\s*\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_NAME})(?:,?\s*\d{{4}})?(?![a-z\d])
  | \bbefore\s+{_MONTH_NAME}(?!\s*\d)
  | \b(?:next\s+|this\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b
  | \b(?:tomorrow|(?:the\s+)?end\s+of\s+(?:(?:the|this|next)\s+month|{_MONTH_NAME}))\b
  | \b(?:in|within)\s+{_ENGLISH_COUNT}\s+(?:day|week|month)s?\b
    """,
    re.X,
)
_LIMIT_BEFORE = re.compile(
    r"(?:最[晚迟]|不超过|不[晚迟]于|赶在|(?:完成|整改)?(?:时限|期限|日期)[是为:]?|\b(?:by|before|until|no later than|due|within)(?: the)?)\s*$"
)
_LIMIT_AFTER = re.compile(
    r"\s*(?:(?:之|以)?前|(?:以|之)?内|为?止|就|[把能要须]?全?部?(?:完成|完工|到位)|[弄修换办改整搞][好完]|搞定|解决)"
)
_LUNAR = re.compile("农历|阴历|旧历|lunar")
_DENIED = re.compile("不(?!超过|[晚迟]于)|没|未|别|无法|难|cannot|can't|not |unable")
_WHENEVER = re.compile(
    "坏了|发现|接到|收到|报[了修]|一旦|如[果有]?|凡|谁|每|随时|出现|以后|when|if |each|every|once"
)
_SPAN = re.compile("天|周|星期|礼拜|个月|day|week|month")
_FILLER = re.compile(
    "[,，。.!！、;；:： ]|改[成为到]|换[成为]|由|立行立改|限期整改|限期|立即|立刻|马上|最[晚迟快]|整改|完成|时限|期限|日期|负责|解决|之前|以前|左右|搞定|给我|估计|可以"
    "|[就到至在前内吧的了把弄修换改办好完能行要得是再约中天给我俺们咱它]|by|before|until|due|within|in|the|ok|sir|it|will be|done|fixed|finish|is in charge|is responsible|盯着|牵头|管着|带队"
)
_TITLE = "(?:书记|主任|支书|村长|会计|站长|队长|组长|校长|所长|院长|镇长|乡长|局长|科长|医生|老师|师傅)"
_OFFICE = "(?:妇女)?主任|(?:村|镇|乡|第一|支部)?书记|支书|村长|会计|队长|组长|站长|所长|网格员|护林员|水管员|管护员|村医|电工|镇长|乡长"
_NAME = rf"(?:欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|令狐)[一-鿿]{{1,2}}?|[{SURNAMES}](?:{_TITLE}|[一-鿿]{{1,2}}?)"
_BODY = re.compile(
    "[员工人户部组队方主头场局委会办站所校镇乡县厂司处体家权程面责书长手心]$|^(?:支书|全|相关|有关|应|时|查|常)"
)
_ENDS = r"(?=$|[\s,，。.;；、!！)）])"
_IN_CHARGE = re.compile(
    rf"(?:^|[\s,，。;；、(（]|由|让|叫|请|安排|责成|指定|交给|是|成|为)(?:{_OFFICE})?(?P<name>{_NAME})(?:同志|全权|具体|亲自|来|去)?(?:负责|牵头|包保|主抓|跟进|盯着|管着|看着|带队)"
    rf"|(?:由|让|叫|交给|安排|指定)(?P<sent>{_NAME})(?:同志|来|去)?(?:办|弄|修|管|处理|落实|盯着|整改|换){_ENDS}"
    rf"|(?:责任人|负责人)(?:还)?(?:是|为|叫|改[成为到]|换[成为]|[:：])?\s*(?P<named>{_NAME}){_ENDS}"
)
_ENGLISH_NAME = r"[A-Z][a-z]+(?:\s[A-Z][a-z]+){1,2}"
_IN_CHARGE_ENGLISH = re.compile(
    rf"(?:^|[,.;]\s*|\bby\s|\band\s)(?:(?P<first>[A-Z][a-z]+)(?=\s(?:is|will be)\s(?:responsible|in charge))|(?P<name>{_ENGLISH_NAME}))(?:\s+(?:is|will be)?\s*(?:responsible|in charge)|\s+will\s[a-z]+|\s+takes care|(?=\s*[.!]?$))"
    rf"|\b(?:responsible|in charge)\s*(?:is|:)\s*(?P<named>{_ENGLISH_NAME})"
)
_NO_NAME = re.compile(
    rf"(?i)^(?:{_MONTHS}|mon|tue|wed|thu|fri|sat|sun|the|next|this|by|village|township|county)"
)
_MONTH_SAID = re.compile(rf"[\d一二三四五六七八九十]\s?月|[\d][-/.]\d|{_MONTHS}")
SLIP = 100  # days: 7月1日 said in August is a slip, 1月10日 said in December is next year's
_LONGEST_REST = 4  # characters beside a day that is not said to be the last one


@dataclass(frozen=True, slots=True)
class Mentioned:
    """One day that a sentence names."""

    day: date
    start: int
    end: int
    limit: bool  # it is said to be the last one: 前, 最晚, 完成, by


def limit_in(sentence: str, today: date) -> date | None:
    """The coming day by which a sentence says something is done. None when it names none, or several."""
    text = _fold(sentence)
    found = [mention for mention in _days(text, today) if mention.limit]
    if _WHENEVER.search(text) and any(_SPAN.search(text[one.start : one.end]) for one in found):
        return None  # 坏了三天内修: how fast, not by when
    return found[0].day if len(found) == 1 and found[0].day >= today else None


def due_in(sentence: str, today: date) -> date | None:
    """The day that a reply to "by when?" names: past ones too. None when it says more than a day and who."""
    text = _fold(sentence)
    found = _days(text, today)
    found = [mention for mention in found if mention.limit] or found
    if len(found) != 1:
        return None
    only = found[0]
    if only.limit:
        return only.day
    rest = _without_person(f"{text[: only.start]} {text[only.end :]}", sentence)
    return only.day if len(_FILLER.sub("", rest)) <= _LONGEST_REST else None


def speaks_of_days(sentence: str) -> bool:
    """Whether a sentence names days at all, however many, or in another calendar."""
    text = _fold(sentence)
    return _LUNAR.search(text) is not None or _DAY.search(text) is not None


def said_beside(sentence: str, today: date) -> str:
    """What a sentence says beside the days and the person it names, without the words that go with them."""
    text = _fold(sentence)
    for mention in reversed(_days(text, today)):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return _FILLER.sub("", _without_person(text, sentence))


def _without_person(text: str, sentence: str) -> str:
    person = person_in(sentence).lower()
    return text.replace(person, " ") if person else text


def person_in(sentence: str) -> str:
    """The one person a sentence puts in charge, as written; empty when it names none, or several."""
    text = unicodedata.normalize("NFKC", sentence[:500])
    matches = [*_IN_CHARGE.finditer(text), *_IN_CHARGE_ENGLISH.finditer(text)]
    names = {next(name for name in match.groups() if name) for match in matches}
    names = {
        name
        for name in names
        if re.search(f"{_TITLE}$", name[1:]) or not (_BODY.search(name) or _NO_NAME.match(name))
    }
    return names.pop() if len(names) == 1 else ""


def _days(text: str, today: date) -> list[Mentioned]:
    """Every day named, unless the sentence says what cannot be done."""
    if _DENIED.search(text) or _LUNAR.search(text):
        return []
    found = []
    for match in _DAY.finditer(text):
        after = _LIMIT_AFTER.match(text, match.end())
        said = match[0] + (after[0] if after and after[0].strip() in ("前", "之前", "以前") else "")
        day = _nearest(said, today) or parse_date(match[0], today)
        if day is None:
            continue
        inside = re.search("前$|内$|^(?:within|in|before) ", match[0])
        limit = bool(after or inside or _LIMIT_BEFORE.search(text[: match.start()]))
        found.append(Mentioned(day, match.start(), match.end(), limit))
    return found


def _nearest(said: str, today: date) -> date | None:
    """A day of a month that has just passed is past, not next year's; 25号 is the one to come."""
    past = parse_date(said, today) if _MONTH_SAID.search(said) else None
    return past if past and past < today and (today - past).days <= SLIP else parse_date(said, today, today)


def _fold(sentence: str) -> str:
    return unicodedata.normalize("NFKC", sentence[:500]).lower()
