"""Files of a run that were harmed: named, set aside, never trusted, never lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr

from tests.runs.made import Counter, dataset, flip, only
from tightrope.runs import Damaged, Run, read_run
from tightrope.runs.files import unseal


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def forge(path: Path) -> None:
    """A changed value with the old checksum."""
    path.write_text(path.read_text().replace('"answer": 42', '"answer": 43'))


@pytest.mark.parametrize("harm", [cut, empty, flip, forge])
def test_a_damaged_chunk_is_named_set_aside_and_recomputed(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter({"answer": 42, "filler": list(range(50))})
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    path = only(run.folder, "chunks/solve-*.json")
    harm(path)
    damaged = path.read_bytes()
    with begin() as run:
        assert run.chunk("solve", compute, inputs={})["answer"] == 42
    assert compute.calls == 2
    assert len(said) == 1
    assert str(path) in said[0]
    assert only(run.folder, "set-aside/*").read_bytes() == damaged
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    assert compute.calls == 2


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_damaged_numbers_of_a_dataset_are_not_trusted(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter(dataset())
    with begin() as run:
        run.chunk("fit", compute, inputs={})
    harm(only(run.folder, "chunks/fit-*.nc"))
    with begin() as run:
        xr.testing.assert_equal(run.chunk("fit", compute, inputs={}), dataset())
    assert compute.calls == 2
    assert any(".nc" in line for line in said)
    assert any(path.name.startswith("fit-") for path in (run.folder / "set-aside").iterdir())


def test_a_chunk_under_another_ones_name_is_not_trusted(begin: Callable[..., Run], said: list[str]) -> None:
    with begin() as run:
        run.chunk("solve", Counter(1), inputs={"x": 1})
        path = only(run.folder, "chunks/*.json")
        run.chunk("solve", Counter(2), inputs={"x": 2})
        (other,) = set(run.folder.glob("chunks/*.json")) - {path}
        other.write_bytes(path.read_bytes())
        assert run.chunk("solve", Counter(2), inputs={"x": 2}) == 2
    assert "other inputs" in said[0]


@pytest.mark.parametrize("name", ["manifest.json", "run.nc"])
def test_a_folder_where_a_file_belongs_is_set_aside(
    begin: Callable[..., Run], said: list[str], name: str
) -> None:
    with begin() as run:
        run.finish({"posterior": dataset()})
    (run.folder / name).unlink()
    (run.folder / name).mkdir()
    with begin() as run:
        run.finish({"posterior": dataset()})
    read_run(run.folder)
    assert (run.folder / "set-aside" / name).is_dir()
    assert name in said[0]


def test_the_same_damage_twice_loses_neither(begin: Callable[..., Run], said: list[str]) -> None:
    for _ in range(2):
        with begin() as run:
            run.chunk("solve", Counter(1), inputs={})
        empty(only(run.folder, "chunks/*.json"))
    with begin() as run:
        run.chunk("solve", Counter(1), inputs={})
    assert len(list((run.folder / "set-aside").iterdir())) == 2


@pytest.mark.parametrize("harm", [cut, empty, flip])
def test_a_damaged_manifest_is_set_aside_and_the_chunks_stay(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter(5)
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    harm(run.folder / "manifest.json")
    with begin() as run:
        assert run.chunk("solve", compute, inputs={}) == 5
    assert compute.calls == 1
    assert "manifest.json" in said[0]
    assert (run.folder / "set-aside" / "manifest.json").exists()
    assert unseal(run.folder / "manifest.json")["status"] == "stopped"


def test_a_changed_result_is_refused_and_set_aside(begin: Callable[..., Run], said: list[str]) -> None:
    with begin() as run:
        run.finish({"posterior": dataset()})
    flip(run.folder / "run.nc")
    with pytest.raises(Damaged, match=r"run\.nc"):
        read_run(run.folder)
    with begin() as run:
        pass
    assert (run.folder / "set-aside" / "run.nc").exists()
    with pytest.raises(Damaged, match="no finished run"):
        read_run(run.folder)
