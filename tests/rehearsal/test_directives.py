"""What a person does besides speaking: the directives of a rehearsal become the same batches a homeserver would bring."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.chat import Batch, Receipt, Said
from bot.cli.main import CHECKLIST, DEMO_ROSTER, plan_from
from bot.rehearsal.chat import SERVER, direct_room, open_rehearsal
from bot.rehearsal.player import DIRECTIVES, HELP, Misdirected, Player
from bot.scheduling.hours import Hours
from storage import rooms
from storage.rooms import Room

ZHANG = f"@zhangsan:{SERVER}"


class Recorder:
    """A rehearsal that keeps every batch it took in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.batches: list[Batch] = []
        self.rooms: list[Room] = []
        self.refused: list[str] = []
        self.sent: list[str] = []  # ids of what the bot sent into the last room

    def plays(self, *lines: str) -> None:
        asyncio.run(self._play(lines))

    async def _play(self, lines: tuple[str, ...]) -> None:
        plan = plan_from(CHECKLIST, DEMO_ROSTER, SERVER)
        rehearsal = await open_rehearsal(plan, self.folder, datetime(2023, 8, 5, 1, tzinfo=UTC), Hours())
        taken = rehearsal.take

        async def take(batch: Batch) -> None:
            self.batches.append(batch)
            await taken(batch)

        try:
            player = Player(rehearsal, lambda shown: None)
            await player.become("张三")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(rehearsal), "take", lambda _, batch: take(batch))
                for line in lines:
                    try:
                        await player.play(line)
                    except Misdirected as error:
                        self.refused.append(str(error))
                    room = await rehearsal.database.read(lambda tx: rooms.get(tx, player.room_id))
                    assert room is not None
                    self.rooms.append(room)
            self.sent = [shown.event_id for shown in rehearsal.stage.shown if shown.room == player.room_id]
        finally:
            await rehearsal.close()


def test_reading_sends_a_receipt_for_the_message_named(tmp_path: Path) -> None:
    stand = Recorder(tmp_path)
    stand.plays("进度", "帮助", "/read", "/read 2", "/read 9")
    receipts = [receipt for batch in stand.batches for receipt in batch.receipts]
    room = direct_room(ZHANG)
    assert receipts == [Receipt(room, ZHANG, stand.sent[-1]), Receipt(room, ZHANG, stand.sent[-2])]
    assert "no message of the bot 9 back" in stand.refused[0]


def test_who_leaves_is_not_heard_until_they_join_again(tmp_path: Path) -> None:
    stand = Recorder(tmp_path)
    stand.plays("/join", "/leave", "进度", "/edit 1 无", "/leave", "/join", "进度")
    seen = [change.members for batch in stand.batches for change in batch.rooms]
    assert seen == [(), (ZHANG,)]
    assert [room.kind for room in stand.rooms] == ["direct", *["group"] * 4, "direct", "direct"]
    assert len(stand.sent) == 1
    words = ["in the room already", "/join first", "no own message", "left the room already"]
    assert [word in told for word, told in zip(words, stand.refused, strict=True)] == [True] * 4


def test_the_others_of_a_room_stay_when_one_leaves(tmp_path: Path) -> None:
    stand = Recorder(tmp_path)
    stand.plays("/as 张三 颍桥回族镇", "/as yingqiao 颍桥回族镇", "/leave", "/as yingqiao 颍桥回族镇")
    others = ("@others:" + SERVER, ZHANG)
    seen = [change.members for batch in stand.batches for change in batch.rooms]
    both = (*others, f"@yingqiao:{SERVER}")
    assert seen == [others, both, others, both]


def test_words_in_clear_come_as_such_into_a_room_that_is_encrypted(tmp_path: Path) -> None:
    stand = Recorder(tmp_path)
    stand.plays("/clear 进度", "/clear", "/edit 1 帮助")
    (batch, _) = stand.batches
    assert batch.events[0].content == Said("进度", in_clear=True)
    assert (batch.rooms[0].encrypted, stand.rooms[0].encrypted, stand.rooms[0].kind) == (True, True, "direct")
    assert len(stand.sent) >= 1
    assert stand.refused == ["like this: /clear TEXT"]


def test_every_directive_is_explained() -> None:
    assert [name for name in DIRECTIVES if f"/{name}" not in HELP] == []
