"""From a person's words to what they mean, given the question that is open.

Rules: never raises, whatever the string; never guesses between clear and found; what was not understood is in `rest`.
Commands come first, in every state. While a text is awaited nearly everything is that text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from bot.dialogue.meaning import Expect, ParsedMessage, Remark
from bot.dialogue.parsing.amend import find_amendment
from bot.dialogue.parsing.answer_parser import parse_answer
from bot.dialogue.parsing.answers import LATER, SEPARATORS, key, look_up, read_consent
from bot.dialogue.parsing.basis import ask_basis
from bot.dialogue.parsing.by_option import OPTIONS, by_option
from bot.dialogue.parsing.commands import find_command
from bot.dialogue.parsing.correction import corrected
from bot.dialogue.parsing.normalise import Line, fold, normalise
from bot.dialogue.parsing.numerals import NUMBER, ORDINALS, parse_number
from bot.dialogue.parsing.once import basis_in, marks_in, remark_of
from bot.dialogue.parsing.relocate import find_relocation
from bot.dialogue.parsing.remarks import is_to_all, topic_of, unlabelled
from bot.dialogue.parsing.shape import alone, answers_first, bases_in, only_the_rest, well_formed
from bot.dialogue.parsing.subjects import subject_of
from bot.dialogue.parsing.taken import sentence, with_marks, with_reading
from bot.dialogue.parsing.turned import agreed_to, but_first
from bot.dialogue.parsing.vocabulary import Vocabulary
from bot.domain.answers import Answer, BulkAnswer

SAID_OFTEN = 8  # characters up to which words are said again and again
REMEMBERED = 4096
LONGEST_APART = 1000  # characters of answers that have a basis each
LONGEST_CORRECTION = 600  # characters of words that put an answer right: more is an account of its own
_WHOLE_NUMBER = re.compile(
    rf"[(\[#]?\s?(?:我?选择?|我?答案?[是为:]?|回复?|按|option|answer|no\.?)?\s?第?\s?(?P<n>{NUMBER})"
    r"\s?(?P<unit>[个种项号条题]|选项)?\s?[)\].、,。!~]*"
)

# 查了水站，没有: how it was seen, before what was seen
_WAY = re.compile(
    r"(?P<way>(?:我们?|俺们?|刚|已经|今天|昨天|都|又){0,3}(?:查|看|问|访|走|跑|去|翻|核对|抽查|检查|走访|询问)(?:了|过|完了?)(?:一遍|一圈|一下)?[^,;。.!?没不未坏漏缺差少无]{1,14})[,;。 ]\s?"
    r"|(?P<english>(?:we\s)?(?:checked|looked at|visited|asked|saw|went to)\s[^,;.!?]{2,40})[,;.]\s"
)
_MAY_ANSWER = re.compile(
    r"\b(?:problems?|issues?)\b|[^有没了](?:没有了?|没问题|没有问题|正常|没事了?|好了|好的)[。.!]?$"
)
_SORRY = re.compile(
    r"(?:(?:不好意思|对不起|抱歉|哎呀|等等|等一下|慢着|sorry|oops|no wait|wait|hold on|actually|oh(?: and)?|also|by the way|btw)(?:啊|哈|呀|了)?[,。.!~ ]+|(?:哦|噢|啊|哎|嗯)?对了[,。!~ ]*|(?:哦|噢|哎|嗯|呃|另外|还有)[,。!~ ]*(?=第?\d))+(?=.)"
)  # says nothing of a village
_MENDS = re.compile("actually|sorry|oops|no wait|不好意思|对不起|抱歉")  # what follows puts something right
_FIRST_ONE = re.compile(
    r"(?:the\s)?(?P<word>first|second|third|fourth)(?:\s(?:one|option|choice))?(?:,?\splease)?[.!]?"
)
_TRIM = " \n,;。.!~…"


class Utterance:
    """The words of one message, read at most once under each kind of question."""

    def __init__(self, words: str, vocabulary: Vocabulary) -> None:
        self.words = words
        self._vocabulary = vocabulary
        self._readings: dict[Expect, ParsedMessage] = {}

    def under(self, expect: Expect) -> ParsedMessage:
        """What they mean while a question of this kind is open."""
        reading = self._readings.get(expect)
        if reading is None:
            reading = self._readings[expect] = self._read(expect)
        return reading

    def _read(self, expect: Expect) -> ParsedMessage:
        known, short = self._vocabulary.readings, (self.words, expect)
        if len(self.words) > SAID_OFTEN:
            return parse(self.words, expect, self._vocabulary)
        if short not in known:
            if len(known) >= REMEMBERED:
                known.clear()
            known[short] = parse(self.words, expect, self._vocabulary)
        return known[short]


def parse(words: str, expect: Expect, vocabulary: Vocabulary) -> ParsedMessage:
    """What `words` mean while `expect` is open."""
    said = normalise(words)
    if not said:
        return ParsedMessage(said)
    line = fold(said, vocabulary.spelling)
    sorry = _SORRY.match(line.fold)
    if sorry:
        line = line.cut(sorry.end())
    line = but_first(line)
    named = unlabelled(line, expect)
    if named is not None:
        return ParsedMessage(named.words, basis=named.words if expect is Expect.BASIS else "")
    remark = remark_of(line, vocabulary)
    topic = topic_of(line, vocabulary.remarks) if remark is Remark.QUESTION else ""
    if remark is not Remark.QUESTION:
        mended = _mended(line, expect, vocabulary)
        if mended is not None:
            return mended
    read = _read(line, expect, vocabulary)
    if is_to_all(line) and not (read.bulk or read.command):
        return ParsedMessage(read.words, rest=(read.words,), remark=Remark.CHAT)
    if sorry and _MENDS.search(sorry[0]) and not (read.bulk or read.choice or read.command):
        remark = Remark.CORRECTION
    return replace(read, remark=remark, topic=topic)


def _mended(line: Line, expect: Expect, vocabulary: Vocabulary) -> ParsedMessage | None:
    """The answers that a correction gives anew, when it is nothing else."""
    plain = corrected(line, vocabulary.remarks) if len(line.fold) <= LONGEST_CORRECTION else line
    if plain == line:
        return None
    bare, basis = basis_in(plain, vocabulary)
    marked = marks_in(bare, expect, vocabulary)
    if marked.inferred or not (well_formed(marked) or alone(marked)):
        return None
    return with_marks(ParsedMessage(line.words, basis=basis), marked, vocabulary)


def _read(line: Line, expect: Expect, vocabulary: Vocabulary) -> ParsedMessage:
    said = line.words
    plain = ParsedMessage(said)
    bare, basis = basis_in(line, vocabulary)
    alone = key(line.fold.strip(SEPARATORS))
    if (
        basis
        and not bare.fold.strip(SEPARATORS)
        and (expect is Expect.BASIS or alone not in vocabulary.commands.whole)
    ):
        return plain if expect is Expect.TEXT else replace(plain, basis=basis)
    if expect is Expect.BASIS and alone in vocabulary.bases.keywords:
        return replace(plain, basis=vocabulary.bases.keywords[alone])
    if "、" in basis and len(line.fold) <= LONGEST_APART and expect in (Expect.CHOICE, Expect.NOTHING):
        apart = _clause_by_clause(line, expect, vocabulary)
        if apart is not None:
            return apart
    command = (
        find_amendment(line.strip(_TRIM), vocabulary.amend)
        or find_relocation(line.strip(_TRIM), vocabulary.subjects)
        or find_command(line, expect, vocabulary.commands, vocabulary.answers)
    )
    plain = replace(plain, number=_number(line), yes=read_consent(line, vocabulary.answers))
    if command and not (expect is Expect.CONFIRM and plain.yes is not None and command.name == "thanks"):
        return ParsedMessage(said, command=command)
    if expect is Expect.CHOICE or expect is Expect.NOTHING:
        return _to_item(replace(plain, basis=basis), bare, expect, vocabulary)
    return _to_question(
        replace(plain, basis="" if expect is Expect.TEXT else basis), line, bare, expect, vocabulary
    )


def _clause_by_clause(line: Line, expect: Expect, vocabulary: Vocabulary) -> ParsedMessage | None:
    """4-10无，入户12户；11-16无，查台账: each with the basis of its own sentence. None where a part is anything else."""
    bare, _ = basis_in(line, vocabulary)
    starts = [piece.subject.start for piece in marks_in(bare, expect, vocabulary).pieces[1:]]
    cuts = [0, *starts, len(line.fold)]
    parts = [part for a, b in pairwise(cuts) if (part := line.cut(a, b).strip(SEPARATORS)).fold]
    if len(parts) < 2:
        return None
    read = [_read(part, expect, vocabulary) for part in parts]
    nos = [no for each in read for mark in each.bulk for no in mark.nos]
    if any(not each.bulk or each.rest for each in read) or len(nos) > len(set(nos)):
        return None
    return ParsedMessage(
        line.words, bulk=tuple(replace(m, basis=each.basis) for each in read for m in each.bulk)
    )


def _number(line: Line) -> int | None:
    word = _FIRST_ONE.fullmatch(line.fold)
    if word:
        return ORDINALS[word["word"]]
    match = _WHOLE_NUMBER.fullmatch(line.fold)
    return parse_number(match["n"]) if match else None


def _to_item(plain: ParsedMessage, line: Line, expect: Expect, vocabulary: Vocabulary) -> ParsedMessage:
    """While an item is open, or nothing: marks, or one answer."""
    if plain.number is not None:
        match = _WHOLE_NUMBER.fullmatch(line.fold)
        item_named = match is not None and match["unit"] in {"项", "号", "条", "题"}
        return (
            replace(plain, choice=OPTIONS.get(plain.number))
            if expect is Expect.CHOICE and not item_named
            else plain
        )
    marked = marks_in(line, expect, vocabulary)
    if expect is Expect.CHOICE and len(marked.pieces) < 2:
        reading = by_option(line, marked, vocabulary.answers)
        if reading:
            return with_reading(plain, reading)
    if marked.answers or marked.waits:
        return with_marks(plain, marked, vocabulary)
    agreed = agreed_to(line, vocabulary.answers) if expect is Expect.CHOICE else None
    if agreed is not None:
        return replace(plain, choice=Answer.FOUND, detail=sentence(agreed.words))
    way = _WAY.match(line.fold) if not plain.basis else None
    if way:  # 查了水站，没有
        reading = parse_answer(line.cut(way.end()), vocabulary.answers)
        if reading.answer is Answer.CLEAR:
            return replace(
                with_reading(plain, reading), basis=line.words[: way.end(way.lastgroup or "way")].strip()
            )
    reading = parse_answer(line, vocabulary.answers)
    if reading.answer is LATER and reading.detail.fold:  # 跳过12
        skipped = vocabulary.subjects.subject.fullmatch(reading.detail.fold)
        nos = skipped and subject_of(skipped, reading.detail, vocabulary.subjects).nos
        if nos:
            return replace(plain, bulk=(BulkAnswer(LATER, nos),))
    if reading.could:
        return with_reading(plain, reading)
    if plain.yes is not None:
        return replace(plain, doubt=(Answer.CLEAR, Answer.FOUND)) if expect is Expect.CHOICE else plain
    if plain.basis and not line.fold.strip(SEPARATORS):
        return plain
    if expect is Expect.CHOICE and _MAY_ANSWER.search(line.fold):  # 去年漏过今年没有, not without problems
        return replace(plain, doubt=(Answer.CLEAR, Answer.FOUND))
    if not marked.rest:
        return replace(plain, rest=(plain.words,))
    lead = (marked.lead.words,) if marked.lead.fold else ()
    return replace(plain, rest=(*lead, *map(sentence, marked.rest)))


def _to_question(
    plain: ParsedMessage, line: Line, bare: Line, expect: Expect, vocabulary: Vocabulary
) -> ParsedMessage:
    """While a basis, a text, an option or a confirmation is awaited."""
    if plain.number is not None:
        return plain
    if plain.yes is None and look_up(line.fold, vocabulary.answers) == (LATER,):
        return replace(plain, choice=LATER)
    marked = marks_in(bare, expect, vocabulary)
    if expect is Expect.TEXT:
        if not well_formed(marked) and not only_the_rest(marked):
            return replace(plain, mixed=answers_first(marked))
        _, basis = basis_in(line, vocabulary)
        return with_marks(replace(plain, basis=basis), marked, vocabulary)
    if marked.answers and not marked.inferred and not marked.lead.fold:
        return with_marks(plain, marked, vocabulary)
    if expect is Expect.BASIS and (
        bases := bases_in(line, marks_in(line, expect, vocabulary), vocabulary.bases)
    ):
        return replace(plain, basis="", bases=bases)
    if expect is Expect.BASIS and answers_first(marked):
        return replace(plain, mixed=True)
    if expect is Expect.BASIS and plain.yes is None:
        return replace(plain, basis=ask_basis(line, vocabulary.bases, vocabulary.answers))
    return plain
