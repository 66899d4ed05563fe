"""docs/explain.md: each command prints what the page shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import test_getting_started as pages

PAGE = Path(__file__).parents[1] / "docs" / "explain.md"


@pytest.mark.skipif(os.name == "nt", reason="the page is written for a POSIX shell")
def test_every_command_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", PAGE)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tightrope"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tightrope "$@"\n')
    program.chmod(0o755)
    there = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    followed = pages.steps()
    assert len(followed) == 2
    for command, shown in followed:
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=there, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, (command, done.stderr)
        pages.same(done.stdout, shown)
