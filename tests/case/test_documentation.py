"""The worked example of the documentation is a sound case, and its table of limits tells the truth."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from tightrope.case.checks import check_case
from tightrope.case.errors import format_problems
from tightrope.case.load import load_case
from tightrope.case.prior import FAMILIES
from tightrope.case.syntax import FUNCTIONS

TEXT = (Path(__file__).parents[2] / "docs" / "case-language.md").read_text(encoding="utf-8")


def test_the_worked_example_loads_and_checks_clean(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "case.yaml").write_text(example, encoding="utf-8")
    assert format_problems(check_case(load_case(tmp_path))) == "0 problems"


def test_every_limit_is_what_the_code_says() -> None:
    rows = re.findall(r"^\|(.*)\|(.*)\|(.*)\|$", TEXT.split("## Limits")[1], re.MULTILINE)
    named = 0
    for _, limit, names in rows:
        for module, constant in re.findall(r"`(\w+)\.(MAX_\w+)`", names):
            value = getattr(importlib.import_module(f"tightrope.case.{module}"), constant)
            assert f"{value:,}" in limit, constant
            named += 1
    assert named >= 15


def test_every_limit_of_the_code_is_documented() -> None:
    folder = Path(__file__).parents[2] / "src" / "tightrope" / "case"
    for path in folder.glob("*.py"):
        for constant in re.findall(r"^(MAX_\w+) = ", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"{path.stem}.{constant}" in TEXT, constant


def test_functions_and_families_are_documented() -> None:
    for name in [*FUNCTIONS, *FAMILIES]:
        assert f"`{name}" in TEXT
    for family, arguments in FAMILIES.items():
        (row,) = re.findall(rf"^\| `{family}` \|(.*)\|$", TEXT, re.MULTILINE)
        assert re.findall(r"`(\w+)`", row) == list(arguments)
