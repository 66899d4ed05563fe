"""docs/what-if.md: each command prints what the page shows, in one process, so that all share a game."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.docs_pages import DOCS, same, steps
from tightrope.cli import app
from tightrope.workflow import opening


@pytest.mark.long
def test_every_command_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opening, "load_material", cache(opening.load_material))
    followed = steps(DOCS / "what-if.md")
    assert len(followed) == 3
    for command, shown in followed:
        program, *words = shlex.split(command)
        assert program == "tightrope"
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (command, done.stderr)
        same(done.stdout, shown)
