"""走访 张三家 水管漏 慢病卡没办: one sentence, several findings, one reply to confirm, change or drop each."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bot.dialogue.effects import Effect, line
from bot.dialogue.meaning import Remark
from bot.dialogue.parsing.options import LONGEST, pick
from bot.dialogue.questions import AskVisit
from bot.dialogue.visit import Visit, propose
from bot.handlers import flow
from bot.handlers.finding_form import new_finding, same_as
from bot.handlers.turn import Cell, Outcome, Turn, settled
from storage import places
from storage.db import Reader

_ALSO = re.compile(
    "(?:再加|还有|另外|再记|再添|加上?|也有)(?:上|一?[个条项])?[,，:： ]*|(?:also|add)[,: ]+", re.IGNORECASE
)
_NOT_BUT = re.compile("不是([^,，是]{2,10})[,， ]?\\s?(?:而?是|应该是)([^,，]{2,10})")
_CHANGE = re.compile(
    r"第?(\d+)\s*(?:条|个)?\s*(?:改|换|->|=|change|to)\s*(?:为|成|到|第)?\s*(\d+)\s*项?", re.IGNORECASE
)
_DROP = re.compile(
    r"(?:去掉|不要|删除|删|drop|remove)\s*第?([\d\s,，、和]+)|第?(\d+)\s*(?:条|个)?\s*(?:去掉|不要|删除|删|drop)",
    re.IGNORECASE,
)


def visit(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Propose findings for what was seen on a visit; whatever fits no item is said back, never dropped in silence."""
    place = flow.current_place(turn)
    if not turn.argument:
        return flow.refused(turn, line("visit_example"))
    if place is None:
        return flow.which_place(turn)
    seen = _headed(turn.argument, propose(turn.argument, turn.context.index, turn.campaign))
    asked = {item.id for item in turn.items_of(place)}
    kept: list[tuple[str, str]] = []  # item id, words
    lost = list(seen.rest)
    for proposal in seen.proposals:
        item_id = next((item for item in proposal.candidates if item in asked), None)
        if item_id is None:
            lost.append(proposal.words)
        else:
            kept.append((item_id, _with_object(proposal.object, proposal.words)))
    fine = tuple(flow.short(words, flow.QUOTED) for words in seen.fine[: flow.SEVERAL])
    lines = [line("visit_fine", words=fine)] if fine else []
    lines += flow.untaken(*lost)
    if not kept:
        return flow.refused(turn, *lines, line("visit_nothing"))
    question = AskVisit(
        place.id, seen.object, tuple(item for item, _ in kept), tuple(words for _, words in kept)
    )
    return Outcome(turn.session.interrupted(question), tuple(lines))


def _headed(argument: str, seen: Visit) -> Visit:
    """Zhang San: pipe leaks. What stands before the colon is who was visited, in whatever spelling."""
    head = re.split("[:：]", argument, maxsplit=1)[0].strip()
    if seen.object or head not in seen.rest or len(head) > 20:
        return seen
    return replace(seen, object=head, rest=tuple(piece for piece in seen.rest if piece != head))


def _with_object(named: str, words: str) -> str:
    """The household a piece speaks of stands in its words, when it is another than the one visited."""
    gap = " " if named[-1:].isascii() and words[:1].isascii() else ""
    return words if named in words else f"{named}{gap}{words}"


def confirm(tx: Reader, turn: Turn, now: datetime) -> Outcome:
    """Reply to the proposals: 好 · 去掉 2 · 1 改 30 · 只要 1 3 · 都不要."""
    question = turn.session.question
    assert isinstance(question, AskVisit)
    words, n = turn.said.words, len(question.items)
    consent = turn.verdict("list")
    if consent is False:
        return settled(turn.session, line("dropped"))
    items = list(question.items)
    choice = words if len(words) <= LONGEST else ""  # more than that is no choice from a list
    dropped = {int(d) for match in _DROP.finditer(choice) for d in re.findall(r"\d+", match[1] or match[2])}
    changed = {int(match[1]): int(match[2]) for match in _CHANGE.finditer(choice)}
    rest = _CHANGE.sub(" ", _DROP.sub(" ", choice))
    only = {int(number) for number in re.findall(r"\d+", rest)} if not dropped and not changed else set()
    if not (consent or dropped or changed or only):
        more = _more(turn, question)
        if more is not None:
            return Outcome(replace(turn.session, question=more, retries=0))
        picked = pick(turn.spoken, question.words)
        if not (picked.meant or picked.denied) or turn.said.remark is Remark.QUESTION:
            return flow.not_understood(turn)
        return _record(tx, turn, [(items[k], question.words[k]) for k in sorted(picked.kept(n))])
    known = {item.no: item.id for item in turn.items_of(places.get(tx, question.place))}
    if any(not 1 <= number <= n for number in {*dropped, *changed, *only}) or any(
        no not in known for no in changed.values()
    ):
        return flow.not_understood(turn)
    for number, no in changed.items():
        items[number - 1] = known[no]
    keep = [k for k in range(n) if k + 1 not in dropped and (not only or k + 1 in only)]
    return _record(tx, turn, [(items[k], question.words[k]) for k in keep])


def _more(turn: Turn, question: AskVisit) -> AskVisit | None:
    """再加一个，他家厕所也坏了 · 不是张三家，是李三家: the same list with more on it, or with another household."""
    mended = _NOT_BUT.fullmatch(turn.said.words.strip(" 。."))
    wrong, right = (part.strip().removesuffix("家") for part in mended.groups()) if mended else ("", "")
    if wrong and question.object.removesuffix("家") == wrong:
        words = tuple(words.replace(wrong, right) for words in question.words)
        return replace(question, object=question.object.replace(wrong, right), words=words)
    also = _ALSO.match(turn.said.words)
    seen = propose(turn.said.words[also.end() :], turn.context.index, turn.campaign) if also else None
    if seen is None or not seen.proposals:
        return None
    items = (*question.items, *(proposal.item_id for proposal in seen.proposals))
    return replace(
        question, items=items, words=(*question.words, *(proposal.words for proposal in seen.proposals))
    )


def _record(tx: Reader, turn: Turn, chosen: list[tuple[str, str]]) -> Outcome:
    question = turn.session.question
    assert isinstance(question, AskVisit)
    place = places.get(tx, question.place)
    effects: list[Effect] = []
    known: list[str] = []
    for item_id, words in chosen:
        text = _with_object(question.object, words)
        other = same_as(tx, place.id, item_id, text)
        if other is not None:
            known.append(str(other.no))
        else:
            effects += new_finding(tx, turn, Cell(place, turn.campaign.item[item_id]), text)
    lines = [line("visit_twins", findings=tuple(known))] if known else []
    if not effects and not lines:
        lines = [line("dropped")]
    return settled(turn.session, *lines, effects=tuple(effects))
