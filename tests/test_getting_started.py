"""docs/getting-started.md as a reader would follow it: each command is run and prints what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "getting-started.md"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\w)")
HASH = re.compile(r"(?<=north-south-)[0-9a-f]{12}")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def steps() -> list[tuple[str, str]]:
    """(command, what it prints) in the page's order. `$ ` begins a command, `> ` goes on with it."""
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", "")
            else:
                found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def same(printed: str, page: str) -> None:
    """Word for word, spaces folded; numbers to two in a hundred, since optimisers stop where they stop."""
    for got, shown in zip(printed.splitlines(), page.splitlines(), strict=True):
        got, shown = (HASH.sub("", " ".join(line.split())) for line in (got, shown))
        assert NUMBER.sub("#", got) == NUMBER.sub("#", shown)
        for a, b in zip(NUMBER.findall(got), NUMBER.findall(shown), strict=True):
            unit = 10.0 ** -len(b.partition(".")[2]) if "e" not in b else 0.0
            assert float(a) == pytest.approx(float(b), rel=0.02, abs=1.01 * unit), (got, shown)


@pytest.mark.skipif(os.name == "nt", reason="the page is written for a POSIX shell")
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "tightrope").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tightrope "$@"\n')
    (commands / "tightrope").chmod(0o755)
    there = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    here = tmp_path / "here"
    here.mkdir()
    followed = steps()
    assert len(followed) > 10
    for command, shown in followed:
        done = subprocess.run(
            ["sh", "-c", command], cwd=here, env=there, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == ("problem" in shown), (command, done.stderr)
        same(done.stdout, shown)
    (program,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=here, capture_output=True, text=True, timeout=120
    )
    assert f"```\n{done.stdout}```\n" in PAGE.read_text(encoding="utf-8"), done.stdout + done.stderr


def test_the_page_names_only_commands_and_options_that_there_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for command in set(re.findall(r"\btightrope ([a-z]+) (?=[a-z])", text)):
        done = subprocess.run(
            [sys.executable, "-m", "tightrope", command, "--help"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, command
    helped = subprocess.run(
        [sys.executable, "-m", "tightrope", "run", "--help"], capture_output=True, text=True, timeout=60
    ).stdout
    for option in set(re.findall(r"(?<!\S)`?(--[a-z-]+)", text)):
        assert option in helped, option
