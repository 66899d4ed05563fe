"""docs/tutorial.md: each command prints what the page shows, on the case that comes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_pages import DOCS, played

PAGE = DOCS / "tutorial.md"


@pytest.mark.long
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    # C14 fails at the fit, as the page says; the exit code speaks of the reference, where it holds.
    refused = 'tightrope what-if russia-belarus --quick --announced --do "west = opne from 2027 for 3 years"'
    played(PAGE, tmp_path, commands=9, codes={refused: 2})
    assert "west_opens_late" in (tmp_path / "mine" / "scenarios.yaml").read_text(encoding="utf-8")
