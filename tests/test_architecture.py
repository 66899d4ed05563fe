"""The house's import rule, read from docs/architecture.md and checked against every import in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "src" / "tightrope"
PAGE = ROOT / "docs" / "architecture.md"
NO_FILES = {"game", "fit", "argument"}
FILE_MODULES = {"pathlib", "os", "io", "csv", "json", "shutil", "tempfile"}


def table(heading: str) -> dict[str, list[str]]:
    """First column -> names in the last column, of the page's table whose first heading is this."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = cells[0].strip("`").removesuffix("/").removesuffix(".py")
        rows[name] = re.findall(r"`(\w+)`", cells[-1])
    return rows


def imports(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import in a module of `package`, however deep and however spelled."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = [*above, *([node.module] if node.module else [])]
            for alias in node.names:
                yield node.lineno, ".".join([*base, alias.name])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def faults(house: Path, rules: dict[str, list[str]], libraries: dict[str, list[str]]) -> list[str]:
    """Every import in the house that the rules don't allow, as `file:line: what`."""
    found = []
    for path in sorted(house.rglob("*.py")):
        inside = path.relative_to(house)
        room = inside.parts[0].removesuffix(".py")
        if room == "__init__":
            rules = {**rules, room: []}
        package = ("tightrope", *inside.parts[:-1])
        for line, name in imports(path.read_text(encoding="utf-8"), package):
            where = f"{inside.as_posix()}:{line}"
            top, *rest = name.split(".")
            if room not in rules:
                found.append(f"{where}: the page has no row for {room}")
                break
            if top == "tightrope":
                other = rest[0] if rest else ""
                if other not in {room, "__version__", *rules[room]}:
                    found.append(f"{where}: {room} may not import {name}")
            elif top in libraries and room not in libraries[top]:
                found.append(f"{where}: {top} does not belong in {room}")
            elif room in NO_FILES and top in FILE_MODULES:
                found.append(f"{where}: {room} touches no files, yet imports {name}")
    return found


def test_every_import_keeps_to_the_page() -> None:
    assert faults(HOUSE, table("room"), table("library")) == []


def test_the_page_lists_every_module_once() -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Modules", 1)[1].split("\n## ", 1)[0]
    listed: list[str] = []
    for room, rest in re.findall(r"^\*\*`(\w+)/`\*\*(.*)$", text, flags=re.MULTILINE):
        listed += [f"{room}/{name}" for name in re.findall(r"`([\w/]+)`", rest)]
    (alone,) = re.findall(r"^Alone:(.*)$", text, flags=re.MULTILINE)
    listed += re.findall(r"`(\w+)`", alone)
    there = {path.relative_to(HOUSE).with_suffix("").as_posix() for path in HOUSE.rglob("*.py")}
    assert sorted(listed) == sorted(name for name in there if not name.endswith("__init__"))


def test_rooms_lean_only_on_rows_above_their_own() -> None:
    rules = table("room")
    order = list(rules)
    for room, allowed in rules.items():
        assert set(allowed) <= set(order[: order.index(room)]), room


def test_the_page_agrees_with_the_design() -> None:
    rules = table("room")
    line = ["case", "game", "record", "fit", "forecast", "argument", "report"]
    assert [room for room in rules if room in line] == line
    assert rules["executor"] == []
    assert set(table("library")["typer"]) == {"cli"}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("game/bad.py", "from tightrope.record import filter"),
        ("game/bad.py", "from tightrope import report"),
        ("game/bad.py", "import tightrope.fit.priors as p"),
        ("game/bad.py", "from ..record.filter import step"),
        ("game/bad.py", "from .. import fit"),
        ("game/bad.py", "def f():\n    from tightrope.argument import claims"),
        ("game/bad.py", "import importlib\nimportlib.import_module('tightrope.fit')"),
        ("game/bad.py", "import tightrope"),
        ("game/bad.py", "import rich.console"),
        ("game/bad.py", "from pathlib import Path"),
        ("case/bad.py", "import jax"),
        ("executor.py", "from tightrope import __version__ as v, runs"),
        ("record/deep/bad.py", "from ...fit import priors"),
        ("newroom/bad.py", "import math"),
        ("__init__.py", "from tightrope.case import load"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, file: str, line: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n")
    assert len(faults(tmp_path, table("room"), table("library"))) == 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("game/good.py", "from tightrope.case.schema import Case"),
        ("game/good.py", "from . import walk\nfrom .walk import pull\nfrom ..case import syntax"),
        ("runs/good.py", "from tightrope import __version__, executor"),
        ("report/good.py", "import altair"),
        ("case/good.py", "from pathlib import Path"),
    ],
)
def test_an_allowed_import_is_not(tmp_path: Path, file: str, line: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n")
    assert faults(tmp_path, table("room"), table("library")) == []
