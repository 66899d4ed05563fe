"""The template case in variants, and what a run of it left behind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tightrope.case.new import scaffold
from tightrope.runs import read_run


def silent(text: str) -> None:
    """Notices are kept by the session; nobody reads them here."""


def small_case(folder: Path, *, without: tuple[str, ...] = (), edits: dict[str, str] | None = None) -> Path:
    """The template in `folder`, without some top-level keys, with pieces of its text replaced."""
    scaffold(folder, name="small")
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    for old, new in (edits or {}).items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    for key in without:
        text, found = re.subn(rf"^{key}:.*?(?=^[\w#]|\Z)", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
        assert found == 1, key
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return folder


def tables(folder: Path | str) -> dict[str, Any]:
    """Every group of a finished run as a dataset, but for its provenance, which holds timings."""
    _, tree = read_run(folder)
    found = {node.path: node.to_dataset(inherit=False) for node in tree.subtree if node.has_data}
    return {name: table for name, table in found.items() if not name.startswith("/provenance")}


def page_of(folder: Path | str) -> str:
    """The report's bytes as text, without the section that holds the date, the command and timings."""
    page = (Path(folder) / "report.html").read_text(encoding="utf-8")
    rest, found = re.subn(r'<section id="provenance".*?</section>', "", page, count=1, flags=re.DOTALL)
    assert found == 1
    return rest


def section(folder: Path | str, name: str) -> str:
    """One section of the report, as HTML."""
    page = (Path(folder) / "report.html").read_text(encoding="utf-8")
    found = re.search(rf'<section id="{name}".*?</section>', page, flags=re.DOTALL)
    assert found is not None, name
    return found.group()
