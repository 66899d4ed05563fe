"""docs/getting-started.md as a reader would follow it: each command is run and prints what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs_pages import DOCS, blocks, follow, posix

PAGE = DOCS / "getting-started.md"


@pytest.mark.long
@posix
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    here = follow(PAGE, tmp_path, commands=15)
    (program,) = blocks(PAGE, "python")
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
