"""The HTML of a reply: well-formed, two tags, and word for word what the plain body says."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import HTML, Said, notice, with_html
from bot.dialogue.effects import Line, line
from bot.texts import LANGUAGES, load_texts
from bot.texts.formatted import HEADS, LONGEST, WITH_CHOICES, formatted
from tests.support.bot_in_memory import OFFICE, InMemoryBot

TEXTS = load_texts()
WORDS = st.text(st.sampled_from("水管<>&\"'/ab;#12 \n\u00a0"), max_size=60)
LINES = st.one_of(
    st.builds(lambda text: line("item_text", text=text), WORDS),
    st.builds(lambda text: line("hint", text=text), WORDS),
    st.builds(lambda text: line("not_taken", words=text), WORDS),
    st.builds(
        lambda place, name: line("ask_answer", place=place, index=1, total=70, section=name, no=3),
        WORDS,
        WORDS,
    ),
    st.builds(lambda old, new: line("ask_merge", finding=101, old=old, new=new), WORDS, WORDS),
    st.just(line("choices")),
    st.just(line("ask_submit")),
    st.builds(lambda title: line("digest_head", title=title, day="8月5日", time="18:00"), WORDS),
)


class Reading(HTMLParser):
    """What a client makes of it: the words, and whether every tag that opens is closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("b", "br")
        assert not attrs
        if tag == "b":
            assert not self.open
            self.open.append(tag)
        self.words.append("\n" if tag == "br" else "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@given(st.lists(st.lists(LINES, max_size=4), max_size=3), st.sampled_from(LANGUAGES))
def test_it_says_the_same_words_and_nothing_else(parts: list[list[Line]], language: str) -> None:
    html = formatted(TEXTS, parts, language)
    keys = {each.key for part in parts for each in part}
    assert bool(html) == bool(keys & (HEADS | WITH_CHOICES))
    if html:
        read = Reading(html)
        assert not read.open
        plain = "\n\n".join(TEXTS.together(part, language) for part in parts)
        assert "".join(read.words).split() == plain.split()


def test_what_is_very_long_goes_out_plain() -> None:
    many = [line("choices"), line("item_text", text="<" * LONGEST)]
    assert formatted(TEXTS, (many,), "en") == ""
    few = [line("choices"), line("item_text", text="<" * 2000)]
    assert 0 < len(formatted(TEXTS, (few,), "en").encode()) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_choice_stands_on_a_line_of_its_own(language: str) -> None:
    html = formatted(TEXTS, ([line("choices")],), language)
    assert [part[0] for part in html.split("<br>")] == ["1", "2", "3", "4"]


def test_an_item_and_a_digest_carry_it_and_a_confirmation_does_not() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1")
    item = stand.take(stand.event(Said("题")))[0].content
    assert item["format"] == HTML
    assert str(item["formatted_body"]).startswith(
        "<b>颍桥示范一村 1/70 ·【驻村帮扶责任】第3项</b><br>帮扶干部"
    )
    assert "<br>1 未发现问题<br>2\u00a0发现问题<br>3\u00a0不涉及<br>4\u00a0稍后" in str(
        item["formatted_body"]
    )
    digest = stand.take(stand.event(Said("简报"), OFFICE))[0].content
    assert str(digest["formatted_body"]).startswith("<b>【")
    assert "formatted_body" not in stand.take(stand.event(Said("进度")))[0].content


def test_the_plain_body_is_what_it_was() -> None:
    plain = notice("words & <more>")
    assert with_html(plain, "") == plain
    assert {k: v for k, v in with_html(plain, "<b>x</b>").items() if k in plain} == plain
