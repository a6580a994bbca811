"""Measures of several problems in one reply: each goes to its own problem, or nothing of it is taken down."""

from __future__ import annotations

import pytest

from storage import findings
from tests.support.bot_in_memory import FIRST, InMemoryBot


@pytest.fixture
def bot() -> InMemoryBot:
    bot = InMemoryBot()
    bot.says(f"切换 {FIRST}", "走访张三家，水管漏，孩子没上学，厕所坏了", "好")
    return bot


def measures(bot: InMemoryBot) -> dict[int, tuple[str, str | None]]:
    return {
        finding.no: (finding.measure, finding.due) for finding in findings.live(bot.tx) if finding.measure
    }


@pytest.mark.parametrize(
    "words",
    [
        "101换水管，102找校长劝返，都8月20日前",
        "102：找校长劝返；101：换水管；全部8月20日前",
        "第一个换水管，第二个找校长劝返，都是8月20号之前",
        "问题101换水管\n问题102找校长劝返\n都8月20日前",
    ],
)
def test_each_measure_goes_to_its_problem_and_the_day_to_all_of_them(bot: InMemoryBot, words: str) -> None:
    bot.say(words)

    assert measures(bot) == {101: ("换水管", "2023-08-20"), 102: ("找校长劝返", "2023-08-20")}


@pytest.mark.parametrize(
    "words",
    [
        "101换水管，102没钱",
        "101换水管，109找校长劝返",
        "第一个换水管，第五个找校长劝返",
        "101换水管，101找校长劝返",
        "101换水管，102找校长劝返，都8月1日前",
    ],
)
def test_nothing_is_taken_down_of_what_is_not_wholly_understood(bot: InMemoryBot, words: str) -> None:
    bot.say(words)

    assert measures(bot).keys() <= {101}
    assert all(measure != "换水管" for measure, _ in measures(bot).values())


def test_a_number_before_a_counter_names_no_problem(bot: InMemoryBot) -> None:
    bot.say("102路公交站那里换水管，103户都换")

    assert 102 not in measures(bot)
    assert 103 not in measures(bot)


def test_a_measure_with_the_number_of_another_draft_is_that_ones(bot: InMemoryBot) -> None:
    bot.say("102找校长劝返")

    assert measures(bot) == {102: ("找校长劝返", None)}
