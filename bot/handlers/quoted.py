"""A reply to an item of long ago under which something was found: the finding is shown, the open question stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import Line, line
from bot.dialogue.questions import AskAnswer, AskOffer
from bot.dialogue.route import Reply
from bot.domain.answers import Answer
from bot.handlers import free_text, views
from bot.handlers.turn import Outcome, Turn, settled
from storage import findings
from storage.db import Reader
from storage.findings import Finding

# Replies that record nothing new about an item whose problem is on record.
WITHOUT_NEWS = (Reply.ANSWER, Reply.DOUBT, Reply.NUMBER, Reply.BASIS_ALONE, Reply.REMARK, Reply.FREE)


def old_item(tx: Reader, turn: Turn, kind: Reply, now: datetime) -> Outcome | None:
    """What is on record there, instead of a refusal or a miss. None: the reply is to be handled like any other."""
    question, said = turn.session.question, turn.said
    if not turn.reopened or kind not in WITHOUT_NEWS or not isinstance(question, AskAnswer):
        return None
    live = findings.at(tx, question.place, question.item)
    if not live or said.choice is Answer.LATER or (said.choice is Answer.FOUND and _tells(turn, live)):
        return None
    if kind is Reply.FREE:
        offered = free_text.unsolicited(tx, turn, now)
        if isinstance(offered.session.question, AskOffer):
            return offered
    session = replace(turn.session, finding=live[0].no)
    return settled(session, *_on_record(tx, turn, live))


def _tells(turn: Turn, live: list[Finding]) -> bool:
    """有 with words, or to a draft that waits for them."""
    return bool(turn.said.detail) or any(not finding.description for finding in live)


def _on_record(tx: Reader, turn: Turn, live: list[Finding]) -> tuple[Line, ...]:
    """The findings, then what can be done about them."""
    numbers = tuple(str(finding.no) for finding in live)
    cards = [line for finding in live for line in views.card(tx, turn, finding)]
    if turn.said.choice in (Answer.CLEAR, Answer.NOT_APPLICABLE):
        item = turn.campaign.item[live[0].item_id]
        return (*cards, line("has_findings", no=item.no, findings=numbers, first=numbers[0]))
    if turn.said.choice is Answer.FOUND:
        return (*cards, line("visit_twins", findings=numbers))
    return tuple(cards)
