"""Order of the tests, and what a worker lets go of between files.

Files that take minutes begin first, so that no worker is left alone with one at the end.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LONG = (
    "tests/test_types.py",
    "tests/workflow/",
    "tests/test_getting_started.py",
    "tests/fit/",
    "tests/game/test_explain.py",
    "tests/record/",
)
MAPS = Path("/proc/self/maps")
MOST_MAPS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stable: within a file, and among the short ones, tests keep their order."""
    items.sort(
        key=lambda item: next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))
    )


@pytest.fixture(autouse=True, scope="module")
def _let_go_of_programs() -> Iterator[None]:
    """Every compiled program takes pieces of memory, of which Linux gives a process 65,530 and then none."""
    yield
    if "jax" in sys.modules and MAPS.exists() and MAPS.read_bytes().count(b"\n") > MOST_MAPS:
        sys.modules["jax"].clear_caches()
        sys.modules["tightrope.compiled.kept"].forget_programs()
        gc.collect()
