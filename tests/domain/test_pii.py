"""Identity, bank card and mobile numbers never reach the disk; ordinary numbers are left alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Media, Said
from bot.domain.pii import mask_pii
from tests.support.bot_in_memory import InMemoryBot


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("身份证410123199001011234", "身份证*****************4"),
        ("41012319900101123X没办卡", "*****************X没办卡"),
        ("410123 19900101 123x", "*****************x"),
        ("410123-19900101-1234", "*****************4"),
        ("老证410123900101123", "老证**************3"),
        ("卡号6222021001023456789", "卡号***************6789"),
        ("6222 0210 0102 3456", "************3456"),
        ("6222-0210-0102-3456-789", "***************6789"),
        ("电话13812345678", "电话*******5678"),
        ("138 1234 5678", "*******5678"),
        ("+86 138-1234-5678", "*******5678"),
        ("11010119900307775813812345678", "*" * 25 + "5678"),  # an identity number, then a mobile one
        ("11010519491231002X13812345678", "*" * 25 + "5678"),
        ("62226002600010724446222600260001072444", "*" * 38),  # two cards
        ("王五13812345678李四13912345679", "王五*******5678李四*******5679"),
    ],
)
def test_numbers_that_name_a_person_are_masked(words: str, masked: str) -> None:
    assert mask_pii(words) == (masked, True)


@pytest.mark.parametrize(
    "words",
    [
        "4-10 无，入户12户",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 无",
        "13 14 15 16 17 18 19 20 21 无",
        "3、4、5、6、12 无",
        "2023-08-12 前完成",
        "8月12日，投入123456.78元",
        "示范〔2023〕1号",
        "0374-3560000",
        "12345678",
        "20230812000123456789012",  # long, and no number in it that passes its check
        "*****",
        "",
    ],
)
def test_other_numbers_are_left_as_they_are(words: str) -> None:
    assert mask_pii(words) == (words, False)


REGION, ORDER, CHECK = st.integers(110000, 659999), st.integers(0, 999), st.sampled_from("0123456789Xx")
BORN = st.dates(date(1900, 1, 1), date(2023, 8, 5))


@given(st.text(max_size=20), REGION, BORN, ORDER, CHECK)
def test_no_identity_number_passes_whatever_stands_around_it(
    around: str, region: int, born: date, order: int, check: str
) -> None:
    number = f"{region}{born:%Y%m%d}{order:03d}{check}"
    words = f"{around}号码{number}。{around}"
    assert number not in mask_pii(words)[0]


def test_a_masked_number_does_not_hide_the_answer_before_it() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    stand.say("2 王五（13812345678）家水管老化漏水")
    assert stand.finding(101)["description"] == "王五（*******5678）家水管老化漏水"


def test_masking_again_changes_nothing() -> None:
    for words in ("410123199001011234", "6222021001023456789", "13812345678"):
        once, _ = mask_pii(words)
        assert mask_pii(once) == (once, False)


@pytest.mark.parametrize("number", ["410123199001011234", "6222021001023456789", "13812345678"])
def test_nothing_of_a_masked_number_is_stored_or_said(number: str) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "2")
    reply = stand.say(f"王五（{number}）家水管老化漏水")
    assert "打码" in reply
    stand.edit(stand.last, f"王五（{number}）家水管冻裂")
    stand.say(f"联系电话{number[:3]}\u200b{number[3:]}，村委会换管")
    stand.say(f"意见 我的号码{number}")
    stand.say(f"走访 王五家 {number} 水管漏")
    stand.send(Said("", Media("file", f"{number}.pdf", "mxc://x/y")))
    stand.edit("$not-here-yet", number)
    everything = "\n".join(stand.connection.iterdump())
    assert number not in everything
    assert "\u200b" not in str(stand.finding(101)["measure"])
