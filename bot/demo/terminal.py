"""A person's chat in the terminal: what they type goes out over their phone, what comes in is printed.

Rule: it knows nothing of the bot. It speaks to a room as any client would.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.matrix_client.client_events import Heard
from bot.demo.matrix_client.phone import Phone
from bot.demo.matrix_client.phone_client import PhoneError

HELP = (
    "/photo FILE [说明]  /file FILE [说明]  /edit N 新文字  /redact N  /reply N 文字  /react N 表情  /quit\n"
    "N: 倒数第几条（/edit /redact 数自己的，/reply /react 数对方的），1 是最近一条"
)
NO_REPLY = "（没有回复）"
LEAVE = "/quit"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a script waits after each line, in seconds: for a first reply, and for the silence after the last."""

    reply: float = 20.0
    silence: float = 1.0


@dataclass(slots=True)
class Talk:
    """One conversation. `show` prints a line; files that come are saved in `downloads`."""

    phone: Phone
    room: str
    downloads: Path
    show: Callable[[str], None] = print
    mine: list[str] = field(default_factory=list)  # event ids, oldest first
    theirs: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


async def chat(talk: Talk, lines: AsyncGenerator[str, None], waiting: Waiting | None = None) -> None:
    """Send line after line until they end or one is /quit, while printing what comes in.

    `waiting`: echo each line and wait for its reply before the next, as scripts need. Raises PhoneError when the
    phone can no longer listen.
    """
    speaking = asyncio.create_task(_speak(talk, lines, waiting))
    listening = asyncio.create_task(_listen(talk))
    try:
        await asyncio.wait([speaking, listening], return_when=asyncio.FIRST_COMPLETED)
        for task in (speaking, listening):
            if task.done():
                task.result()
    finally:
        speaking.cancel()
        listening.cancel()
        await asyncio.wait([speaking, listening])


async def typed() -> AsyncGenerator[str, None]:
    """Lines a person types, with a prompt that stays below what comes in. Ctrl-C and Ctrl-D end them."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.patch_stdout import patch_stdout

    session: PromptSession[str] = PromptSession("> ")
    with patch_stdout():
        while True:
            try:
                line = await session.prompt_async(handle_sigint=False, set_exception_handler=False)
            except (EOFError, KeyboardInterrupt):
                return
            yield line


async def piped(handle: int) -> AsyncGenerator[str, None]:
    """Lines of a file descriptor that is no terminal, as they come.

    A thread of its own reads past Python's buffers: neither the loop nor the end of the program waits for it.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            while chunk := os.read(handle, 65536):
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            loop.call_soon_threadsafe(chunks.put_nowait, b"")

    threading.Thread(target=read, daemon=True).start()
    rest = b""
    while chunk := await chunks.get():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", errors="replace")
    if rest:
        yield rest.decode("utf-8", errors="replace")


async def scripted(lines: Iterable[str]) -> AsyncGenerator[str, None]:
    """Lines of a script; empty lines and those that begin with "# " are for its readers."""
    for line in lines:
        if line.strip() and not line.startswith("# "):
            yield line.rstrip("\r\n")


async def chat_on_standard_input(talk: Talk) -> None:
    """Chat with whoever is at the terminal, or play what is piped in."""
    if sys.stdin.isatty():
        talk.show(HELP)
        await chat(talk, typed())
    else:
        await chat(talk, piped(sys.stdin.fileno()), Waiting())


async def _speak(talk: Talk, lines: AsyncGenerator[str, None], waiting: Waiting | None) -> None:
    if waiting:
        await _until_silent(talk, waiting)
    async with contextlib.aclosing(lines) as source:
        async for line in source:
            if waiting:
                talk.show(f"> {line}")
            if line.strip() == LEAVE:
                return
            if not line.strip():
                continue
            talk.news.clear()
            try:
                await _do(talk, line)
            except (PhoneError, OSError, ValueError) as error:
                talk.show(f"! {error}")
                continue
            if waiting:
                await _reply(talk, waiting)


async def _reply(talk: Talk, waiting: Waiting) -> None:
    try:
        await asyncio.wait_for(talk.news.wait(), waiting.reply)
    except TimeoutError:
        talk.show(f"< {NO_REPLY}")
    else:
        await _until_silent(talk, waiting)


async def _until_silent(talk: Talk, waiting: Waiting) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            talk.news.clear()
            await asyncio.wait_for(talk.news.wait(), waiting.silence)


async def _do(talk: Talk, line: str) -> None:
    """One line. Raises ValueError with a hint when it cannot be done."""
    if not line.startswith("/"):
        talk.mine.append(await talk.phone.say(talk.room, line))
        return
    command, _, rest = line.partition(" ")
    rest = rest.strip()
    match command:
        case "/photo" | "/file":
            send = talk.phone.send_photo if command == "/photo" else talk.phone.send_file
            path, caption = _file_and_words(rest)
            talk.mine.append(await send(talk.room, path, caption))
        case "/edit":
            target, words = _target(talk.mine, rest)
            await talk.phone.edit(talk.room, target, words)
        case "/redact":
            target, _ = _target(talk.mine, rest or "1")
            await talk.phone.redact(talk.room, target)
        case "/reply":
            target, words = _target(talk.theirs, rest)
            talk.mine.append(await talk.phone.say(talk.room, words, target))
        case "/react":
            target, key = _target(talk.theirs, rest)
            talk.mine.append(await talk.phone.react(talk.room, target, key))
        case _:
            raise ValueError(HELP)


def _target(messages: list[str], rest: str) -> tuple[str, str]:
    """The event id of "N words", counted from the last, and the words."""
    number, _, words = rest.partition(" ")
    if not number.isdecimal() or not 1 <= int(number) <= len(messages):
        raise ValueError(f"N: 1–{len(messages)}\n{HELP}")
    return messages[-int(number)], words.strip()


def _file_and_words(rest: str) -> tuple[Path, str]:
    """A file name, in double quotes when it has spaces, and the words after it."""
    found = re.match(r'"([^"]+)"|(\S+)', rest)
    if not found:
        raise ValueError(HELP)
    return Path(found[1] or found[2]).expanduser(), rest[found.end() :].strip()


async def _listen(talk: Talk) -> None:
    while True:
        event = await talk.phone.hear(_worth_showing, None)
        where = "" if event.room_id == talk.room else f"[{talk.phone.room_name(event.room_id)}] "
        for line in (await _as_text(talk, event)).split("\n"):
            talk.show(f"< {where}{line}")
        if not where:
            if event.is_message and not event.edits:
                talk.theirs.append(event.event_id)
            talk.news.set()


def _worth_showing(event: Heard) -> bool:
    invited = event.type == "m.room.member" and event.content.get("membership") == "invite"
    return (
        event.is_message
        or event.type in ("m.reaction", "m.room.redaction")
        or (invited and not event.event_id)
    )


async def _as_text(talk: Talk, event: Heard) -> str:
    if event.type == "m.room.member":
        await talk.phone.join(event.room_id)
        if event.content.get("is_direct") is True:
            await talk.phone.mark_direct(event.room_id, event.sender)
        return f"（{event.sender} 邀请，已加入）"
    if event.type == "m.reaction":
        return f"（{event.key}）"
    if event.type == "m.room.redaction":
        return "（撤回了一条消息）"
    if event.is_file:
        saved = await _save(talk, event)
        caption = "" if event.words == event.content.get("filename", event.words) else f"{event.words}\n"
        return f"{caption}（文件：{saved}）"
    return f"（改为）{event.words}" if event.edits else event.words


async def _save(talk: Talk, event: Heard) -> Path:
    """Save the file under its own name, or the next free one like it; never outside `downloads`."""
    data = await talk.phone.download(event)
    name = Path(str(event.content.get("filename") or event.words)).name.lstrip(".") or "file"
    return await asyncio.to_thread(_write_new, talk.downloads, name, data)


def _write_new(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    path.write_bytes(data)
    return path
