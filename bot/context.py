"""What stays the same from turn to turn: the campaign, how words are read, the texts, who the bot itself is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources

from bot.dialogue.parsing.vocabulary import Vocabulary, vocabulary
from bot.dialogue.search import Index, build_index
from bot.domain.campaign import Campaign
from bot.domain.deadlines import Holidays, Limit, parse_holidays, parse_limits
from bot.texts import Texts, load_texts

NAME = "排查小助手"  # what the bot calls itself, where nobody has named it otherwise
KEY_GRACE = timedelta(seconds=120)  # how long a missing key is waited for before its sender is told


@dataclass(frozen=True, slots=True)
class Context:
    """Built once at start with `build_context`."""

    campaign: Campaign
    vocabulary: Vocabulary
    index: Index
    limits: Mapping[int, tuple[Limit, ...]]  # printed number -> the time limits of that item
    holidays: Holidays
    texts: Texts
    user_id: str  # the bot's own Matrix id
    names: tuple[str, ...]  # what people call us: our id, its first part, the name they see


@lru_cache(maxsize=8)
def build_context(campaign: Campaign, user_id: str, name: str = NAME) -> Context:
    """Read the data files beside the code; once a process, since nothing of it ever changes."""
    return Context(
        campaign=campaign,
        vocabulary=vocabulary(_data("bot.dialogue.parsing", "words.toml"), campaign),
        index=build_index(campaign, _data("bot.dialogue", "synonyms.toml")),
        limits=parse_limits(_data("bot.domain", "limits.toml")),
        holidays=parse_holidays(_data("bot.domain", "holidays.toml")),
        texts=load_texts(),
        user_id=user_id,
        names=(user_id, user_id[1:].partition(":")[0], name, NAME),
    )


def _data(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text("utf-8")
