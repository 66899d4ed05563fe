"""docs/encode-your-own.md: what it quotes stands in the case, its commands print what it shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs_pages import DOCS, blocks, played
from tightrope.case.checks import check_case
from tightrope.case.load import load_case

PAGE = DOCS / "encode-your-own.md"
CASE = DOCS / "examples" / "selm"


def test_what_the_page_quotes_stands_in_the_case() -> None:
    text = (CASE / "case.yaml").read_text(encoding="utf-8")
    quoted = blocks(PAGE, "yaml")
    assert len(quoted) > 8
    assert [block for block in quoted if block not in text] == []
    rows = {line for file in CASE.glob("*.csv") for line in file.read_text(encoding="utf-8").splitlines()}
    shown = re.findall(r"^(?:year|\d{4}|[QL]\d),.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(shown) == 5
    assert [line for line in shown if line not in rows] == []


def test_the_case_is_sound_and_keeps_to_its_text() -> None:
    folder = load_case(CASE)
    assert check_case(folder) == []
    rows = [line.split(",") for line in (CASE / "record.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert sum(row[2] == "failed" for row in rows) == 5  # "five harvests in twenty have failed"
    assert len(rows) == 20
    for year, harbour in {"1994": "customs", "1998": "none", "2002": "garrison", "2008": "customs"}.items():
        assert next(row[1] for row in rows if row[0] == year) == harbour


@pytest.mark.long
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "selm")
    played(PAGE, tmp_path, commands=7, codes={"tightrope claims selm --quick": 1})
