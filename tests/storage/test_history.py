"""Everything that ever changed stays in the history, in order, sealed; an audit names whatever was touched behind its back."""

from __future__ import annotations

import sqlite3

import pytest

from storage import exports, findings, history
from storage.audit import Anchor, Report, audit
from storage.exports import Export
from storage.history import Action, Subject
from tests.support.bot_in_memory import COORDINATOR, FIRST, LI, OFFICE, START, ZHANG, InMemoryBot
from tests.support.records import written

LEAK = "三组王五家水管老化漏水"
OPEN_TABLES = "DROP TRIGGER actions_stay; DROP TRIGGER actions_keep; DROP TRIGGER changes_stay; DROP TRIGGER changes_keep;"


def told() -> InMemoryBot:
    """Some of everything that is sealed. Undone, answered, handed out, said."""
    stand = InMemoryBot()
    stand.says("排查", "1", "1", f"2 {LEAK}", "村委会换好水管", "1", "6-8 无，查台账", "撤回", "语言 en")
    stand.says("意见 晚上别发消息", "匿名意见 村里没人管", who=LI)
    with written(stand.tx, START) as record:
        exports.add(record, Export("ledger", {"unit": "yq"}, history.head(stand.tx), "5ha", "c0"))
    return stand


def tampered(stand: InMemoryBot, sql: str, *anchors: Anchor) -> Report:
    stand.connection.executescript(OPEN_TABLES)
    stand.connection.executescript(f"PRAGMA foreign_keys=OFF; {sql}")
    return audit(stand.tx, anchors)


def anchor(stand: InMemoryBot) -> Anchor:
    seq, _, head = history.head(stand.tx).partition(":")
    return Anchor(int(seq), head)


def test_every_action_stands_there_with_who_why_and_what_it_changed() -> None:
    stand = told()
    verbs = [row[0] for row in stand.tx.all("SELECT verb FROM actions WHERE source = 'chat' ORDER BY seq")]
    assert verbs == [
        *("answer", "answer", "amend", "amend", "file", "answer", "undo", "prefer"),
        *("give_feedback", "give_feedback", "test"),
    ]
    measure = history.writer(stand.tx, findings.subject(101), "measure")
    assert measure is not None
    assert (measure.before, measure.after) == ("", "村委会换好水管")
    row = stand.tx.one("SELECT person_id, ref, at, received_at FROM actions WHERE verb = 'file'")
    assert row is not None
    assert tuple(row)[1:] == ("$event-6", START.isoformat(), START.isoformat())


def test_feedback_is_signed_and_without_a_name_leads_to_nobody() -> None:
    sql = "SELECT person_id, ref FROM actions WHERE verb = 'give_feedback' ORDER BY seq"
    stand = told()
    signed, nobodys = stand.tx.all(sql)
    assert tuple(signed) == (
        stand.tx.value("SELECT person_id FROM person_ids WHERE user_id = ?", (LI,)),
        "$event-10",
    )
    assert tuple(nobodys) == (None, None)
    rows = [tuple(row) for row in stand.tx.all("SELECT person_id IS NULL, words FROM feedback ORDER BY id")]
    assert rows == [(0, "晚上别发消息"), (1, "村里没人管")]


def test_what_changes_nothing_leaves_no_action() -> None:
    stand = told()
    before = history.last_seq(stand.tx)
    stand.says("progress", "goto 3", "1", "language en")
    assert history.last_seq(stand.tx) == before


def test_a_history_nobody_touched_is_sound_and_proven_up_to_its_anchor() -> None:
    stand = told()
    noted = anchor(stand)
    stand.say("4-5 clear, checked the books")
    report = audit(stand.tx, [noted])
    assert report.sound
    assert report.proven_to == noted.seq < report.actions
    assert report.rows > report.actions
    assert audit(InMemoryBot().tx).sound


LAST_ANSWER = "(SELECT max(seq) FROM actions WHERE verb = 'answer')"


@pytest.mark.parametrize(
    ("sql", "kind", "field"),
    [
        (f"UPDATE changes SET after = 'found' WHERE action = {LAST_ANSWER} AND n = 0", "check", "answer"),
        (f"UPDATE changes SET before = 'x' WHERE action = {LAST_ANSWER} AND n = 0", "check", "answer"),
        (f"UPDATE actions SET person_id = 3 WHERE seq = {LAST_ANSWER}", "action", "hash"),
        (f"UPDATE actions SET at = '2023-08-05T08:00:00+08:00' WHERE seq = {LAST_ANSWER}", "action", "hash"),
        (f"UPDATE actions SET ref = NULL WHERE seq = {LAST_ANSWER}", "action", "hash"),
        (f"UPDATE actions SET verb = 'amend' WHERE seq = {LAST_ANSWER}", "action", "hash"),
        (f"DELETE FROM changes WHERE action = {LAST_ANSWER} AND n = 1", "action", "hash"),
        ("DELETE FROM actions WHERE seq = 3", "action", "seq"),
        ("UPDATE actions SET seq = 99 WHERE seq = 3", "action", "seq"),
        ("DELETE FROM actions WHERE seq >= 5", "action", "seq"),
        ("UPDATE checks SET answer = 'clear' WHERE answer = 'found'", "check", "answer"),
        ("UPDATE checks SET basis = '入户99户'", "check", "basis"),
        ("UPDATE checks SET person_id = 1", "check", "person_id"),
        ("DELETE FROM checks WHERE answer = 'found'", "check", ""),
        ("UPDATE findings SET state = 'closed'", "finding", "state"),
        ("UPDATE findings SET description = 'x'", "finding", "description"),
        ("UPDATE findings SET due = '2023-10-31'", "finding", "due"),
        ("UPDATE findings SET extensions = 1", "finding", "extensions"),
        ("UPDATE findings SET reporter_id = 1", "finding", "reporter_id"),
        ("DELETE FROM findings", "finding", ""),
        ("UPDATE grants SET role = 'county' WHERE id = 3", "grant", "role"),
        ("UPDATE grants SET until = '2023-08-01' WHERE id = 3", "grant", "until"),
        ("INSERT INTO grants (person_id, role, since) VALUES (1, 'county', '2023-01-01')", "grant", ""),
        ("UPDATE people SET name = '王二' WHERE id = 1", "person", "name"),
        ("UPDATE person_ids SET user_id = '@evil:x' WHERE id = 1", "person", "user_id"),
        ("UPDATE places SET unit_id = 'x' WHERE kind = 'village'", "place", "unit_id"),
        ("UPDATE units SET name = 'x' WHERE rank = 0", "unit", "name"),
        ("UPDATE checklists SET text = '{}'", "checklist", "text"),
        ("UPDATE exports SET sha256 = 'other'", "export", "sha256"),
        ("UPDATE exports SET content_hash = 'other'", "export", "content_hash"),
        ("UPDATE exports SET head = '0123456789abcdef'", "export", "head"),
        ("UPDATE exports SET seq = seq - 1", "export", "seq"),
        ("UPDATE exports SET scope = '{}'", "export", "scope"),
        ("UPDATE exports SET person_id = 2", "export", "person_id"),
        ("UPDATE exports SET final = 1", "export", "final"),
        ("DELETE FROM exports", "export", ""),
        (
            "INSERT INTO exports (kind, scope, seq, head, at, sha256, content_hash)"
            " SELECT kind, scope, seq, head, at, sha256, content_hash FROM exports",
            "export",
            "",
        ),
        ("UPDATE feedback SET words = '都好' WHERE id = 2", "feedback", "words"),
        ("UPDATE feedback SET person_id = 2 WHERE id = 2", "feedback", "person_id"),
        ("UPDATE feedback SET state = 'answered', answer = '已处理' WHERE id = 1", "feedback", "state"),
        ("DELETE FROM feedback WHERE id = 1", "feedback", ""),
        ("INSERT INTO feedback (words, at) VALUES ('都好', '2023-08-05T09:00:00+08:00')", "feedback", ""),
    ],
)
def test_whatever_is_touched_behind_our_back_is_named(sql: str, kind: str, field: str) -> None:
    wrong = tampered(told(), sql).first_wrong
    assert wrong is not None
    assert (wrong.kind, wrong.field) == (kind, field)


def test_a_tail_cut_off_with_everything_it_changed_is_found_by_the_anchor_alone() -> None:
    stand = InMemoryBot()
    cut = history.last_seq(stand.tx)
    stand.says("排查", "1", "1")
    noted = anchor(stand)
    sql = f"DELETE FROM changes WHERE action > {cut}; DELETE FROM actions WHERE seq > {cut}; DELETE FROM checks;"
    assert tampered(stand, sql).sound
    wrong = audit(stand.tx, [noted]).first_wrong
    assert wrong is not None
    assert (wrong.seq, wrong.kind) == (noted.seq, "anchor")


def test_a_whole_chain_built_anew_after_an_anchor_is_found_by_it() -> None:
    stand, other = InMemoryBot(), InMemoryBot()
    stand.says("排查", "1", "1")
    other.says("排查", "1", "3")
    noted = anchor(stand)
    assert audit(other.tx).sound
    wrong = audit(other.tx, [noted]).first_wrong
    assert wrong is not None
    assert (wrong.kind, wrong.field) == ("anchor", "head")


def test_an_anchor_that_was_edited_does_not_fit() -> None:
    stand = told()
    noted = anchor(stand)
    for edited in (Anchor(noted.seq, "0" * 16), Anchor(noted.seq - 1, noted.head), Anchor(noted.seq, "")):
        assert not audit(stand.tx, [edited]).sound


def test_a_photo_swapped_for_another_is_found() -> None:
    stand = told()
    stand.photo()
    piece = stand.tx.number("SELECT max(id) FROM evidence")
    with written(stand.tx, START, None) as record:
        record.tx.run("UPDATE evidence SET state = 'stored', sha256 = 'aa' WHERE id = ?", (piece,))
        record.changed(
            Subject("evidence", str(piece)), {"state": "waiting"}, {"state": "stored", "sha256": "aa"}
        )
    assert audit(stand.tx).sound
    wrong = tampered(stand, "UPDATE evidence SET sha256 = 'bb'").first_wrong
    assert wrong is not None
    assert (wrong.kind, wrong.field) == ("evidence", "sha256")


def test_words_can_be_erased_and_the_chain_still_holds() -> None:
    stand = told()
    noted = anchor(stand)
    changed = stand.tx.all(
        "SELECT action, n FROM changes WHERE kind = 'finding' AND field IN ('description', 'object')"
    )
    by = Action("erase", 1, START, "v", source="cli")
    seq = history.erase(stand.tx, [(row[0], row[1]) for row in changed], by, START)
    assert seq == history.last_seq(stand.tx)
    left = stand.tx.all(
        "SELECT before, after, salt FROM changes WHERE kind = 'finding' AND field = 'description'"
    )
    assert {tuple(row) for row in left} == {(None, None, None)}
    assert audit(stand.tx, [noted]).sound


def test_words_that_went_without_an_action_are_missed() -> None:
    wrong = tampered(
        told(), "UPDATE changes SET salt = NULL, before = NULL, after = NULL WHERE n = 1"
    ).first_wrong
    assert wrong is not None
    assert wrong.why == "erased without an action"


def test_the_program_itself_can_only_erase_words() -> None:
    for sql in ("UPDATE actions SET verb = 'x'", "DELETE FROM actions", "DELETE FROM changes"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            told().connection.execute(sql)
    for sql in ("UPDATE changes SET after = 'x'", "UPDATE changes SET digest = x'00', salt = NULL"):
        with pytest.raises(sqlite3.IntegrityError, match="only the words"):
            told().connection.execute(sql)


def test_an_undo_names_what_it_takes_back() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", "1")
    answer = stand.last
    stand.redact(answer)
    (answered,) = history.of_refs(stand.tx, [answer])
    row = stand.tx.one("SELECT undoes, ref, verb FROM actions ORDER BY seq DESC LIMIT 1")
    assert row is not None
    assert tuple(row) == (answered.action, stand.last, "undo")
    assert history.writer(stand.tx, answered.subject, "answer") is None


def test_seals_hold_over_words_of_every_kind() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", f"2 {LEAK}")
    for words in ("\x00", "漏水" * 1000, '{"a": 1}', "😂", "\u2028"):
        finding = findings.get(stand.tx, 101)
        assert finding is not None
        with written(stand.tx, START, finding.reporter_id) as record:
            findings.change(record, finding, {"description": words})
    assert audit(stand.tx).sound


def test_a_place_whose_name_holds_a_slash_is_a_place_like_any_other() -> None:
    stand = InMemoryBot()
    with written(stand.tx, START, None) as record:
        row = stand.tx.one("SELECT id, kind, unit_id FROM places WHERE name = ?", (FIRST,))
        assert row is not None
        record.tx.run("UPDATE places SET name = '东/西村' WHERE id = ?", (row[0],))
        record.changed(Subject("place", row[0]), {"name": FIRST}, {"name": "东/西村"})
    stand.says("排查", "1", "1")
    assert "第3项：未发现 → 未答" in stand.say("撤回")
    stand.says("跳到 3", "1")
    assert "第3项：未发现 → 未答" in stand.redact(stand.last)
    assert stand.tx.value("SELECT subject FROM v_changes WHERE kind = 'check' LIMIT 1") == "东/西村 3"
    assert audit(stand.tx).sound


def test_who_wrote_in_a_round_does_not_judge_it() -> None:
    stand = InMemoryBot()
    stand.says("排查", "1", f"22 {LEAK}", "村委会换管", "1")
    stand.act(101, "submit", ZHANG, result="水管已换，8月6日通水")
    zhang, office = (
        stand.tx.number("SELECT person_id FROM person_ids WHERE user_id = ?", (who,))
        for who in (ZHANG, OFFICE)
    )
    assert findings.hands(stand.tx, 101) == {zhang}
    stand.act(101, "close", COORDINATOR)
    stand.act(101, "reopen", OFFICE, "回头看不属实")
    assert findings.hands(stand.tx, 101) == frozenset()
    assert office not in findings.hands(stand.tx, 101)
