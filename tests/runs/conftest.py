"""A run folder to begin, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runs.made import KEY
from tightrope.runs import Run, open_run


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def begin(tmp_path: Path, said: list[str]) -> Callable[..., Run]:
    def begin(**more: Any) -> Run:
        return open_run(tmp_path / "runs", case_name="Demo case", key=KEY | more, notice=said.append)

    return begin
