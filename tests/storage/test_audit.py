"""What a tampered file might try beyond the plain cases, and that the fast walk never decides alone that something is wrong."""

from __future__ import annotations

import pytest

from storage.audit import Report, audit, walk
from storage.history import Action, Subject, erase
from tests.support.bot_in_memory import START, InMemoryBot
from tests.support.records import written

OPEN_TABLES = (
    "DROP TRIGGER actions_stay; DROP TRIGGER actions_keep; DROP TRIGGER changes_stay; DROP TRIGGER changes_keep;"
    " PRAGMA foreign_keys=OFF;"
)
ANSWER = "(SELECT max(seq) FROM actions WHERE verb = 'answer')"


def told() -> InMemoryBot:
    stand = InMemoryBot()
    stand.says("排查", "1", "1", "2 三组王五家水管老化漏水")
    return stand


@pytest.mark.parametrize(
    ("sql", "kind", "field"),
    [
        (
            "INSERT INTO changes SELECT 0, n, kind, '9999', part, field, before, after, salt, digest FROM changes"
            " WHERE kind = 'grant' AND subject = '2'",
            "action",
            "seq",
        ),
        ("UPDATE actions SET seq = -1 WHERE seq = 2", "action", "seq"),
        (f"UPDATE changes SET after = CAST('clear' AS BLOB) WHERE action = {ANSWER}", "check", "answer"),
        (f"UPDATE changes SET after = CAST(x'ff' AS TEXT) WHERE action = {ANSWER}", "check", "answer"),
        (f"UPDATE changes SET after = 1.5 WHERE action = {ANSWER}", "check", "answer"),
        (f"UPDATE changes SET after = after || char(0) || 'x' WHERE action = {ANSWER}", "check", "answer"),
        (f"UPDATE changes SET subject = CAST(x'ff' AS TEXT) WHERE action = {ANSWER}", "check", "answer"),
        ("UPDATE actions SET ref = CAST(x'ff' AS TEXT) WHERE seq = 3", "action", "hash"),
    ],
)
def test_what_the_walk_might_pass_by_is_named(sql: str, kind: str, field: str) -> None:
    stand = told()
    stand.connection.executescript(f"{OPEN_TABLES} {sql}")
    wrong = audit(stand.tx).first_wrong
    assert wrong is not None
    assert (wrong.kind, wrong.field) == (kind, field)


def test_words_put_where_words_were_erased_are_named() -> None:
    stand = told()
    (where,) = stand.tx.all("SELECT action, n FROM changes WHERE field = 'description'")
    erase(stand.tx, [(where[0], where[1])], Action("erase", 1, START, "v", source="cli"), START)
    assert audit(stand.tx).sound
    sql = f"UPDATE changes SET after = '别的话' WHERE action = {where[0]} AND n = {where[1]}"
    stand.connection.executescript(f"{OPEN_TABLES} {sql}")
    wrong = audit(stand.tx).first_wrong
    assert wrong is not None
    assert wrong.why == "words where nothing is sealed any more"


def test_the_walk_accepts_every_value_a_change_can_hold() -> None:
    stand = InMemoryBot()
    controls = "".join(map(chr, range(32)))
    values = ("", controls, '"\\/', "\x7f\u2028\ufeff", "😂", 0, -1, 2**62, 0.1, 0.1 + 0.2, 1e300, -0.0, None)
    with written(stand.tx, START) as record:
        for n, value in enumerate(values):
            record.changed(Subject("trial", str(n), controls), {"x": value}, {"x": value, '"': "\x00"})
    report = Report()
    assert walk(stand.tx, report) is None
    assert report.rows > report.actions == 3
