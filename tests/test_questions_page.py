"""docs/questions.md: each command prints what the page shows, and the grammar reads its forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs_pages import DOCS, follow, posix
from tests.forecast.test_questions import parse

PAGE = DOCS / "questions.md"


@pytest.mark.long
@posix
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    follow(PAGE, tmp_path, commands=5)


def test_every_form_of_the_table_is_read() -> None:
    text = PAGE.read_text(encoding="utf-8")
    cells = re.findall(
        r"^\| (`.*?) \|", text.split("## The language")[1].split("\n\nA state")[0], re.MULTILINE
    )
    forms = [form for cell in cells for form in re.findall(r"`([^`]+)`", cell)]
    forms = [form for form in forms if "..." not in form and not re.fullmatch(r"[^a-z]*|.*\b[AB]\b.*", form)]
    assert len(forms) == 9
    for form in forms:
        parse(form)
