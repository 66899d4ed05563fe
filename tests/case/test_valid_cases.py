"""Drawn cases are sound: they load, check clean, and mean what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.case.strategies import cases, rendered, write_case
from tightrope.case.checks import check_case
from tightrope.case.errors import format_problems
from tightrope.case.load import load_case
from tightrope.case.source import source_from_bytes

ROOT = Path(__file__).parents[2]
SLOW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)


@SLOW
@given(data=cases())
def test_drawn_cases_check_clean(data: Any, tmp_path: Path) -> None:
    write_case(data, tmp_path)
    folder = load_case(tmp_path)
    assert format_problems(check_case(folder)) == "0 problems"
    assert set(folder.case.states) == set(data["states"])
    assert len(folder.case.period) == len(data["period"])


@SLOW
@given(data=cases())
def test_marks_are_the_lines_that_were_written(data: Any) -> None:
    text, places = rendered(data)
    source = source_from_bytes(text.encode())
    for where, line in places.items():
        in_mapping = bool(where) and isinstance(where[-1], str)
        assert source.mark(where, key=in_mapping).line == line


@pytest.mark.parametrize("case", ["src/tightrope/case/template", "cases/russia-belarus"])
def test_cases_of_the_repository_check_clean(case: str) -> None:
    folder = load_case(ROOT / case)
    assert format_problems(check_case(folder)) == "0 problems"


def test_the_hash_follows_every_named_file(tmp_path: Path) -> None:
    from tightrope.case.new import scaffold

    written = scaffold(tmp_path / "a", name="a")
    first = load_case(tmp_path / "a").hash
    assert first == load_case(tmp_path / "a" / "case.yaml").hash
    seen = {first}
    for path in written:
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        again = load_case(tmp_path / "a").hash
        assert (again in seen) == (path.name == "SOURCES.md")  # the one file that the case does not name
        seen.add(again)
    (tmp_path / "a" / "events.csv").unlink()
    assert load_case(tmp_path / "a").hash not in seen


def test_the_hash_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    from tightrope.case.new import scaffold

    scaffold(tmp_path / "a", name="same")
    scaffold(tmp_path / "b" / "c", name="same")
    assert load_case(tmp_path / "a").hash == load_case(tmp_path / "b" / "c").hash
