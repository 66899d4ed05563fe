"""Console blocks of a page: its commands, what it shows of them, and what they print today.

`$ ` begins a command and `> ` goes on with it. Commands of Tightrope run in this process, so that all of a
page share one compiled game; others go to a shell.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from tightrope.case.load import load_case
from tightrope.cli import app
from tightrope.workflow import opening
from tightrope.workflow.material import Coding, Material, load_material

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text: str) -> list[tuple[str, str]]:
    """(command, what the page shows of it) of all console blocks, in order."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", "")
            else:
                found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def play(command: str, folder: Path) -> tuple[str, int]:
    """What a command prints in a folder, the complaint if it is refused, and its exit code."""
    with chdir(folder):
        if command.startswith("tightrope ") and not re.search(r"[|&]|\s>", re.sub(r'"[^"]*"', "", command)):
            done = CliRunner().invoke(app, shlex.split(command, comments=True)[1:])
            return done.stderr if done.exit_code == 2 else done.stdout, done.exit_code
        shell = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
        return shell.stdout, shell.returncode


@contextmanager
def shared() -> Iterator[None]:
    """One game for all commands that read the same files: a page's commands then compile it once."""
    kept: dict[tuple[str, str, Coding | None], Material] = {}

    def once(path: Path, *, coding: Coding | None = None) -> Material:
        key = (load_case(path).hash, str(Path(path).resolve()), coding)
        if key not in kept:
            kept[key] = load_material(path, coding=coding)
        return kept[key]

    with patch.object(opening, "load_material", once):
        yield


def refilled(text: str, folder: Path) -> str:
    """A page with what its commands print now, run in the page's order in one folder."""

    def again(block: re.Match[str]) -> str:
        lines = []
        for command, _ in steps(block[0]):
            printed, _ = play(command, folder)
            lines += ["$ " + command.replace("\n", "\n> "), *printed.rstrip("\n").splitlines()]
        return "\n".join(["```console", *(line.rstrip() for line in lines), "```"])

    with shared():
        return BLOCK.sub(again, text)
