"""The words of a ledger in one language, looked up by key: all of them stand in bot/texts.

Rule: no other module of the ledger holds a word that is printed, and none decides anything by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.texts import Texts

# In the order of a finding's life: they fill the drop-down list of the flat sheet.
STATES = ("draft", "rectifying", "submitted", "verified", "returned", "closed", "reopened", "void")
DONE = ("closed", "void")  # states in which nothing can be overdue


@dataclass(frozen=True, slots=True)
class LedgerWords:
    """Make it once a ledger with `ledger_words`."""

    texts: Mapping[str, str]

    def say(self, key: str, **gaps: str | int) -> str:
        return self.texts[key].format_map(gaps)

    def state(self, state: str) -> str:
        """The word of a state by its name in storage."""
        return self.say(f"ledger_state_{state}")

    def day(self, day: date) -> str:
        """A date as a text says it. The cells of the flat sheets hold real dates."""
        return self.say("ledger_day", year=day.year, month=self._month(day), day=day.day)

    def short_day(self, day: date) -> str:
        return self.say("ledger_day_short", month=self._month(day), day=day.day)

    def _month(self, day: date) -> str:
        return self.say("ledger_months").split()[day.month - 1]

    def numeral(self, number: int) -> str:
        """The number of an area as official papers count them; digits where the words end."""
        numerals = self.say("ledger_numerals").split()
        return numerals[number - 1] if 0 < number <= len(numerals) else str(number)


def ledger_words(texts: Texts, language: str) -> LedgerWords:
    return LedgerWords(texts.catalogue[language])
