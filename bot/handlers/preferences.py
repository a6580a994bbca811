"""What a person chooses for themselves or has to say about us: 语言, 按钮, 意见, 撤回."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import GiveFeedback, NotifyRole, SetPreference, Withdraw, line
from bot.handlers import flow
from bot.handlers.turn import Outcome, Turn
from storage import inbox
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
    """撤回: takes back the message it replies to, else the last one that changed something; again, the one before it."""
    last = turn.quoted or inbox.latest_effective(tx, turn.person.id, turn.room.room_id)
    if last is None:
        return flow.refused(turn, line("nothing_to_undo"))
    return Outcome(replace(turn.session, retries=0), (), (Withdraw(last),))
