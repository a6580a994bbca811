"""Who may import whom: one line a part, and the test that holds the code to it."""

from __future__ import annotations

from tests.house.test_architecture import imports, tree, under

# Which part may import which, beside the standard library and its own: one line a part. "chat" and the like are files.
GROUND = {"domain", "chat", "clock", "files", "logs", "texts", "context", "dialogue", "storage"}
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "clock": set(),
    "files": set(),
    "logs": set(),
    "chat": set(),
    "texts": {"dialogue"},  # the value of a line
    "dialogue": {"domain"},
    "context": {"domain", "dialogue", "texts"},
    "setup": {"domain", "files", "storage"},
    "handlers": GROUND - {"chat", "files", "clock", "logs"},
    "engine": GROUND | {"handlers"},
    "scheduling": GROUND,
    "delivery": GROUND,
    "ledger": GROUND | {"delivery"},  # thumbnails
    "ops": GROUND | {"setup"},
    "matrix": {"chat", "files", "logs", "storage", "domain"},
}
ANYTHING = (
    "app",
    "cli",
    "demo",
    "rehearsal",
    "__main__",
    "__init__",
)  # where things are put together


def part_of(dotted: str) -> str:
    """bot.engine.turn -> engine, storage.db -> storage."""
    names = dotted.split(".")
    return names[0] if names[0] != "bot" else names[1] if len(names) > 1 else ""


def test_each_part_imports_only_what_its_line_of_the_table_allows() -> None:
    wrong = []
    for name in under("bot/", "storage/"):
        part = part_of(name.removesuffix(".py").replace("/", "."))
        if part in ANYTHING:
            continue
        allowed = MAY_IMPORT.get(part, {"domain"})
        for imported, line in imports(tree(name)):
            other = part_of(imported)
            ours = imported.startswith(("bot.", "storage"))
            if ours and other not in (part, *allowed):
                wrong.append(f"{name}:{line} {imported}")
    assert wrong == []
