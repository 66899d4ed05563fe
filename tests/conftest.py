"""Order: files that take minutes begin first, so that no worker is left alone with one at the end."""

from __future__ import annotations

import pytest

LONG = (
    "tests/workflow/",
    "tests/test_getting_started.py",
    "tests/fit/",
    "tests/game/test_explain.py",
    "tests/record/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stable: within a file, and among the short ones, tests keep their order."""
    items.sort(
        key=lambda item: next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))
    )
