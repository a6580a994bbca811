"""One message of one person: understood, handled, recorded, answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from bot import apply, reply
from bot.dialogue import state
from bot.dialogue.effects import Bind, Line, SendLedger, SetPreference, Tell, line
from bot.dialogue.meaning import Understanding
from bot.dialogue.state import AskAnswer, Conversation
from bot.dialogue.understand import understand
from bot.domain.private import mask
from bot.events import Said
from bot.handlers import flow, handle
from bot.handlers.question import question
from bot.handlers.turn import Outcome, Turn, World
from bot.reply import Talk
from bot.texts import Texts
from storage import evidence, inbox, outbox, people
from storage.db import Reader, Transaction, Value
from storage.history import Cause

House = tuple[World, Texts]
AFTERWARDS = (SendLedger, Tell)  # what leaves by itself leaves after the reply


def load(tx: Reader, talk: Talk, now: datetime) -> tuple[Conversation, float]:
    row = inbox.load_state(tx, talk.room.room_id, talk.person.id)
    if row is None:
        return Conversation(), 0.0
    return state.load(row[0]), max(0.0, (now - datetime.fromisoformat(row[1])).total_seconds())


def _bound(tx: Reader, said: Said, conversation: Conversation) -> tuple[Conversation, bool]:
    """A reply to one of our messages speaks to the question or finding that message was about."""
    about = outbox.asked_by(tx, said.reply_to) if said.reply_to else None
    if about is None:
        return conversation, bool(said.reply_to) and outbox.is_ours(tx, said.reply_to)
    fields = json.loads(about)
    if "card" in fields:
        return replace(conversation, finding=int(fields["card"])), True
    pending = state.load_pending(about)
    if pending is None or pending == conversation.pending:
        return conversation, True
    held = (conversation.pending, *conversation.held) if conversation.pending else conversation.held
    place = getattr(pending, "place", conversation.place)
    return replace(conversation, pending=pending, held=held, place=place or conversation.place), True


def converse(tx: Transaction, house: House, talk: Talk, said: Said, now: datetime) -> None:
    """Take one message through: at most one reply leaves."""
    world = house[0]
    before, silence = load(tx, talk, now)
    conversation, bound = _bound(tx, said, before)
    words, masked = mask(said.words)
    cause = Cause(talk.person.id, talk.event_id)
    photos = _keep_media(tx, talk, said, cause, now)
    understanding = understand(words, conversation.expect, world.vocabulary)
    turn = Turn(
        world,
        talk.person,
        talk.room,
        conversation,
        understanding,
        talk.event_id,
        talk.at,
        photos,
        silence,
        bound,
    )
    outcome = handle(tx, turn, now)
    if outcome is None:
        inbox.set_state(tx, talk.event_id, "ignored")
        return
    inbox.answered(tx, talk.event_id, state.dump_pending(conversation.pending))
    outcome = _with_photos(turn, outcome)
    if masked:
        outcome = outcome.say(line("masked"))
    finish(tx, house, talk, outcome, now)


def _keep_media(tx: Transaction, talk: Talk, said: Said, cause: Cause, now: datetime) -> tuple[int, ...]:
    if said.media is not None:
        media = said.media
        key = json.dumps(dict(media.key)) if media.key else None
        fields: dict[str, Value] = {
            "kind": media.kind,
            "name": media.name,
            "mimetype": media.mimetype,
            "size": media.size,
            "url": media.url,
            "key": key,
        }
    elif said.geo_uri:
        fields = {"kind": "location", "name": "", "mimetype": "", "size": 0, "url": said.geo_uri, "key": None}
    else:
        return ()
    return (evidence.add(tx, {**fields, "room_id": talk.room.room_id}, cause, now),)


def _with_photos(turn: Turn, outcome: Outcome) -> Outcome:
    """A photo whose words led elsewhere is kept for the next finding."""
    bound = {piece for effect in outcome.effects if isinstance(effect, Bind) for piece in effect.evidence}
    loose = tuple(
        piece for piece in turn.photos if piece not in bound and piece not in outcome.conversation.photos
    )
    if not loose:
        return outcome
    conversation = replace(outcome.conversation, photos=(*outcome.conversation.photos, *loose))
    return replace(outcome, conversation=conversation).say(line("photo_kept"))


def finish(tx: Transaction, house: House, talk: Talk, outcome: Outcome, now: datetime) -> None:
    """Write the effects, move the conversation on, answer."""
    speaker = apply.Speaker(talk.person, talk.room, Cause(talk.person.id, talk.under or talk.event_id))
    lines = list(outcome.lines)
    for effect in outcome.effects:
        if not isinstance(effect, AFTERWARDS):
            lines += apply.apply(tx, house, speaker, effect, now)
        if isinstance(effect, SetPreference):
            talk = replace(talk, person=people.by_id(tx, talk.person.id))
    conversation = _revived(tx, house[0], talk, outcome.conversation)
    inbox.save_state(tx, (talk.room.room_id, talk.person.id), state.dump(conversation), now)
    if outcome.nod:
        reply.react(tx, talk, outcome.nod, now)
    else:
        _answer(tx, house, talk, (lines, conversation, outcome.ask), now)
    for effect in outcome.effects:
        if isinstance(effect, AFTERWARDS):
            apply.apply(tx, house, speaker, effect, now)


def _answer(
    tx: Transaction, house: House, talk: Talk, what: tuple[list[Line], Conversation, bool], now: datetime
) -> None:
    """One message: what happened, and the open question below it."""
    world, texts = house
    lines, conversation, ask = what
    pending = conversation.pending if ask else None
    asked = question(tx, world, pending) if pending else ()
    parts = [texts.together(lines, talk.person.language), texts.together(asked, talk.person.language)]
    body = "\n\n".join(part for part in parts if part)
    if body:
        about = state.dump_pending(pending) if pending else _card(conversation)
        row = reply.put(tx, talk, (body, bool(asked)), about, now)
        reply.offer_buttons(tx, texts, talk, (row, pending), now)


def _card(conversation: Conversation) -> str | None:
    return json.dumps({"card": conversation.finding}) if conversation.finding else None


def _revived(tx: Transaction, world: World, talk: Talk, conversation: Conversation) -> Conversation:
    """A question about something that was just taken back is not asked again."""
    pending = conversation.pending
    if pending is None or isinstance(pending, AskAnswer) or flow.still_open(tx, pending, {}):
        return conversation
    said = Understanding(words="")
    turn = Turn(world, talk.person, talk.room, conversation, said, talk.event_id, talk.at)
    return flow.go_on(tx, turn, replace(conversation, pending=None))
