"""`paicha rehearse` as its users meet it: lines in, replies out, in words or as JSON, with a plain word for a slip."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.cli.main import CHECKLIST, DEMO_ROSTER, main, plan_from
from bot.rehearsal.chat import SERVER, Shown
from bot.rehearsal.printing import as_json

FIELDS = {
    "now", "room", "to", "type", "event_id", "reason", "msgtype", "body", "formatted_body", "mentions", "in_reply_to",
    "replaces", "redacts", "file",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What a run left on its streams."""

    stdout: str
    stderr: str


def rehearse(lines: str, *options: str, status: int = 0) -> Done:
    """The command in this process: a start of Python costs more than all that is tried here."""
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.setattr(sys, "stdin", io.StringIO(lines))
        ended = main(["rehearse", *options])
    assert ended == status, errors.getvalue()
    return Done(out.getvalue(), errors.getvalue())


def as_a_process(lines: str, *options: str, status: int = 0) -> Done:
    """The command as a shell starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "rehearse", *options],
        input=lines, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return Done(done.stdout, done.stderr)


def sent(lines: str, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rehearse(lines, "--json", *options).stdout.splitlines()]


def test_the_checklist_that_is_shipped_can_be_walked() -> None:
    plan = plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
    assert plan.campaign.items
    assert plan.campaign.items[2].text in rehearse("切换 颍桥示范一村\n").stdout


def test_the_first_chat_gives_the_right_replies_and_a_file_that_opens(tmp_path: Path) -> None:
    told = sent(
        "排查\n1\n2\n三组王五家孩子没上学\n返回\n4-10 无 入户12户\n进度\n台账\n",
        "--data",
        str(tmp_path / "d"),
    )
    bodies = [message["body"] for message in told]
    assert "1 颍桥示范一村" in bodies[0]
    assert "1/70" in bodies[1]
    assert "是什么问题" in bodies[2]
    assert "已记为问题101" in bodies[3]
    assert "三组王五家孩子没上学" in bodies[4]
    assert "第4-10项未发现问题，共7项" in bodies[5]
    assert "已答 8/70（未发现 7，发现 1" in bodies[6]
    book = load_workbook(told[8]["file"])
    assert book.sheetnames == ["台账", "明细", "汇总"]
    cells = {str(row[4].value): str(row[6].value) for row in book["台账"].iter_rows()}
    assert "三组王五家孩子没上学" in cells["3"]
    assert "入户12户" in cells["4"]


def test_json_has_one_object_a_line_with_every_field(tmp_path: Path) -> None:
    told = sent("/as zhangsan county\n进度\n/now 18:05\n", "--data", str(tmp_path / "d"))
    assert {frozenset(message) for message in told} == {frozenset(FIELDS)}
    reply, digest = told[0], told[-1]
    assert (reply["to"], reply["type"]) == ("#county", "m.room.message")
    assert reply["in_reply_to"]
    assert reply["mentions"] == [f"@zhangsan:{SERVER}"]
    assert digest["now"] == "2023-08-05T18:00:00+08:00" or digest["now"] == "2023-08-05T10:00:00+00:00"
    assert digest["msgtype"] == "m.notice"
    assert (reply["reason"], digest["reason"]) == ("reply", "digest")
    assert len({message["event_id"] for message in told}) == len(told)
    assert {(message["replaces"], message["redacts"]) for message in told} == {(None, None)}


def test_json_says_what_a_message_replaces_or_redacts() -> None:
    def fields(kind: str, content: dict[str, object]) -> dict[str, Any]:
        at = datetime(2023, 8, 5, 9, tzinfo=UTC)
        found: dict[str, Any] = json.loads(as_json(Shown(at, "!r", "张三", kind, "$e", content, "reply")))
        return found

    edit = fields(
        "m.room.message", {"body": "* x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}}
    )
    assert (edit["event_id"], edit["replaces"], edit["redacts"]) == ("$e", "$a", None)
    gone = fields("m.room.redaction", {"redacts": "$b"})
    assert (gone["replaces"], gone["redacts"]) == (None, "$b")
    key = fields("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$c", "key": "👍"}})
    assert (key["body"], key["replaces"]) == ("👍", None)


def test_a_rehearsal_goes_on_where_it_was_left(tmp_path: Path) -> None:
    folder = str(tmp_path / "d")
    as_a_process("切换 颍桥示范一村\n3-10 无，入户3户\n", "--data", folder)
    assert "已答 8/70" in as_a_process("进度\n", "--data", folder).stdout


def test_everybody_speaks_the_language_asked_for() -> None:
    assert "Which place?" in rehearse("start\n", "--lang", "en").stdout


def test_the_clock_starts_where_it_is_told(tmp_path: Path) -> None:
    told = sent("排查\n", "--now", "2023-08-20 10:30", "--data", str(tmp_path / "d"))
    assert told[0]["now"].startswith(("2023-08-20T10:30", "2023-08-20T02:30"))


def test_a_stranger_gets_one_polite_line_and_nothing_else() -> None:
    done = rehearse("你好\n排查\n", "--as", "@nobody:example.org")
    assert done.stdout.count("不在名单上") == 1
    assert "第" not in done.stdout


SLIPS = {
    "/fly": "no directive /fly",
    "/as": "like this: /as PERSON",
    "/as 无名氏": "neither a name of the roster nor a Matrix id",
    "/as zhangsan 火星": "火星 is not a unit",
    "/now tomorrow": "tomorrow is not a time",
    "/now 2023-08-01 09:00": "only moves on",
    "/edit 1": "like this: /edit N TEXT",
    "/edit 9 无": "no own message 9 back",
    "/redact 9": "no own message 9 back",
    "/read x": "like this: /read [N]",
    "/react 9 👍": "no message of the bot 9 back",
    "/reply 9 无": "no message of the bot 9 back",
    "/photo nowhere.jpg": "no such file: nowhere.jpg",
    "/file": "no such file: (none given)",
}


def test_a_directive_that_cannot_be_followed_says_why_and_the_rest_goes_on() -> None:
    done = rehearse("\n".join([*SLIPS, "进度"]), status=1)
    assert [why for why in SLIPS.values() if why not in done.stderr] == []
    assert "颍桥示范一村" in done.stdout


def test_a_start_that_cannot_be_made_says_why() -> None:
    assert "not a time" in as_a_process("", "--now", "soon", status=1).stderr
    assert "neither a name" in rehearse("", "--as", "无名氏", status=1).stderr
