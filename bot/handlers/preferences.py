"""What a person chooses for themselves or has to say about us: 语言, 按钮, 意见, 撤回."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import GiveFeedback, NotifyRole, SetPreference, Withdraw, line
from bot.dialogue.questions import AskTakeBack
from bot.domain import progress
from bot.handlers import flow
from bot.handlers.earlier import Recorded, recorded
from bot.handlers.turn import Outcome, Turn, settled
from storage import findings, inbox
from storage.db import Reader

LANGUAGES = {
    "en": "en",
    "english": "en",
    "英文": "en",
    "英语": "en",
    "zh": "zh-CN",
    "zh-cn": "zh-CN",
    "中文": "zh-CN",
    "汉语": "zh-CN",
    "chinese": "zh-CN",
}
BUTTONS = {
    "开": "reactions",
    "on": "reactions",
    "表情": "reactions",
    "投票": "polls",
    "polls": "polls",
    "关": "off",
    "off": "off",
}
AT_ONCE = 5  # answers and problems that 撤回 takes back without asking
ANONYMOUS = ("匿名", "anonymous")


def language(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """语言 en: from this very reply on."""
    chosen = LANGUAGES.get(turn.argument.strip().lower())
    if chosen is None:
        return flow.refused(turn, line("language_what"))
    return Outcome(
        replace(turn.session, retries=0), (line("language_set"),), (SetPreference("language", chosen),)
    )


def buttons(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """按钮 开: the choices also as reactions to tap on; 按钮 投票: as a poll. The numbers always stand."""
    chosen = BUTTONS.get(turn.argument.strip().lower())
    if chosen is None:
        return flow.refused(turn, line("buttons_what"))
    return Outcome(
        replace(turn.session, retries=0),
        (line(f"buttons_{chosen}"),),
        (SetPreference("buttons", chosen),),
    )


def feedback(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """意见 …: reaches the county office; 匿名意见 … without a name, also in our own file."""
    words = turn.argument.strip()
    anonymous = any(mark in turn.said.words[:6].lower() for mark in ANONYMOUS) or words.lower().startswith(
        ANONYMOUS
    )
    for mark in ANONYMOUS:
        words = words.removeprefix(mark).strip(" ：:，,")
    if not words:
        return flow.refused(turn, line("feedback_what"))
    told = (
        line("feedback_anonymous", words=words)
        if anonymous
        else line("feedback_from", words=words, name=turn.person.name)
    )
    said = line("feedback_taken_anonymous" if anonymous else "feedback_taken")
    return Outcome(
        replace(turn.session, retries=0),
        (said,),
        (GiveFeedback(words, anonymous), NotifyRole("county", told)),
    )


def undo(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """撤回: takes back the message it replies to, else the last one that changed something; again, the one before it.
    Very many answers at once are asked for first; 撤回 said again is the yes to that."""
    open_one = turn.session.question
    if isinstance(open_one, AskTakeBack) and not turn.quoted:
        return settled(turn.session, effects=(Withdraw(open_one.event),))
    last = turn.quoted or inbox.latest_effective(tx, turn.person.id, turn.room.room_id)
    if last is None:
        return flow.refused(turn, line("nothing_to_undo"))
    was = recorded(tx, last, only_answers=True)
    n = len(was.answers) + len(was.findings)
    if n > AT_ONCE:
        question = AskTakeBack(last, _items(tx, turn, was), n)
        return Outcome(replace(turn.session.interrupted(question), retries=0))
    return Outcome(replace(turn.session, retries=0), (), (Withdraw(last),))


def _items(tx: Reader, turn: Turn, was: Recorded) -> tuple[str, ...]:
    """The printed numbers of what a message recorded, runs drawn together."""
    found = (findings.get(tx, number) for number in was.findings)
    ids = {spot.item for spot in was.answers} | {finding.item_id for finding in found if finding is not None}
    return progress.ranges(sorted(turn.campaign.item[item].no for item in ids if item in turn.campaign.item))


def take_back(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to: shall all of it go?"""
    question = turn.session.question
    assert isinstance(question, AskTakeBack)
    consent = turn.verdict("take_back")
    if consent or turn.said.number == 1:
        return settled(turn.session, effects=(Withdraw(question.event),))
    if consent is False or turn.said.number == 2:
        return settled(turn.session, line("left_as_is"))
    return flow.not_understood(turn, line("confirm_example"))
