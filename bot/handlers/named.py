"""Words that begin with a finding's number: 101谁负责 · 101 长期坚持 · 101不是三组，是五组. Nothing else was asked for them.

Rule: a text is mended only where what was wrong stands in it exactly once; the new text is said back whole.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.dialogue.effects import line
from bot.dialogue.meaning import Expect, Remark
from bot.domain.lifecycle import DRAFT
from bot.domain.permissions import Right, may
from bot.handlers import change, flow, plan, views
from bot.handlers.turn import Outcome, Turn
from storage.db import Reader
from storage.findings import Finding

_HEAD = re.compile(
    r"(?:[^\d\s]{0,6}[,，]\s?)?(?:问题|第|#|problem\s|finding\s|no\.?\s?)?(?P<no>\d{3,5})(?:号?问题)?(?:号(?=[,，:：\s的]))?(?:的|说的|那个|[,，:：\s])*(?P<rest>(?![路户人个家处米元块亩年])\D.*)",
    re.S | re.I,
)
# 不是三组，是五组; 王五写错了，是王武家; 三组改成五组; not at Wang Wu's, it's at Zhao Liu's
_MENDS = re.compile(
    r"(?:应该)?不是(?P<a>[^,，。;；]{1,20})[,， ]\s?(?:而?是|应该是)(?P<b>[^,，。;；]{1,20})"
    r"|(?:把)?(?P<c>[^,，。;；]{1,20}?)(?:写|说|记|填|打|弄|搞)错了?[,， ]\s?(?:是|应该是|应是)(?P<d>[^,，。;；]{1,20})"
    r"|(?:把)?(?P<e>[^,，。;；]{1,20}?)(?:改[成为]|换成)(?P<f>[^,，。;；]{1,20})"
    r"|(?:it\s|that\s)?is\s?n[o']t (?P<g>[^,;]{1,40}),?\s(?:it's|it is|but)\s(?P<h>[^,;]{1,40})",
    re.I,
)
_NUMBER = re.compile(r"(?<!\d)\d{3,5}(?!\d)")
_END = re.compile("[。.!！~了吧的 ]+$")


def named_finding(tx: Reader, turn: Turn, now: datetime) -> Outcome | None:
    """What comes of words about a finding that is named by its number. None when they name none of theirs."""
    head = _HEAD.fullmatch(turn.said.words.strip())
    if head is None and turn.said.remark is Remark.QUESTION:  # who is responsible for 103?
        asked = set(_NUMBER.findall(turn.said.words))
        known = change.visible(tx, turn, int(asked.pop())) if len(asked) == 1 else None
        return views.shown(tx, turn, known.no) if known else None
    finding = change.visible(tx, turn, int(head["no"])) if head else None
    if head is None or finding is None:
        return None
    alone = head.end("no") < head.start("rest")
    outcome = said_of(tx, turn, finding, head["rest"], now)
    if turn.session.expect is Expect.TEXT and not (alone or outcome.effects or turn.said.remark):
        return None  # 101路公交站换牌: a sentence of its own
    return outcome


def said_of(tx: Reader, turn: Turn, finding: Finding, words: str, now: datetime) -> Outcome:
    """What comes of words about this finding: an answer to their question, a change, or the question which."""
    if turn.said.remark is Remark.QUESTION:
        return views.shown(tx, turn, finding.no)
    refusal = may(turn.scope, Right.AMEND)
    if refusal is not None:
        return flow.refused(turn, flow.not_theirs(refusal))
    mended = _mended(finding, words)
    if mended:
        return change.amended(tx, turn, finding.no, f"description {mended}", now)
    if finding.state == DRAFT and not finding.measure and plan.holds_a_deed(turn, words):
        return change.amended(tx, turn, finding.no, f"measure {words}", now)  # 102找校长劝返
    outcome = change.amended(tx, turn, finding.no, words, now)
    if outcome.effects:
        return outcome
    asks = line("which_change", finding=finding.no, words=flow.short(finding.description))
    return flow.refused(turn, asks, *outcome.lines)


def _mended(finding: Finding, words: str) -> str:
    """The description with what was wrong replaced; empty when that is not certain."""
    found = _MENDS.fullmatch(_END.sub("", words.strip()))
    if found is None:
        return ""
    wrong, right = (part.strip() for part in found.groups() if part is not None)
    if finding.description.count(wrong) != 1:
        return ""
    at = finding.description.index(wrong)
    after = finding.description[at + len(wrong) :]
    doubled = next((n for n in (2, 1) if len(right) > n and after.startswith(right[-n:])), 0)
    return finding.description[:at] + right + after[doubled:]  # 王五 -> 王武家 before 家
