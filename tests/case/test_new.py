"""A new case is sound, says its name, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.case.checks import check_case
from tightrope.case.load import load_case
from tightrope.case.new import scaffold


def test_a_new_case_loads_and_checks_clean(tmp_path: Path) -> None:
    written = scaffold(tmp_path / "deep" / "folder", name="my-case")
    folder = load_case(tmp_path / "deep" / "folder")
    assert check_case(folder) == []
    assert folder.case.case == "my-case"
    assert len(folder.case.players) == 2
    assert len(folder.case.states["union"].levels) == 3
    assert len(folder.case.claims) == 2
    assert {path.name for path in written} == {path.name for path in folder.folder.iterdir()}
    assert sum(1 for _ in (folder.folder / "record.csv").open(encoding="utf-8")) == 11
    assert sum(1 for _ in (folder.folder / "questions.csv").open(encoding="utf-8")) == 3


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "record.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"record\.csv"):
        scaffold(tmp_path, name="my-case")
    assert [path.name for path in tmp_path.iterdir()] == ["record.csv"]
    assert (tmp_path / "record.csv").read_text(encoding="utf-8") == "mine"
    with pytest.raises(FileExistsError, match="is a file"):
        scaffold(tmp_path / "record.csv", name="my-case")


@pytest.mark.parametrize("name", ["", "My Case", "-x", "x/y", "..", "x\n", "a" * 65, "é"])
def test_a_name_that_no_case_may_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a case"):
        scaffold(tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []
