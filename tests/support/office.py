"""A county office: one database in memory and roster files that come into it one after another."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.setup.bootstrap import Setup, fill_database
from bot.setup.campaign_file import load_campaign
from bot.setup.roster_file import parse_roster
from bot.setup.roster_import import compare, make_true
from storage import history, people
from storage.audit import audit
from storage.db import Transaction
from storage.history import Action, record
from storage.migrate import migrate

CHECKLIST = Path(__file__).parents[2] / "checklist.json"
CAMPAIGN = load_campaign(CHECKLIST)
SERVER = "paicha.test"
NOW = datetime(2023, 8, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = "2023-08-05"


UNITS = """
[[unit]]
id = "yq"
name = "颍桥镇"
kind = "township"
villages = ["张庄", "李庄"]

[[unit]]
name = "麦岭镇"
kind = "township"
villages = [{ id = "ml-zhang", name = "张庄" }, "赵庄"]

[[unit]]
name = "县水利局"
kind = "department"
"""
ZHANG = """
[[person]]
user = "zhangsan"
name = "张三"
role = "reporter"
places = ["yq", "李庄"]
"""
WANG = """
[[person]]
user = "wangwu"
name = "王五"
role = "coordinator"
unit = "麦岭镇"
"""
FIRST = UNITS + ZHANG + WANG
LIU = '\n[[person]]\nname = "刘婶"\nrole = "reporter"\nplaces = ["赵庄"]\n'


def swapped(text: str, *pairs: str) -> str:
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


def setup_of(text: str) -> Setup:
    """What a start with this roster file begins with."""
    return Setup(CAMPAIGN, CHECKLIST.read_text("utf-8"), parse_roster(text, CAMPAIGN, SERVER))


class Office:
    """A county office with one database, on SQLite in memory."""

    def __init__(self, text: str) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA foreign_keys=ON")
        migrate(self.connection, Path(":memory:"))
        self.tx = Transaction(self.connection)
        assert fill_database(self.tx, setup_of(text), NOW)

    def lines(self, text: str, today: str = TODAY) -> list[str]:
        return [*compare(self.tx, parse_roster(text, CAMPAIGN, SERVER), today).lines()]

    def imports(self, text: str, today: str = TODAY) -> list[str]:
        """Make a file true; its lines. Afterwards nothing differs and the history is sound."""
        diff = compare(self.tx, parse_roster(text, CAMPAIGN, SERVER), today)
        before = history.last_seq(self.tx)
        with record(
            self.tx, Action("roster", None, NOW, CAMPAIGN.version, "r.toml", "roster"), NOW
        ) as written:
            make_true(written, diff, today)
        assert history.last_seq(self.tx) - before == bool(diff)
        assert self.lines(text, today) == []
        assert not compare(self.tx, parse_roster(text, CAMPAIGN, SERVER), today)
        report = audit(self.tx)
        assert report.sound, report.first_wrong
        return [*diff.lines()]

    def own(self, local: str, today: str = TODAY) -> list[str] | None:
        """Ids of the places somebody answers for, in order; None: they take no part."""
        actor = people.actor(self.tx, f"@{local}:{SERVER}", today)
        return [place.id for place in actor.own] if actor else None

    def person(self, local: str) -> int:
        return self.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (f"@{local}:{SERVER}",))
