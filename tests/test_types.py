"""The types of the code, checked beside the other tests: alone it would keep one core waiting for minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.long
def test_mypy_finds_nothing() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "src"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
