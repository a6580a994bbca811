"""The command line: paicha run | demo | rehearse | check | export | keys | roster.

Exit codes: 0 fine; 1 a mistake of use; 2 something the operator can mend, named with place and remedy.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.stored import Named, database_in, stored_setup, unused
from bot.domain import lifecycle, permissions
from bot.ledger.deliver import make_ledger
from bot.ledger.scope import Scope, parse_scope
from bot.rehearsal.chat import SERVER, open_rehearsal
from bot.rehearsal.player import Misdirected, Player, as_json, as_text, parse_time, perform
from bot.scheduling.hours import Hours
from bot.setup.bootstrap import Setup
from bot.setup.campaign_file import parse_campaign
from bot.setup.config import Config, load_config
from bot.setup.errors import FileErrors
from bot.setup.fields import read_file
from bot.setup.roster_file import parse_roster
from storage import history, places
from storage.db import Database, StorageError
from storage.lock import hold

ROOT = Path(__file__).resolve().parents[2]
CHECKLIST = ROOT / "checklist.json"
DEMO_ROSTER = ROOT / "bot" / "demo" / "roster.toml"
START = "2023-08-05 09:00"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the operator's kind of error is a plain text on standard error."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdin, sys.stdout, sys.stderr):  # texts are Chinese whatever the machine's locale says
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        status: int = options.run(options)
    except (FileErrors, StorageError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as problem:
        print(f"{problem.filename or 'paicha'}: {problem.strerror or problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paicha", description="Paicha (排查): a Matrix bot for field reporting"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(run=run)
        return sub

    def configured(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "-c", "--config", type=Path, default=Path("paicha.toml"), help="settings (default: paicha.toml)"
        )

    run = command("run", _run, "run the bot until it is stopped")
    configured(run)
    demo = command("demo", _demo, "start a homeserver, the bot and a chat on this machine")
    demo.add_argument(
        "--data", type=Path, default=Path("demo-data"), help="where everything is kept (default: demo-data)"
    )
    demo.add_argument("--fresh", action="store_true", help="begin anew")
    demo.add_argument("--script", type=Path, help="play the lines of this file and exit")
    demo.add_argument("--as", dest="who", default="zhangsan", help="who chats (default: zhangsan, 张三)")
    rehearse = command("rehearse", _rehearse, "talk to the bot in this terminal, without a homeserver")
    rehearse.add_argument(
        "--data", type=Path, help="keep the rehearsal here (default: a new temporary folder)"
    )
    rehearse.add_argument(
        "--as", dest="who", default="zhangsan", help="a name of the roster or any Matrix id"
    )
    rehearse.add_argument("--now", default=START, help=f"where the clock stands (default: {START})")
    rehearse.add_argument("--lang", choices=("zh-CN", "en"), help="the language of everybody")
    rehearse.add_argument("--json", action="store_true", help="one JSON object a line")
    rehearse.add_argument("--checklist", type=Path, help="for a new folder; default: the one that is shipped")
    rehearse.add_argument("--roster", type=Path, help="for a new folder; default: that of the demo")
    check = command("check", _check, "check checklist, roster and settings; list every mistake")
    check.add_argument("-c", "--config", type=Path, help="settings to check with all they name")
    check.add_argument("--checklist", type=Path, default=CHECKLIST)
    check.add_argument("--roster", type=Path)
    check.add_argument("--rights", action="store_true", help="print who may do what where, and nothing else")
    check.add_argument("--lifecycle", action="store_true", help="print how a finding moves, and nothing else")
    export = command("export", _export, "write the ledger to a file")
    configured(export)
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the .xlsx to write")
    export.add_argument("--data", type=Path, help="data folder of a rehearsal or demo, instead of settings")
    export.add_argument(
        "--scope", default="", help="as after 台账 in chat: a unit, village, section, 未销号, 逾期"
    )
    keys = command("keys", _keys, "show the state of the bot's own keys and its fingerprint")
    configured(keys)
    roster = command("roster", _roster, "bring a roster file into the database")
    verbs = roster.add_subparsers(required=True, metavar="import")
    importing = verbs.add_parser(
        "import", help="show what a file would change; with --apply make it so (the bot must be stopped)"
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="the roster, as .toml")
    importing.add_argument("--apply", action="store_true", help="make it so, as one action of the history")
    configured(importing)
    importing.add_argument(
        "--data", type=Path, help="data folder of a rehearsal or demo (and its clock), instead of settings"
    )
    return parser


def plan_from(checklist: Path, roster: Path, server: str, language: str = "zh-CN") -> Setup:
    """Read both files; FileProblems lists the mistakes of both."""
    lines: list[str] = []
    text, campaign, people_of = "", None, None
    try:
        text = read_file(checklist)
        campaign = parse_campaign(text, checklist.name)
    except FileErrors as problems:
        lines += problems.lines
    try:
        people_of = parse_roster(read_file(roster), campaign, server, roster.name, language)
    except FileErrors as problems:
        lines += problems.lines
    if campaign is None or people_of is None:
        raise FileErrors(lines)
    return Setup(campaign, text, people_of)


def plan_of(config: Config) -> Setup:
    server = config.homeserver.server if config.homeserver else SERVER
    return plan_from(config.checklist, config.roster, server, config.language)


def hours_of(config: Config) -> Hours:
    return Hours(config.remind_at, config.digest_at, config.quiet_hours, config.messages_a_day)


def _run(options: argparse.Namespace) -> int:
    from bot.app import serve  # the edge and its crypto load slowly; checks and exports do without

    config = load_config(options.config, os.environ)
    return asyncio.run(serve(config, plan_of(config), hours_of(config)))


def _demo(options: argparse.Namespace) -> int:
    from bot.demo.run import DemoOptions, demo

    wishes = DemoOptions(options.data, options.who, options.script, options.fresh)
    return asyncio.run(demo(wishes, plan_from(CHECKLIST, DEMO_ROSTER, SERVER)))


def _check(options: argparse.Namespace) -> int:
    if options.rights or options.lifecycle:
        tables = [permissions.printed()] * options.rights + [lifecycle.printed()] * options.lifecycle
        print("\n\n".join("\n".join(table) for table in tables))
        return 0
    if options.config:
        config = load_config(options.config, os.environ)
        plan = plan_of(config)
    else:
        plan = plan_from(options.checklist, options.roster or DEMO_ROSTER, SERVER)
    campaign, roster = plan.campaign, plan.roster
    print(f"{campaign.title}")
    print(
        f"{len(campaign.items)} items, {len(campaign.sections)} sections, {len(campaign.phases)} phases, version {campaign.version}"
    )
    print(f"{len(roster.units)} units, {len(roster.places)} places, {len(roster.people)} people")
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    files = None if options.data and database_in(options.data).exists() else _files(options)
    folder = options.data or Path(tempfile.mkdtemp(prefix="paicha-rehearsal-"))
    if options.data is None:
        print(f"rehearsal in {folder}", file=sys.stderr)
    with hold(folder):
        return asyncio.run(_perform(options, files, folder))


def _files(options: argparse.Namespace) -> Setup:
    """What a new folder is filled with."""
    checklist, roster = options.checklist or CHECKLIST, options.roster or DEMO_ROSTER
    plan = plan_from(checklist, roster, SERVER, options.lang or "zh-CN")
    if not options.lang:
        return plan
    spoken = tuple(replace(person, language=options.lang) for person in plan.roster.people)
    return replace(plan, roster=replace(plan.roster, people=spoken))


async def _perform(options: argparse.Namespace, files: Setup | None, folder: Path) -> int:
    stored = await stored_setup(folder)
    plan = stored or files or _files(options)
    rehearsal = await open_rehearsal(plan, folder, datetime(2023, 8, 5, 1, tzinfo=UTC), Hours())
    try:
        player = Player(rehearsal, lambda shown: None)

        def show(shown: object) -> None:
            text = as_json(shown) if options.json else as_text(shown, player.room_id)  # type: ignore[arg-type]
            print(text, flush=True) if options.json else print(f"{text}\n", flush=True)

        player.show = show
        try:
            rehearsal.clock.at = parse_time(options.now, rehearsal)
            if stored is not None:
                named = Named(options.checklist, options.roster, options.lang or "")
                for line in await unused(rehearsal.database, plan, named, rehearsal.clock.at):
                    print(f"rehearse: {line}", file=sys.stderr)
            await player.become(options.who)
        except Misdirected as error:
            print(f"rehearse: {error}", file=sys.stderr)
            return 1
        await rehearsal.tick()
        player.show_new()
        return await perform(player, sys.stdin.readline)
    finally:
        await rehearsal.close()


def _export(options: argparse.Namespace) -> int:
    folder = options.data or load_config(options.config, os.environ).data_dir
    return asyncio.run(_write_ledger(options, folder))


async def _write_ledger(options: argparse.Namespace, folder: Path) -> int:
    path, plan = database_in(folder), await stored_setup(folder)
    if plan is None:
        print(f"{path}: there is no database yet. Has the bot run with this data folder?", file=sys.stderr)
        return 2
    database = await Database.open(path)
    try:
        seen = await database.read(places.every)
        scope = parse_scope(options.scope, Scope(), plan.campaign, seen)
        if scope is None:
            print(f"--scope {options.scope}: neither a unit, a village nor a section", file=sys.stderr)
            return 1
        now = datetime.now(UTC)
        if options.data:  # its clock stands elsewhere: the cut-off is the last thing that happened there
            last = await database.read(history.last_received)
            now = last or now
        upload = await make_ledger(database, plan.campaign, (scope, ""), path.parent / "media", now)
        options.output.write_bytes(upload.data)
        print(f"{options.output}: {len(upload.data)} bytes")
        return 0
    finally:
        await database.close()


def _roster(options: argparse.Namespace) -> int:
    from bot.cli.roster import run

    return run(options)


def _keys(options: argparse.Namespace) -> int:
    from bot.app import show_keys

    return asyncio.run(show_keys(load_config(options.config, os.environ)))
