"""Pages that follow from the code are those that the code gives."""

from __future__ import annotations

import pytest

import tightrope
from pages import DOCS, WRITTEN


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_the_page_is_what_the_code_gives(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == WRITTEN[name](), f"docs/{name} is old: `make pages`"


def test_every_command_and_every_public_name_is_there() -> None:
    """By another way than the pages are made: the names alone."""
    api = (DOCS / "api.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("### ") for line in api.splitlines() if line.startswith("### ")}
    assert headings == set(tightrope.__all__) - {"__version__"}
    cli = (DOCS / "cli.md").read_text(encoding="utf-8")
    for module in ("run", "what-if", "ledger add", "questions import", "base-rate", "doctor"):
        assert f"\n## tightrope {module}\n" in cli
