"""The command line: paicha run | demo | rehearse | check | export | audit | doctor | roster | keys | login.

Exit codes: 0 fine, or sound; 1 a mistake of use; 2 something the operator must mend, named with place and remedy;
3 looked, and found something wrong. 130 is an interruption by Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn, TypeAlias

from bot.cli.interrupt import INTERRUPTED, interruptible
from bot.cli.setup_files import CHECKLIST as CHECKLIST
from bot.cli.setup_files import DEMO_ROSTER as DEMO_ROSTER
from bot.cli.setup_files import hours_of as hours_of
from bot.cli.setup_files import plan_from as plan_from
from bot.cli.setup_files import plan_of as plan_of
from bot.files import plain_os_error
from bot.logs import without_words
from bot.setup.errors import FileErrors
from storage.db import StorageError

START = "2023-08-05 09:00"
USAGE, MENDABLE = 1, 2
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the operator's kind of error is a plain text on standard error."""
    os.umask(0o077)  # nothing that is made from here on can be opened by others, not even for a moment
    without_words()
    for stream in (sys.stdin, sys.stdout, sys.stderr):  # texts are Chinese whatever the machine's locale says
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        # a command's module is loaded when it is asked for: the edge and the workbook's libraries are slow to load
        run: Callable[[argparse.Namespace], int] = importlib.import_module(f"bot.cli.{options.command}").run
        interruptible()
        return run(options)
    except (FileErrors, StorageError) as problem:
        print(problem, file=sys.stderr)
        return MENDABLE
    except OSError as problem:
        print(plain_os_error(problem), file=sys.stderr)
        return MENDABLE
    except KeyboardInterrupt:
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """argparse ends with 2 when it does not understand; here that is the operator's files."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="paicha",
        description="Paicha (排查): a Matrix bot for field reporting. Each command explains itself: paicha COMMAND --help.",
        epilog="Exit codes: 0 fine; 1 a mistake of use; 2 something to mend in files or on this machine; "
        "3 looked, and found something wrong.",
    )
    parser.add_argument("--version", action="version", version=f"paicha {_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_run(commands)
    _add_demo(commands)
    _add_rehearse(commands)
    _add_check(commands)
    _add_export(commands)
    _add_audit(commands)
    _add_doctor(commands)
    _add_roster(commands)
    _add_keys(commands)
    _add_login(commands)
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; write a number from 1 to 65535")


def _version() -> str:
    try:
        return metadata.version("paicha")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _add_run(commands: _Commands) -> None:
    run = commands.add_parser(
        "run",
        help="run the bot until it is stopped",
        description="Signs in at the homeserver and answers until it is stopped (Ctrl-C or SIGTERM). Settings, "
        "checklist and roster are read once, at start; a mistake in them ends the start and is told with its place. "
        "Only one process may use a data folder.",
    )
    _add_config(run)


def _add_demo(commands: _Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="start a homeserver, the bot and a chat on this machine",
        description="Starts a homeserver and the bot with a county of invented people, all on this machine, and lets "
        "you chat as one of them. Nothing leaves the machine. What happened is kept and found again at the next start.",
    )
    demo.add_argument(
        "--data", type=Path, default=Path("demo-data"), help="where everything is kept (default: demo-data)"
    )
    demo.add_argument(
        "--fresh", action="store_true", help="begin anew: delete what an earlier demo made there"
    )
    demo.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="of the homeserver (default: that of last time, else a free one)",
    )
    demo.add_argument("--script", type=Path, help="play the lines of this file and exit")
    demo.add_argument("--as", dest="who", default="zhangsan", help="who chats (default: zhangsan, 张三)")


def _add_rehearse(commands: _Commands) -> None:
    rehearse = commands.add_parser(
        "rehearse",
        help="talk to the bot in this terminal, without a homeserver",
        description="Takes each line of standard input as a message to the bot and prints what it answers, with the "
        "same code as in service but no homeserver. The clock stands where --now says and moves when /now is typed; "
        "other directives begin with / too. Ends with 1 when one of them could not be followed.",
    )
    rehearse.add_argument(
        "--data", type=Path, help="keep the rehearsal here (default: a new temporary folder)"
    )
    rehearse.add_argument(
        "--as", dest="who", default="zhangsan", help="a name of the roster or any Matrix id"
    )
    rehearse.add_argument("--now", default=START, help=f"where the clock stands (default: {START})")
    rehearse.add_argument("--lang", choices=("zh-CN", "en"), help="the language of everybody")
    rehearse.add_argument("--json", action="store_true", help="one JSON object a line")
    rehearse.add_argument(
        "--checklist", type=Path, metavar="FILE", help="for a new folder; default: the one that is shipped"
    )
    rehearse.add_argument(
        "--roster", type=Path, metavar="FILE", help="for a new folder; default: that of the demo"
    )


def _add_check(commands: _Commands) -> None:
    check = commands.add_parser(
        "check",
        help="check checklist, roster and settings; list every mistake",
        description="Reads the files as a start would and lists every mistake with its place and remedy, then ends "
        "with 2; or says what is in them and ends with 0. Warns of years whose days off are not announced yet. With "
        "--schema it reads nothing and prints the JSON Schema by which an editor helps to write such a file.",
    )
    _add_config(check, "settings to check with all they name")
    _add_files(check)
    check.add_argument("--rights", action="store_true", help="print who may do what where, and nothing else")
    check.add_argument("--lifecycle", action="store_true", help="print how a finding moves, and nothing else")
    check.add_argument("--disclosure", action="store_true", help="print what may stand in which room")
    check.add_argument("--schema", choices=("checklist", "roster"), help="print the JSON Schema of this file")


def _add_export(commands: _Commands) -> None:
    export = commands.add_parser(
        "export",
        help="write the ledger to a file",
        description="Writes the same workbook that 台账 gives in chat, from what is stored now. The bot may be running. "
        "--scope leaves out what is not asked for.",
    )
    _add_config(export)
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the .xlsx to write")
    export.add_argument("--data", type=Path, help="data folder of a rehearsal or demo, instead of settings")
    export.add_argument(
        "--scope", default="", help="as after 台账 in chat: a unit, village, section, 未销号, 逾期"
    )


def _add_audit(commands: _Commands) -> None:
    audit = commands.add_parser(
        "audit",
        help="prove that the history was not touched",
        description="Walks the chain of the history, compares it with anchors that somebody outside has kept, replays it "
        "against the tables and hashes the files of evidence. Works while the bot runs. Ends with 3 when something is wrong.",
    )
    _add_config(audit)
    audit.add_argument("--data", type=Path, metavar="DIR", help="data folder, instead of settings")
    audit.add_argument("--json", action="store_true", help="one JSON object")
    audit.add_argument(
        "--anchor",
        action="append",
        default=[],
        metavar="FILE|SEQ:HEAD",
        help="what somebody outside has kept: a ledger, exported events of the county room, or 1234:9f3c0a1b2c3d4e5f",
    )


def _add_doctor(commands: _Commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="say what is wrong with an installation, with the remedy",
        description="Looks at a data folder and reads only: who may open its files, messages and photos that wait or were "
        "given up, unreadable messages, disk, clock and dates. Asks no homeserver; works while the bot runs. Each thing "
        "found has its place and remedy. Ends with 3 when something is wrong; what is merely worth knowing is a note.",
    )
    _add_config(doctor)
    doctor.add_argument("--data", type=Path, metavar="DIR", help="data folder, instead of settings")
    doctor.add_argument("--json", action="store_true", help="one JSON object")


def _add_roster(commands: _Commands) -> None:
    roster = commands.add_parser(
        "roster",
        help="bring a roster file into the database",
        description="The database is the roster; a file is an import into it. Shows what the file would change and changes "
        "nothing; with --apply it is made so, as one action of the history. Stop the bot first.",
    )
    verbs = roster.add_subparsers(required=True, metavar="import")
    importing = verbs.add_parser("import", help="show what a file would change; with --apply make it so")
    importing.add_argument("file", type=Path, metavar="FILE", help="the roster, as .toml")
    importing.add_argument("--apply", action="store_true", help="make it so")
    _add_config(importing)
    importing.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (and its clock), instead of settings"
    )


def _add_keys(commands: _Commands) -> None:
    keys = commands.add_parser(
        "keys",
        help="show the state of the bot's own keys and its fingerprint",
        description="Signs in as the bot and prints whether its device is signed with its own keys, and the fingerprint "
        "by which people verify it. Stop the bot first: only one process may use a data folder.",
    )
    _add_config(keys)


def _add_login(commands: _Commands) -> None:
    login = commands.add_parser(
        "login",
        help="sign the bot in anew, as a new device of the same identity",
        description="For a bot whose access token the homeserver refuses, or whose keys are lost or damaged. Asks for the "
        "password (or takes it from PAICHA_PASSWORD or the password file) and makes a new device, signed by the identity "
        "people know; the answers stay, what is unsent is sent, the old keys are put aside with their date. Where the "
        "homeserver takes no passwords, give token and device of a sign-in made for the bot: --device-id, and the token "
        "at the prompt or in PAICHA_TOKEN. Stop the bot first: only one process may use a data folder.",
    )
    _add_config(login)
    login.add_argument("--device-id", default="", metavar="ID", help="the device that the token belongs to")


def _add_config(parser: argparse.ArgumentParser, needed: str = "") -> None:
    usual = None if needed else Path("paicha.toml")
    told = needed or "settings (default: paicha.toml)"
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", default=usual, help=told)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checklist", type=Path, metavar="FILE", default=CHECKLIST, help="default: the one that is shipped"
    )
    parser.add_argument(
        "--roster", type=Path, metavar="FILE", default=DEMO_ROSTER, help="default: that of the demo"
    )
