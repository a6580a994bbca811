"""One message of one person: understood, handled, recorded, answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from bot.chat import Reacted, Said
from bot.dialogue import session
from bot.dialogue.effects import Bind, Line, OpenFinding, SendLedger, SetPreference, Tell, line
from bot.dialogue.meaning import Understanding
from bot.dialogue.parsing.normalise import normalise
from bot.dialogue.parsing.parse import understand
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskMerge,
    AskOffer,
    AskVisit,
    Conversation,
)
from bot.domain.pii import mask
from bot.engine import effects, replies
from bot.engine.replies import Talk
from bot.engine.session_store import Bound, bind, load
from bot.handlers import REPORTING, flow, handle
from bot.handlers.questions import question
from bot.handlers.turn import Outcome, Turn, World
from bot.texts import Texts
from storage import evidence, inbox, outbox, people
from storage.db import Transaction, Value
from storage.history import Cause

House = tuple[World, Texts]
AFTERWARDS = (SendLedger, Tell)  # what leaves by itself leaves after the reply
WELCOME = "welcome_"  # the texts of a first contact, one a role
LARGEST = 2**62  # bytes: what a sender may claim and SQLite can hold
# What is asked because of one message, and is moot without it.
OF_ONE_MESSAGE = (AskBasis, AskDescription, AskMerge, AskOffer, AskVisit)


def converse(tx: Transaction, house: House, talk: Talk, said: Said, now: datetime) -> None:
    """Take one message through: at most one reply leaves."""
    world = house[0]
    before, silence = load(tx, world.campaign, talk, now)
    spoken_to = bind(tx, world.campaign, talk, said, before)
    conversation = spoken_to.conversation
    words, masked = mask(normalise(said.words))  # a number split by invisible characters is one too
    understanding = understand(words, conversation.expect, world.vocabulary)
    photos: tuple[int, ...] = ()
    if talk.person.role in REPORTING and (_to_us(talk, spoken_to) or understanding.marks):
        photos = _keep_media(tx, talk, said, Cause(talk.person.id, talk.event_id), now)
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
        spoken_to.bound,
    )
    outcome = handle(tx, turn, now) if spoken_to.refusal is None else flow.refused(turn, spoken_to.refusal)
    if outcome is None:
        inbox.set_state(tx, talk.event_id, "ignored")
        return
    outcome = _with_photos(turn, outcome)
    inbox.answered(
        tx,
        talk.event_id,
        session.dump_pending(conversation.pending),
        brought_up(conversation, outcome.conversation),
    )
    if masked:
        outcome = outcome.say(line("masked"))
    if talk.room.kind == "direct" and not talk.person.greeted:
        people.mark_greeted(tx, talk.person)
        outcome = _with_welcome(turn, outcome)
    finish(tx, house, talk, outcome, now)


def tapped(tx: Transaction, house: House, talk: Talk, reaction: Reacted, now: datetime) -> None:
    """A reaction under a question of ours answers it; any other says nothing that we should reply to."""
    pending = session.load_pending(outbox.asked_by(tx, reaction.target))
    if pending is not None:
        said = understand(reaction.key, session.EXPECTS[type(pending)], house[0].vocabulary)
        if said.choice or said.doubt or said.command or said.number is not None or said.yes is not None:
            converse(tx, house, talk, Said(words=reaction.key, reply_to=reaction.target), now)
            return
    inbox.set_state(tx, talk.event_id, "ignored")


def brought_up(before: Conversation, after: Conversation) -> tuple[str, ...]:
    """The questions, as JSON, that a message is the reason for."""
    known = {before.pending, *before.held}
    new = [q for q in (after.pending, *after.held) if isinstance(q, OF_ONE_MESSAGE) and q not in known]
    dumped = (session.dump_pending(q) for q in new if not (isinstance(q, AskDescription) and q.finding))
    return tuple(text for text in dumped if text)


def _with_welcome(turn: Turn, outcome: Outcome) -> Outcome:
    """Somebody's first word to us is answered with who we are; a mere hello with nothing more than that."""
    hello = turn.said.command is not None and turn.said.command.name in ("greet", "menu")
    lines = () if hello else outcome.lines
    return replace(
        outcome, lines=(line(f"{WELCOME}{turn.person.role}", name=turn.person.name), *lines), nod=""
    )


def _to_us(talk: Talk, spoken_to: Bound) -> bool:
    """What is sent in a room of several is only kept when it is meant for us."""
    return talk.room.kind == "direct" or spoken_to.bound or spoken_to.conversation.pending is not None


def _keep_media(tx: Transaction, talk: Talk, said: Said, cause: Cause, now: datetime) -> tuple[int, ...]:
    if said.media is not None:
        media = said.media
        key = json.dumps(dict(media.key)) if media.key else None
        fields: dict[str, Value] = {
            "kind": media.kind,
            "name": mask(normalise(media.name))[0],
            "mimetype": media.mimetype,
            "size": min(max(media.size, 0), LARGEST),
            "url": media.url,
            "key": key,
        }
    elif said.geo_uri:
        fields = {
            "kind": "location",
            "name": "",
            "mimetype": "",
            "size": 0,
            "url": normalise(said.geo_uri),
            "key": None,
        }
    else:
        return ()
    return (evidence.add(tx, {**fields, "room_id": talk.room.room_id}, cause, now),)


def _with_photos(turn: Turn, outcome: Outcome) -> Outcome:
    """Photos go with the one finding this message opens; where its words led elsewhere they wait for the next."""
    bound = {piece for effect in outcome.effects if isinstance(effect, Bind) for piece in effect.evidence}
    waiting = outcome.conversation.photos
    loose = tuple(piece for piece in turn.photos if piece not in bound and piece not in waiting)
    opened = [effect.no for effect in outcome.effects if isinstance(effect, OpenFinding)]
    free = tuple(piece for piece in (*waiting, *loose) if piece not in bound)
    if len(opened) == 1 and free:
        conversation = replace(outcome.conversation, photos=())
        outcome = replace(
            outcome, conversation=conversation, effects=(*outcome.effects, Bind(free, opened[0]))
        )
        return outcome.say(line("photos_bound", n=len(free)))
    if not loose:
        return outcome
    conversation = replace(outcome.conversation, photos=(*waiting, *loose))
    return replace(outcome, conversation=conversation).say(line("photo_kept"))


def finish(tx: Transaction, house: House, talk: Talk, outcome: Outcome, now: datetime) -> None:
    """Write the effects, move the conversation on, answer."""
    speaker = effects.Speaker(talk.person, talk.room, Cause(talk.person.id, talk.under or talk.event_id))
    lines = list(outcome.lines)
    for effect in outcome.effects:
        if not isinstance(effect, AFTERWARDS):
            lines += effects.apply(tx, house, speaker, effect, now)
        if isinstance(effect, SetPreference):
            talk = replace(talk, person=people.by_id(tx, talk.person.id))
    conversation = _revived(tx, house[0], talk, outcome.conversation)
    inbox.save_state(tx, (talk.room.room_id, talk.person.id), session.dump(conversation), now)
    if outcome.nod:
        replies.react(tx, talk, outcome.nod, now)
    else:
        _answer(tx, house, talk, (lines, conversation, outcome.ask), now)
    for effect in outcome.effects:
        if isinstance(effect, AFTERWARDS):
            effects.apply(tx, house, speaker, effect, now)


def _answer(
    tx: Transaction, house: House, talk: Talk, what: tuple[list[Line], Conversation, bool], now: datetime
) -> None:
    """One message: what happened, and the open question below it."""
    world, texts = house
    lines, conversation, ask = what
    pending = conversation.pending if ask else None
    asked = question(tx, world, pending) if pending else ()
    welcome = [said for said in lines if said.key.startswith(WELCOME)]
    happened = [said for said in lines if said not in welcome]
    parts = [texts.together(part, talk.person.language) for part in (welcome, happened, asked)]
    body = "\n\n".join(part for part in parts if part)
    if body:
        about = session.dump_pending(pending) if pending else _card(conversation)
        row = replies.put(tx, talk, body, about, now)
        replies.offer_buttons(tx, texts, talk, (row, pending), now)


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
