"""A position is evidence of the finding spoken of; its text is nobody's words, and without a finding it is not kept."""

from __future__ import annotations

import pytest

from bot.chat import Said
from tests.support.bot_in_memory import InMemoryBot, dump

HERE = "geo:33.85,113.48;u=5"


def sent(stand: InMemoryBot, text: str) -> str:
    return stand.send(Said(text, geo_uri=HERE))


@pytest.mark.parametrize("text", ["没有问题", "1", "4-10 无", "我的位置", "22有，水管漏"])
def test_the_text_of_a_position_answers_nothing_and_without_a_finding_nothing_is_kept(text: str) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    before = stand.standing().question
    assert "位置没有留下" in sent(stand, text)
    assert dump(stand.tx, "checks", "findings", "evidence") == {"checks": [], "findings": [], "evidence": []}
    assert stand.standing().question == before


@pytest.mark.parametrize(
    "words", [("22有，水管漏水",), ("22有，水管漏水", "水厂换管"), ("22有，水管漏水", "水厂换管", "1")]
)
def test_a_position_is_evidence_of_the_finding_spoken_of_and_is_not_called_a_photo(
    words: tuple[str, ...],
) -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", *words)
    before = dump(stand.tx, "checks", "findings")
    assert "照片" not in sent(stand, "水利局换管，8月20日前")
    assert dump(stand.tx, "checks", "findings") == before
    rows = stand.tx.all("SELECT kind, finding_no, url FROM evidence")
    assert [tuple(row) for row in rows] == [("location", 101, HERE)]
