"""That words are understood as people mean them: a corpus of real-looking messages, and rules that hold for any string."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.meaning import Expect, ParsedMessage
from bot.dialogue.parsing.normalise import fold, normalise
from bot.dialogue.parsing.numerals import parse_number
from bot.dialogue.parsing.parse import parse
from bot.dialogue.parsing.vocabulary import Vocabulary, vocabulary
from bot.domain.answers import Answer, BulkAnswer, Spread
from bot.setup.campaign_file import load_campaign

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "data" / "utterances.tsv"
WORDS = (ROOT / "bot" / "dialogue" / "parsing" / "words.toml").read_text(encoding="utf-8")
DATA = tomllib.loads(WORDS)
CAMPAIGN = load_campaign(ROOT / "checklist.json")
VOCABULARY = vocabulary(WORDS, CAMPAIGN)
NOS = VOCABULARY.subjects.nos
CLEARS = ("没有", "没问题", "未发现问题", "一切正常", "都挺好", "no problem")
FOUNDS = ("有问题", "发现问题", "存在问题", "found a problem", "有3户没办慢病卡", "有一户房子漏雨")
BREAKS = ("，", "。", "，就是", "，但", "，只是", "但是", "，另外", "\n", "；", " ")
TROUBLES = (
    "水管漏水",
    "有3户没办卡",
    "3户没办慢病卡",
    "个别户没享受",
    "厕所坏了",
    "路灯不亮",
    "还有2户没整改完",
    "存在问题",
    "屋顶爆裂",
)
SAID = {
    "无": Answer.CLEAR,
    "没问题": Answer.CLEAR,
    "未发现问题": Answer.CLEAR,
    "有": Answer.FOUND,
    "发现问题": Answer.FOUND,
    "有问题": Answer.FOUND,
    "不涉及": Answer.NOT_APPLICABLE,
    "稍后": Answer.LATER,
}
TOKENS = """
没有 有 无 没问题 有问题 不涉及 稍后 1 2 3 4 12 22 99 0 4-10 第 项 除 外 除了 余 其余 其他 都 全部 教育 饮水 和 到 入户 户
查台账 水管漏 没办 是 不是 吗 吧 应该 但是 就 的 ： ， 。 ； 、 ! ？ . - ~ ( ) 一 十 二十一 百 ✅ 👎 1️⃣ ① ok clear found
except all rest n/a skip 改 跳到 查 问题 #
"""
PIECES = st.sampled_from([*TOKENS.split(), " ", "\n", "\t", "\u3000", "\ufe0f", "\u200d", "İ", "ß", "\ud800"])
ANY_WORDS = st.one_of(st.text(st.characters()), st.lists(PIECES, max_size=24).map("".join))
EXPECTS = st.sampled_from(Expect)
_SHORT = {Answer.CLEAR: "clear", Answer.FOUND: "found", Answer.NOT_APPLICABLE: "na", Answer.LATER: "later"}


@pytest.fixture
def words() -> Vocabulary:
    return VOCABULARY


def chinese(number: int) -> str:
    """12 -> 十二, 105 -> 一百零五; below 300."""
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones or not text else "")


def runs(nos: Iterable[int]) -> str:
    """4, 5, 6, 12 -> 4-6,12"""
    parts: list[list[int]] = []
    for no in sorted(nos):
        if parts and no == parts[-1][-1] + 1:
            parts[-1].append(no)
        else:
            parts.append([no])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


def written_mark(mark: BulkAnswer) -> str:
    of = {Spread.LISTED: "", Spread.ALL: "all", Spread.REST: "rest"}[mark.spread]
    nos = runs(mark.nos)
    subject = f"{of}-{nos}" if of and nos else of or nos
    return f"{subject}={_SHORT[mark.answer]}" + (f": {mark.detail}" if mark.detail else "")


def written(meaning: ParsedMessage) -> str:
    """A meaning in the notation of the corpus."""
    parts = []
    if meaning.command:
        number = "" if meaning.command.number is None else f" #{meaning.command.number}"
        parts.append(f"!{meaning.command.name} {meaning.command.argument}".strip() + number)
    if meaning.choice:
        parts.append(_SHORT[meaning.choice] + (f": {meaning.detail}" if meaning.detail else ""))
    if meaning.doubt:
        parts.append("?" + ",".join(_SHORT[answer] for answer in meaning.doubt))
    parts += map(written_mark, meaning.bulk)
    if meaning.basis:
        parts.append(f"basis {meaning.basis}")
    if not parts and meaning.number is not None:
        parts.append(f"#{meaning.number}")
    if not parts and meaning.yes is not None:
        parts.append("yes" if meaning.yes else "no")
    parts += [f"rest {piece}" for piece in meaning.rest]
    return " | ".join(parts) or "-"


def corpus() -> list[tuple[Expect, str, str]]:
    lines = [
        line for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]
    rows = [line.split("\t") for line in lines]
    return [(Expect(expect), said.replace("\\n", "\n"), meaning) for expect, said, meaning in rows]


def test_every_message_of_the_corpus_is_understood_as_meant(words: Vocabulary) -> None:
    rows = corpus()
    wrong = [
        f"{expect}: {said!r}: {got}, not {meant}"
        for expect, said, meant in rows
        if (got := written(parse(said, expect, words))) != meant
    ]
    sys.stdout.write(f"{len(rows) - len(wrong)} of {len(rows)} messages understood as meant\n")
    assert not wrong, "\n".join(wrong)


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    rows = corpus()
    assert len(rows) >= 320
    assert len({(expect, said) for expect, said, _ in rows}) == len(rows)
    assert {expect for expect, _, _ in rows} == set(Expect)


@given(ANY_WORDS, EXPECTS)
def test_any_string_is_understood_somehow_and_never_raises(said: str, expect: Expect) -> None:
    meaning = parse(said, expect, VOCABULARY)
    assert sum(map(bool, (meaning.command, meaning.choice, meaning.doubt, meaning.bulk))) <= 1
    assert len(meaning.doubt) != 1
    assert meaning.words == normalise(meaning.words)
    for mark in meaning.bulk:
        assert list(mark.nos) == sorted(set(mark.nos))
        assert set(mark.nos) <= VOCABULARY.subjects.nos
        assert mark.nos or mark.spread is not Spread.LISTED
    if meaning.rest:
        assert all(mark.spread is Spread.LISTED for mark in meaning.bulk)


@given(ANY_WORDS)
def test_folded_words_stay_as_long_as_what_was_said(said: str) -> None:
    line = fold(normalise(said), VOCABULARY.spelling)
    assert len(line.words) == len(line.fold)
    assert line.words == normalise(said)


@given(
    st.sampled_from(CLEARS),
    st.sampled_from(FOUNDS),
    st.sampled_from(["，", ", ", "。", "；", "\n"]),
    st.booleans(),
)
def test_clear_and_found_in_one_message_are_asked_again(
    clear: str, found: str, gap: str, turned: bool
) -> None:
    first, second = (found, clear) if turned else (clear, found)
    meaning = parse(f"{first}{gap}{second}", Expect.CHOICE, VOCABULARY)
    assert meaning.choice is None
    assert set(meaning.doubt) >= {Answer.CLEAR, Answer.FOUND}


@given(st.sampled_from(CLEARS), st.sampled_from(BREAKS), st.sampled_from(TROUBLES))
def test_a_clear_with_trouble_behind_it_is_never_taken_for_clear(clear: str, gap: str, trouble: str) -> None:
    said = f"{clear}{gap}{trouble}"
    assert parse(said, Expect.CHOICE, VOCABULARY).choice is not Answer.CLEAR, said
    assert not parse(f"4-10{said}", Expect.NOTHING, VOCABULARY).bulk, said


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(NOS)), st.sampled_from(sorted(SAID))),
        min_size=2,
        unique_by=lambda a: a[0],
    ),
    st.sampled_from(["，", ", ", "；", "\n", " ", "。"]),
    st.sampled_from(["{no}{said}", "{no} {said}", "第{no}项{said}", "{no}：{said}", "{no}、{said}"]),
)
def test_answers_for_many_items_come_out_as_they_went_in(
    said: list[tuple[int, str]], gap: str, form: str
) -> None:
    message = gap.join(form.format(no=no, said=answer) for no, answer in said)
    meaning = parse(message, Expect.NOTHING, VOCABULARY)
    got = {no: mark.answer for mark in meaning.bulk for no in mark.nos}
    assert got == {no: SAID[answer] for no, answer in said}, message
    assert not meaning.rest


@given(
    st.sampled_from(sorted(NOS)),
    st.sampled_from(sorted(NOS)),
    st.sampled_from("-—~到至～－"),
    st.sampled_from(["无", "都没问题", "不涉及"]),
)
def test_a_range_speaks_of_every_item_in_it_whichever_end_comes_first(
    a: int, b: int, to: str, answer: str
) -> None:
    meaning = parse(f"{a}{to}{b}{answer}", Expect.NOTHING, VOCABULARY)
    assert [mark.nos for mark in meaning.bulk] == [tuple(range(min(a, b), max(a, b) + 1))]


@given(st.integers(0, 299))
def test_chinese_numerals_are_read(number: int) -> None:
    assert parse_number(chinese(number)) == number


@pytest.mark.parametrize("text", ["十十", "百", "一二三", "", "零零", "1.5", "第一"])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("expect", Expect)
@pytest.mark.parametrize("name", ["help", "back", "cancel", "progress"])
def test_the_ways_out_work_whatever_is_open(name: str, expect: Expect) -> None:
    for word in DATA["commands"][name]["words"]:
        for said in (word, f"!{word}", f"！{word}。", word.upper()):
            command = parse(said, expect, VOCABULARY).command
            assert command is not None, said
            assert command.name == name


def test_every_command_word_names_its_command() -> None:
    for name, entry in DATA["commands"].items():
        for word in entry["words"]:
            said = word if entry.get("takes", "nothing") in {"nothing", "maybe"} else f"{word} 12"
            command = parse(said, Expect.NOTHING, VOCABULARY).command
            assert command is not None, said
            assert (command.name, command.number) == (name, 12 if said.endswith("12") else None), said


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_word_gives_its_answer(answer: Answer) -> None:
    for word in DATA["answers"][answer.value]:
        meaning = parse(word, Expect.CHOICE, VOCABULARY)
        assert (meaning.choice, meaning.doubt) == (answer, ()), word


def test_a_sentence_keeps_its_own_punctuation_and_case() -> None:
    said = "有，村东头（三组）水管漏；找 ABC 公司修"
    assert parse(said, Expect.CHOICE, VOCABULARY).detail == "村东头（三组）水管漏；找 ABC 公司修"
    assert parse(said, Expect.TEXT, VOCABULARY).words == said


@pytest.mark.parametrize(
    "text",
    ["1无", "1 ", "除12", "一无", "没有", "4-", "教育、", "入户十二户", "!", "有问题的：12；", "慢1、2 "],
)
def test_ten_thousand_characters_are_read_to_the_end(text: str) -> None:
    for expect, length in ((each, 10_000 if each is Expect.CHOICE else 1_000) for each in Expect):
        long = text * (length // len(text))
        assert parse(long, expect, VOCABULARY).words == normalise(long)


def test_numbers_come_from_the_campaign_and_not_from_the_code() -> None:
    small = replace(CAMPAIGN, items=tuple(item for item in CAMPAIGN.items if item.no <= 6))
    words = vocabulary(WORDS, small)
    assert written(parse("4-6无，7有", Expect.NOTHING, words)) == "4-6=clear | rest 7 有"
    assert written(parse("教育帮扶 无", Expect.NOTHING, words)) == "4-6=clear"


def test_mistakes_in_the_word_file_stop_the_start() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        vocabulary(WORDS.replace('"没由" = "没有"', '"没由" = "没有啊"'), CAMPAIGN)
    with pytest.raises(ValueError, match="already means"):
        vocabulary(WORDS.replace('"菜单", ', '"菜单", "帮助", '), CAMPAIGN)
    with pytest.raises(ValueError, match="pairs"):
        vocabulary(WORDS.replace("無无沒没", "無无沒没沒"), CAMPAIGN)
