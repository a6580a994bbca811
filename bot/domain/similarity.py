"""Says whether two findings speak of the same problem, and takes the object and the cause out of a description.

Rule: two findings about different households or places are never the same, however alike the words; merging them
would lose one. When in doubt about an object the answer is "", so that the person is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

SAME = 0.6  # from here on two texts are offered for merging; a person decides

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟黄穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪"
    "舒屈项祝董梁杜阮蓝闵席季麻贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪干解应宗丁宣邓郁单杭洪包诸"
    "左石崔吉龚程邢裴陆荣翁荀甄曲封芮储靳段富焦谷车侯全班仰秋仲伊宫宁仇栾甘厉祖武符刘景詹束龙叶司黎薄白蒲赖卓蔺屠蒙池乔闻党翟"
    "谭申冉桑桂牛寿边燕冀尚农温庄晏柴瞿阎连习艾鱼向古易廖终居衡步耿满匡文寇广禄东欧师巩聂晁勾敖冷辛简饶曾关相查游权盖巴付肖闫代"
)
_HAN = "一-鿿"
_GIVEN = rf"(?:[{_HAN}]|\*|×){{1,2}}"
_NUMERAL = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})"
_KIN = (
    "(?:大爷|大娘|大伯|大叔|大妈|大婶|大哥|大姐|大嫂|奶奶|爷爷|老汉|老太|师傅|婶子|嫂子|叔|婶|伯|嫂|某某|某)"
)
_NAME = rf"(?:[老小大][{SURNAMES}]|[{SURNAMES}]{_KIN}|[{SURNAMES}]{_GIVEN})"
_HOUSE = "(?:家中|家里|家庭|家|户)"
_GROUP = rf"第?{_NUMERAL}(?:村民小组|村民组|小组|组|队)"
_FACILITY = (
    "(?:水井|机井|水塔|水厂|水站|泵房|路灯|坑塘|池塘|水坑|垃圾池|垃圾点|垃圾箱|垃圾堆|公厕|厕所|广场|学校|小学|幼儿园|卫生室|卫生所|"
    "蔬菜大棚|大棚|扶贫车间|帮扶车间|车间|厂房|冷库|合作社|光伏电站|敬老院|小桥|桥|水渠|排水沟|胡同|巷子|大街|主街|路口|路)"
)
_SIDE = "(?:[东西南北中前后][头边侧口部街]|[东西南北]大街|村?[东西南北]头|委会|口|里|部)"

# 国家, 大家, 居家 … end in 家 without being anyone's house; 低保户, 监测户 are kinds, not a house.
_NOT_A_HOUSE = re.compile(
    "(?:(?<![建卫爱安保振兴治立定强])国家|中国家|大家|居家|人家|全家|公家|专家|厂家|商家|农家|养家|回家|在家|搬家|老家|家家"
    "|保户|困户|贫户|测户|缺户|农户|住户|商户|用户|贷户|大户|每户|各户|几户|账户|门户|开户)$"
)
_HOUSEHOLD = re.compile(rf"(?:({_GROUP})的?)?((?<![对关由属])于[{_HAN}]{{1,2}}|(?!于){_NAME})({_HOUSE})")
_GROUP_PERSON = re.compile(rf"({_GROUP})的?({_NAME})")
_HEAD_PERSON = re.compile(
    rf"(?:户主|村民|群众|脱贫户|监测户|监测对象|五保户|低保户|特困户|五保老人|残疾人)[::]?({_NAME})"
)
_LEADING_PERSON = re.compile(rf"^({_NAME})(?=[\s,，、:：。]|$)")
_PLACE = re.compile(
    rf"(?:({_GROUP})的?(村?{_SIDE}的?)?({_FACILITY})?|([村庄街寨]{_SIDE})的?({_FACILITY})|({_NUMERAL}号)({_FACILITY}))"
)
_LAST_OF_NAME = re.compile(
    "[轮灯路药医证补工合收信垃拐瘫水厕房屋电路没不未有的在患低残孩儿家户是已从无得吃住上学看门饮报补享申享领养贷土危旧慢重病茅墙漏院厨自用欠缺需被和与及]"
)

_CAUSE_BEFORE = re.compile(r"([^,，。;；!！\s]{2,40}?)(?:从而)?(?:导致|造成|致使|引起|引发)")
_CAUSE_AFTER = re.compile(
    r"(?:原因(?:是|为|在于|[:：])|是因为|是由于|因为|由于|(?<![病起成])因(?![此而素人地户村果]|[病灾学残][返致]贫))"
    r"([^,，。;；!！]{2,40}?)(?=导致|造成|致使|引起|引发|所以|[,，。;；!！]|$)"
)
_UNKNOWN_CAUSE = re.compile("不明|不详|不清|不知|待查|未知")

_YEAR = re.compile(r"(?<!\d)(20\d\d)年?")
_FILLER = re.compile("[的了着过吗呢吧啊呀]|现在|目前|一直|已经|[很太]|特别|比较|严重")
_RUN = re.compile(rf"[{_HAN}]+|[a-z]+|\d+")
_PLAINER = (("没有", "没"), ("未", "没"), ("办理", "办"), ("损坏", "坏"))
_COUNTED = re.compile(rf"{_NUMERAL}(?=[组队号])")
_DIGITS = str.maketrans("一二三四五六七八九两", "1234567892")


def object_of(sentence: str) -> str:
    """The household or place a sentence speaks of (张三家, 三组王五, 村东头水井), as said; "" when it names none."""
    text = _fold(sentence)
    return _household(text) or _person(text) or _place(text)


def cause_of(sentence: str) -> str:
    """The cause a sentence gives (因…, 由于…, …导致…), without the object; "" when it gives none."""
    text = _fold(sentence)
    found = _CAUSE_AFTER.search(text) or _CAUSE_BEFORE.search(text)
    if found is None or _UNKNOWN_CAUSE.search(found[1]):
        return ""
    cause = found[1].strip(" 的:：")
    thing = object_of(cause)
    if thing and thing in cause:
        # 王五家水管老化 | 水管老化王五家停水: the household stands before the cause or begins what came of it.
        before, _, after = cause.partition(thing)
        cause = (before or after).lstrip(" 的")
    return cause if len(cause) >= 2 else ""


def similarity(a: str, b: str) -> float:
    """How alike two descriptions are, 0.0 to 1.0: shared neighbouring characters, their objects left aside.

    0.0 when they name different objects or different years. Symmetric.
    """
    first, second = _read(a), _read(b)
    if _other_object(first.object, second.object) or _other_year(first.years, second.years):
        return 0.0
    left, right = first.terms, second.terms
    if not left or not right:
        return 1.0 if first.text == second.text else 0.0
    shared = (left & right).total()
    smaller, larger = sorted((left.total(), right.total()))
    overlap = 2 * shared / (smaller + larger)
    # A short report and a long one of the same thing share everything the short one says.
    contained = 0.9 * shared / smaller if smaller >= 3 else 0.0
    return max(overlap, contained)


@dataclass(frozen=True, slots=True)
class _Read:
    """What of a description is compared."""

    text: str
    object: str
    years: frozenset[str]
    terms: Counter[str]


@lru_cache(maxsize=1024)  # one text is compared with many
def _read(description: str) -> _Read:
    text = _fold(description)
    return _Read(text, _canonical(object_of(text)), frozenset(_YEAR.findall(text)), _terms(text))


def same_problem(a: str, b: str) -> bool:
    """Whether to offer merging two descriptions at one place and item."""
    return similarity(a, b) >= SAME


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:500]).strip().lower()


def _household(text: str) -> str:
    for found in _HOUSEHOLD.finditer(text):
        whole = found[2] + found[3]
        if not _NOT_A_HOUSE.search(whole.removesuffix("里").removesuffix("中").removesuffix("庭")):
            return (found[1] or "") + found[2] + ("户" if found[3] == "户" else "家")
    return ""


def _person(text: str) -> str:
    for pattern in (_GROUP_PERSON, _HEAD_PERSON, _LEADING_PERSON):
        found = pattern.search(text)
        if found:
            *group, name = found.groups()
            return "".join(group) + _trim(name, text[found.end() : found.end() + 1])
    return ""


def _trim(name: str, after: str) -> str:
    """王五水 of 王五水管漏: the third character begins the trouble, unless the name visibly ends after it."""
    ends_here = after in ("", " ", ",", "的", "、", ":", "。", ";")
    return name[:2] if len(name) == 3 and not ends_here and _LAST_OF_NAME.match(name[2]) else name


def _place(text: str) -> str:
    found = _PLACE.search(text)
    return "".join(part for part in found.groups() if part).replace("的", "") if found else ""


def _canonical(thing: str) -> str:
    """One spelling of an object: 第三村民组王五家 and 3组王五 are one household."""
    group = re.sub("村民小组|村民组|小组", "组", thing.removeprefix("第"))
    counted = _COUNTED.sub(lambda found: _arabic(found[0]), group)
    return counted.removesuffix("家").removesuffix("户")


def _arabic(numeral: str) -> str:
    tens, ten, units = numeral.partition("十")
    if not ten:
        return numeral.translate(_DIGITS)
    return (tens.translate(_DIGITS) or "1") + (units.translate(_DIGITS) or "0")


def _other_object(a: str, b: str) -> bool:
    """Both name one, and not the same; of two mentions of a household one may leave out the group."""
    if not a or not b or a == b:
        return False
    short, long = sorted((a, b), key=len)
    return not long.endswith(("组" + short, "队" + short))


def _other_year(a: frozenset[str], b: frozenset[str]) -> bool:
    return bool(a and b and a != b)


def _terms(text: str) -> Counter[str]:
    thing = object_of(text)
    bare = _FILLER.sub("", text.replace(thing, " ", 1) if thing else text)
    for word, plain in _PLAINER:
        bare = bare.replace(word, plain)
    terms: Counter[str] = Counter()
    for run in _RUN.findall(bare):
        terms.update(
            [run] if run.isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
        )
    return terms
