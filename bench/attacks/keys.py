"""Keys that are not what they say: a folder put together from several copies, messages repeated, devices of nobody."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import uuid
from functools import partial
from typing import Any
from urllib.parse import quote

from bench.attacks import Attack, Field, Tally
from bench.attacks.life import PATIENCE, living, until_taken_in
from bench.county_on_synapse import ROOT, Account, County, found_county
from bot.app import Bot
from bot.demo.matrix_client.phone import Phone
from bot.matrix.decrypt import MEGOLM
from bot.matrix.http import HomeserverClient
from storage import inbox

FILES = ("paicha.db", "crypto.db", "matrix.json")
HARMS = ("lost", "older", "foreign", "damaged")


async def taken_in(bot: Bot, event_id: str) -> str:
    """As what kind of event the bot has taken it in."""
    await until_taken_in(bot.database, event_id)
    seen = await bot.database.read(partial(inbox.get, event_id=event_id))
    assert seen is not None
    return seen.kind


def phone_of(field: Field, account: Account, name: str) -> Phone:
    return Phone(field.homeserver.url, account.user_id, account.password, field.folder / name)


def sealed(phone: Phone, room_id: str, words: str) -> dict[str, Any]:
    """A message, encrypted with the key that the phone has already shared in the room."""
    olm = phone._client.olm
    session = olm.outbound_group_sessions[room_id]
    event = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": words}, "room_id": room_id}
    return {
        "algorithm": MEGOLM,
        "sender_key": olm.account.identity_keys["curve25519"],
        "ciphertext": session.encrypt(json.dumps(event)),
        "session_id": session.id,
        "device_id": phone.device_id,
    }


async def put(phone: Phone, room_id: str, content: dict[str, Any]) -> str:
    """Send an encrypted event exactly as given."""
    line = HomeserverClient(phone._client.homeserver, phone._client.access_token)
    try:
        place = f"rooms/{quote(room_id)}/send/m.room.encrypted/{uuid.uuid4().hex}"
        return str((await line.call("PUT", f"/_matrix/client/v3/{place}", content))["event_id"])
    finally:
        await line.close()


async def repeat(field: Field) -> Tally:
    """Words said once, then their ciphertext again under new event ids, before and after a restart."""
    county = await found_county(field.homeserver, field.folder / "county", 1)
    held, wrong = 0, list[str]()
    async with phone_of(field, county.people[0], "phone") as phone:
        async with living(county) as bot:
            room = await phone.open_direct(county.bot.user_id)
            await taken_in(bot, await phone.say(room, "进度"))
            contents = [sealed(phone, room, f"第{n}句") for n in range(field.tries)]
            for content in contents:
                await taken_in(bot, await put(phone, room, content))
            repeated = [await put(phone, room, content) for content in contents[::2]]
            await taken_in(bot, await phone.say(room, "进度"))
        repeated += [await put(phone, room, content) for content in contents[1::2]]
        async with living(county) as bot:
            await taken_in(bot, await phone.say(room, "进度"))  # everything before it is through
            for event_id in repeated:
                believed = await bot.database.read(partial(inbox.get, event_id=event_id))
                held += believed is None
                wrong += [] if believed is None else [f"{event_id} counts again, as {believed.kind}"]
    return Tally(field.tries, held, tuple(wrong[:5]))


async def vanish(field: Field) -> Tally:
    """While the bot is down somebody speaks from a device that is gone before anybody can ask whose it is."""
    county = await found_county(field.homeserver, field.folder / "county", 1)
    held, wrong, said = 0, list[str](), list[str]()
    async with phone_of(field, county.people[0], "phone") as phone:
        async with living(county) as bot:
            room = await phone.open_direct(county.bot.user_id)
            await taken_in(bot, await phone.say(room, "进度"))
        for n in range(field.tries):
            async with phone_of(field, county.people[0], f"gone-{n}") as gone:
                said.append(await gone.say(room, f"没有这部手机{n}"))
                line = HomeserverClient(field.homeserver.url, gone._client.access_token)
                await line.call("POST", "/_matrix/client/v3/logout", {})
                await line.close()
        async with living(county) as bot:
            await taken_in(bot, await phone.say(room, "进度"))
            for event_id in said:
                kind = await taken_in(bot, event_id)
                held += kind == "unreadable"
                wrong += [] if kind == "unreadable" else [f"{event_id} is believed, as {kind}"]
    return Tally(field.tries, held, tuple(wrong[:5]))


async def mix(field: Field) -> Tally:
    """A good folder with one file lost, older, foreign or damaged, started; a door that counts who knocks."""
    county = await found_county(field.homeserver, field.folder / "county", 1)
    other = await found_county(field.homeserver, field.folder / "other", 1)
    early = field.folder / "early"
    async with phone_of(field, county.people[0], "phone") as phone:
        async with living(county) as bot:
            room = await phone.open_direct(county.bot.user_id)
            await taken_in(bot, await phone.say(room, "进度"))
        shutil.copytree(county.data, early)
        async with living(county) as bot:
            for _ in range(3):
                await taken_in(bot, await phone.say(room, "进度"))
    async with living(other):
        pass
    good, dice = field.folder / "good", random.Random(field.seed)
    shutil.copytree(county.data, good)
    cases = [(name, harm) for name in FILES for harm in HARMS if (name, harm) != ("matrix.json", "older")]
    dice.shuffle(cases)
    held, wrong = 0, list[str]()
    for n in range(field.tries):
        name, harm = cases[n % len(cases)]
        shutil.rmtree(county.data)
        shutil.copytree(good, county.data)
        path, source = county.data / name, {"older": early, "foreign": other.data}.get(harm)
        for log in county.data.glob(f"{name}-*"):
            log.unlink()
        path.unlink()
        if source is not None:
            shutil.copy(source / name, path)
        elif harm == "damaged":
            path.write_bytes(dice.randbytes(50_000))
        told = await _refused(county)
        fine = told.startswith("2 0 ") and name in told and "Traceback" not in told
        held += fine
        wrong += [] if fine else [f"{name} {harm}: {told}"]
    return Tally(field.tries, held, tuple(wrong[:5]))


async def _refused(county: County) -> str:
    """Start the bot with a door for a homeserver: exit code, how often somebody knocked, what was said."""
    knocks = 0

    async def knock(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocks
        knocks += 1
        writer.close()

    async with await asyncio.start_server(knock, "127.0.0.1", 0) as door:
        port = door.sockets[0].getsockname()[1]
        lines = county.config.read_text("utf-8").splitlines()
        config = county.config.with_name("door.toml")
        ours = [f'url = "http://127.0.0.1:{port}"' if line.startswith("url") else line for line in lines]
        config.write_text("\n".join(ours), "utf-8")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "-c", str(config)),
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PAICHA_PASSWORD": county.bot.password},
        )
        try:
            async with asyncio.timeout(PATIENCE):
                _, told = await child.communicate()
        except TimeoutError:
            child.kill()
            _, told = await child.communicate()
    return f"{child.returncode} {knocks} {told.decode(errors='replace')}"


ATTACKS = (
    Attack("a folder put together from several copies", mix, few=1, many=33),
    Attack("a message repeated under another event id", repeat, few=2, many=200),
    Attack("words of a device that is nobody's", vanish, few=1, many=10),
)
