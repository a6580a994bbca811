"""What was recorded at the wrong place or under the wrong item: 移到 李庄 · 把101移到21 · 4-10移到二村 · move 22 to Lizhuang.

Rule: what is to be moved is a number, or "this"; 把水管移到路边 moves nothing of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.dialogue.meaning import Command
from bot.dialogue.parsing.normalise import Line, fold
from bot.dialogue.parsing.numerals import NUMBER, leading_number, parse_number
from bot.dialogue.parsing.subjects import SubjectWords, subject_of
from bot.dialogue.parsing.vocabulary import Vocabulary

_LONGEST = 80  # characters of such a wish
_TO = "移动?到|移动?至|移去|挪到|挪至|归到|算到|记到"
_TO_OF_THIS = f"{_TO}|转到|转至|调到|放到|换到"  # of these only with what is to be moved
_THIS = re.compile(
    r"(?:这|那|上|前)?(?:一)?(?:个|条|项|些|几个|几条|几项)?|(?:我)?(?:刚才|刚刚|刚|上面|前面)(?:说|记|报|填|发)?(?:的|那个|那条|那几条|那些|这个|这条)?(?:问题)?|它|全部|it|this|that|them|these|those|(?:the )?last one"
)
_POLITE = r"(?:请|麻烦|帮我|给我|应该|please\s|can you\s){0,3}"
_END = r"(?:名下|下面|里面|里|那边|那里|去|吧|哈|啊| please|[。.!~])*"
_BARE = re.compile(rf"{_POLITE}(?:{_TO}|move (?:it )?to)\s?(?P<to>.{{1,40}}?){_END}")
_WITH = re.compile(
    rf"{_POLITE}(?:把|将)?\s?(?P<what>.{{1,30}}?)(?:的?(?:答案|结果|照片|问题))?\s?(?:都|全|全部|要|得|应该|给我|给){{0,2}}(?:{_TO_OF_THIS})\s?(?P<to>.{{1,40}}?){_END}"
    rf"|{_POLITE}(?:move|shift)\s(?P<eng>.{{1,30}}?)\s(?:over\s)?(?:to|under)\s(?P<eto>.{{1,40}}?){_END}"
)
_ITEM = re.compile(rf"(?P<place>.*?)[\s,]?(?:的|item\s|no\.?\s?|#)?\s?第?(?P<no>{NUMBER})\s?(?:项|号|条|题)?")
_FINDING = re.compile(
    r"(?:问题|编号|第|#|no\.?\s?|finding\s|problem\s)?\s?(?P<no>\d{3,9})\s?(?:号|条)?(?:问题)?"
)
_BETWEEN = " > "  # between what is moved and where to, in the argument of the command


@dataclass(frozen=True, slots=True)
class Relocation:
    """`items`, or one `finding`; neither: what was said last. `to` as said: a place, an item, or an item of a place."""

    to: str = ""
    items: tuple[int, ...] = ()
    finding: int = 0

    def item_of_place(self) -> tuple[str, int | None]:
        """Words for the place, empty: where it is; the printed number of the item, None: the same."""
        found = _ITEM.fullmatch(self.to)
        return (found["place"].strip(), parse_number(found["no"])) if found else (self.to, None)


def find_relocation(line: Line, words: SubjectWords) -> Command | None:
    """The command `move` that `line` is in other words, if it is."""
    if len(line.fold) > _LONGEST:
        return None
    bare = _BARE.fullmatch(line.fold)
    if bare:
        to = line.words[slice(*bare.span("to"))]
        return Command("move", to, leading_number(to))
    found = _WITH.fullmatch(line.fold)
    groups = ("eng", "eto") if found and found["eng"] else ("what", "to")
    if found is None or _named(line.cut(*found.span(groups[0])).strip(" "), words) is None:
        return None
    what, to = (line.words[slice(*found.span(group))] for group in groups)
    return Command("move", f"{what}{_BETWEEN}{to}", leading_number(to))


def relocation(argument: str, vocabulary: Vocabulary) -> Relocation:
    """What the command's argument asks for."""
    what, _, to = argument.rpartition(_BETWEEN)
    named = _named(fold(what.strip(), vocabulary.spelling), vocabulary.subjects) or Relocation()
    return replace(named, to=to.strip())


def _named(what: Line, words: SubjectWords) -> Relocation | None:
    """The numbers that `what` is; nothing named for "this"; None when it is something else."""
    if _THIS.fullmatch(what.fold):
        return Relocation()
    finding = _FINDING.fullmatch(what.fold)
    if finding:
        return Relocation(finding=int(finding["no"]))
    match = words.subject.fullmatch(what.fold)
    nos = subject_of(match, what, words).nos if match else ()
    return Relocation(items=nos) if nos else None
