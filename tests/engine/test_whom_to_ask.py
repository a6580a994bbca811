"""Who is not understood three times is told whom to ring up: by name and number."""

from __future__ import annotations

from tests.support.bot_in_memory import COORDINATOR, LI, OBSERVER, ZHANG, InMemoryBot, plan

OFFICE = f"要人帮忙就打{plan().campaign.office}：{plan().campaign.phone}"


def third_miss(stand: InMemoryBot, who: str = ZHANG) -> str:
    return stand.says("嘎嘎", "嘎嘎", "嘎嘎", who=who)


def test_the_coordinator_by_name_and_telephone_number() -> None:
    stand = InMemoryBot()
    stand.connection.execute("UPDATE people SET phone = '13800000000' WHERE name = '颍桥联络员'")
    assert third_miss(stand).endswith("\n可以问联络员：颍桥联络员 13800000000")


def test_without_a_number_by_the_matrix_id() -> None:
    assert third_miss(InMemoryBot(), LI).endswith(
        f"\n可以问联络员：麦岭联络员 {COORDINATOR.replace('yingqiao', 'mailing')}"
    )


def test_while_an_item_is_open_it_stands_above_the_question() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    assert f"可以问联络员：颍桥联络员 {COORDINATOR}\n\n接着：" in third_miss(stand)


def test_where_nobody_coordinates_any_more_the_county_office() -> None:
    stand = InMemoryBot()
    stand.connection.execute("UPDATE grants SET until = '2023-08-04' WHERE role = 'coordinator'")
    assert third_miss(stand).endswith(OFFICE)


def test_a_coordinator_is_not_sent_to_themselves() -> None:
    assert third_miss(InMemoryBot(), COORDINATOR).endswith(OFFICE)
    assert third_miss(InMemoryBot(), OBSERVER).endswith(OFFICE)


def test_the_first_two_misses_name_nobody() -> None:
    assert "联络员：" not in InMemoryBot().says("嘎嘎", "嘎嘎")


def test_who_asks_for_the_coordinator_is_told_both() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    told = stand.say("联络员电话多少？")
    assert f"可以问联络员：颍桥联络员 {COORDINATOR}" in told
    assert plan().campaign.phone in told
