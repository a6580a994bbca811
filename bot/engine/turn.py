"""One turn: what somebody said, tapped, or changed is read once, handled, written, and answered with what comes next.

Said, tapped, edited and read-again messages all come through `run_turn`; what differs is only where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.chat import Reacted, Said
from bot.dialogue import session as sessions
from bot.dialogue.effects import (
    ChangeFinding,
    Line,
    MoveAnswer,
    MoveFinding,
    OpenFinding,
    SetCheck,
    SetPreference,
    Withdraw,
    line,
)
from bot.dialogue.parsing.address import without_name
from bot.dialogue.parsing.normalise import is_too_long, normalise
from bot.dialogue.parsing.parse import Utterance, parse
from bot.dialogue.questions import (
    EXPECTS,
    OF_DRAFT,
    AskAnswer,
    AskBasis,
    AskChainBasis,
    AskMerge,
    AskSubmit,
    Question,
    dump_question,
    finding_in,
    load_question,
)
from bot.dialogue.session import Session
from bot.domain.permissions import Right
from bot.domain.pii import mask_pii
from bot.engine import buttons, effects, former, replies, session_store
from bot.engine.attachments import keep_media
from bot.engine.effects import Applied
from bot.engine.mended import After, mend
from bot.engine.origin import Origin
from bot.engine.replies import Asked
from bot.engine.session_store import ReplyTarget, Standing
from bot.handlers import evidence as evidence_rules
from bot.handlers import flow, handle
from bot.handlers.evidence import Written
from bot.handlers.next_question import next_question, still_open
from bot.handlers.turn import Outcome, Then, Turn
from storage import findings, outbox, people
from storage import sessions as stored
from storage.db import Transaction

LONGEST_KEY = 40  # characters of a reaction
COUNTED = (
    SetCheck,
    OpenFinding,
    MoveAnswer,
    MoveFinding,
    Withdraw,
)  # effects that change the figures of a review page


@dataclass(frozen=True, slots=True)
class Input:
    """What a turn starts from: the words, where the person stands, and what came along."""

    words: str
    target: ReplyTarget
    silence: float = 0.0  # seconds since this person last spoke here
    photos: tuple[int, ...] = ()
    called: bool = False  # it calls us by name


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message: for the inbox."""

    state: str = "done"
    question: str | None = None
    opened_questions: tuple[str, ...] = ()
    reply: int = 0  # outbox row of what it was answered with
    edits: str | None = None  # as `Seen` has them
    words: str | None = None


IGNORED = Result("ignored")


def run_said(tx: Transaction, origin: Origin, what: Said, standing: Standing, now: datetime) -> Result:
    """Take one message through: at most one reply leaves. What it carries is kept when it is meant for us."""
    target = session_store.resolve_reply(tx, origin, what, standing.session)
    if is_too_long(what.words):  # not read, so nothing of it is kept, and the session stays as it was
        if origin.room.kind == "direct" or target.bound:
            replies.send(tx, origin, (line("media_too_long" if what.media else "too_long"),), now)
            return Result("failed")
        return IGNORED
    what = replace(what, words="") if what.geo_uri else what  # a phone made that text, nobody said it
    names = (*origin.context.names, *what.called)
    spoken = without_name(normalise(what.words), names, origin.context.vocabulary)
    words, masked = mask_pii(spoken.words)  # a number split by invisible characters is one too
    given = Input(words, target, standing.silence, called=spoken.named or what.to_us)
    turn = turn_of(origin, given)
    if not turn.for_us and (what.media is not None or what.geo_uri):
        return IGNORED  # what others show each other, whatever stands beside it
    if what.in_clear:
        if turn.direct or run_turn(tx, turn, given, now) is not None:
            replies.send(tx, origin, (line("said_in_clear"),), now)
        return IGNORED
    if (
        what.geo_uri and evidence_rules.spoken_of(tx, turn) is None
    ):  # a position belongs to a finding, or is not kept
        replies.send(tx, origin, (line("position_not_kept"),), now)
        return IGNORED
    if turn.for_us and origin.actor.scope.has(Right.REPORT):
        turn = replace(turn, photos=keep_media(tx, origin, what, now))
    outcome = run_turn(tx, turn, given, now)
    if outcome is None:
        return IGNORED
    if masked:
        outcome = outcome.say(line("masked"))
    if turn.direct and not origin.person.greeted:
        people.mark_greeted(tx, origin.person)
        outcome = _with_welcome(turn, outcome)
    finished = finish(tx, origin, turn, outcome, now)
    asked = dump_question(target.session.question)
    opened = session_store.brought_up(target.session, finished.session)
    kept = words if opened or turn.photos or former.records(outcome.effects) else None
    return Result("done", asked, opened, finished.row, words=kept)


def run_reacted(tx: Transaction, origin: Origin, what: Reacted, standing: Standing, now: datetime) -> Result:
    """A reaction under a question of ours answers it; any other says nothing that we should reply to."""
    question = load_question(outbox.asked_by(tx, what.target)) if len(what.key) <= LONGEST_KEY else None
    if question is not None:
        reads = parse(what.key, EXPECTS[type(question)], origin.context.vocabulary)
        if reads.choice or reads.doubt or reads.command or reads.number is not None or reads.yes is not None:
            words = Said(words=what.key, reply_to=what.target, in_clear=what.in_clear)
            return run_said(tx, origin, words, standing, now)
    return IGNORED


def turn_of(origin: Origin, given: Input) -> Turn:
    """The words read once, under the question that is open."""
    target = given.target
    heard = Utterance(given.words, origin.context.vocabulary)
    return Turn(
        origin.context,
        origin.actor,
        origin.room,
        target.session,
        heard.under(target.session.expect),
        heard,
        origin.under or origin.event_id,
        origin.at,
        given.photos,
        given.silence,
        target.bound,
        target.reopened,
        target.quoted,
        target.card,
        target.photos_to,
        given.called,
    )


def run_turn(tx: Transaction, turn: Turn, given: Input, now: datetime) -> Outcome | None:
    """What is to come of it; nothing is written yet. None: it is none of our business."""
    if given.target.refusal is not None:
        return flow.refused(turn, given.target.refusal)
    return handle(tx, turn, now)


def _with_welcome(turn: Turn, outcome: Outcome) -> Outcome:
    """Somebody's first word to us is answered with who we are; a mere hello with nothing more than that."""
    hello = turn.said.command is not None and turn.said.command.name in ("greet", "menu")
    lines = () if hello else outcome.lines
    return replace(outcome, lines=(replies.welcome(turn.person), *lines), reaction="")


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the session stands after a turn, what was said, and the outbox row of it; 0: there was none in words."""

    session: Session
    lines: tuple[Line, ...] = ()
    row: int = 0


def finish(tx: Transaction, origin: Origin, turn: Turn, outcome: Outcome, now: datetime) -> Finished:
    """Write the effects; then, from what is on the disk, find out where photos belong and what is asked next; answer."""
    lost = former.of_effects(tx, origin, outcome.effects)
    if lost is not None:
        outcome = Outcome(turn.session, (lost,))
    first, afterwards = effects.split(outcome.effects)
    applied = effects.apply(tx, origin, first, now)
    outcome = outcome.say(*applied.lines)
    if (
        len(applied.opened) == 1 and not origin.under
    ):  # one that was just told of is spoken of; an edit opens quietly
        outcome = replace(outcome, session=replace(outcome.session, finding=applied.opened[0]))
    placed = evidence_rules.attach(tx, turn, replace(outcome, effects=()), _written(turn, outcome, applied))
    lost = former.of_effects(tx, origin, placed.effects)
    placed = placed if lost is None else replace(outcome, effects=()).say(lost)
    bound = effects.apply(tx, origin, placed.effects, now)
    outcome = placed.say(*bound.lines)
    if any(isinstance(effect, SetPreference) for effect in first) or _language_went_back(outcome):
        person = people.by_id(tx, origin.person.id)
        origin = replace(origin, actor=replace(origin.actor, person=person))
    session = _next(tx, origin, outcome)
    if any(isinstance(effect, COUNTED) for effect in first):
        session = session.forgetting(AskSubmit)
    if outcome.reaction:
        replies.react(tx, origin, outcome.reaction, now)
        finished = Finished(session)
    else:
        finished = _reply(tx, origin, Reply(turn, outcome, session), now)
    stored.save(tx, origin.room.room_id, origin.person.id, sessions.dump(finished.session), now)
    effects.apply(tx, origin, afterwards, now)
    for event in applied.withdrawn:
        mend(tx, origin, event, After((), finished.session.question), now)
    return finished


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reply is made of: the turn, its outcome, where the session stands after it."""

    turn: Turn
    outcome: Outcome
    session: Session


def _reply(tx: Transaction, origin: Origin, reply: Reply, now: datetime) -> Finished:
    """Say what happened, and the open question below it. The session then knows what it showed."""
    session, question = reply.session, reply.session.question
    if reply.outcome.then is Then.NOTHING or question is None:
        row = replies.answer(tx, origin, reply.outcome.lines, Asked(None, finding=session.finding), now)
        if question is not None:
            return Finished(session, reply.outcome.lines, row)
    else:
        in_full = reply.outcome.in_full or not _comes_back(reply, question, now)
        row = replies.answer(tx, origin, reply.outcome.lines, Asked(question, in_full=in_full), now)
        session = session.showing(question, now) if in_full else session
    return Finished(buttons.follow(tx, origin, session, row, now), reply.outcome.lines, row)


def _comes_back(reply: Reply, question: Question, now: datetime) -> bool:
    """Whether a question was there before, and is still in the person's mind: then one line is enough."""
    before = reply.turn.session
    stood = question in (before.question, *before.queue) or reply.outcome.then is Then.GO_ON
    return stood and reply.session.has_in_mind(question, now)


def _written(turn: Turn, outcome: Outcome, applied: Applied) -> Written:
    question = turn.session.question
    merged = 0
    if isinstance(question, AskMerge):
        changed = (effect.no for effect in outcome.effects if isinstance(effect, ChangeFinding))
        merged = question.other if question.other in changed else 0
    return Written(tuple(applied.opened), merged)


def _language_went_back(outcome: Outcome) -> bool:
    return any(said.key in ("language_set", "buttons_off") for said in outcome.lines)


def _next(tx: Transaction, origin: Origin, outcome: Outcome) -> Session:
    """What is asked after the facts. A question about something that was just taken back is not asked again."""
    session, question = outcome.session, outcome.session.question
    gone = question is not None and not isinstance(question, AskAnswer) and not _stands(tx, session)
    if outcome.then is Then.GO_ON or gone:
        return next_question(tx, origin.campaign, origin.actor, replace(session, question=None))
    return session


def _stands(tx: Transaction, session: Session) -> bool:
    question = session.question
    if question is None or not (finding_in(question) or isinstance(question, (AskBasis, AskChainBasis))):
        return True
    if not still_open(tx, question):
        return False
    finding = findings.get(tx, finding_in(question)) if isinstance(question, OF_DRAFT) else None
    return finding is None or bool(finding.description)  # nobody is asked what to do about nothing
