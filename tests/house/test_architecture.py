"""The rules of the house that a program can check; what breaks one is named with its place."""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from bot.dialogue import effects
from bot.handlers import COMMANDS
from bot.setup.config import Config, Homeserver

ROOT = Path(__file__).resolve().parents[2]
TREES = ("bot", "storage", "tests", "bench")
LINES = 300
PARAMETERS = 5
SIDE_EFFECTS = {
    "aiofiles", "aiohttp", "aiosqlite", "asyncio", "http", "importlib", "io", "logging", "multiprocessing", "nio",
    "openpyxl", "os", "pathlib", "random", "requests", "secrets", "shutil", "signal", "socket", "sqlite3", "storage",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
ONLY_IN = {
    "nio": ("bot/matrix/", "bot/demo/matrix_client/", "tests/", "bench/"),
    "openpyxl": ("bot/ledger/", "tests/", "bench/"),
    "aiosqlite": ("storage/", "tests/", "bench/"),
    "sqlite3": ("storage/", "tests/", "bench/"),
    "apscheduler": ("bot/scheduling/steady.py", "tests/", "bench/"),
}
CRYPTO_STORE = "bot/matrix/"  # matrix-nio keeps its keys in a SQLite file of its own
PRINTING = (
    "bot/cli/",
    "bot/app.py",
    "bot/demo/",
    "bot/rehearsal/player.py",
    "bot/delivery/thumbnail.py",
    "bench/",
)
CHANGING = ("append", "extend", "update", "pop", "clear", "setdefault", "add", "remove", "insert")
WRITING = ("run", "insert", "savepoint", "execute")
MODULES = sorted(p.relative_to(ROOT).as_posix() for tree in TREES for p in (ROOT / tree).rglob("*.py"))
EMPTY = {name for name in MODULES if not (ROOT / name).read_text("utf-8").strip()}


@functools.cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text("utf-8"), name)


def under(*starts: str) -> list[str]:
    return [name for name in MODULES if name.startswith(starts)]


def imports(module: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names of everything imported, with their lines."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {name: n for name in MODULES if (n := len((ROOT / name).read_text("utf-8").splitlines())) >= LINES}
    assert long == {}


def test_every_module_opens_with_a_sentence() -> None:
    assert [name for name in MODULES if name not in EMPTY and not ast.get_docstring(tree(name))] == []


def values_of(annotation: ast.expr | None) -> int:
    """How many values a parameter stands for: a tuple of fixed length stands for its members."""
    if (
        isinstance(annotation, ast.Subscript)
        and isinstance(annotation.value, ast.Name)
        and annotation.value.id == "tuple"
        and isinstance(annotation.slice, ast.Tuple)
    ):
        members = annotation.slice.elts
        if not any(isinstance(it, ast.Constant) and it.value is Ellipsis for it in members):
            return sum(map(values_of, members))
    return 1


def test_no_function_takes_more_than_five_values() -> None:
    """A tuple in a signature is parameters in disguise: when a sixth value appears, a class is missing."""
    many = []
    for name in MODULES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                values = sum(values_of(it.annotation) for it in taken if it.arg not in ("self", "cls"))
                if values > PARAMETERS:
                    many.append(f"{name}:{node.lineno} {node.name} {values}")
    assert many == []


def test_dialogue_and_domain_touch_nothing_outside_themselves() -> None:
    wrong = []
    for name in under("bot/dialogue/", "bot/domain/"):
        module = tree(name)
        wrong += [f"{name}:{n} {i}" for i, n in imports(module) if i.partition(".")[0] in SIDE_EFFECTS]
        allowed = ("bot.dialogue", "bot.domain")
        wrong += [
            f"{name}:{n} {i}"
            for i, n in imports(module)
            if i.startswith("bot.") and not i.startswith(allowed)
        ]
        for node in ast.walk(module):
            if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
                wrong.append(f"{name}:{node.lineno} await")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("open", "input", "exec", "eval")
            ):
                wrong.append(f"{name}:{node.lineno} {node.func.id}")
    assert wrong == []


@pytest.mark.parametrize(("library", "homes"), ONLY_IN.items())
def test_each_library_has_its_one_home(library: str, homes: tuple[str, ...]) -> None:
    if library == "sqlite3":
        homes = (*homes, CRYPTO_STORE)
    used = [f"{m}:{n}" for m in MODULES for i, n in imports(tree(m)) if i.partition(".")[0] == library]
    assert [place for place in used if not place.startswith(homes)] == []
    assert any(place.startswith(homes[0]) for place in used)


def test_nothing_reads_the_clock_but_the_clock() -> None:
    allowed = ("bot/clock.py", "bot/cli/", "bot/matrix/", "bot/demo/", "tests/", "bench/")
    wrong = []
    for name in under("bot/", "storage/"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Attribute) and node.attr in (
                "now",
                "utcnow",
                "today",
                "monotonic",
                "time",
            ):
                of = node.value.id if isinstance(node.value, ast.Name) else ""
                if of in ("datetime", "date", "time") and not name.startswith(allowed):
                    wrong.append(f"{name}:{node.lineno}")
    assert wrong == []


def test_handlers_can_neither_write_nor_send() -> None:
    wrong = []
    for name in under("bot/handlers/"):
        module = tree(name)
        doors = (
            "bot.delivery",
            "bot.matrix",
            "bot.engine",
            "storage.db.Transaction",
        )
        wrong += [f"{name}:{n} {i}" for i, n in imports(module) if i.startswith(doors)]
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and node.attr in WRITING:
                wrong.append(f"{name}:{node.lineno} {node.attr}")
            if isinstance(node, ast.Await | ast.AsyncFunctionDef):
                wrong.append(f"{name}:{node.lineno} await")
    assert wrong == []


def test_only_the_doors_make_transactions() -> None:
    doors = ("bot/app.py", "bot/delivery/", "bot/rehearsal/", "bot/cli/", "bot/demo/")
    opened = {name for name in under("bot/") for node in ast.walk(tree(name))
              if isinstance(node, ast.Attribute) and node.attr == "transaction"}  # fmt: skip
    assert {name for name in opened if not name.startswith(doors)} == set()


def test_only_the_outbox_sender_sends() -> None:
    """A chat takes nothing but a `Message`, and a homeserver nothing but a request to /send/: each is made in one place."""
    made = {name for name in under("bot/") for node in ast.walk(tree(name))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message"}  # fmt: skip
    assert made == {"bot/delivery/carrier.py"}
    asked = {name for name in under("bot/") for node in ast.walk(tree(name))
             if isinstance(node, ast.Constant) and "/send/" in str(node.value)}  # fmt: skip
    assert asked == {"bot/matrix/send_encrypted.py"}
    reached = {name: i for name in under("bot/") for i, _ in imports(tree(name))
               if i.startswith(("bot.matrix.send_encrypted", "bot.matrix.client_chat"))}  # fmt: skip
    assert {name for name in reached if not name.startswith("bot/matrix/")} == set()
    assert reached


def _mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in ("list", "dict", "set", "defaultdict", "deque", "Counter", "bytearray")
    return isinstance(value, ast.ListComp | ast.DictComp | ast.SetComp | ast.List | ast.Dict | ast.Set)


def test_module_values_are_constants() -> None:
    wrong = []
    for name in under("bot/", "storage/", "bench/"):
        for node in tree(name).body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            named = [target.id for target in targets if isinstance(target, ast.Name)]
            if (
                named
                and _mutable(getattr(node, "value", None))
                and not all(n.strip("_").isupper() or n == "__all__" for n in named)
            ):
                wrong.append(f"{name}:{node.lineno} {named}")
        wrong += [f"{name}:{n.lineno} global" for n in ast.walk(tree(name)) if isinstance(n, ast.Global)]
    assert wrong == []


def test_constants_that_could_change_are_never_changed() -> None:
    wrong = []
    for name in under("bot/", "storage/", "bench/"):
        for node in ast.walk(tree(name)):
            if (isinstance(node, ast.Attribute) and node.attr in CHANGING) or (
                isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
            ):
                changed, at = node.value, node.lineno
            else:
                continue
            if isinstance(changed, ast.Name) and changed.id.isupper() and len(changed.id) > 1:
                wrong.append(f"{name}:{at} {changed.id}")
    assert wrong == []


def test_only_what_talks_to_a_terminal_prints() -> None:
    wrong = []
    for name in under("bot/", "storage/"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                wrong += [] if name.startswith(PRINTING) else [f"{name}:{node.lineno}"]
    assert wrong == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = ("util", "utils", "helper", "helpers", "manager", "common", "misc")
    assert [name for name in MODULES if Path(name).stem in drawers] == []


def test_every_table_says_what_it_is_for() -> None:
    for file in sorted((ROOT / "storage" / "migrations").glob("*.sql")):
        text = file.read_text("utf-8")
        assert text.startswith("-- "), file.name
        for found in re.finditer(r"^CREATE TABLE (\w+) \((.*)$", text, re.MULTILINE):
            assert re.search(r"--\s+\S", found[2]), f"{file.name}: {found[1]} has no comment"
        assert not re.search(r"^\) (?!STRICT)", text, re.MULTILINE)


def test_every_effect_is_applied() -> None:
    cases = {
        node.cls.id
        for node in ast.walk(tree("bot/engine/effects.py"))
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }
    assert {effect.__name__ for effect in get_args(effects.Effect)} == cases


def test_every_command_has_words_and_every_word_a_command() -> None:
    words = tomllib.loads((ROOT / "bot" / "dialogue" / "parsing" / "words.toml").read_text("utf-8"))
    assert set(words["commands"]) == set(COMMANDS)


def test_every_setting_is_read_from_the_settings() -> None:
    """An attribute of that name on a name that holds the settings; what it does there, other tests say."""
    holders = {"config": Config, "homeserver": Homeserver}
    read = {
        (node.value.id, node.attr)
        for name in under("bot/")
        if name != "bot/setup/config.py"
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    there = {(holder, field.name) for holder, kind in holders.items() for field in fields(kind)}
    assert there - read == {("homeserver", "password_file")}  # it only leads to the password


def test_no_file_names_a_machine_or_a_registry() -> None:
    telling = re.compile(r"/(?:work|root|home)/\w|https?://(?!127\.0\.0\.1|localhost|matrix\.|\{)[\w.-]*pypi")
    texts = [*(ROOT / name for name in MODULES), *ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    assert [path.name for path in texts if path.is_file() and telling.search(path.read_text("utf-8"))] == []
