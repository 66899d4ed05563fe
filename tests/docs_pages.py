"""Pages of docs/ as a reader would follow them: console blocks run in order, printing what they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pages import console

DOCS = Path(__file__).parents[1] / "docs"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\w)")
RESIDUAL = re.compile(r"(?<=residual )\d+(?:\.\d+)?e-\d+")
CERTIFIED = 1e-9
HASH = re.compile(r"(?<=-)[0-9a-f]{12}(?=/)")

posix = pytest.mark.skipif(os.name == "nt", reason="the pages are written for a POSIX shell")


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def steps(page: Path) -> list[tuple[str, str]]:
    """(command, what it prints) in the page's order. `$ ` begins a command, `> ` goes on with it."""
    return console.steps(page.read_text(encoding="utf-8"))


def same(printed: str, page: str) -> None:
    """Word for word, spaces folded; numbers to two in a hundred, since optimisers stop where they stop.

    A certified residual is what rounding left, and differs from processor to processor: it is held to the
    certificate on both sides, not to the page.
    """
    for got, shown in zip(printed.splitlines(), page.splitlines(), strict=True):
        got, shown = (HASH.sub("", " ".join(line.split())) for line in (got, shown))
        for line in (got, shown):
            assert all(float(residual) <= CERTIFIED for residual in RESIDUAL.findall(line)), line
        got, shown = (RESIDUAL.sub("certified", line) for line in (got, shown))
        assert NUMBER.sub("#", got) == NUMBER.sub("#", shown)
        for a, b in zip(NUMBER.findall(got), NUMBER.findall(shown), strict=True):
            unit = 10.0 ** -len(b.partition(".")[2]) if "e" not in b else 0.0
            assert float(a) == pytest.approx(float(b), rel=0.02, abs=1.01 * unit), (got, shown)


def follow(page: Path, folder: Path, *, commands: int) -> Path:
    """Run a page's commands, which must be so many; returns where. A shown `problem` means exit code 1."""
    program = folder / "bin" / "tightrope"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tightrope "$@"\n')
    program.chmod(0o755)
    there = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    here = folder / "here"
    here.mkdir()
    followed = steps(page)
    assert len(followed) == commands
    for command, shown in followed:
        done = subprocess.run(
            ["sh", "-c", command], cwd=here, env=there, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == ("problem" in shown), (command, done.stderr)
        same(done.stdout, shown)
    return here


def played(page: Path, folder: Path, *, commands: int, codes: Mapping[str, int] | None = None) -> None:
    """The same in one process, so that all commands share a game. `codes`: exit codes other than 0."""
    followed = steps(page)
    assert len(followed) == commands
    with console.shared():
        for command, shown in followed:
            printed, code = console.play(command, folder)
            assert code == (codes or {}).get(command, 0), (command, printed)
            same(printed, shown)
