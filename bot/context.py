"""Reads the data files that make up the world of the handlers: once, at start."""

from __future__ import annotations

from importlib import resources

from bot.dialogue.parsing.vocabulary import vocabulary
from bot.dialogue.search import build_index
from bot.domain.campaign import Campaign
from bot.domain.deadlines import parse_holidays, parse_limits
from bot.handlers.turn import World


def build_world(campaign: Campaign) -> World:
    return World(
        campaign=campaign,
        vocabulary=vocabulary(_data("bot.dialogue.parsing", "words.toml"), campaign),
        index=build_index(campaign, _data("bot.dialogue", "synonyms.toml")),
        limits=parse_limits(_data("bot.domain", "limits.toml")),
        holidays=parse_holidays(_data("bot.domain", "holidays.toml")),
    )


def _data(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text("utf-8")
