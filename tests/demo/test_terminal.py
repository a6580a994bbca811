"""The chat in the terminal, played as scripts between two phones on a real homeserver."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from bot.demo.homeserver import Running
from bot.demo.matrix_client.client_events import Heard
from bot.demo.matrix_client.phone import Phone
from bot.demo.terminal import NO_REPLY, Talk, Waiting, chat, piped, scripted, typed
from tests.conftest import new_account
from tests.demo.test_phone import meet, phone_of

pytestmark = pytest.mark.synapse


async def echo(bot: Phone, photo: Path) -> None:
    """Stand in for a bot: say back what happened; on "照片" send a file; be silent on "嘘"."""
    while True:
        event = await bot.hear(
            lambda event: event.type in ("m.room.message", "m.reaction", "m.room.redaction")
        )
        if event.words == "照片":
            await bot.send_photo(event.room_id, photo)
        elif event.words != "嘘":
            await bot.say(event.room_id, _described(event))


def _described(event: Heard) -> str:
    if event.type == "m.reaction":
        return f"得到 {event.key}"
    if event.type == "m.room.redaction":
        return "撤回了"
    kind = "改成" if event.edits else "回复" if event.reply_to else "文件" if event.is_file else "听到"
    return f"{kind} {event.words}\n请继续"


def play(hs: Running, folder: Path, *lines: str) -> list[str]:
    """What the terminal shows for a script, spoken to `echo` in an encrypted room."""
    photo = folder / "公示栏.jpg"
    photo.write_bytes(b"\xff\xd8 a photo")
    shown: list[str] = []

    async def run() -> None:
        person = phone_of(hs, await new_account(hs, "zhangsan"), folder)
        bot = phone_of(hs, await new_account(hs, "paicha"), folder)
        async with person, bot:
            room = await meet(person, bot, encrypted=True)
            answering = asyncio.create_task(echo(bot, photo))
            talk = Talk(person, room, folder / "downloads", shown.append)
            await chat(talk, scripted(lines), Waiting(reply=1.5, silence=0.2))
            answering.cancel()
            await asyncio.wait([answering])

    asyncio.run(run())
    return shown


def test_a_script_shows_each_line_and_the_reply_to_it(homeserver: Running, tmp_path: Path) -> None:
    assert play(homeserver, tmp_path, "# 一段试用", "排查", "", "1", "/quit", "never said") == [
        "> 排查", "< 听到 排查", "< 请继续",
        "> 1", "< 听到 1", "< 请继续",
        "> /quit",
    ]  # fmt: skip


def test_commands_count_messages_from_the_last(homeserver: Running, tmp_path: Path) -> None:
    shown = play(homeserver, tmp_path, "甲", "乙", "/edit 2 丙", "/reply 1 丁", "/react 2 👍", "/redact 1")
    assert [line for line in shown if line.startswith("<") and "请继续" not in line] == [
        "< 听到 甲", "< 听到 乙", "< 改成 丙", "< 回复 丁", "< 得到 👍", "< 撤回了",
    ]  # fmt: skip


def test_files_go_out_with_their_caption_and_come_in_saved_under_free_names(
    homeserver: Running, tmp_path: Path
) -> None:
    spaced = tmp_path / "my photo.jpg"
    spaced.write_bytes(b"x")
    shown = play(homeserver, tmp_path, f'/photo "{spaced}" 村口 公示栏', "照片", "照片")
    first, second = tmp_path / "downloads" / "公示栏.jpg", tmp_path / "downloads" / "公示栏-2.jpg"
    assert "< 文件 村口 公示栏" in shown
    assert [line for line in shown if "downloads" in line] == [
        f"< （文件：{first}）",
        f"< （文件：{second}）",
    ]
    assert first.read_bytes() == second.read_bytes() == b"\xff\xd8 a photo"


def test_what_cannot_be_done_is_said_and_the_chat_goes_on(homeserver: Running, tmp_path: Path) -> None:
    shown = play(homeserver, tmp_path, "/photo nowhere.jpg", "/edit 1 早了", "/unknown", "嘘", "好")
    assert [line[:2] for line in shown] == ["> ", "! ", "> ", "! ", "> ", "! ", "> ", "< ", "> ", "< ", "< "]
    assert f"< {NO_REPLY}" in shown
    assert shown[-2] == "< 听到 好"


@pytest.mark.parametrize("leave", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_typed_lines_end_with_ctrl_c_and_ctrl_d(leave: str) -> None:
    async def read() -> list[str]:
        return [line async for line in typed()]

    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("排查\r" + leave)
        assert asyncio.run(read()) == ["排查"]


def test_piped_lines_come_as_they_are_written_and_the_last_needs_no_newline() -> None:
    async def read() -> list[str]:
        out, into = os.pipe()
        lines = piped(out)
        os.write(into, "排查\n1".encode())
        first = await anext(lines)
        os.write(into, b"2")
        os.close(into)
        rest = [line async for line in lines]
        os.close(out)
        return [first, *rest]

    assert asyncio.run(read()) == ["排查", "12"]
