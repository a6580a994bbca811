"""Everything `parse` looks words up in, compiled once from words.toml and the campaign."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

from bot.dialogue.meaning import Expect, ParsedMessage
from bot.dialogue.parsing.amend import AmendWords, amend_words
from bot.dialogue.parsing.answers import AnswerWords, answer_words, any_of
from bot.dialogue.parsing.basis import BasisWords, basis_words
from bot.dialogue.parsing.commands import CommandWords, command_words
from bot.dialogue.parsing.normalise import Spelling, spelling
from bot.dialogue.parsing.options import OptionWords, option_words
from bot.dialogue.parsing.pieces import Joins
from bot.dialogue.parsing.plans import PlanWords, plan_words
from bot.dialogue.parsing.remarks import RemarkWords, remark_words
from bot.dialogue.parsing.subjects import SubjectWords, subject_words
from bot.domain.campaign import Campaign


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The compiled words of one campaign. Make one at the start and share it.

    `readings`: what short words were found to mean, by the question that was open: 1 and 没有 are said all day long.
    """

    spelling: Spelling
    answers: AnswerWords
    bases: BasisWords
    commands: CommandWords
    subjects: SubjectWords
    joins: Joins
    remarks: RemarkWords
    amend: AmendWords
    options: OptionWords
    plans: PlanWords
    readings: dict[tuple[str, Expect], ParsedMessage] = field(default_factory=dict, compare=False, repr=False)


def vocabulary(text_of_words_toml: str, campaign: Campaign) -> Vocabulary:
    """Compile the words. KeyError, ValueError or tomllib.TOMLDecodeError when the file is not as it should be."""
    data = tomllib.loads(text_of_words_toml)
    phrases = data["phrases"]
    joins = any_of(phrases["joins"])
    return Vocabulary(
        spelling=spelling(data["spelling"]["traditional"], data["spelling"]["typos"]),
        answers=answer_words(data),
        bases=basis_words(data),
        commands=command_words(data),
        subjects=subject_words(data, campaign),
        joins=Joins(
            re.compile(rf"[\s,;。、]{{0,3}}(?:{joins})[\s,:]{{0,3}}$"),
            re.compile(any_of(phrases["exceptions"])),
        ),
        remarks=remark_words(data),
        amend=amend_words(data),
        options=option_words(data),
        plans=plan_words(data),
    )
