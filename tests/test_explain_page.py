"""docs/explain.md: each command prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_pages import DOCS, follow, posix


@pytest.mark.long
@posix
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    follow(DOCS / "explain.md", tmp_path, commands=2)
