"""Pages of docs/ that are written by the program that they describe: `python -m pages` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pages.api import api_page
from pages.cli import cli_page

DOCS = Path(__file__).parents[1] / "docs"
WRITTEN: dict[str, Callable[[], str]] = {"cli.md": cli_page, "api.md": api_page}
