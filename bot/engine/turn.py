"""One message of one person: understood, handled, recorded, answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from bot.chat import Reacted, Said
from bot.context import Context
from bot.dialogue import session as sessions
from bot.dialogue.effects import (
    AttachEvidence,
    Line,
    NotifyRole,
    OpenFinding,
    SendLedger,
    SetPreference,
    line,
)
from bot.dialogue.meaning import ParsedMessage
from bot.dialogue.parsing.normalise import normalise
from bot.dialogue.parsing.parse import parse
from bot.dialogue.session import (
    AskAnswer,
    AskBasis,
    AskDescription,
    AskMerge,
    AskOffer,
    AskVisit,
    Session,
)
from bot.domain.pii import mask_pii
from bot.engine import effects, replies
from bot.engine.replies import Origin
from bot.engine.session_store import Bound, bind, load
from bot.handlers import REPORTING, flow, handle
from bot.handlers.questions import put_question
from bot.handlers.turn import Outcome, Turn
from storage import evidence, inbox, outbox, people
from storage.db import Transaction, Value
from storage.history import Cause

AFTERWARDS = (SendLedger, NotifyRole)  # what leaves by itself leaves after the reply
WELCOME = "welcome_"  # the texts of a first contact, one a role
LARGEST = 2**62  # bytes: what a sender may claim and SQLite can hold
# What is asked because of one message, and is moot without it.
OF_ONE_MESSAGE = (AskBasis, AskDescription, AskMerge, AskOffer, AskVisit)


def converse(tx: Transaction, context: Context, talk: Origin, said: Said, now: datetime) -> None:
    """Take one message through: at most one reply leaves."""
    before, silence = load(tx, context.campaign, talk, now)
    spoken_to = bind(tx, context.campaign, talk, said, before)
    session = spoken_to.session
    words, masked = mask_pii(normalise(said.words))  # a number split by invisible characters is one too
    parsed = parse(words, session.expect, context.vocabulary)
    photos: tuple[int, ...] = ()
    if talk.person.role in REPORTING and (_to_us(talk, spoken_to) or parsed.marks):
        photos = _keep_media(tx, talk, said, Cause(talk.person.id, talk.event_id), now)
    turn = Turn(
        context,
        talk.person,
        talk.room,
        session,
        parsed,
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
        sessions.dump_question(session.question),
        brought_up(session, outcome.session),
    )
    if masked:
        outcome = outcome.say(line("masked"))
    if talk.room.kind == "direct" and not talk.person.greeted:
        people.mark_greeted(tx, talk.person)
        outcome = _with_welcome(turn, outcome)
    finish(tx, context, talk, outcome, now)


def tapped(tx: Transaction, context: Context, talk: Origin, reaction: Reacted, now: datetime) -> None:
    """A reaction under a question of ours answers it; any other says nothing that we should reply to."""
    question = sessions.load_question(outbox.asked_by(tx, reaction.target))
    if question is not None:
        said = parse(reaction.key, sessions.EXPECTS[type(question)], context.vocabulary)
        if said.choice or said.doubt or said.command or said.number is not None or said.yes is not None:
            converse(tx, context, talk, Said(words=reaction.key, reply_to=reaction.target), now)
            return
    inbox.set_state(tx, talk.event_id, "ignored")


def brought_up(before: Session, after: Session) -> tuple[str, ...]:
    """The questions, as JSON, that a message is the reason for."""
    known = {before.question, *before.queue}
    new = [q for q in (after.question, *after.queue) if isinstance(q, OF_ONE_MESSAGE) and q not in known]
    dumped = (sessions.dump_question(q) for q in new if not (isinstance(q, AskDescription) and q.finding))
    return tuple(text for text in dumped if text)


def _with_welcome(turn: Turn, outcome: Outcome) -> Outcome:
    """Somebody's first word to us is answered with who we are; a mere hello with nothing more than that."""
    hello = turn.said.command is not None and turn.said.command.name in ("greet", "menu")
    lines = () if hello else outcome.lines
    return replace(
        outcome, lines=(line(f"{WELCOME}{turn.person.role}", name=turn.person.name), *lines), reaction=""
    )


def _to_us(talk: Origin, spoken_to: Bound) -> bool:
    """What is sent in a room of several is only kept when it is meant for us."""
    return talk.room.kind == "direct" or spoken_to.bound or spoken_to.session.question is not None


def _keep_media(tx: Transaction, talk: Origin, said: Said, cause: Cause, now: datetime) -> tuple[int, ...]:
    if said.media is not None:
        media = said.media
        key = json.dumps(dict(media.key)) if media.key else None
        fields: dict[str, Value] = {
            "kind": media.kind,
            "name": mask_pii(normalise(media.name))[0],
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
    bound = {
        piece for effect in outcome.effects if isinstance(effect, AttachEvidence) for piece in effect.evidence
    }
    waiting = outcome.session.photos
    loose = tuple(piece for piece in turn.photos if piece not in bound and piece not in waiting)
    opened = [effect.no for effect in outcome.effects if isinstance(effect, OpenFinding)]
    free = tuple(piece for piece in (*waiting, *loose) if piece not in bound)
    if len(opened) == 1 and free:
        session = replace(outcome.session, photos=())
        outcome = replace(
            outcome, session=session, effects=(*outcome.effects, AttachEvidence(free, opened[0]))
        )
        return outcome.say(line("photos_bound", n=len(free)))
    if not loose:
        return outcome
    session = replace(outcome.session, photos=(*waiting, *loose))
    return replace(outcome, session=session).say(line("photo_kept"))


def finish(tx: Transaction, context: Context, talk: Origin, outcome: Outcome, now: datetime) -> None:
    """Write the effects, move the conversation on, answer."""
    speaker = effects.Speaker(talk.person, talk.room, Cause(talk.person.id, talk.under or talk.event_id))
    lines = list(outcome.lines)
    for effect in outcome.effects:
        if not isinstance(effect, AFTERWARDS):
            lines += effects.apply(tx, context, speaker, effect, now)
        if isinstance(effect, SetPreference):
            talk = replace(talk, person=people.by_id(tx, talk.person.id))
    session = _revived(tx, context, talk, outcome.session)
    inbox.save_state(tx, (talk.room.room_id, talk.person.id), sessions.dump(session), now)
    if outcome.reaction:
        replies.react(tx, talk, outcome.reaction, now)
    else:
        _answer(tx, context, talk, (lines, session, outcome.ask), now)
    for effect in outcome.effects:
        if isinstance(effect, AFTERWARDS):
            effects.apply(tx, context, speaker, effect, now)


def _answer(
    tx: Transaction, context: Context, talk: Origin, what: tuple[list[Line], Session, bool], now: datetime
) -> None:
    """One message: what happened, and the open question below it."""
    texts = context.texts
    lines, session, ask = what
    question = session.question if ask else None
    asked = put_question(tx, context, question) if question else ()
    welcome = [said for said in lines if said.key.startswith(WELCOME)]
    happened = [said for said in lines if said not in welcome]
    parts = [texts.together(part, talk.person.language) for part in (welcome, happened, asked)]
    body = "\n\n".join(part for part in parts if part)
    if body:
        about = sessions.dump_question(question) if question else _card(session)
        row = replies.put(tx, talk, body, about, now)
        replies.offer_buttons(tx, texts, talk, (row, question), now)


def _card(session: Session) -> str | None:
    return json.dumps({"card": session.finding}) if session.finding else None


def _revived(tx: Transaction, context: Context, talk: Origin, session: Session) -> Session:
    """A question about something that was just taken back is not asked again."""
    question = session.question
    if question is None or isinstance(question, AskAnswer) or flow.still_open(tx, question, {}):
        return session
    said = ParsedMessage(words="")
    turn = Turn(context, talk.person, talk.room, session, said, talk.event_id, talk.at)
    return flow.go_on(tx, turn, replace(session, question=None))
