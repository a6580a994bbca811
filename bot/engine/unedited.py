"""An edit that its sender deleted: the message says again what it said before, and is read so.

Rule: what counts is the newest edit that is left; one that never counted, or counts no more, leaves everything as it is.
Where the message had recorded nothing before it was edited, what the edit brought about is taken back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import line
from bot.engine import session_store, undo, undo_rules
from bot.engine.edits import read_anew, say
from bot.engine.mended import After, mend
from bot.engine.origin import Origin
from bot.engine.rewording import Edit
from bot.handlers.turn import Outcome
from storage import early_edits, history, inbox
from storage.db import Transaction
from storage.inbox import Seen


def apply_unedit(tx: Transaction, origin: Origin, edit: Seen, now: datetime) -> None:
    """The words before this edit come back."""
    early_edits.drop(tx, edit.event_id)
    original = inbox.get(tx, edit.edits) if edit.edits else None
    if original is None or edit.state == "withdrawn":
        inbox.set_state(tx, edit.event_id, "withdrawn")
        return
    counted = [seen.event_id for seen in inbox.edits_in_force(tx, original.event_id)]
    inbox.set_state(tx, edit.event_id, "withdrawn")
    inbox.set_words(tx, edit.event_id, None)
    standing = session_store.load(tx, origin, now)
    if original.state in ("withdrawn", "ignored"):
        return
    if not counted or counted[-1] != edit.event_id:
        say(tx, origin, Outcome(standing.session, (line("unedited_same"),)), now)
        return
    left = inbox.edits_in_force(tx, original.event_id)
    words = left[-1].words if left else original.words
    events = undo.related_events(tx, original)
    changes = history.of_refs(tx, events)
    if words is not None:
        read_anew(tx, origin, Edit(original, events, changes, words, line("unedited")), now)
        return
    stays = undo_rules.refusal(tx, origin, changes)
    lines = (stays,) if stays else (line("unedited"), *undo.take_back(tx, origin, events, now))
    finished = say(tx, origin, Outcome(replace(standing.session, retries=0), lines), now)
    for event in undo.withdrawn_among(tx, events):
        mend(tx, origin, event, After((), finished.session.question), now)
        inbox.set_state(tx, event, "done")  # it still stands there, and may be edited again
